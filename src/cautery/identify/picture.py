"""The picture witness: what moves when, against events' clean feeds and filmed works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cautery.fingerprint.video import (
    Alignment,
    Signature,
    agreement,
    cells_of,
    correlate,
    signature,
)
from cautery.identify.likelihood import tail
from cautery.identify.references import References
from cautery.identify.sound import SEARCH_S
from cautery.model.media import Decoded
from cautery.model.verdict import Witness

LEAST_PROMINENCE = 0.18
"""Peak over the largest correlation elsewhere. The worst of 1,500 negatives reached 0.170
(bench/identify_scores.py); of 264 true probes of the lab, 257 reach 0.18 and 252 would reach 0.20
(bench/graphics_lab.py). It stays low since no probe accuses alone: two must agree on the delay."""
_LEAST_PEAK = 0.25
_SPEEDS = tuple(round(1 + k / 200, 3) for k in range(-12, 13) if k)
_SURE = 0.35
_MOST_GRID = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pictures gave, and why they gave nothing."""

    witnesses: tuple[Witness, ...]
    reason: str | None = None


def watched(references: References) -> list[str]:
    """Return the references that pictures are compared with, clean feeds first.

    A licensee's pictures are its event's, so they count only where no clean feed is held.
    """
    cleaned = {one.event for one in references.infos if one.clean and references.pictures(one.id)}
    chosen = [
        one for one in references.infos
        if references.pictures(one.id) and (one.clean or one.event not in cleaned or not one.event)
    ]  # fmt: skip
    return [one.id for one in sorted(chosen, key=lambda one: not one.clean)]


def look(
    decoded: Decoded,
    references: References,
    *,
    media_at_s: float,
    speed_heard: float | None,
    least: float = LEAST_PROMINENCE,
) -> Seen:
    """Compare a probe's pictures.

    Parameters
    ----------
    media_at_s : float
        Reference-axis time of the probe's start (first sample; first picture without sound).
    speed_heard : float or None
        The speed that the sound showed, if it matched.
    least : float
        Prominence under which a match is not told; lower only to measure what chance gives.
    """
    if not len(decoded.luma):
        return Seen((), "no pictures")
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    times = decoded.luma_s - start_s
    cells = cells_of(decoded.luma)
    plain = signature(cells, times, references.recipe)
    if plain.silent:
        return Seen((), plain.silent)
    names = watched(references)
    speeds = [1.0] if speed_heard is None else [speed_heard]
    tried: dict[str, tuple[float, Signature, Alignment]] = {}
    for name in names:
        tried[name] = _best(cells, times, references, name, media_at_s=media_at_s, speeds=speeds)
    sure = any(_prominence(one[2]) >= _SURE for one in tried.values())
    if not sure:
        for name in names[:_MOST_GRID]:
            finer = _best(
                cells, times, references, name, media_at_s=media_at_s, speeds=[1.0, *_SPEEDS]
            )
            if _prominence(finer[2]) > _prominence(tried[name][2]):
                tried[name] = finer
    found = [
        _witness(name, one, tried, references, media_at_s)
        for name, one in tried.items()
        if _prominence(one[2]) >= least and one[2].best()[1] >= min(_LEAST_PEAK, least * 1.4)
    ]
    found.sort(key=lambda one: -one.score)
    return Seen(tuple(found), None if found else "its pictures match none")


def aligned(probe: Signature, references: References, name: str, *, media_at_s: float) -> Alignment:
    """Return the correlation of a probe (on its own axis, 0 its start) with one reference."""
    held = references.pictures(name)
    if held is None or held.signature.silent:
        return Alignment(np.empty(0), np.empty(0, np.float32))
    if references.info(name).kind == "work":
        low_s, high_s = -np.inf, np.inf
    else:
        low_s, high_s = SEARCH_S[0] - media_at_s, SEARCH_S[1] - media_at_s
    return correlate(probe, held.signature, low_s=low_s, high_s=high_s)


def _best(
    cells: np.ndarray,
    times: np.ndarray,
    references: References,
    name: str,
    *,
    media_at_s: float,
    speeds: list[float],
) -> tuple[float, Signature, Alignment]:
    best: tuple[float, Signature, Alignment] | None = None
    for speed in speeds:
        probe = signature(cells, times, references.recipe, speed=speed)
        alignment = aligned(probe, references, name, media_at_s=media_at_s)
        if best is None or _prominence(alignment) > _prominence(best[2]):
            best = speed, probe, alignment
    assert best is not None
    return best


def _prominence(alignment: Alignment) -> float:
    _, peak, elsewhere = alignment.best()
    return peak - max(elsewhere, 0.0)


def _witness(
    name: str,
    one: tuple[float, Signature, Alignment],
    tried: dict[str, tuple[float, Signature, Alignment]],
    references: References,
    media_at_s: float,
) -> Witness:
    speed, probe, alignment = one
    lag_s, peak, elsewhere = alignment.best()
    held = references.pictures(name)
    assert held is not None
    family = references.info(name).family
    others = [
        alone.best()[1]
        for other, (_, _, alone) in tried.items()
        if references.info(other).family != family
    ]
    blocks = agreement(probe, held.signature, lag_s=lag_s)
    # A still stretch between two that agree counts; one at an end does not.
    yes = [index for index, block in enumerate(blocks) if block]
    good = len(yes)
    if yes:
        good += sum(block is None for block in blocks[yes[0] : yes[-1]])
    probe_s = probe.change.shape[1] / probe.rate_hz / speed
    # lag: undone start minus reference time. The delay at the probe's middle also holds what
    # the speed has made of it since the start.
    first_s = probe.start_s
    middle_s = first_s + probe_s / 2
    reference_s = (first_s - lag_s) + (probe_s / 2) * speed
    return Witness(
        kind="picture",
        reference=name,
        score=peak - max(elsewhere, *others, 0.0) if others else peak - max(elsewhere, 0.0),
        runner_up=max([elsewhere, *others]),
        delay_s=media_at_s + middle_s - reference_s,
        speed=speed,
        coverage=good / len(blocks) if blocks else 0.0,
        probe_s=probe_s,
        log10_lr=tail("picture").log10_lr(peak - max([elsewhere, *others, 0.0])),
    )
