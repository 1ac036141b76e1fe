"""A portal is read with the box of a test purchase; its links are asked for when they are played."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cautery.catalogue import Catalogue, Resolver
from cautery.errors import SourceError
from cautery.formats import portal_url
from cautery.lab.readers import ReadersHere
from cautery.model import Access, Entry, Mandate, Source
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.watch.resume import EarlierRuns, restored_streams
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.sources.portals import FILM_PAGES
from cautery.workflows.watch.sources.reading import SourceReader
from cautery.workflows.watch.streams import Stream

BASE = "http://portal.example/stalker_portal/c/"
MAC = "00:1A:79:AB:CD:EF"
SOURCE = Source(
    location=BASE, kind="stalker", access=Access.TEST_PURCHASE, receipt="no. 7", mac=MAC
)
GIVEN, TEMPORARY = "ffmpeg http://edge.example/live/7.ts", "ffmpeg http://localhost/ch/8_"
LINK = portal_url(BASE, "itv", "create_link", cmd=TEMPORARY)


def js(said: object) -> bytes:
    return json.dumps({"js": said, "text": ""}).encode()


def portal(*, films: int = 2, pages: int = 1) -> dict[str, Any]:
    """Return the answers of a portal by what is asked."""
    channels = [
        {"id": "7", "name": "Arena 1", "cmd": GIVEN, "tv_genre_id": "3"},
        {"id": "8", "name": "Arena 2", "cmd": TEMPORARY, "use_http_tmp_link": "1"},
    ]
    table: dict[str, Any] = {
        portal_url(BASE, "stb", "handshake", token=""): js({"token": "t0ken-of-ours"}),
        portal_url(BASE, "stb", "get_profile"): js({"id": "1", "blocked": "0"}),
        portal_url(BASE, "itv", "get_genres"): js([{"id": "3", "title": "Sports"}]),
        portal_url(BASE, "itv", "get_all_channels"): js({"data": channels}),
        LINK: js({"id": "8", "cmd": "ffmpeg http://edge.example/play/live.php?play_token=x1"}),
    }
    for page in range(1, pages + 1):
        films_of = [
            {
                "id": f"{page}{at}",
                "name": f"Film {page}{at}",
                "cmd": f"ZmlsbSA{page}{at}",
                "year": "1",
            }
            for at in range(films)
        ]
        said = {"total_items": films * pages, "max_page_items": films, "data": films_of}
        table[portal_url(BASE, "vod", "get_ordered_list", sortby="added", p=str(page))] = js(said)
    return table


@pytest.fixture
def reader(
    answers: Callable[..., Any], journal: Journal, mandated: Callable[..., Mandate]
) -> Callable[..., tuple[SourceReader, dict[str, Stream], Any]]:
    """Make a reader over a table of answers, and show its streams and its fetcher."""

    def made(table: dict[str, Any], **more: Any) -> tuple[SourceReader, dict[str, Stream], Any]:
        streams: dict[str, Stream] = {}
        fetcher, mandate = answers(table), mandated()
        sources = SourceReader(
            mandate,
            Resolver(Catalogue.of(mandate)),
            streams,
            Seen(),
            readers=ReadersHere(),
            fetcher=fetcher,
            journal=journal,
            restored=more.pop("restored", {}),
            on_page=lambda _: None,
            **more,
        )
        return sources, streams, fetcher

    return made


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


async def test_a_portal_lists_channels_and_films_and_its_titles_are_resolved(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, streams, fetcher = reader(portal())
    await sources.read(SOURCE)
    [read] = bodies(heard, "source.read")
    assert (read["kind"], read["entries"], read["failed"]) == ("stalker", 4, None)
    offers = {one.title: one.offer.right for one in streams.values() if one.offer is not None}
    assert offers["Arena 1"] == "arena1"
    assert offers["Arena 2"] is None
    session = dict(fetcher.told[-1])
    assert session["Authorization"] == "Bearer t0ken-of-ours"
    assert session["Cookie"].startswith("mac=00%3A1A%3A79%3AAB%3ACD%3AEF;")


async def test_a_portals_box_and_token_are_in_no_record(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _, _ = reader(portal())
    await sources.read(SOURCE)
    written = b"".join(one.leaf for one in heard)
    assert b"portal.example" in written
    for secret in (MAC.encode(), b"00%3A1A", b"t0ken-of-ours"):
        assert secret not in written


async def test_a_session_of_its_own_is_no_change_and_another_channel_is(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    table = portal()
    sources, _, _ = reader(table)
    await sources.read(SOURCE)
    table[portal_url(BASE, "stb", "handshake", token="")] = js({"token": "another"})
    await sources.read(SOURCE)
    assert len(bodies(heard, "source.read")) == len(bodies(heard, "source.revisited")) == 1
    table[portal_url(BASE, "itv", "get_all_channels")] = js(
        {"data": [{"id": "7", "name": "Arena 1", "cmd": GIVEN}]}
    )
    await sources.read(SOURCE)
    [changed] = bodies(heard, "source.changed")
    assert (changed["vanished"], changed["kept"]) == (1, 3)


async def test_a_link_is_asked_for_when_it_is_played_and_sealed(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, streams, fetcher = reader(portal())
    await sources.read(SOURCE)
    kept: list[str] = []
    urls = {one.title: one.url for one in streams.values()}
    assert await sources.playable(urls["Arena 1"], kept) == "http://edge.example/live/7.ts"
    assert kept == []
    playing = await sources.playable(urls["Arena 2"], kept)
    assert playing == "http://edge.example/play/live.php?play_token=x1"
    [sealed] = [one for one in bodies(heard, "exhibit.sealed") if one["exhibit"]["id"] in kept]
    assert (sealed["what"], sealed["exhibit"]["confidential"]) == ("portal", True)
    assert dict(fetcher.told[-1])["Authorization"] == "Bearer t0ken-of-ours"


async def test_a_session_that_has_run_out_is_begun_anew_once(reader: Callable[..., Any]) -> None:
    table = portal()
    sources, _, fetcher = reader(table)
    await sources.read(SOURCE)
    table[LINK] = js(False)
    asked = len(fetcher.asked)
    with pytest.raises(SourceError, match="refuses"):
        await sources.playable(LINK, [])
    hands = [one for one in fetcher.asked[asked:] if "handshake" in one]
    assert len(hands) == 1


@pytest.mark.parametrize(
    ("asked", "said", "why"),
    [
        (("stb", "handshake"), {"msg": "no"}, "gave no token"),
        (("stb", "get_profile"), {"id": "1", "blocked": "1"}, "blocked the line"),
        (("itv", "get_all_channels"), False, "refuses"),
    ],
)
async def test_a_portal_that_refuses_is_a_failure_that_says_so(
    reader: Callable[..., Any], asked: tuple[str, str], said: object, why: str
) -> None:
    more = {"token": ""} if asked[1] == "handshake" else {}
    sources, streams, _ = reader({**portal(), portal_url(BASE, *asked, **more): js(said)})
    with pytest.raises(SourceError, match=why):
        await sources.read(SOURCE)
    assert streams == {}


async def test_of_thousands_of_films_the_newest_pages_are_asked_for_and_the_rest_is_counted(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _, fetcher = reader(portal(films=1, pages=FILM_PAGES + 30))
    await sources.read(SOURCE)
    assert len([one for one in fetcher.asked if "get_ordered_list" in one]) == FILM_PAGES
    [read] = bodies(heard, "source.read")
    assert (read["entries"], read["warnings_total"]) == (2 + FILM_PAGES, 30)


async def test_a_restarted_watch_knows_a_portals_streams_from_the_archive(
    reader: Callable[..., Any], case: Case
) -> None:
    import asyncio

    first, _, _ = reader(portal())
    await first.read(SOURCE)
    earlier = EarlierRuns().read_on(case.ledger)
    again, streams, fetcher = reader(
        portal(),
        restored=restored_streams(earlier.streams),
        earlier=earlier.sources.readings,
    )
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(again.follow(SOURCE), timeout=1.0)
    assert fetcher.asked == []
    assert await again.playable(LINK, []) == "http://edge.example/play/live.php?play_token=x1"
    assert sorted(one.title or "" for one in streams.values() if one.live) == [
        "Arena 1",
        "Arena 2",
        "Film 10",
        "Film 11",
    ]


def test_the_processes_that_read_load_no_case_and_no_network() -> None:
    """They are started with each watch, and again after each death."""
    source = (
        "import sys, cautery.workflows.watch.sources.jobs\n"
        "print(*(name for name in sys.modules if name.startswith("
        "('cautery.workflows.case', 'cautery.adapters', 'cautery.evidence', 'aiohttp'))))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == []
