"""Sources are read within bounds: what they offer appears and vanishes, what fails is recorded."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.catalogue import Catalogue, Resolver
from cautery.errors import CauteryError, LimitError, SourceError, StorageError
from cautery.evidence.warc import read_warc
from cautery.lab.readers import ReadersHere
from cautery.model import Access, Channel, Entry, Mandate, Regime, Source, Vantage, Window
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.watch.resume import EarlierRuns, restored_streams
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.sources.reading import SourceReader
from cautery.workflows.watch.streams import Stream

from ...conftest import words

LIST = "http://list.example/all.m3u"
SOURCE = Source(location=LIST, kind="m3u", revisit_s=1.0)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GIGABYTE = 1_000_000_000


def mandate(**more: Any) -> Mandate:
    """Return a mandate for the day, with what a test adds."""
    parts: dict[str, Any] = {
        "channels": (Channel(id="c", names=("C",), legal_basis="rights"),),
        **more,
    }
    return Mandate(
        id="m",
        who="Example League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=Window(start=NOON, end=NOON.replace(hour=20)),
        territories=("FR",),
        **parts,
    )


def m3u(*names: str, title: str = "Sport") -> bytes:
    lines = ["#EXTM3U"]
    for name in names:
        lines += [f"#EXTINF:-1,{title} {name}", f"http://pirate.example/live/{name}.m3u8"]
    return "\n".join(lines).encode()


@pytest.fixture
def reader(
    answers: Callable[..., Any], journal: Journal
) -> Callable[..., tuple[SourceReader, dict[str, Stream]]]:
    """Make a reader of one case, over a table of answers."""

    def made(
        table: dict[str, bytes | int | CauteryError], *, restored: dict[str, Stream] | None = None
    ) -> tuple[SourceReader, dict[str, Stream]]:
        streams: dict[str, Stream] = {}
        return (
            SourceReader(
                mandate(),
                Resolver(Catalogue([])),
                streams,
                Seen(),
                readers=ReadersHere(),
                fetcher=answers(table),
                journal=journal,
                restored=restored or {},
                on_page=lambda _: None,
            ),
            streams,
        )

    return made


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


async def test_what_a_list_names_appears_once_and_vanishes_when_it_is_gone(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    table: dict[str, Any] = {LIST: m3u("1", "2")}
    sources, streams = reader(table)
    await sources.read(SOURCE)
    table[LIST] = m3u("2", "3")
    await sources.read(SOURCE)
    shown = [body["url"].rsplit("/", 1)[1] for body in bodies(heard, "stream.appeared")]
    assert shown == ["1.m3u8", "2.m3u8", "3.m3u8"]
    [gone] = bodies(heard, "stream.vanished")
    assert gone["url"].endswith("/1.m3u8")
    assert [one.live for one in streams.values()] == [False, True, True]


async def test_a_list_that_has_not_changed_is_read_again_but_kept_once(
    reader: Callable[..., Any], heard: list[Entry], case: Case, journal: Journal
) -> None:
    sources, _ = reader({LIST: m3u(*map(str, range(500)))})
    await sources.read(SOURCE)
    await sources.read(SOURCE)
    [read], [again] = bodies(heard, "source.read"), bodies(heard, "source.revisited")
    assert again["rests_on"] == [read["exhibit"]]
    sealed = {body["exhibit"]["id"]: body["exhibit"] for body in bodies(heard, "exhibit.sealed")}
    assert sealed[again["exhibit"]]["size"] < 3_000 < sealed[read["exhibit"]]["size"]
    [held] = read_warc(journal.unseal(again["exhibit"], url=LIST, what="playlist"))
    assert (held.status, held.body) == (200, None)


async def test_others_have_their_turn_while_a_list_of_thousands_is_taken_up(
    reader: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.workflows.watch.sources.offered._AT_ONCE", 100)
    other = "http://other.example/all.m3u"
    names = [*map(str, range(1_000))]
    sources, streams = reader({LIST: m3u(*names), other: m3u(*names[500:], *names[:500])})
    seen: set[int] = set()

    async def look() -> None:
        while True:
            seen.add(len(streams))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(sources.read(Source(location=one, kind="m3u")) for one in (LIST, other)))
    looking.cancel()
    assert len(streams) == 1_000
    assert len(seen) >= 6
    assert all(one.live for one in streams.values())


async def test_titles_are_resolved_beside_the_loop_of_the_watch(
    reader: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    resolve_all = Resolver.resolve_all

    def resolved(self: Resolver, listings: Any) -> Any:
        threads.add(threading.get_ident())
        return resolve_all(self, listings)

    monkeypatch.setattr(Resolver, "resolve_all", resolved)
    sources, streams = reader(
        {LIST: b'#EXTM3U\n#EXTINF:-1 group-title="Sport",One\nhttp://pirate.example/1.m3u8\n'}
    )
    await sources.read(SOURCE)
    assert len(streams) == 1
    assert threads
    assert threading.get_ident() not in threads


async def test_a_list_is_sealed_encrypted_and_its_record_names_the_exhibit(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    sources, _ = reader({LIST: m3u("1")})
    await sources.read(SOURCE)
    [read] = bodies(heard, "source.read")
    sealed = {body["exhibit"]["id"]: body for body in bodies(heard, "exhibit.sealed")}
    assert sealed[read["exhibit"]]["exhibit"]["confidential"]
    assert b"pirate.example" not in case.vault.read(read["exhibit"])
    assert read["table"] in sealed


async def test_a_stream_that_two_sources_name_stays_while_one_still_does(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    other = "http://other.example/all.m3u"
    table: dict[str, Any] = {LIST: m3u("1", "2"), other: m3u("1")}
    sources, streams = reader(table)
    for location in (LIST, other):
        await sources.read(Source(location=location, kind="m3u"))
    table[LIST] = m3u("2")
    await sources.read(SOURCE)
    assert bodies(heard, "stream.vanished") == []
    assert all(one.live for one in streams.values())


async def test_a_stream_of_an_earlier_run_wakes_without_appearing_twice(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    sources, _ = reader({LIST: m3u("1")})
    await sources.read(SOURCE)
    earlier = restored_streams(EarlierRuns().read_on(case.ledger).streams)
    again, streams = reader({LIST: m3u("1")}, restored=earlier)
    await again.read(SOURCE)
    assert len(bodies(heard, "stream.appeared")) == 1
    [stream] = streams.values()
    assert (stream.live, stream.url) == (True, "http://pirate.example/live/1.m3u8")


async def test_a_table_of_a_list_holds_no_credential(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    import io

    import polars as pl

    line = b"#EXTM3U\n#EXTINF:-1,Sport\nhttp://panel.example/live/anna/s3cret/17.ts\n"
    sources, _ = reader({LIST: line})
    await sources.read(SOURCE)
    table = pl.read_parquet(io.BytesIO(case.vault.read(bodies(heard, "source.read")[0]["table"])))
    assert table["title"].to_list() == ["Sport"]
    assert "s3cret" not in str(table.rows())
    assert table["url"].to_list()[0].startswith("http://panel.example/live/~")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (SourceError("nobody answers"), "SourceError"),
        (LimitError("it never ends"), "LimitError"),
        (503, "SourceError"),
        (b"<!doctype html><title>Suspended</title>", "SourceError"),
        (b"\0" * 5000, "SourceError"),
        (b"", "SourceError"),
    ],
)
async def test_a_source_that_fails_is_a_record_with_its_class(
    reader: Callable[..., Any], heard: list[Entry], answer: object, error: str
) -> None:
    sources, _ = reader({LIST: answer})
    with pytest.raises(TimeoutError):
        # It goes on for ever; the first reading ends before anything is waited for.
        await asyncio.wait_for(sources.follow(SOURCE), timeout=0.5)
    read = bodies(heard, "source.read")[0]
    assert read["failed"]["values"]["error"] == error
    assert read["entries"] == 0


async def test_a_full_disk_is_not_mistaken_for_a_failing_source(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _ = reader({LIST: StorageError("disk full")})
    with pytest.raises(StorageError):
        await sources.follow(SOURCE)
    assert bodies(heard, "source.read") == []


async def test_a_panels_line_is_in_no_record(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    base = "http://panel.example:8080"
    ask = f"{base}/player_api.php?username=bought-by-us&password=pa55word"
    streams = [{"num": 1, "name": "Sport", "stream_id": 17, "stream_type": "live"}]
    sources, found = reader(
        {
            ask: json.dumps({"user_info": {"auth": 1}, "server_info": {}}).encode(),
            f"{ask}&action=get_live_streams": json.dumps(streams).encode(),
        }
    )
    await sources.read(
        Source(
            location=base,
            kind="xtream",
            access=Access.TEST_PURCHASE,
            receipt="no. 17",
            username="bought-by-us",
            password="pa55word",
        )
    )
    [stream] = found.values()
    assert "/bought-by-us/pa55word/17" in stream.url, "the exact URL stays in memory"
    written = b"".join(one.leaf for one in heard)
    assert b"panel.example" in written
    assert b"bought-by-us" not in written
    assert b"pa55word" not in written


@pytest.fixture
def sparse(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Make a file of a gigabyte that takes no room: given bytes, then NULs."""
    made: list[Path] = []

    def file(head: bytes) -> Path:
        path = tmp_path / f"huge-{len(made)}.m3u"
        with path.open("wb") as out:
            out.write(head)
            out.truncate(GIGABYTE)
        made.append(path)
        return path

    yield file
    for path in made:
        path.unlink()


