"""Pictures, faults and marks come to the same in several volumes as in one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from tests.shared_references import RATE, T0, music

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.faults import faults_of, foreign_sound
from cautery.identify.likelihood import above
from cautery.identify.logos import logo_of
from cautery.identify.observe import alignment, observe
from cautery.identify.picture import watched
from cautery.identify.references.volumes import AnyReferences, in_volumes, together
from cautery.model import Decoded, FaultKind
from cautery.model.verdict import NoMatch

from .moving_pictures import film

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS, FROM_S, LATE_S = 70, 30, 20
INFOS = (
    ReferenceInfo(id="event:m", event="m", clean=True, kind="event"),
    ReferenceInfo(id="news"),
    ReferenceInfo(id="fr", event="m", territory="FR"),
    ReferenceInfo(id="talk"),
    ReferenceInfo(id="event:n", event="n", clean=True, kind="event"),
    ReferenceInfo(id="it", event="n", territory="IT"),
    ReferenceInfo(id="film", kind="work"),
    ReferenceInfo(id="songs"),
)
PICTURED = {"event:m", "fr", "event:n", "it", "film"}


@cache
def media() -> dict[str, Decoded]:
    """Return what each reference shows: licensees their event, with a mark and a voice."""
    films = {"m": film(1, SECONDS), "n": film(2, SECONDS), None: film(3, SECONDS)}
    made = {}
    for seed, info in enumerate(INFOS):
        luma = np.empty((0, 36, 64), np.uint8)
        if info.id in PICTURED:
            luma = films[info.event].copy()
            if info.territory:
                luma[:, 3:7, 4:12] = 200
        made[info.id] = Decoded(
            audio=music(seed, SECONDS), audio_s=0.0, luma=luma,
            luma_s=np.arange(len(luma)) / 12.5, duration_s=SECONDS,
        )  # fmt: skip
    return made


def held(infos: tuple[ReferenceInfo, ...]) -> References:
    made = References(DEFAULT_RECIPE, infos)
    for info in infos:
        made.add(info.id, media()[info.id], at_s=0.0 if info.kind == "work" else T0)
    return made


@cache
def whole() -> References:
    return held(INFOS)


@cache
def volumes(most: int) -> AnyReferences:
    return together([held(infos) for infos in in_volumes(INFOS, most=most)])


def probe(name: str) -> Decoded:
    """Return twelve seconds with a pirate's mark, of which two stand still."""
    source, shown = media()[name], slice(int(FROM_S * 12.5), int((FROM_S + 12) * 12.5))
    luma = source.luma[shown].copy()
    luma[50:75] = luma[50:51]
    luma[:, 28:33, 50:60] = np.arange(10, 210, 20, dtype=np.uint8)
    return replace(
        source, audio=source.audio[FROM_S * RATE : (FROM_S + 12) * RATE], luma=luma,
        luma_s=np.arange(len(luma)) / 12.5, duration_s=12.0,
    )  # fmt: skip


@pytest.mark.parametrize(("most", "count"), [(5, 2), (3, 3)])
@pytest.mark.parametrize("name", [info.id for info in INFOS])
def test_a_stream_is_told_alike_in_one_volume_and_in_several(
    name: str, most: int, count: int
) -> None:
    several, decoded, at_s = volumes(most), probe(name), T0 + FROM_S + LATE_S
    assert len(several.volumes) == count
    one, other = (
        observe(decoded, references, media_at_s=at_s, at=NOON) for references in (whole(), several)
    )
    pairs = [
        sorted(seen.witnesses, key=lambda one: (one.kind, one.reference)) for seen in (one, other)
    ]
    assert pairs[0]
    for left, right in zip(*pairs, strict=True):
        assert (left.kind, left.reference, above(left)) == (
            right.kind, right.reference, above(right)
        )  # fmt: skip
        assert right.delay_s == pytest.approx(left.delay_s, abs=0.005)
        assert right.score == pytest.approx(left.score, rel=0.12)
        lags = [
            alignment(decoded, references, right, media_at_s=at_s)
            for references in (whole(), several)
        ]
        assert lags[0][0] == lags[1][0]
    if most == 5:  # all pictures lie in one volume
        assert {w for w in one.witnesses if w.kind != "sound"} == {
            w for w in other.witnesses if w.kind != "sound"
        }
    assert one.unmatched == other.unmatched
    faults = [
        faults_of(decoded, seen, references, media_at_s=at_s)
        for seen, references in ((one, whole()), (other, several))
    ]
    assert faults[0] == faults[1]
    kinds = {fault.kind for fault in faults[0]}
    live = name != "film"
    assert (FaultKind.DELAY in kinds) == live
    assert (FaultKind.FREEZE in kinds) == (live and name in PICTURED)
    if name in {"fr", "it"}:
        marks = [
            logo_of(decoded, seen, references, name, media_at_s=at_s)
            for seen, references in ((one, whole()), (other, several))
        ]
        assert marks[0] is not None
        assert marks[1] is not None
        assert np.array_equal(marks[0].mark, marks[1].mark)


@pytest.mark.parametrize("most", [5, 3])
def test_a_stranger_is_none_of_all_volumes_and_its_sound_is_foreign(most: int) -> None:
    luma = film(9, 12)
    stranger = Decoded(
        audio=music(99, 12), audio_s=0.0, luma=luma, luma_s=np.arange(len(luma)) / 12.5,
        duration_s=12.0,
    )  # fmt: skip
    seen = observe(stranger, volumes(most), media_at_s=T0 + 50, at=NOON)
    assert seen.witnesses == ()
    assert seen.unmatched == {"sound": NoMatch.NONE, "pictures": NoMatch.NONE}
    one, other = (foreign_sound(stranger, seen, held) for held in (whole(), volumes(most)))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.words, other.words)


def test_pictures_are_watched_in_all_volumes_and_why_not_is_said_once() -> None:
    assert set(watched(volumes(5))) == set(watched(whole())) == set(watched(volumes(3)))
    silent = in_volumes(INFOS, most=5)[1]
    only_sound = together([held((one,)) for one in silent])
    assert watched(only_sound) == []
    seen = observe(probe("fr"), only_sound, media_at_s=T0 + 50, at=NOON)
    assert seen.unmatched["pictures"] is NoMatch.NO_REFERENCE
