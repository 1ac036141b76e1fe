"""Faults of a feed in one probe: by them two services are known to draw on one encoder.

*Delay*: a feed's own time stamps against the reference's time. When an answer comes, and how long
a playlist is, shift a stream's apparent delay by seconds; its stamps were written once, by its
encoder, and whoever passes the feed on passes them on. *Freeze*: pictures that stood still while
the reference's moved. *Advert*: sound that no reference has, in a stream that was proven before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import Landmarks, landmarks_of, loudness_db, peaks_of
from cautery.identify.likelihood import above
from cautery.identify.references.volumes import AnyReferences
from cautery.model.fault import Fault, FaultKind
from cautery.model.media import Decoded
from cautery.model.verdict import Observation, Witness

SAME_SPEED = 0.0005
"""Largest change of speed: 3 ms over a probe of twelve seconds."""
STILL_LEVELS = 2
"""A cell that changes by no more stands still: what coding alone does to a frozen picture."""
STILL_PART = 1 / 3
"""Of the cells that move in the reference at the time: a ticker over a frozen feed goes on."""
LEAST_MOVING = 0.05
"""Of the reference's cells, over a freeze: on the lab's match 5 % of all steps have fewer. Where it
hardly moves itself nobody knows."""
AROUND_STEPS = 6
"""Half a second of the reference's steps both ways: their median is its motion at the time."""
LEAST_FREEZE_S = 1.0
EDGE_S = 0.2
"""A freeze that reaches so near to the probe's ends began or ended outside it."""
QUIET_DB = -45.0
LEAST_ADVERT_S = 8.0
LEAST_LANDMARKS = 60


def faults_of(
    decoded: Decoded, observation: Observation, references: AnyReferences, *, media_at_s: float
) -> tuple[Fault, ...]:
    """Return the delays, one a reference, and the freezes that a probe of a live stream shows.

    Parameters
    ----------
    media_at_s : float
        Reference-axis time of the probe's start, as for :func:`cautery.identify.observe.observe`.

    Returns
    -------
    tuple of Fault
        None when nothing live was matched, or at another speed: its stamps drift then.
    """
    sure = timed(observation, references)
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    zero_s = {
        witness.reference: media_at_s - witness.delay_s - start_s for witness in reversed(sure)
    }
    delays = [
        Fault(kind=FaultKind.DELAY, reference=name, at_s=round(at_s, 3))
        for name, at_s in sorted(zero_s.items())
    ]
    if not sure:
        return ()
    name = sure[0].reference
    return (*delays, *_freezes(decoded, references, name, zero_s[name]))


def foreign_sound(
    decoded: Decoded, observation: Observation, references: AnyReferences
) -> Landmarks | None:
    """Return the landmarks of a probe's sound if it is loud, long, and of no reference."""
    if observation.witnesses or observation.came_too_early:
        return None
    if len(decoded.audio) < LEAST_ADVERT_S * references.recipe.rate_hz:
        return None
    if loudness_db(decoded.audio) < QUIET_DB:
        return None
    landmarks = landmarks_of(peaks_of(decoded.audio, references.recipe), references.recipe)
    return landmarks if len(landmarks.words) >= LEAST_LANDMARKS else None


def timed(observation: Observation, references: AnyReferences) -> list[Witness]:
    """Return the sure witnesses of live references at their own speed: clean feeds, sound first.

    A file has no time of day, and everybody who plays it from its beginning has its stamps.
    """
    sure = [
        witness
        for witness in observation.witnesses
        if witness.kind in ("sound", "picture")
        and abs(witness.speed - 1.0) <= SAME_SPEED
        and above(witness)
        and references.info(witness.reference).kind != "work"
    ]
    return sorted(
        sure,
        key=lambda witness: (
            not references.info(witness.reference).clean,
            witness.kind != "sound",
            -witness.score,
            witness.reference,
        ),
    )


def _freezes(
    decoded: Decoded, references: AnyReferences, name: str, zero_s: float
) -> Iterator[Fault]:
    times = decoded.luma_s
    if len(times) < 2:
        return
    picture_s, pictures = references.luma_between(
        name, zero_s + times[0] - 1, zero_s + times[-1] + 1
    )
    if len(picture_s) < 2 * AROUND_STEPS:
        return
    motion = _steady(_moving(pictures))
    expected = np.interp(zero_s + times[:-1], picture_s[:-1], motion)
    for begin, end in still_spans(_moving(decoded.luma), expected, times):
        if begin - times[0] >= EDGE_S and times[-1] - end >= EDGE_S:
            yield Fault(
                kind=FaultKind.FREEZE,
                reference=name,
                at_s=round(zero_s + begin, 3),
                seconds=round(end - begin, 3),
            )


def still_spans(
    moving: NDArray[np.float64], expected: NDArray[np.float64], times: NDArray[np.float64]
) -> list[tuple[float, float]]:
    """Return begin and end of each stretch in which pictures stand still and should not.

    Parameters
    ----------
    moving, expected : ndarray, shape (pictures - 1,)
        Which share of the cells changes from each picture to the next, here and in the reference.
    times : ndarray, shape (pictures,)
        Seconds.
    """
    is_still = moving <= STILL_PART * np.maximum(expected, LEAST_MOVING / 2)
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], is_still, [False]]).astype(np.int8)))
    return [
        (float(times[first]), float(times[last]))
        for first, last in bounds.reshape(-1, 2)
        if times[last] - times[first] >= LEAST_FREEZE_S
        and expected[first:last].mean() >= LEAST_MOVING
    ]


def _steady(moving: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running median, so that a cut is no motion."""
    padded = np.pad(moving, AROUND_STEPS, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND_STEPS + 1)
    return np.asarray(np.median(windows, axis=1))


def _moving(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return which share of the cells changes from each picture to the next."""
    if len(luma) < 2:
        return np.empty(0)
    change = np.abs(np.diff(luma.astype(np.int16), axis=0)) > STILL_LEVELS
    return np.asarray(change.mean(axis=(1, 2)))
