"""The page of a stream: the claim, its proof, its doubts, and the sealed media beside each other."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import ExhibitId
from cautery.workflows.browse.media import _initial, _type, media_of
from cautery.workflows.browse.verdict import AsSealed
from cautery.workflows.case.open import open_case

CLOSED = "/cases/night-1"
SUSPECT = [b"G" + bytes([number]) * 187 + b"G" + bytes(187) for number in range(3)]
REFERENCE = b"G" + b"r" * 187 + b"G" + bytes(187)


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def pages_of(room: Any) -> dict[str, list[str]]:
    """The pages of all streams, by their finding."""
    found: dict[str, list[str]] = {}
    for number in range(1, 21):
        page = room.text(f"{CLOSED}/streams/{number}")
        tag = re.search(r'<span class="tag (\w*)"?>?', page.partition("<h2>")[2])
        assert tag
        found.setdefault(tag[1], []).append(page)
    return found


def test_every_finding_has_a_page_that_says_what_would_change_it(room: Any) -> None:
    by_finding = pages_of(room)
    assert by_finding.keys() == {"proven", "undecided", "licensed", "nothing", "unreachable"}
    for finding, said in {
        "proven": "A licence for the host",
        "undecided": "this many it takes to claim a match",
        "licensed": "The end of the licence of",
        "nothing": "Another programme on it",
        "unreachable": "A look that gets media",
    }.items():
        for page in by_finding[finding]:
            assert said in words(page)


def test_the_claim_of_a_page_is_that_of_its_record(room: Any) -> None:
    page = pages_of(room)["proven"][0]
    record = re.search(r'href="(/cases/night-1/records/\d+)">Record', page)
    assert record
    said = words(room.text(record[1]))
    assert "verdict" in said
    odds = re.search(r"about 10<sup>([\d.]+)</sup>", page)
    assert odds
    exact = re.search(r"log10_lr .*? ([\d.]+) most", said)
    assert exact
    assert odds[1] == f"{float(exact[1]):.1f}"
    assert "This is no probability that somebody is guilty" in words(page)


def test_a_second_content_is_on_the_page_of_its_stream_and_on_the_wall(room: Any) -> None:
    beside = [page for page in pages_of(room)["proven"] if "late-film" in page]
    assert beside
    for page in beside:
        said = words(page)
        assert "and at the same time late-film" in said
        assert "40 % of its width from 50 %, 40 % of its height from 55 %" in said
    assert " and late-film" in words(room.text("/cases/night-1/tonight"))


def test_a_record_leads_to_its_stream_and_a_stream_to_its_records(room: Any) -> None:
    rows = room.text(f"{CLOSED}?kind=verdict")
    link = re.search(r'href="(/cases/night-1/records/\d+/stream)"', rows)
    assert link
    answer = room.client.get(link[1])
    assert answer.status_code == 303
    page = room.text(answer.headers["location"])
    assert link[1].removesuffix("/stream") in page
    assert room.client.get(f"{CLOSED}/records/0/stream").status_code == 404


def test_a_stream_keeps_its_number_while_the_case_grows(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    room = room_at(cases)
    before = [words(room.text(f"/cases/cup+night-2/streams/{number}")) for number in (1, 18)]
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    case = open_case(cases / "cup" / "night-2", store=store, clock=FixedClock(_synthetic().END))
    body = {
        "url": "http://late.example/1",
        "title": "Late",
        "source": "list",
        "host": "late.example",
        "at": "2026-11-24T20:40:00Z",
        "offer": None,
    }
    case.ledger.append("stream.appeared", body, at=_synthetic().END)
    case.leave()
    assert "Late" in words(room.text("/cases/cup+night-2/streams/19"))
    for number, old in zip((1, 18), before, strict=True):
        head = old.partition("Side by side")[0].partition("wall")[2]
        assert head[:60] in words(room.text(f"/cases/cup+night-2/streams/{number}"))


@pytest.mark.parametrize("number", ["0", "21", "-1", "x", "9" * 40])
def test_there_is_no_other_stream(room: Any, number: str) -> None:
    assert room.client.get(f"{CLOSED}/streams/{number}").status_code == 404
    for name in ("suspect.m3u8", "suspect.media", "../verify.media"):
        assert room.client.get(f"{CLOSED}/streams/{number}/{name}").status_code == 404


def _synthetic() -> Any:
    return sys.modules["report_synthetic"]


@pytest.fixture
def compared(
    tmp_path: Path,
    make_season: Callable[[Path], Path],
    room_at: Callable[[Path], Any],
    compare: Callable[..., Any],
) -> Any:
    """A room over a case whose newest stream was compared, with the media of both sealed."""
    cases = make_season(tmp_path)
    sealed = compare(tmp_path, SUSPECT, REFERENCE, suspect_s=6.5, reference_s=12.25)
    room = room_at(cases)
    room.vault, room.sealed = cases / "cup" / "night-2" / "vault", sealed
    return room


STREAM = "/cases/cup+night-2/streams/19"


def test_sealed_media_of_both_are_on_the_page_with_the_moment_that_was_compared(
    compared: Any,
) -> None:
    page = compared.text(STREAM)
    assert 'data-moment="6.5000"' in page
    assert 'data-moment="12.2500"' in page
    for exhibit in compared.sealed:
        assert f"/exhibits/{exhibit.removeprefix('sha256:')}" in page
    assert "/hls.js" in page
    assert "/hls.js" not in compared.text("/cases/cup+night-2")
    answer = compared.client.get(f"{STREAM}/suspect.media")
    assert answer.content == b"".join(SUSPECT)
    assert answer.headers["content-type"] == "video/mp2t"
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["content-disposition"] == "attachment"
    assert compared.client.get(f"{STREAM}/reference.media").content == REFERENCE
    playlist = compared.text(f"{STREAM}/reference.m3u8")
    assert playlist.splitlines()[-2:] == ["reference.media", "#EXT-X-ENDLIST"]


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=100-", 206, 100, None),
        ("bytes=5-99999999", 206, 5, None),
        ("bytes=-5", 200, 0, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=99999999-", 416, None, None),
        ("bytes=9-3", 416, None, None),
    ],
)
def test_media_are_cut_as_a_player_asks(
    compared: Any, asked: str, status: int, first: int | None, last: int | None
) -> None:
    whole = b"".join(SUSPECT)
    answer = compared.client.get(f"{STREAM}/suspect.media", headers={"range": asked})
    assert answer.status_code == status
    if first is None:
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        assert answer.content == b""
    else:
        assert answer.content == whole[first : len(whole) if last is None else last + 1]


@pytest.mark.parametrize("side", ["suspect", "reference"])
def test_media_whose_seal_is_broken_are_not_played(compared: Any, side: str) -> None:
    exhibit = compared.sealed[side == "reference"].removeprefix("sha256:")
    path = compared.vault / exhibit[:2] / exhibit
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert compared.client.get(f"{STREAM}/{side}.media").status_code == 409
    assert compared.client.get(f"{STREAM}/{side}.m3u8").status_code == 409


def test_a_part_that_is_not_sealed_in_the_clear_is_a_sentence(
    compared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.workflows.media.segments.read_warc", lambda _: ())
    answer = compared.client.get(f"{STREAM}/suspect.media")
    assert answer.status_code == 409
    assert "not sealed in the clear" in words(answer.text)


def test_media_that_others_still_read_take_the_room_for_more(
    compared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.workflows.browse.media._MOST_BYTES_SENT", 0)
    slow = media_of(compared.desk.cases, "cup+night-2", int(STREAM.rpartition("/")[2]), "suspect")
    answer = compared.client.get(f"{STREAM}/suspect.media")
    assert answer.status_code == 503
    assert "no room for more" in words(answer.text)
    del slow
    assert compared.client.get(f"{STREAM}/suspect.media").status_code == 200


def box(kind: bytes, size: int, *, said: int | None = None) -> bytes:
    return (size if said is None else said).to_bytes(4, "big") + kind + bytes(size - 8)


@pytest.mark.parametrize(
    ("content", "initial"),
    [
        (b"", 0),
        (box(b"ftyp", 20) + box(b"moov", 100) + box(b"moof", 50), 120),
        (box(b"ftyp", 20) + box(b"moov", 100) + box(b"sidx", 50), 120),
        (box(b"ftyp", 20) + box(b"moov", 100) + box(b"mdat", 50), 0),
        (box(b"ftyp", 20) + box(b"moov", 100, said=0), 0),
        (box(b"ftyp", 20) + box(b"moov", 100, said=1), 0),
        (box(b"ftyp", 20) + box(b"moov", 100, said=1 << 31), 0),
        (box(b"ftyp", 20) * 50_000, 0),
        (box(b"ftyp", 20)[:7], 0),
        (REFERENCE, 0),
    ],
)
def test_the_first_part_of_a_film_is_found_or_there_is_none(content: bytes, initial: int) -> None:
    assert _initial(content) == initial


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (REFERENCE, "video/mp2t"),
        (b"G", "video/mp2t"),
        (b"G" * 188 + b"x", "application/octet-stream"),
        (box(b"ftyp", 20), "video/mp4"),
        (b"<html><script>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_media_are_called_by_their_own_bytes(content: bytes, media_type: str) -> None:
    assert _type(content) == media_type


def test_a_still_is_shown_as_it_was_sealed_and_decoded_by_nobody_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decoded(*_: Any, **__: Any) -> None:
        pytest.fail("the room decoded a picture")

    monkeypatch.setattr("cautery.workflows.case.report_pictures.reduced", decoded)
    exhibit = ExhibitId("sha256:" + "0" * 64)
    png = b"\x89PNG\r\n\x1a\n" + b"no decoder would take this"
    still = AsSealed(lambda _: png).show(exhibit, 1.5)
    assert still is not None
    assert still.uri == f"data:image/png;base64,{base64.b64encode(png).decode()}"
    for content in (b"<svg onload=alert(1)>", b"", png + bytes(5 << 20)):
        other = AsSealed(lambda _, content=content: content).show(exhibit, 1.5)
        assert other is not None
        assert other.uri is None
        assert other.missing == "The sealed still is no PNG, or is too large."
    assert AsSealed(decoded).show(None, None) is None