_READ_AND_WEIGH = """
import asyncio, json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
import polars, pydantic
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.catalogue import Catalogue, Resolver
from cautery.model import Channel, Mandate, Regime, Source, Window
from cautery.workflows.case.open import open_case
from cautery.workflows.case.journal import Journal
from cautery.lab.readers import ReadersHere
from cautery.workflows.watch.sources.reading import Seen, SourceReader

folder, file = map(Path, sys.argv[1:])
case = open_case(folder / "case", store=FolderStore(KeyFolder(folder / "keys")), clock=SystemClock())
journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
streams = {}
reader = SourceReader(
    Mandate(
        id="m", who="W", regime=Regime.GDPR, legal_basis="r", territories=("FR",),
        window=Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC)),
        channels=(Channel(id="c", names=("C",), legal_basis="r"),),
    ),
    Resolver(Catalogue([])), streams, Seen(),
    readers=ReadersHere(), fetcher=None, journal=journal, restored={}, on_page=lambda _: None,
)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
asyncio.run(reader.follow(Source(location=str(file), kind="m3u", is_file=True)))
[read] = [one.record.body for one in case.ledger.read(kinds=("source.read",))]
print(json.dumps({"mb": peak() - before, "read": read, "streams": sorted(streams)}))
"""


@pytest.mark.parametrize(
    ("head", "failed", "streams"),
    [
        (b"", "not a playlist: this is NUL bytes", 0),
        (b"#EXTM3U\n#EXTINF:-1,An endless line ", None, 0),
        (m3u("1", "2") + b"\n#EXTINF:-1,Then NULs\n", None, 2),
    ],
    ids=["NULs", "endless line", "entries and then NULs"],
)
def test_a_local_list_of_a_gigabyte_is_read_within_200_mb_or_refused(
    sparse: Callable[[bytes], Path],
    tmp_path: Path,
    head: bytes,
    failed: str | None,
    streams: int,
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _READ_AND_WEIGH, str(tmp_path), str(sparse(head))],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["mb"] < 200
    assert len(found["streams"]) == streams
    if failed is None:
        assert found["read"]["failed"] is None
        assert any("of more than" in words(one["why"]) for one in found["read"]["warnings"])
    else:
        assert failed in words(found["read"]["failed"])


