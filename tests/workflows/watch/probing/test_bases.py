"""What scores rest on is held for the newest probes alone, within a bound, until a verdict asks."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np

from cautery.identify.basis import Basis, packed
from cautery.model import Decoded, ExhibitId
from cautery.model.records.scoring import ScoreBasis, SensePlace
from cautery.workflows.watch.probing.bases import MOST_HELD, Bases, Probed

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = np.random.default_rng(1).integers(0, 2**32, 2000, dtype=np.uint32)


class Writes:
    def __init__(self) -> None:
        self.records: list[ScoreBasis] = []

    async def seal_aside(self, data: bytes, **_: Any) -> ExhibitId:
        return ExhibitId(f"sha256:{len(data):064d}")

    async def write_aside(self, *records: ScoreBasis) -> None:
        self.records += records


def probed(number: int) -> Any:
    media = Decoded(
        audio=np.zeros(80, np.float32), audio_s=1.0, luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0), duration_s=1.0,
    )  # fmt: skip
    fetched = SimpleNamespace(at=NOON + timedelta(seconds=number), pieces=(), sound_pieces=())
    place = SensePlace(kind="sound", reference="fr", family="fr", sample="live")
    return Probed(
        fetched=fetched, decoded=media, observation=SimpleNamespace(media_start_s=number),
        media_at_s=0.0, kept=(Basis(place, {"words": WORDS}),), within=media,
    )  # fmt: skip


def held(bases: Bases, url: str, count: int) -> None:
    for number in range(count):
        one = probed(number)
        asyncio.run(bases.hold(url, [one], until=one))


def test_the_newest_probes_are_sealed_with_the_verdict_and_once() -> None:
    journal = Writes()
    bases = Bases(journal)  # type: ignore[arg-type]
    held(bases, "a", MOST_HELD + 3)
    assert journal.records == []
    asyncio.run(bases.seal("a"))
    assert [record.media_start_s for record in journal.records] == [3, 4, 5, 6]
    assert all(record.exhibit.startswith("sha256:") for record in journal.records)
    asyncio.run(bases.seal("a"))
    assert len(journal.records) == MOST_HELD


def test_only_windows_up_to_the_one_that_decided_are_held() -> None:
    journal = Writes()
    bases = Bases(journal)  # type: ignore[arg-type]
    windows = [probed(number) for number in range(3)]
    asyncio.run(bases.hold("film", windows, until=windows[1]))
    asyncio.run(bases.seal("film"))
    assert [record.media_start_s for record in journal.records] == [0, 1]


def test_the_stream_that_waits_longest_is_forgotten_first() -> None:
    journal = Writes()
    bases = Bases(journal, most_bytes=20_000)  # type: ignore[arg-type]
    for url in ("a", "b", "c"):
        held(bases, url, 1)
    for url in ("a", "b", "c"):
        asyncio.run(bases.seal(url))
    assert [record.url for record in journal.records] == ["b", "c"]


def test_arrays_are_packed_as_they_are_and_without_the_cpu_of_compression() -> None:
    [kept] = probed(1).kept
    places, data = packed([kept])
    assert places == (kept.place,)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        assert (arrays["0.words"] == WORDS).all()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
