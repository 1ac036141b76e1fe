"""The graphics witness: whose bug and score box lie over the clean feed's pictures.

At the delay that the pictures gave, suspect minus clean is compared with each licensee minus
clean over the same instants. Overlays stand still, motion does not: the mean over the probe is
the matched filter in time, the correlation of the mean maps the one in space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.video import Signature, correlate
from cautery.identify.likelihood import tail
from cautery.identify.references import References
from cautery.model.media import LUMA_SHAPE, Decoded
from cautery.model.verdict import Witness

Map = NDArray[np.float32]
LEAST_MARGIN = 0.12
"""Correlation by which the best licensee must lead."""
_LEAST_MATCH = 0.25
_LEAST_SHOWING = 0.3
"""Strength of the overlay in the suspect, 1.0 when untouched: noise may have its shape by chance,
but not its weight."""
_MOST_PICTURES = 60
_FIT_PICTURES = 4
_APART_S = 0.045
"""Half a picture's slot: suspect and reference pictures further apart show different instants."""
_CLIP = 60.0
_ZOOMS = ((1, 1), (0.9, 0.9), (1.1, 1.1), (1.25, 1.25), (0.8, 1), (1, 0.8), (0.75, 0.75))
"""Where the climb starts: untouched, crops, frames, letter- and pillarbox."""
_EVEN_BAND_S = (-12.0, 12.0)
"""Licensees' own lags against the clean feed."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How the suspect's picture lies on the clean one: scale and shift per axis, mirrored."""

    mirror: bool
    scale: tuple[float, float]
    shift: tuple[float, float]

    def undone(self, pictures: Map) -> tuple[Map, NDArray[np.bool_]]:
        """Return pictures as the clean feed's frame shows them, and where they show anything."""
        rows, columns = LUMA_SHAPE
        y = (np.arange(rows) + 0.5) / rows - 0.5
        x = (np.arange(columns) + 0.5) / columns - 0.5
        at_y = (y * self.scale[0] + self.shift[0] + 0.5) * rows - 0.5
        at_x = (x * self.scale[1] + self.shift[1] + 0.5) * columns - 0.5
        if self.mirror:
            at_x = columns - 1 - at_x
        ok_y = (at_y >= -0.5) & (at_y <= rows - 0.5)
        ok_x = (at_x >= -0.5) & (at_x <= columns - 0.5)
        down = _weights(at_y, rows)
        across = _weights(at_x, columns)
        moved: Map = (down @ pictures @ across.T).astype(np.float32)
        return moved, ok_y[:, None] & ok_x[None, :]


def recognise(
    decoded: Decoded, references: References, seen: Witness, *, media_at_s: float
) -> list[Witness]:
    """Return the licensee whose graphics the suspect still shows, or nothing.

    Parameters
    ----------
    seen : Witness
        The picture witness of the event's clean feed.
    """
    clean = references.info(seen.reference)
    licensees = [
        one for one in references.infos
        if one.event == clean.event and not one.clean and references.pictures(one.id)
    ]  # fmt: skip
    if not clean.clean or not licensees or len(decoded.luma) < 25:
        return []
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    at = decoded.luma_s - start_s
    middle = float(at[0] + at[-1]) / 2
    reference_s = media_at_s + middle - seen.delay_s + (at - middle) * seen.speed
    suspect, ours = _paired(references, clean.id, reference_s, decoded.luma)
    if len(suspect) < 12:
        return []
    placement = _placed(suspect, ours)
    back, shown = placement.undone(suspect)
    shown_map = _mean_residual(back, ours, shown)
    maps: dict[str, tuple[Map, NDArray[np.bool_]]] = {}
    for one in licensees:
        made = _overlay(references, clean.id, one.id, reference_s)
        if made is not None:
            maps[one.id] = made
    if not maps:
        return []
    return _judged(shown_map, shown, maps, seen)