async def test_a_title_with_a_url_in_it_carries_no_credential_into_records_or_table(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    title = "Sport http://panel.example/live/anna/s3cret/17.ts"
    sources, streams = reader({LIST: m3u("1", title=title)})
    await sources.read(SOURCE)
    [appeared] = bodies(heard, "stream.appeared")
    assert appeared["title"].startswith("Sport http://panel.example/live/~")
    [stream] = streams.values()
    table = case.vault.read(bodies(heard, "source.read")[0]["table"])
    for said in (json.dumps(appeared), repr(stream), repr(table)):
        assert "s3cret" not in said
        assert "anna" not in said


async def test_a_failure_of_a_source_is_recorded_without_credentials(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    told = SourceError("no answer of http://anna:s3cret@panel.example/get.php?password=s3cret")
    sources, _ = reader({LIST: told})
    task = asyncio.create_task(sources.follow(SOURCE))
    await asyncio.sleep(0.05)
    task.cancel()
    [read] = bodies(heard, "source.read")
    assert "panel.example" in words(read["failed"])
    assert "s3cret" not in str(read)


PAGE = b"<html><title>Best TV</title><p>12 months 49,99 &euro;</p></html>"


async def test_a_server_is_asked_whether_anything_has_changed(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    fetcher = answers({LIST: m3u("1", "2")})
    fetcher.headers = (("ETag", '"7"'),)
    sources, streams = over(fetcher, journal)
    await sources.read(SOURCE)
    await sources.read(SOURCE)
    [again] = bodies(heard, "source.revisited")
    [read] = bodies(heard, "source.read")
    assert (again["status"], again["rests_on"]) == (304, [read["exhibit"]])
    assert all(one.live for one in streams.values())
    assert bodies(heard, "source.changed") == []


async def test_what_differs_between_two_readings_is_one_record_with_a_table_of_it_all(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    import io

    import polars as pl

    table: dict[str, Any] = {LIST: m3u("1", "2", "3")}
    sources, _ = reader(table)
    await sources.read(SOURCE)
    assert bodies(heard, "source.changed") == [], "a first reading has nothing to differ from"
    table[LIST] = m3u("2", "4").replace(b"#EXTINF:-1,Sport 4", b"#EXTINF:-1,Sport 1") + (
        b"\n#EXTINF:-1,New\nhttp://elsewhere.example/n.m3u8"
    )
    await sources.read(SOURCE)
    [changed] = bodies(heard, "source.changed")
    counts = {name: changed[name] for name in ("appeared", "vanished", "moved", "kept")}
    assert counts == {"appeared": 1, "vanished": 1, "moved": 1, "kept": 1}
    [moved] = bodies(heard, "stream.moved")
    assert (moved["was"][-6:], moved["url"][-6:], moved["why"]) == (
        "1.m3u8",
        "4.m3u8",
        "same title",
    )
    rows = pl.read_parquet(io.BytesIO(case.vault.read(changed["table"])))
    assert sorted(rows["change"]) == ["appeared", "moved", "vanished"]


async def test_of_thousands_that_appear_at_once_only_the_table_tells(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    table: dict[str, Any] = {LIST: m3u("a")}
    sources, streams = reader(table)
    await sources.read(SOURCE)
    table[LIST] = m3u("a", *map(str, range(3000)))
    await sources.read(SOURCE)
    assert len(streams) == 3001
    assert len(bodies(heard, "stream.appeared")) == 1
    [changed] = bodies(heard, "source.changed")
    assert changed["appeared"] == 3000
    table[LIST] = m3u("a")
    await sources.read(SOURCE)
    assert bodies(heard, "stream.vanished") == []
    assert bodies(heard, "source.changed")[1]["vanished"] == 3000


def over(fetcher: Any, journal: Journal, **more: Any) -> tuple[SourceReader, dict[str, Stream]]:
    streams: dict[str, Stream] = {}
    seen = more.pop("seen", None) or Seen()
    made = SourceReader(
        mandate(vantages=tuple(more.pop("vantages", {}).values())),
        Resolver(Catalogue([])),
        streams,
        seen,
        readers=ReadersHere(),
        fetcher=fetcher,
        journal=journal,
        restored=more.pop("restored", {}),
        on_page=lambda _: None,
        **more,
    )
    return made, streams


async def until_it_waits(sources: SourceReader, source: Source) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sources.follow(source), timeout=1.0)


async def test_a_restarted_watch_asks_nothing_before_it_is_due_and_knows_its_streams(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry], case: Case
) -> None:
    source = Source(location=LIST, kind="m3u")
    first, _ = over(answers({LIST: m3u("1", "2")}), journal)
    await first.read(source)
    told = len(heard)
    fetcher = answers({LIST: m3u("2", "3")})
    earlier = EarlierRuns().read_on(case.ledger)
    again, streams = over(
        fetcher,
        journal,
        restored=restored_streams(earlier.streams),
        earlier=earlier.sources.readings,
    )
    await until_it_waits(again, source)
    assert fetcher.asked == []
    assert [one.url[-6:] for one in streams.values()] == ["1.m3u8", "2.m3u8"]
    assert all(one.live for one in streams.values())
    assert len(heard) == told, "nothing is told twice"
    await again.read(source)
    [changed] = bodies(heard, "source.changed")
    assert (changed["appeared"], changed["vanished"], changed["kept"]) == (1, 1, 1)


async def test_a_restarted_watch_reads_a_source_anew_when_its_archive_was_erased(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry], case: Case
) -> None:
    source = Source(location=LIST, kind="m3u")
    first, _ = over(answers({LIST: m3u("1")}), journal)
    await first.read(source)
    [sealed] = [
        body["exhibit"] for body in bodies(heard, "exhibit.sealed") if body["what"] == "playlist"
    ]
    case.vault.erase(sealed["subject"])
    fetcher = answers({LIST: m3u("1")})
    earlier = EarlierRuns().read_on(case.ledger).sources.readings
    again, _ = over(fetcher, journal, earlier=earlier)
    await until_it_waits(again, source)
    assert fetcher.asked == [LIST]


LAST_MOMENT = "9999-12-31T23:59:59.000000Z"


@pytest.mark.parametrize("change", [{"at": LAST_MOMENT}, {"rhythm": {"due": LAST_MOMENT}}])
async def test_a_reading_that_a_stranger_dated_ahead_ends_no_restarted_watch(
    change: dict[str, Any], answers: Callable[..., Any], journal: Journal, case: Case
) -> None:
    source = Source(location=LIST, kind="m3u")
    first, _ = over(answers({LIST: m3u("1")}), journal)
    await first.read(source)
    [entry] = case.ledger.read(kinds=("source.read",))
    rhythm = entry.record.body["rhythm"] | change.get("rhythm", {})
    body = dict(entry.record.body) | change | {"rhythm": rhythm}
    case.ledger.append("source.read", body, at=NOON)
    earlier = EarlierRuns().read_on(case.ledger).sources.readings
    again, streams = over(answers({LIST: m3u("1")}), journal, earlier=earlier)
    following = asyncio.create_task(again.follow(source))
    done, _ = await asyncio.wait([following], timeout=0.3)
    following.cancel()
    assert not done
    assert len(streams) == 1


async def test_a_stream_that_a_stranger_dated_ahead_is_looked_at(
    reader: Callable[..., Any], case: Case
) -> None:
    body = {"url": "http://pirate.example/live/1.m3u8", "title": "Sport 1", "source": LIST}
    body |= {"host": "pirate.example", "at": LAST_MOMENT, "offer": None}
    case.ledger.append("stream.appeared", body, at=NOON)
    restored = restored_streams(EarlierRuns().read_on(case.ledger).streams)
    assert len(restored) == 1
    sources, streams = reader({LIST: m3u("1")}, restored=restored)
    await sources.read(SOURCE)
    [stream] = streams.values()
    assert stream.wanted(NOON)


FR = Vantage(name="FR home", country="FR", proxy="socks5://league:w0rd@127.0.0.1:1080")
SEEN_FROM = Source(location=LIST, kind="m3u", vantages=("FR home",))


async def test_a_list_that_differs_by_vantage_is_a_finding_that_names_the_proxy(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    fetcher = answers({LIST: m3u("1", "2")})
    fetcher.by_vantage = {"FR home": {LIST: m3u("2", "3")}}
    sources, streams = over(fetcher, journal, vantages={"FR home": FR})
    await sources.read(SEEN_FROM)
    await sources.read(SEEN_FROM)
    [finding] = bodies(heard, "vantage.compared")
    assert (finding["vantage"], finding["country"], finding["differs"]) == ("FR home", "FR", True)
    assert (finding["only_here"], finding["only_there"]) == (1, 1)
    assert len(finding["exhibits"]) == 2
    assert [one["vantage"] for one in bodies(heard, "source.read")] == [None, "FR home"]
    assert sorted(one.url[-6:] for one in streams.values()) == ["1.m3u8", "2.m3u8", "3.m3u8"]
    assert b"w0rd" not in b"".join(one.leaf for one in heard)


async def test_a_list_that_is_blocked_here_is_read_where_it_is_not(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    fetcher = answers({LIST: 451})
    fetcher.by_vantage = {"FR home": {LIST: m3u("1")}}
    sources, streams = over(fetcher, journal, vantages={"FR home": FR})
    with pytest.raises(SourceError, match="451"):
        await sources.read(SEEN_FROM)
    [finding] = bodies(heard, "vantage.compared")
    assert words(finding["why"][0]).startswith("reachable only from FR home")
    assert len(streams) == 1


@pytest.mark.parametrize(
    ("answered", "shops"),
    [
        ("http://shop.example/", ["shop.example"]),
        ("http://www.shop.example/", ["shop.example"]),
        ("http://innocent.example/", []),
    ],
)
async def test_a_page_is_the_shops_own_unless_it_leads_to_another_site(
    answers: Callable[..., Any],
    journal: Journal,
    heard: list[Entry],
    answered: str,
    shops: list[str],
) -> None:
    source = Source(location="http://shop.example/", kind="page")
    fetcher, seen = answers({source.location.reveal(): PAGE}), Seen()

    class Led:
        async def fetch(self, url: str, **more: Any) -> Any:
            answer = await fetcher.fetch(url, **more)
            return replace(answer, url=answered, hops=(url, answered))

    sources = SourceReader(
        mandate(),
        Resolver(Catalogue([])),
        {},
        seen,
        readers=ReadersHere(),
        fetcher=Led(),
        journal=journal,
        restored={},
        on_page=lambda _: None,
    )
    await sources.read(source)
    assert list(seen.pages) == shops
    failures = [body["message"] for body in bodies(heard, "failure")]
    assert ["leads to innocent.example" in failure for failure in failures] == (
        [] if shops else [True]
    )


async def test_a_page_that_says_the_same_everywhere_is_no_finding(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    source = Source(location="http://shop.example/", kind="page", vantages=("FR home",))
    fetcher = answers({source.location.reveal(): PAGE})
    fetcher.by_vantage = {
        "FR home": {source.location.reveal(): PAGE.replace(b"<p>", b"<p class=x>")}
    }
    sources, _ = over(fetcher, journal, vantages={"FR home": FR})
    await sources.read(source)
    [same] = bodies(heard, "vantage.compared")
    assert (same["differs"], same["why"]) == (False, [])


async def test_a_page_with_another_price_there_is_a_finding(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    source = Source(location="http://shop.example/", kind="page", vantages=("FR home",))
    fetcher = answers({source.location.reveal(): PAGE})
    fetcher.by_vantage = {"FR home": {source.location.reveal(): PAGE.replace(b"49,99", b"9,99")}}
    sources, _ = over(fetcher, journal, vantages={"FR home": FR})
    await sources.read(source)
    [finding] = bodies(heard, "vantage.compared")
    assert [*map(words, finding["why"])] == ["its page differs: prices"]


async def test_a_sealed_archive_holds_the_exact_request_and_warcio_agrees(
    reader: Callable[..., Any], heard: list[Entry], journal: Journal, tmp_path: Path
) -> None:
    sources, _ = reader({LIST: m3u("1")})
    await sources.read(SOURCE)
    [read] = bodies(heard, "source.read")
    archive = tmp_path / "list.warc"
    archive.write_bytes(journal.unseal(read["exhibit"], url=LIST, what="playlist"))
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(archive)]
    ended = subprocess.run(  # noqa: ASYNC221 - it holds up nobody here
        command, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout.count("digest pass")) == (0, 3), ended.stdout
    assert m3u("1") in archive.read_bytes()


async def test_a_source_that_fails_here_says_at_no_vantage_when_it_is_due(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    fetcher = answers({LIST: 451})
    fetcher.by_vantage = {"FR home": {LIST: m3u("1")}}
    sources, _ = over(fetcher, journal, vantages={"FR home": FR})
    with pytest.raises(SourceError):
        await sources.read(SEEN_FROM)
    assert [one["rhythm"] for one in bodies(heard, "source.read")] == [None]


class Elsewhere(ReadersHere):
    """Readers during whose work alone a text may be screened, as in processes of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._reads = False
        self.screened: list[str] = []
        sightings = importlib.import_module("cautery.formats.sightings")
        plain = sightings.screened

        def screened(text: str, pseudonyms: Any, *, kind: Any = "title") -> str:
            if text and kind == "title":
                assert self._reads, f"{text!r} is screened in the watch's process"
                self.screened.append(text)
            return str(plain(text, pseudonyms, kind=kind))

        monkeypatch.setattr(sightings, "screened", screened)

    async def read(self, job: str, asked: Any, data: bytes) -> bytes:
        self._reads = True
        try:
            return await super().read(job, asked, data)
        finally:
            self._reads = False


async def test_no_text_of_a_list_is_screened_in_the_process_of_the_watch(
    answers: Callable[..., Any], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, streams = Elsewhere(monkeypatch), dict[str, Stream]()
    body = b"""#EXTM3U
#EXTINF:-1 tvg-id="b@mail.example" group-title="c@mail.example",a@mail.example
http://pirate.example/1.ts
#EXTINF:-1,broken
http://[d@mail.example/2.ts
"""
    sources = SourceReader(
        mandate(),
        Resolver(Catalogue([])),
        streams,
        Seen(),
        readers=readers,
        fetcher=answers({LIST: body}),
        journal=journal,
        restored={},
        on_page=lambda _: None,
    )
    await sources.read(SOURCE)
    assert len(streams) == 1
    assert {"a@mail.example", "b@mail.example", "c@mail.example"} <= set(readers.screened)


class StuckAt(ReadersHere):
    """Readers that are ended at what never ends, as those in processes are."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def read(self, job: str, asked: Any, data: bytes) -> bytes:
        if b"never ends" in data:
            self.ended.set()
            raise LimitError("reading it takes more than 5 s; its process was ended")
        return await super().read(job, asked, data)


async def test_a_source_that_no_reader_ends_with_has_failed_and_the_others_are_read(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    other, readers = "http://other.example/all.m3u", StuckAt()
    sources = SourceReader(
        mandate(),
        Resolver(Catalogue([])),
        {},
        Seen(),
        readers=readers,
        fetcher=answers({LIST: m3u("1") + b"\n# never ends", other: m3u("2")}),
        journal=journal,
        restored={},
        on_page=lambda _: None,
    )
    follows = asyncio.create_task(sources.follow(SOURCE))
    await sources.read(Source(location=other, kind="m3u"))
    await readers.ended.wait()
    follows.cancel()
    said = {one["source"]: one for one in bodies(heard, "source.read")}
    assert "LimitError: reading it takes more than 5 s" in words(said[LIST]["failed"])
    assert said[LIST]["exhibit"]  # what was fetched is sealed all the same
    assert said[other]["failed"] is None


SURROGATE = r"\ud800 anna\u0040mail.example"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("m3u", f"#EXTM3U\n#EXTINF:-1,{SURROGATE}\nhttp://x.example/1.ts\n"),
        ("m3u", "#EXTM3U\n#EXTINF:-1,A\nhttp://x.example/\\ud800%20c\\u0040mail.example\n"),
        ("m3u", f'#EXTM3U\n#EXTINF:-1 tvg-id="{SURROGATE}",A\nhttp://x.example/1.ts\n'),
        ("xmltv", f"<tv><channel id='{SURROGATE}'><display-name>{SURROGATE}</display-name></channel></tv>"),
    ],
)  # fmt: skip
async def test_half_a_surrogate_pair_ends_no_watch(
    reader: Callable[..., Any], heard: list[Entry], kind: str, body: str
) -> None:
    sources, _ = reader({LIST: body.encode()})
    await sources.read(Source(location=LIST, kind=kind, revisit_s=1.0))  # type: ignore[arg-type]
    [read] = bodies(heard, "source.read")
    assert read["failed"] is None
    assert read["table"] is not None


async def test_a_line_that_a_panel_sends_back_stands_in_no_record_and_no_table(
    reader: Callable[..., Any], heard: list[Entry], case: Case, journal: Journal
) -> None:
    where = "http://panel.example/get.php?username=annarossi&password=gehe1mword"
    line = Source(location=where, kind="m3u")  # type: ignore[arg-type]
    journal.hide(line)
    title = "VIP ANNAROSSI Z2VoZTFtd29yZA"
    body = f'#EXTM3U\n#EXTINF:-1 tvg-id="gehe1mword",{title}\nhttp://gehe1mword.example/1.ts\n'
    sources, _ = reader({LIST: body.encode()})
    await sources.read(SOURCE)
    [read] = bodies(heard, "source.read")
    said = repr(heard) + repr(
        tables.rows_of(case.vault.read(read["table"]), "url", "title", "guide")
    )
    for one in ("annarossi", "ANNAROSSI", "gehe1m", "Z2VoZTFt"):
        assert one not in said


async def test_an_unforeseen_error_costs_its_own_source_alone(
    reader: Callable[..., Any], heard: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ValueError("a title of \ud800")

    sources, _ = reader({LIST: m3u("1")})
    monkeypatch.setattr(sources, "_listed", broken)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sources.follow(SOURCE), timeout=0.5)
    read = bodies(heard, "source.read")[0]
    assert words(read["failed"]) == "ValueError: a title of \ufffd"
