"""When a proven stream's pictures are looked at, and of whose pictures a mark is told."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cautery.adapters.engine import ThreadEngine
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.model import Decoded, Finding, Observation, RedactedUrl, Verdict
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.probing import faults
from cautery.workflows.watch.probing.asking import asked_of
from cautery.workflows.watch.probing.faults import FaultFinder, marks_due, pictures_due
from cautery.workflows.watch.probing.questions import LookQuestion
from cautery.workflows.watch.streams import Stream

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "http://a.example/1"


def stream(
    *,
    licensee: str | None = "sport-fr",
    finding: Finding = Finding.PROVEN,
    event: str | None = "cup",
) -> Stream:
    made = Stream(url=URL, key=URL, host="a.example", title=None, source="list", first_seen=NOON)
    made.verdict = Verdict(
        url=RedactedUrl(URL),
        finding=finding,
        at=NOON,
        event=event,
        licensee=licensee,
        channels=() if event else ("news",),
    )
    return made


def asked(one: Stream) -> LookQuestion:
    return asked_of(one, (), now=NOON, within_s=20.0)


def references() -> References:
    return References(DEFAULT_RECIPE, [ReferenceInfo(id="sport-fr", event="cup")])


def drawn() -> Logo:
    mark = np.zeros(LUMA_SHAPE, np.bool_)
    mark[2:8, 2:14] = True
    light = np.random.default_rng(1).integers(0, 256, LUMA_SHAPE).astype(np.uint8) * mark
    return Logo(mark=mark, light=light, known=np.ones(LUMA_SHAPE, np.bool_))


@pytest.fixture
def pictured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "watched", lambda _: ("sport-fr",))


@pytest.mark.usefixtures("pictured")
@pytest.mark.parametrize(
    ("event", "due_s"), [(None, [0, 1800, 3600]), ("cup", list(range(0, 3601, 60)))]
)
def test_a_proven_streams_pictures_are_due_at_once_and_again_each_minute_or_half_an_hour(
    event: str | None, due_s: list[int]
) -> None:
    one = stream(event=event)
    times_s, due = range(0, 3601, 20), list[bool]()
    for second in times_s:
        now = NOON + timedelta(seconds=second)
        due.append(pictures_due(asked(one), references(), now))
        one.pictured = now if due[-1] else one.pictured
    assert [s for s, now in zip(times_s, due, strict=True) if now] == due_s


@pytest.mark.usefixtures("pictured")
def test_a_stream_that_is_not_proven_is_heard_alone() -> None:
    assert not pictures_due(asked(stream(finding=Finding.UNDECIDED)), references(), NOON)


def test_without_pictures_of_references_there_is_nothing_to_compare() -> None:
    assert not pictures_due(asked(stream()), references(), NOON)


@pytest.fixture
def found(case: Case, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a probe's marks, where one lies over the pictures."""
    monkeypatch.setattr(faults, "logo_of", lambda *_, **__: drawn())
    stamps_s = Tape(tmp_path, 60.0).stamps_s
    finder = FaultFinder(references(), stamps_s, engine=ThreadEngine(), journal=journal)
    decoded = Decoded(
        audio=np.zeros(0, np.float32), audio_s=0.0, luma=np.zeros((9, *LUMA_SHAPE), np.uint8),
        luma_s=np.arange(9.0), duration_s=9.0,
    )  # fmt: skip

    async def of(one: Stream, *, minutes: int = 0) -> list[Any]:
        seen = Observation(at=NOON + timedelta(minutes=minutes))
        assert one.verdict is not None
        licensee = marks_due(one, one.verdict, seen.at)
        if licensee is None:
            return []
        marks = await finder.marks(licensee, decoded, seen, media_at_s=1e9)
        one.marked += [seen.at] * len(marks)
        return list(marks)

    return of


async def test_a_mark_is_sealed_and_comes_back_as_it_was(found: Any, case: Case) -> None:
    [fault] = await found(stream())
    assert fault.reference == "sport-fr"

    back = tables.logo_in(pl.read_parquet(io.BytesIO(case.vault.read(fault.exhibit))))
    for name in ("mark", "light", "known"):
        assert np.array_equal(getattr(back, name), getattr(drawn(), name))


async def test_of_an_unknown_licensees_pictures_no_mark_is_told(found: Any) -> None:
    assert await found(stream(licensee=None)) == []


async def test_of_a_stream_that_is_not_proven_no_mark_is_told(found: Any) -> None:
    assert await found(stream(finding=Finding.UNDECIDED)) == []


async def test_of_one_streams_mark_three_looks_are_sealed_in_half_an_hour(found: Any) -> None:
    one = stream()
    counts = [len(await found(one, minutes=minutes)) for minutes in (0, 1, 2, 3, 29, 30, 30)]
    assert counts == [1, 1, 1, 0, 0, 1, 0]
