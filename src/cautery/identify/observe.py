"""One probe against all references: what it heard and saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.fingerprint.video import cells_of, signature
from cautery.identify.graphics import recognise
from cautery.identify.picture import aligned, look
from cautery.identify.references import References
from cautery.identify.sound import Heard, listen
from cautery.model.evidence import ExhibitId
from cautery.model.media import Decoded
from cautery.model.verdict import Observation, Witness

CLEAR_LEAD = 1.5
"""One licensee's votes over the next one's before its sound alone names it."""
_MOST_POINTS = 400
_AROUND_S = 8.0


def observe(
    decoded: Decoded,
    references: References,
    *,
    media_at_s: float,
    at: datetime,
    exhibits: Sequence[ExhibitId] = (),
) -> Observation:
    """Compare one probe with all references. Safe in a worker thread while references grow.

    Parameters
    ----------
    media_at_s : float
        Reference-axis time (epoch seconds of availability) of the probe's first sample, or of
        its first picture when there is no sound. Witnesses' delays are this axis minus the
        reference's, at the middle of the probe.

    Returns
    -------
    Observation
        ``media_start_s`` and ``media_end_s`` lie on the same axis as ``media_at_s``. ``reason``
        says, for each sense without a witness, why.
    """
    heard = listen(decoded, references, media_at_s=media_at_s)
    witnesses = heard.witnesses()
    speed = heard.matches[0].speed if heard.matches else None
    seen = look(decoded, references, media_at_s=media_at_s, speed_heard=speed)
    for one in seen.witnesses:
        witnesses.append(one)
        info = references.info(one.reference)
        if info.clean and not _named(heard, references, info.event):
            witnesses += recognise(decoded, references, one, media_at_s=media_at_s)
    reasons = []
    if not heard.matches:
        reasons.append(f"sound: {heard.reason or 'it matches none'}")
    if not seen.witnesses:
        reasons.append(f"pictures: {seen.reason}")
    witnesses.sort(key=lambda one: (-one.log10_lr, -one.score, one.kind, one.reference))
    return Observation(
        at=at,
        witnesses=tuple(witnesses),
        exhibits=tuple(exhibits),
        media_start_s=media_at_s,
        media_end_s=media_at_s + max(decoded.duration_s, len(decoded.audio) / 8000),
        reason="; ".join(reasons) or None,
    )


def alignment(
    decoded: Decoded, references: References, witness: Witness, *, media_at_s: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return (lags in seconds, strength) around a witness's delay, for the plot.

    For sound, strength is landmarks per 64 ms of lag; for picture and graphics, normalised
    correlation. At most 400 points, lags rising.

    Raises
    ------
    InputError
        If the witness speaks of a reference that is not held.
    """
    references.info(witness.reference)
    low_s, high_s = witness.delay_s - _AROUND_S, witness.delay_s + _AROUND_S
    if witness.kind == "sound":
        lags, strength = _sound_lags(
            decoded, references, witness, media_at_s=media_at_s, band_s=(low_s, high_s)
        )
    elif witness.kind in {"picture", "graphics"}:
        lags, strength = _picture_lags(decoded, references, witness, media_at_s)
        inside = (lags >= low_s) & (lags <= high_s)
        lags, strength = lags[inside], strength[inside]
    else:
        raise InputError(f"there is no alignment of {witness.kind!r}")
    step = max(1, -(-len(lags) // _MOST_POINTS))
    return (
        tuple(round(float(one), 4) for one in lags[::step]),
        tuple(round(float(one), 4) for one in strength[::step]),
    )


def _sound_lags(
    decoded: Decoded,
    references: References,
    witness: Witness,
    *,
    media_at_s: float,
    band_s: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    recipe = references.recipe
    info = references.info(witness.reference)
    works = info.kind == "work"
    number = [one.id for one in references.infos].index(witness.reference)
    best: NDArray[np.float64] | None = None
    edges = np.arange(band_s[0], band_s[1] + 0.064, 0.064)
    peaks = peaks_of(decoded.audio, recipe)
    middle_s = len(decoded.audio) / recipe.rate_hz / 2
    for pitch in {1.0, witness.speed}:
        marks = landmarks_of(
            peaks.stretched(tempo=witness.speed, pitch=pitch, recipe=recipe), recipe
        )
        which, frames = references.snapshot(works=works).hits(marks).of(number)
        probe_s = marks.frames[which] / recipe.frames_per_s / witness.speed
        origin_s = references.origin_s(works=works)
        expected = (media_at_s - witness.delay_s - origin_s) * recipe.frames_per_s
        apart = (frames - round(expected) + (1 << 19)) % (1 << 20) - (1 << 19)
        reference_s = origin_s + (round(expected) + apart) / recipe.frames_per_s
        # Lags as they were at the probe's middle, where the witness states its delay.
        lag_s = media_at_s + probe_s - reference_s - (1 - witness.speed) * (probe_s - middle_s)
        counts = np.histogram(lag_s, edges)[0].astype(np.float64)
        if best is None or counts.max() > best.max():
            best = counts
    assert best is not None
    return (edges[:-1] + edges[1:]) / 2, best


def _picture_lags(
    decoded: Decoded, references: References, witness: Witness, media_at_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    name = witness.reference
    info = references.info(name)
    if witness.kind == "graphics":
        name = next(
            (one.id for one in references.infos if one.clean and one.event == info.event), name
        )
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    probe = signature(
        cells_of(decoded.luma), decoded.luma_s - start_s, references.recipe, speed=witness.speed
    )
    made = aligned(probe, references, name, media_at_s=media_at_s)
    half_s = probe.change.shape[1] / probe.rate_hz / witness.speed / 2
    return (
        made.lags_s + media_at_s + half_s * (1 - witness.speed),
        made.strength.astype(np.float64),
    )


def _named(heard: Heard, references: References, event: str | None) -> bool:
    """Tell whether the sound alone says which licensee of an event it is."""
    scores = sorted(
        (
            one.score
            for one in heard.matches
            if references.info(one.reference).event == event
            and not references.info(one.reference).clean
        ),
        reverse=True,
    )
    return bool(scores) and (len(scores) == 1 or scores[0] >= CLEAR_LEAD * scores[1])
