"""The page of the season: what is on, what waits for people, what is over, and what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.console.seasons import HOSTILE, NOW, board

from cautery.adapters.clock import FixedClock
from cautery.console.app import room_app
from cautery.model import to_json
from cautery.model.room import RoomRole
from cautery.model.season import FixtureWhy, SeasonSeen
from cautery.wiring.season import seasons_beside


@contextmanager
def shown(room: Any, *seasons: SeasonSeen, language: str = "en") -> Iterator[str]:
    """The page over some seasons."""
    room.desk.cases.clock = FixedClock(NOW)
    desk = replace(room.desk, seasons=lambda: seasons)
    client = TestClient(room_app(desk), base_url="http://127.0.0.1:8017")
    client.cookies.set(desk.secret.cookie, desk.secret.session)
    with closing(client):
        answer = client.get("/season", headers={"accept-language": language})
        assert answer.status_code == 200
        yield answer.text


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_without_a_season_the_page_says_how_to_begin_one(room: Any) -> None:
    with shown(room) as page:
        assert "No season is run here yet" in page
        assert f"cautery season run MANDATE.toml --cases {room.desk.cases.folder}" in page


def test_each_fixture_stands_with_its_state_and_reason(room: Any) -> None:
    with shown(room, SeasonSeen(board=board(), runs=True)) as page:
        said = words(page)
    for part in (
        "Home v Away 28 Nov 2026, 19:34",
        "is watched started again 2 times Case",
        "behind by 74 s",
        "its watch died and starts again starts at 28 Nov 2026, 20:10",
        "waits as many watches run as may run at once",
        "its case is being closed",
        "planned starts at 28 Nov 2026, 22:28",
        "moved from 29 Nov 2026, 23:10",
        "left open for its notices",
        "missed: nobody watched it",
        "refused it begins outside the mandate",
        "refused called off, or no longer in its calendar",
        "M. Head , N. Deputy",
    ):
        assert part in said, part
    assert "No service runs" not in page


def test_the_case_of_a_fixture_is_a_link_once_it_is_begun(room: Any) -> None:
    with shown(room, SeasonSeen(board=board(), runs=True)) as page:
        assert 'href="/cases/night-1"' in page
        assert 'href="/cases/river-v-hill"' not in page


def test_a_name_from_a_calendar_is_never_markup(room: Any) -> None:
    with shown(room, SeasonSeen(board=board(), runs=True)) as page:
        assert "<script>alert" not in page
        assert HOSTILE not in page
        assert "&lt;script&gt;alert(1)" in page


def test_what_waits_says_who_can_let_it_in_and_how(room: Any) -> None:
    with shown(room, SeasonSeen(board=board(), runs=True)) as page:
        assert "cautery season approve MANDATE.toml" in page
    quiet = board()
    waits_no_more = tuple(row for row in quiet.rows if row.fixture.name != HOSTILE)
    with shown(room, SeasonSeen(board=replace(quiet, rows=waits_no_more), runs=True)) as page:
        assert "cautery season approve" not in page


def test_a_season_without_its_service_says_so_first(room: Any) -> None:
    with shown(room, SeasonSeen(board=board(), runs=False)) as page:
        assert page.index("No service runs this season") < page.index("Home v Away")


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (FixtureWhy.NO_ROOM, "the disk is full"),
        (FixtureWhy.WITHDRAWN, "the mandate was withdrawn"),
        (FixtureWhy.BROKEN, "the mandate is not valid as it stands"),
    ],
)
def test_what_keeps_all_watches_from_starting_is_said(room: Any, why: Any, said: str) -> None:
    seen = SeasonSeen(board=board(hold=why, calendar_broken=True), runs=True)
    with shown(room, seen) as page:
        assert f"No watch is started: {said}" in words(page)
        assert "A calendar cannot be read now" in page


@pytest.mark.parametrize(
    ("language", "heading"), [("fr", "Saison"), ("it", "Stagione"), ("es", "Temporada")]
)
def test_the_page_speaks_the_languages_of_the_room(room: Any, language: str, heading: str) -> None:
    with shown(room, SeasonSeen(board=board(), runs=False), language=language) as page:
        assert f"<h1>{heading}</h1>" in page
        assert "No service" not in page


def test_a_thousand_fixtures_are_a_page_of_bounded_size(room: Any) -> None:
    whole = board()
    many = tuple(replace(whole.rows[-1], case=f"c{number}") for number in range(2_000))
    with shown(room, SeasonSeen(board=replace(whole, rows=many), runs=True)) as page:
        assert len(page) < 120_000
        assert "60 of 2" in words(page)


def test_an_account_sees_the_fixtures_of_the_cases_that_it_may_see(
    room: Any, people_room: Any, tmp_path: Path
) -> None:
    seen = (SeasonSeen(board=board(), runs=True),)
    desk = replace(room.desk, seasons=lambda: seen)
    with ExitStack() as stack:
        peopled = people_room.open_people_room(stack, desk, tmp_path)
        pages = {role: peopled.as_(role).get("/season") for role in RoomRole}
    for role, answer in pages.items():
        if answer.status_code != 200:
            continue
        account = peopled.accounts[role]
        assert ("North v South" in answer.text) == account.sees("north-v-south"), role
    assert any(answer.status_code == 200 for answer in pages.values())


def test_a_season_is_there_for_nobody_who_may_see_none_of_its_fixtures(peopled: Any) -> None:
    def seen(board_of_season: Any) -> tuple[SeasonSeen, ...]:
        return (SeasonSeen(board=board_of_season, runs=True),)

    rows = tuple(replace(row, case=f"other-{row.case}") for row in board().rows)
    full = replace(board(), mandate="secret-mandate-7", who="Ministry of Secrets", rows=rows)
    for shown_board in (full, replace(full, rows=())):
        desk = replace(peopled.desk, seasons=partial(seen, shown_board))
        peopled.desk, peopled.app = desk, room_app(desk)
        for role, is_shown in ((RoomRole.GUEST, False), (RoomRole.ANALYST, True)):
            page = words(peopled.as_(role).get("/season").text)
            assert ("secret-mandate-7" in page, "Ministry of Secrets" in page) == (
                is_shown,
                is_shown,
            )


def test_boards_beside_the_cases_are_found_and_what_is_no_board_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAUTERY_SEASONS", raising=False)
    assert seasons_beside(tmp_path) == ()
    for name, text in (
        ("good", json.dumps(to_json(board()))),
        ("cut", json.dumps(to_json(board()))[:-20]),
        ("other", '{"rows": 7}'),
        ("deep", "[" * 100_000),
        ("empty", ""),
    ):
        folder = tmp_path / ".seasons" / name
        folder.mkdir(parents=True)
        (folder / "season.json").write_text(text)
    (tmp_path / ".seasons" / "link").symlink_to("/dev")
    (tmp_path / ".seasons" / "file").write_text("x")
    [seen] = seasons_beside(tmp_path)
    assert (seen.board, seen.runs) == (board(), False)
