"""A guide as a source: what is mine in it is told once, what changes is compared."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.catalogue import Catalogue, Resolver
from cautery.errors import SourceError
from cautery.formats import guide_url
from cautery.lab.readers import ReadersHere
from cautery.model import Entry, Event, Mandate, Source, Vantage, Work
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.sources.reading import SourceReader

GUIDE = "http://guide.example/epg.xml"
SOURCE = Source(location=GUIDE, kind="xmltv")
KICK_OFF = datetime(2026, 11, 24, 14, tzinfo=UTC)
MINE: dict[str, Any] = {
    "events": (Event(id="md1", name="Home v Away", kick_off=KICK_OFF, legal_basis="r"),),
    "works": (Work(id="w1", title="The Long Night of Quendor", year=2024, legal_basis="r"),),
}


def programme(title: str, start: str, *, channel: str = "a1", more: str = "") -> str:
    return (
        f'<programme start="{start} +0000" stop="{int(start) + 20000} +0000" channel="{channel}">'
        f"<title>{title}</title>{more}</programme>"
    )


def guide(*programmes: str) -> bytes:
    channels = (
        '<channel id="a1"><display-name>Arena 1 HD</display-name></channel>'
        '<channel id="zz"><display-name>Somebody Else TV</display-name></channel>'
    )
    return f"<tv>{channels}{''.join(programmes)}</tv>".encode()


LIVE = programme("Football", "20261124140000", more="<sub-title>Home v Away</sub-title>")
REPEAT = programme("Home v Away", "20261124190000")
FILM = programme("The Long Night of Quendor (2024)", "20261124180000", channel="zz")
LATER = programme("Home v Away", "20261224140000")


@pytest.fixture
def reader(
    answers: Callable[..., Any], journal: Journal, mandated: Callable[..., Mandate]
) -> Callable[[dict[str, Any]], tuple[SourceReader, Any]]:
    """Make a reader whose mandate covers an event, a work and a channel, over a table."""

    def made(table: dict[str, Any], **more: Any) -> tuple[SourceReader, Any]:
        fetcher, mandate = answers(table), mandated(**MINE, **more)
        sources = SourceReader(
            mandate,
            Resolver(Catalogue.of(mandate)),
            {},
            Seen(),
            readers=ReadersHere(),
            fetcher=fetcher,
            journal=journal,
            restored={},
            on_page=lambda _: None,
        )
        return sources, fetcher

    return made


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


async def test_my_channel_my_match_and_my_film_are_told_and_nobody_elses(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    other = programme("Cooking with Zara", "20261124150000", channel="zz")
    sources, _ = reader({GUIDE: guide(LIVE, FILM, other)})
    await sources.read(SOURCE)
    told = {(one["what"], one["channel"], one["right"]) for one in bodies(heard, "guide.offered")}
    assert told == {
        ("channel", "a1", "arena1"),
        ("programme", "a1", "event:md1"),
        ("programme", "zz", "w1"),
    }
    [match] = [one for one in bodies(heard, "guide.offered") if one["right"] == "event:md1"]
    assert (match["channel_name"], match["starts_at"]) == (
        "Arena 1 HD",
        "2026-11-24T14:00:00.000000Z",
    )


async def test_the_same_title_at_another_time_is_not_the_match(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _ = reader({GUIDE: guide(REPEAT)})
    await sources.read(SOURCE)
    assert [one["what"] for one in bodies(heard, "guide.offered")] == ["channel"]


async def test_what_lies_outside_the_mandates_window_is_not_kept(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _ = reader({GUIDE: guide(LIVE, LATER)})
    await sources.read(SOURCE)
    [read] = bodies(heard, "source.read")
    assert read["entries"] == 3


async def test_a_programme_that_moves_is_a_change_and_mine_is_told_once(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    table = {GUIDE: guide(LIVE, FILM)}
    sources, _ = reader(table)
    await sources.read(SOURCE)
    table[GUIDE] = guide(LIVE, programme("The Long Night of Quendor (2024)", "20261124170000"))
    await sources.read(SOURCE)
    [changed] = bodies(heard, "source.changed")
    assert (changed["moved"], changed["kept"], changed["appeared"]) == (1, 3, 0)
    assert [one["right"] for one in bodies(heard, "guide.offered")].count("event:md1") == 1
    assert bodies(heard, "stream.moved") == []


async def test_a_guide_that_is_a_gzip_file_is_unpacked_and_one_that_breaks_off_is_refused(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    packed = gzip.compress(guide(LIVE) + b" " * 100_000)
    table = {GUIDE: packed}
    sources, _ = reader(table)
    await sources.read(SOURCE)
    assert bodies(heard, "source.read")[0]["entries"] == 3
    table[GUIDE] = packed[: len(packed) // 2]
    with pytest.raises(SourceError, match="is cut off"):
        await sources.read(SOURCE)


async def test_a_panels_guide_is_asked_for_with_the_line_that_was_bought(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    asked = guide_url("http://panel.example:8080", username="ours", password="w0rd")
    sources, fetcher = reader({asked: guide(LIVE)})
    await sources.read(
        Source(location="http://panel.example:8080", kind="xmltv", username="ours", password="w0rd")
    )
    assert fetcher.asked == [asked]
    assert b"w0rd" not in b"".join(one.leaf for one in heard)


async def test_a_guide_that_differs_by_vantage_is_a_finding(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    home = Vantage(name="FR home", country="FR", proxy="socks5://127.0.0.1:1080")
    sources, fetcher = reader({GUIDE: guide(FILM)}, vantages=(home,))
    fetcher.by_vantage = {"FR home": {GUIDE: guide(LIVE, FILM)}}
    await sources.read(Source(location=GUIDE, kind="xmltv", vantages=("FR home",)))
    [finding] = bodies(heard, "vantage.compared")
    assert (finding["differs"], finding["only_there"], finding["only_here"]) == (True, 1, 0)