def _judged(
    shown_map: Map,
    shown: NDArray[np.bool_],
    maps: dict[str, tuple[Map, NDArray[np.bool_]]],
    seen: Witness,
) -> list[Witness]:
    """Correlate where any licensee has graphics; the best must lead clearly."""
    where = shown & np.logical_or.reduce([strong for _, strong in maps.values()])
    if where.sum() < 6:
        return []
    ours = shown_map[where]
    scores: dict[str, float] = {}
    for name, (overlay, strong) in maps.items():
        theirs = overlay[where]
        if (shown & strong).sum() < 3:
            continue
        dot, own = float((ours * theirs).sum()), float((theirs**2).sum())
        if dot < _LEAST_SHOWING * own:
            continue
        norm = float(np.sqrt((ours**2).sum() * own))
        scores[name] = dot / max(norm, 1e-6)
    ranked = sorted(scores.items(), key=lambda one: -one[1])
    if not ranked or ranked[0][1] < _LEAST_MATCH:
        return []
    second = max(ranked[1][1], 0.0) if len(ranked) > 1 else 0.0
    margin = ranked[0][1] - second
    if margin < LEAST_MARGIN:
        return []
    return [
        Witness(
            kind="graphics",
            reference=ranked[0][0],
            score=ranked[0][1],
            runner_up=second,
            delay_s=seen.delay_s,
            speed=seen.speed,
            coverage=seen.coverage,
            probe_s=seen.probe_s,
            log10_lr=tail("graphics").log10_lr(margin),
        )
    ]


def _paired(
    references: References, name: str, wanted_s: NDArray[np.float64], luma: NDArray[np.uint8]
) -> tuple[Map, Map]:
    """Return pictures and the reference's at the same instants, interpolated between two."""
    chosen = np.linspace(0, len(wanted_s) - 1, min(_MOST_PICTURES, len(wanted_s))).astype(int)
    wanted_s, luma = wanted_s[chosen], luma[chosen]
    times, held = references.luma_between(
        name, float(wanted_s.min()) - 0.2, float(wanted_s.max()) + 0.2
    )
    empty = np.empty((0, *LUMA_SHAPE), np.float32)
    if len(times) < 2:
        return empty, empty
    right = np.clip(np.searchsorted(times, wanted_s), 1, len(times) - 1)
    left = right - 1
    gap = times[right] - times[left]
    near = (gap < 4 * _APART_S) & (wanted_s >= times[0]) & (wanted_s <= times[-1])
    share = ((wanted_s - times[left]) / np.maximum(gap, 1e-6)).astype(np.float32)[:, None, None]
    between = held[left] * (1 - share) + held[right] * share
    return luma[near].astype(np.float32), between[near].astype(np.float32)


def _overlay(
    references: References, clean: str, licensee: str, reference_s: NDArray[np.float64]
) -> tuple[Map, NDArray[np.bool_]] | None:
    """Return the licensee's mean residual over the clean feed, and where it is strong."""
    base, other = references.pictures(clean), references.pictures(licensee)
    if base is None or other is None or base.signature.silent or other.signature.silent:
        return None
    lag_s, peak, _ = correlate(
        _recent(other.signature, reference_s), base.signature,
        low_s=_EVEN_BAND_S[0], high_s=_EVEN_BAND_S[1],
    ).best()  # fmt: skip
    if peak < 0.3:
        return None
    times, luma = references.luma_between(
        licensee, float(reference_s.min()) + lag_s, float(reference_s.max()) + lag_s
    )
    if len(times) < 12:
        return None
    theirs, ours = _paired(references, clean, times - lag_s, luma)
    if len(theirs) < 12:
        return None
    overlay = _mean_residual(theirs, ours, np.ones(LUMA_SHAPE, np.bool_))
    strong = np.abs(overlay) > max(4.0, 0.15 * float(np.abs(overlay).max()))
    return overlay, strong


