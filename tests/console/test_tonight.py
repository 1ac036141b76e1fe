"""The wall of a match: what it shows, and that it grows while somebody looks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.ledger_sql import SqlLedger
from cautery.console import live as live_module
from cautery.console.live import Live, Parts
from cautery.wiring.kept import case_hub, kept_case

CLOSED, OPEN = "/cases/night-1", "/cases/cup+night-2"


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_wall_counts_what_the_report_counts(room: Any) -> None:
    page = room.text(f"{CLOSED}/tonight")
    said = words(page)
    proven = re.search(r"(\d+) proven", words(room.text(f"{CLOSED}/report")))
    assert proven
    assert re.search(rf"proven {proven[1]} ", said)
    assert "20 of 20 offered" in said.replace("streams looked at ", "")
    assert "The night is over" in said
    assert "Home v Away" in said or "kick-off" in said
    assert page.count('class="strip"') == page.count('<tr><th scope="row">') > 0


def test_each_verdict_has_its_delay_its_odds_and_one_click_to_its_proof(room: Any) -> None:
    page = room.text(f"{CLOSED}/tonight")
    rows = re.findall(r'<tr class="row"><td class="t">.*?</tr>', page)
    assert len(rows) == 20
    records = [int(re.search(r'/records/(\d+)"', row)[1]) for row in rows]  # type: ignore[index]
    assert records == sorted(records, reverse=True)
    proven = next(row for row in rows if "tag proven" in row)
    assert re.search(r"\d s</td>", proven)
    assert re.search(r"10<sup>\d+\.\d</sup>", proven)
    assert "verdict" in words(room.text(f"{CLOSED}/records/{records[0]}"))


def test_mandate_and_window_stand_on_the_wall(room: Any) -> None:
    said = words(room.text(f"{OPEN}/tonight"))
    assert "Example League" in said
    assert re.search(r"Window 24 Nov 2026, .* to 24 Nov 2026", said)


def test_a_watch_that_is_silent_stopped_or_over_is_called_so(
    room_at: Callable[..., Any], season: Path
) -> None:
    page = room_at(season).text(f"{OPEN}/tonight")
    window = re.findall(r'<time datetime="([^"]+)">', page)
    from datetime import datetime

    start, end = map(datetime.fromisoformat, window[:2])
    assert "The window is over, and the case is open" in words(page)
    ahead = room_at(season, start - timedelta(hours=1)).text(f"{OPEN}/tonight")
    assert "The window opens" in words(ahead)
    watched = words(room_at(season, end - timedelta(seconds=1)).text(f"{OPEN}/tonight"))
    assert "No record for" in watched or "The watch has stopped" in watched


def test_a_record_that_is_dated_after_all_time_takes_no_page_away(
    room_at: Callable[..., Any], make_season: Callable[..., Path], tmp_path: Path
) -> None:
    cases = make_season(tmp_path)
    ledger = SqlLedger.at(cases / "cup/night-2/ledger.sqlite")
    ledger.append("later.kind", {}, at=datetime.max.replace(tzinfo=UTC))
    ledger.close()
    later = room_at(cases)
    for page in ("", "/tonight", "/orders", "/network", "/plan", "/exhibits"):
        assert later.client.get(f"{OPEN}{page}").status_code == 200, page


def test_hostile_titles_stand_on_the_wall_as_text(room: Any) -> None:
    page = room.text(f"{CLOSED}/tonight")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def _grown(tmp_path: Path) -> tuple[Path, SqlLedger]:
    case = tmp_path / "case"
    case.mkdir()
    ledger = SqlLedger.at(case / "ledger.sqlite")
    ledger.append("note", {"n": 0}, at=_now())
    return case, ledger


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 24, 20, tzinfo=UTC)


async def test_who_follows_a_case_hears_of_every_record_once_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "COALESCE_S", 0.01)
    monkeypatch.setattr(live_module, "ANEW_S", 60.0)
    case, ledger = _grown(tmp_path)
    live = Live(kept_case, case_hub)
    heard: list[list[int]] = [[], [], []]

    async def listen(mine: list[int]) -> None:
        async for size in live.changes(case, since=0):
            mine.append(size)
            if size == 41:
                return

    listening = [asyncio.ensure_future(listen(mine)) for mine in heard]
    for number in range(1, 41):
        await asyncio.to_thread(ledger.append, "note", {"n": number}, at=_now())
        await asyncio.sleep(0.005)
    await asyncio.wait_for(asyncio.gather(*listening), 30)
    for mine in heard:
        assert mine == sorted(set(mine))
        assert mine[-1] == 41
    for _ in range(200):
        if not live.streams:
            break
        await asyncio.sleep(0.01)
    assert live.streams == 0
    assert not live._followed
    ledger.close()


async def test_who_comes_back_hears_only_of_what_is_new(tmp_path: Path) -> None:
    case, ledger = _grown(tmp_path)
    live = Live(kept_case, case_hub)
    behind = live.changes(case, since=0)
    assert await asyncio.wait_for(anext(behind), 10) == 1
    await behind.aclose()
    level = live.changes(case, since=1)
    waiting = asyncio.ensure_future(anext(level))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await asyncio.to_thread(ledger.append, "note", {}, at=_now())
    assert await asyncio.wait_for(waiting, 10) == 2
    await level.aclose()
    ledger.close()


async def test_a_page_is_made_once_for_all_who_look_at_it(tmp_path: Path) -> None:
    live = Live(kept_case, case_hub)
    made: list[int] = []

    parts = Parts("parts", 7)

    def render() -> Parts:
        made.append(1)
        return parts

    for _ in range(200):
        assert live.parts(tmp_path, "en", 7, render) is parts
    assert len(made) <= 2  # the clock may step in between
    live.parts(tmp_path, "fr", 7, render)
    live.parts(tmp_path, "en", 8, render)
    assert len(made) >= 3
    for number in range(200):
        live.parts(tmp_path, str(number), 8, render)
    assert len(live._parts) == live_module.MOST_PARTS


async def test_who_follows_a_case_does_not_keep_it_from_being_settled(tmp_path: Path) -> None:
    case, ledger = _grown(tmp_path)
    live = Live(kept_case, case_hub)
    following = live.changes(case, since=0)
    await asyncio.wait_for(anext(following), 10)
    await asyncio.to_thread(ledger.append, "note", {}, at=_now())
    await asyncio.to_thread(ledger.settle)
    assert await asyncio.wait_for(anext(following), 10) == 2
    await following.aclose()
    await asyncio.sleep(0.2)
    assert [path.name for path in case.iterdir()] == ["ledger.sqlite"]


def test_a_stream_of_what_there_is_not_is_refused(room: Any) -> None:
    assert room.client.get("/cases/nobody/events").status_code == 404
    assert room.client.get(f"{OPEN}/events?last=-1").status_code == 404
    assert room.stranger().get(f"{OPEN}/events").status_code == 401
