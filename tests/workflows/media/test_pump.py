"""What becomes a reference: feeds have a live edge, files are searched whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cautery.formats.hls import MediaPlaylist, read_hls
from cautery.model import Channel, Event, Mandate, Work
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.media.fetching import newest
from cautery.workflows.media.pump import feeds_of
from cautery.workflows.media.ref_files import in_files

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FEED = "http://feeds.example/index.m3u8"


def _mandate(tmp_path: Path) -> Mandate:
    path = tmp_path / "mandate.toml"
    path.write_text(
        '[mandate]\nid = "a"\nwho = "b"\nregime = "gdpr"\nlegal_basis = "c"\n'
        'start = 2026-11-24T11:00:00Z\nend = 2026-11-24T13:00:00Z\nterritories = ["FR"]\n'
        '[[work]]\nid = "w"\ntitle = "W"\n'
    )
    return read_mandate(path, now=NOON)


def _with(mandate: Mandate, location: str) -> Mandate:
    return replace(
        mandate,
        events=(Event(id="e", name="E", kick_off=NOON, clean_feed=location, legal_basis="c"),),
        channels=(
            Channel(
                id="ch", names=("Ch",), territory=None, event=None,
                reference=location, legal_basis="c",
            ),
        ),
        works=(
            Work(
                id="w", title="W", year=None, kind="film", reference=location, legal_basis="c"
            ),
        ),
    )  # fmt: skip


def test_a_file_is_searched_whole_whatever_it_stands_for(tmp_path: Path) -> None:
    feeds = feeds_of(_with(_mandate(tmp_path), "/media/a.mp4"))
    assert [(one.info.id, one.info.kind) for one in feeds] == [
        ("event:e", "work"), ("ch", "work"), ("w", "work"),
    ]  # fmt: skip


def test_references_of_one_file_are_taken_from_it_together(tmp_path: Path) -> None:
    feeds = feeds_of(_with(_mandate(tmp_path), "/media/league.ref"))
    files, others = in_files(feeds)
    assert files == {Path("/media/league.ref"): ["event:e", "ch", "w"]}
    assert others == []
    fetched = feeds_of(_with(_mandate(tmp_path), "https://feeds.example/league.ref"))
    assert in_files(fetched) == ({}, list(fetched))


def test_a_feed_is_searched_around_its_live_edge(tmp_path: Path) -> None:
    feeds = feeds_of(_with(_mandate(tmp_path), FEED))
    assert [one.info.kind for one in feeds] == ["event", "channel", "work"]


def test_a_short_film_is_taken_from_so_early_that_a_claim_is_possible() -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n" + "#EXTINF:6,\na.ts\n" * 10 + "#EXT-X-ENDLIST\n"
    playlist = read_hls([text.encode()], base=FEED)
    assert isinstance(playlist, MediaPlaylist)
    chosen, at_s = newest(playlist, 12.0, edge_s=0.0)
    assert (len(chosen), at_s) == (8, 12.0)