def _recent(whole: Signature, reference_s: NDArray[np.float64]) -> Signature:
    """Return a minute of signature around the probe's instants: enough to find a fixed lag."""
    first = round((float(reference_s.min()) - 24 - whole.start_s) * whole.rate_hz)
    first = max(0, min(first, whole.change.shape[1] - round(60 * whole.rate_hz)))
    piece = whole.change[:, first : first + round(60 * whole.rate_hz)]
    start_s = whole.start_s + first / whole.rate_hz
    return replace(whole, change=piece, start_s=start_s)


def _mean_residual(pictures: Map, clean: Map, shown: NDArray[np.bool_]) -> Map:
    """Return the mean of pictures minus clean, once contrast and brightness are evened out."""
    a, b = pictures[:, shown], clean[:, shown]
    gain, offset = 1.0, 0.0
    for _ in range(3):
        rest = a - gain * b - offset
        limit = 2 * float(np.median(np.abs(rest - np.median(rest)))) + 1.0
        used = np.abs(rest - np.median(rest)) <= limit
        x, y = b[used], a[used]
        spread = float(((x - x.mean()) ** 2).mean()) if len(x) else 0.0
        if spread < 1.0:
            break
        gain = min(2.0, max(0.5, float(((x - x.mean()) * (y - y.mean())).mean()) / spread))
        offset = float(y.mean() - gain * x.mean())
    rest_map: Map = np.clip(pictures - gain * clean - offset, -_CLIP, _CLIP).mean(axis=0)
    rest_map[~shown] = 0
    return rest_map


def _placed(suspect: Map, clean: Map) -> Placement:
    """Find mirror, zoom, letterbox and shift by climbing the correlation of a few pictures."""
    few = np.linspace(0, len(suspect) - 1, _FIT_PICTURES).astype(int)
    a, b = suspect[few], clean[few]
    starts = [
        Placement(mirror, (down, across), (0.0, 0.0))
        for mirror in (False, True)
        for down, across in _ZOOMS
    ]
    scored = sorted(((_alike(one, a, b), index) for index, one in enumerate(starts)), reverse=True)
    best_score, best_at = scored[0]
    best = starts[best_at]
    step = 0.05
    while step >= 0.012:
        moved = False
        for scale, shift in _neighbours(best, step):
            one = Placement(best.mirror, scale, shift)
            score = _alike(one, a, b)
            if score > best_score + 1e-4:
                best_score, best, moved = score, one, True
        if not moved:
            step /= 2
    return best


def _neighbours(
    one: Placement, step: float
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    (down, across), (y, x) = one.scale, one.shift
    ways = ((1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
    scales = [(down + i * step, across + j * step) for i, j in ways]
    shifts = [(y + i * step / 2, x + j * step / 2) for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    return [
        *((scale, one.shift) for scale in scales if min(scale) >= 0.4 and max(scale) <= 1.6),
        *((one.scale, shift) for shift in shifts if max(abs(shift[0]), abs(shift[1])) <= 0.3),
    ]


def _alike(placement: Placement, suspect: Map, clean: Map) -> float:
    back, shown = placement.undone(suspect)
    share = float(shown.mean())
    if share < 0.3:
        return -1.0
    a, b = back[:, shown], clean[:, shown]
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    # Less of the picture compared is less said: a crop must earn what it leaves out.
    return float(np.mean((a * b).sum(axis=1) / np.maximum(norm, 1e-6))) - 0.05 * (1 - share)


def _weights(at: NDArray[np.float64], size: int) -> Map:
    """Return the matrix of linear interpolation at fractional places, edges repeated."""
    at = np.clip(at, 0, size - 1)
    left = np.minimum(at.astype(int), size - 2)
    share = at - left
    made = np.zeros((len(at), size), np.float32)
    made[np.arange(len(at)), left] = 1 - share
    made[np.arange(len(at)), left + 1] += share
    return made
