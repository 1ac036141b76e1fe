"""A look's media are one archive; what is read at once, or shows a person, has one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.vault_folder import FolderVault
from cautery.errors import SourceError
from cautery.evidence.warc import read_warc
from cautery.lab.readers import ReadersHere
from cautery.model import Entry, ExhibitId
from cautery.wiring import cases
from cautery.workflows.case.capturing import MOST_HELD, CapturingMedia
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media.fetching import SEGMENT, fetch_newest, media

LIST = "http://pirate.example/live.m3u8"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + b"".join(
    b"#EXTINF:4,\n%d.ts\n" % number for number in range(3)
)
MEDIA = {
    f"http://pirate.example/{number}.ts": b"G\0" + bytes([number]) * 900 for number in range(3)
}


def bodies(case: Case, exhibit: ExhibitId) -> list[bytes | None]:
    return [answer.body for answer in read_warc(case.vault.read(exhibit))]


def what(heard: list[Entry]) -> list[str]:
    return [one.record.body["what"] for one in heard if one.record.kind == "exhibit.sealed"]


async def test_the_segments_of_a_look_are_one_archive_and_its_playlist_another(
    answers: Callable[..., Any], journal: Journal, case: Case, heard: list[Entry]
) -> None:
    exhibits: list[ExhibitId] = []
    fetcher = CapturingMedia(answers({LIST: PLAYLIST, **MEDIA}), journal, media, into=exhibits)
    await fetch_newest(LIST, fetcher=fetcher, readers=ReadersHere(), seconds=12)
    assert what(heard) == ["playlist"]
    await fetcher.seal_held()
    assert what(heard) == ["playlist", "segment"]
    assert bodies(case, exhibits[1]) == list(MEDIA.values())


async def test_what_came_before_a_look_broke_off_is_sealed_and_named(
    answers: Callable[..., Any], journal: Journal, case: Case
) -> None:
    url, gone, _ = MEDIA
    exhibits: list[ExhibitId] = []
    fetcher = CapturingMedia(
        answers({url: MEDIA[url], gone: SourceError("gone")}), journal, media, into=exhibits
    )
    await fetcher.fetch(url, limits=SEGMENT)
    with pytest.raises(SourceError):
        await fetcher.fetch(gone, limits=SEGMENT)
    await fetcher.seal_held()
    await fetcher.seal_held()
    assert [bodies(case, exhibit) for exhibit in exhibits] == [[MEDIA[url]]]


async def test_a_payload_that_shows_a_person_lies_encrypted_and_the_others_stay_open(
    answers: Callable[..., Any], journal: Journal, case: Case, heard: list[Entry]
) -> None:
    urls = list(MEDIA)
    table = MEDIA | {urls[1]: b"G\0\1\2 written by anna.kiss@mail.example\0\0"}
    exhibits: list[ExhibitId] = []
    fetcher = CapturingMedia(answers(table), journal, media, into=exhibits)
    for url in urls:
        await fetcher.fetch(url, limits=SEGMENT)
    await fetcher.seal_held()
    sealed = {
        one.record.body["exhibit"]["id"]: one.record.body["exhibit"]["confidential"]
        for one in heard
        if one.record.kind == "exhibit.sealed"
    }
    hidden, shown = exhibits
    assert (sealed[hidden], sealed[shown]) == (True, False)
    assert bodies(case, shown) == [table[urls[0]], table[urls[2]]]
    assert b"anna.kiss" not in case.vault.read(hidden)


async def test_a_look_holds_no_more_than_its_bound(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    urls = [f"http://pirate.example/{number}.ts" for number in range(3)]
    table = {url: b"G\0" + os.urandom(MOST_HELD // 2) for url in urls}
    fetcher = CapturingMedia(answers(table), journal, media, into=[])
    for url in urls:
        await fetcher.fetch(url, limits=SEGMENT)
    assert what(heard) == ["segment"], "two of them are more than may wait"


WRITER = """
import sys
from pathlib import Path
from cautery.adapters.clock import FixedClock
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.keys_file import KeyFolder
from cautery.model import Exchange, KeyedPseudonyms, Response
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.model.records import StreamVanished
from datetime import UTC, datetime
import asyncio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
folder = Path(sys.argv[1])
case = open_case(folder / "case", store=FolderStore(KeyFolder(folder / "keys")),
                 clock=FixedClock(NOON))
journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))

def answer(number):
    url = f"http://pirate.example/{number}.ts"
    payload = b"G\\0" + str(number).encode() * 3000
    exchange = Exchange(url=url, method="GET", target="/", request_headers=(), status=200,
                        reason="", headers=(), payload=payload, asked_at=NOON,
                        answered_at=NOON, address="192.0.2.1")
    return Response(url=url, hops=(url,), status=200, headers=(), body=payload, asked_at=NOON,
                    answered_at=NOON, address="192.0.2.1", exchanges=(exchange,))

async def work():
    for group in range(10_000):
        await journal.seal_media([answer(5 * group + at) for at in range(5)], what="segment")
        await journal.write_aside(
            *(StreamVanished(url=f"http://pirate.example/{group}/{at}", source="s", at=NOON)
              for at in range(7)))
        print(group, flush=True)

asyncio.run(work())
"""


def test_a_group_is_there_whole_or_not_at_all_after_a_kill(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        written = [int(writer.stdout.readline()) for _ in range(12)][-1]
        writer.send_signal(signal.SIGKILL)
    with cases.reading(tmp_path / "case") as case:
        entries = list(case.ledger.read())
    vanished = [one for one in entries if one.record.kind == "stream.vanished"]
    sealed = [one for one in entries if one.record.kind == "exhibit.sealed"]
    assert len(vanished) % 7 == 0
    assert len(vanished) >= 7 * (written + 1), "what was reported as written stands"
    assert len(sealed) >= written + 1
    vault = FolderVault(tmp_path / "case" / "vault", read_only=True)
    for one in sealed:
        archive = vault.read(ExhibitId(one.record.body["exhibit"]["id"]))
        assert len(list(read_warc(archive))) == 5
