"""The graphics witness: whose bug and score box are over the clean feed's pictures.

At the delay that the pictures gave, each licensee's overlay is what its pictures add to the clean
feed's over the same instants. In each connected piece of it the suspect must show the detail
inside (letters, edges, two tones), not merely something else than the clean feed: a box that
covers the graphics lies where they lay, and says nothing of whose they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.sliding import correlate
from cautery.fingerprint.video import Signature
from cautery.identify.likelihood import tail
from cautery.identify.references.held import References
from cautery.model.media import LUMA_SHAPE, Decoded
from cautery.model.verdict import Witness

Map = NDArray[np.float32]
LEAST_MARGIN = 0.12
"""Detail by which the best licensee must lead."""
LEAST_DETAIL = 0.35
"""Of 1.0: on the lab's media kept graphics show 0.4 to 1.0, covered or absent ones at most 0.3
(bench/identify/graphics_lab.py)."""
_LEAST_CELLS = 20
"""Of a piece of an overlay; less has too little detail to be known by."""
_WORST_FIT = 2.0
"""Squared error as the licensee's, over that as the clean feed's, past which detail is chance."""
_PLAINLY = 0.03
"""An untouched or mirrored frame is preferred to any zoom that is this little better: the
graphics themselves pull a free fit astray."""
_MOST_PICTURES = 60
_FIT_PICTURES = 4
_FIT_STEP = 11
_APART_S = 0.045
"""Half a picture's slot: suspect and reference pictures further apart show different instants."""
_SURELY = 0.9
"""Correlation of untouched or mirrored frames that no zoom can better by what matters."""
_CLIP = 60.0
_ZOOMS = ((1, 1), (0.9, 0.9), (1.1, 1.1), (1.25, 1.25), (0.8, 1), (1, 0.8), (0.75, 0.75))
"""Where the climb starts: untouched, crops, frames, letter- and pillarbox."""
_EVEN_BAND_S = (-12.0, 12.0)
"""Licensees' own lags against the clean feed."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The place of the suspect's picture on the clean one: scale and shift per axis, mirrored."""

    mirror: bool
    scale: tuple[float, float]
    shift: tuple[float, float]

    def undone(self, pictures: Map) -> tuple[Map, NDArray[np.bool_]]:
        """Return pictures as the clean feed's frame shows them, and where they show anything."""
        at_y, at_x = self.under()
        down, across = _weights(at_y, LUMA_SHAPE[0]), _weights(at_x, LUMA_SHAPE[1])
        moved: Map = (down @ pictures @ across.T).astype(np.float32)
        ok_y, ok_x = _inside(at_y, LUMA_SHAPE[0]), _inside(at_x, LUMA_SHAPE[1])
        return moved, ok_y[:, None] & ok_x[None, :]

    def under(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the suspect's rows and columns that lie under the clean picture's."""
        rows, columns = LUMA_SHAPE
        y = (np.arange(rows) + 0.5) / rows - 0.5
        x = (np.arange(columns) + 0.5) / columns - 0.5
        at_y = (y * self.scale[0] + self.shift[0] + 0.5) * rows - 0.5
        at_x = (x * self.scale[1] + self.shift[1] + 0.5) * columns - 0.5
        return at_y, columns - 1 - at_x if self.mirror else at_x


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
        info for info in references.infos
        if info.event == clean.event and not info.clean and references.pictures(info.id)
    ]  # fmt: skip
    if not clean.clean or not licensees or len(decoded.luma) < 25:
        return []
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    at = decoded.luma_s - start_s
    middle = float(at[0] + at[-1]) / 2
    reference_s = media_at_s + middle - seen.delay_s + (at - middle) * seen.speed
    suspect, expected = paired(references, clean.id, reference_s, decoded.luma)
    if len(suspect) < 12:
        return []
    placement = placed(suspect, expected)
    back, visible = placement.undone(suspect)
    overlays: dict[str, _Overlay] = {}
    for licensee in licensees:
        own_overlay = _overlay(references, clean.id, licensee.id, reference_s)
        if own_overlay is not None:
            overlays[licensee.id] = own_overlay
    if not overlays:
        return []
    free = visible & ~np.logical_or.reduce([overlay.strong for overlay in overlays.values()])
    if free.sum() < visible.size // 8:
        return []
    gain, offset = evened(back[:, free], expected[:, free])
    # As the clean feed would have shown it, in its own contrast and brightness.
    mean: Map = (back.mean(axis=0) - offset) / gain
    return _judged(mean, expected.mean(axis=0), visible, overlays, seen)


@dataclass(frozen=True, slots=True)
class _Overlay:
    """A licensee's mean picture, and where it is strongly not the clean feed's."""

    mean: Map
    strong: NDArray[np.bool_]


def _judged(
    mean: Map,
    clean: Map,
    visible: NDArray[np.bool_],
    overlays: dict[str, _Overlay],
    witness: Witness,
) -> list[Witness]:
    """Give each licensee its best piece's detail; the best must lead clearly."""
    scores = {
        name: max(
            (
                _detail(mean, clean, overlay.mean, piece & visible)
                for piece in pieces(overlay.strong)
            ),
            default=0.0,
        )
        for name, overlay in overlays.items()
    }
    ranked = sorted(scores.items(), key=lambda entry: -entry[1])
    if ranked[0][1] < LEAST_DETAIL:
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
            delay_s=witness.delay_s,
            speed=witness.speed,
            coverage=witness.coverage,
            probe_s=witness.probe_s,
            log10_lr=tail("graphics").log10_lr(margin),
        )
    ]


def _detail(mean: Map, clean: Map, licensee: Map, piece: NDArray[np.bool_]) -> float:
    """Return how far a piece shows the licensee's own detail, 0 to 1.

    Correlation inside the piece, its mean removed, times how near the contrast is to the
    licensee's: a flat cover has none of it, and noise may have the shape but not the weight.
    """
    if piece.sum() < _LEAST_CELLS:
        return 0.0
    observed, expected, without = mean[piece], licensee[piece], clean[piece]
    if float(((observed - expected) ** 2).sum()) > _WORST_FIT * float(
        ((observed - without) ** 2).sum()
    ):
        return 0.0
    observed, expected = observed - observed.mean(), expected - expected.mean()
    dot = float((observed * expected).sum())
    expected_energy, observed_energy = float((expected**2).sum()), float((observed**2).sum())
    if dot <= 0 or expected_energy < 1.0:
        return 0.0
    contrast = dot / expected_energy
    return (
        dot / float(np.sqrt(expected_energy * observed_energy)) * min(1.0, contrast, 1 / contrast)
    )


def pieces(strong: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the connected pieces of an overlay that are large enough to be known by."""
    from scipy.ndimage import label  # noqa: PLC0415 - heavy: only when graphics are compared

    numbered, count = label(strong)
    parts = [numbered == number for number in range(1, count + 1)]
    return [part for part in parts if part.sum() >= _LEAST_CELLS]


def paired(
    references: References, name: str, wanted_s: NDArray[np.float64], luma: NDArray[np.uint8]
) -> tuple[Map, Map]:
    """Return pictures and the reference's at the same instants, interpolated between two."""
    picked = np.linspace(0, len(wanted_s) - 1, min(_MOST_PICTURES, len(wanted_s))).astype(int)
    wanted_s, luma = wanted_s[picked], luma[picked]
    times, pictures = references.luma_between(
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
    between = pictures[left] * (1 - share) + pictures[right] * share
    return luma[near].astype(np.float32), between[near].astype(np.float32)


def _overlay(
    references: References, clean: str, licensee: str, reference_s: NDArray[np.float64]
) -> _Overlay | None:
    """Return what the licensee shows over the clean feed at the probe's instants."""
    base, overlaid = references.pictures(clean), references.pictures(licensee)
    if base is None or overlaid is None or base.signature.silent or overlaid.signature.silent:
        return None
    lag_s, peak, _ = correlate(
        _recent(overlaid.signature, reference_s), base.signature,
        low_s=_EVEN_BAND_S[0], high_s=_EVEN_BAND_S[1],
    ).best()  # fmt: skip
    if peak < 0.3:
        return None
    times, luma = references.luma_between(
        licensee, float(reference_s.min()) + lag_s, float(reference_s.max()) + lag_s
    )
    if len(times) < 12:
        return None
    licensed, plain = paired(references, clean, times - lag_s, luma)
    if len(licensed) < 12:
        return None
    gain, offset = evened(licensed, plain)
    added = np.clip(licensed - gain * plain - offset, -_CLIP, _CLIP).mean(axis=0)
    strong = np.abs(added) > max(4.0, 0.15 * float(np.abs(added).max()))
    return _Overlay((licensed.mean(axis=0) - offset) / gain, strong)


def _recent(whole: Signature, reference_s: NDArray[np.float64]) -> Signature:
    """Return a minute of signature around the probe's instants: enough to find a fixed lag."""
    first = round((float(reference_s.min()) - 24 - whole.start_s) * whole.rate_hz)
    first = max(0, min(first, whole.change.shape[1] - round(60 * whole.rate_hz)))
    piece = whole.change[:, first : first + round(60 * whole.rate_hz)]
    start_s = whole.start_s + first / whole.rate_hz
    return replace(whole, change=piece, start_s=start_s)


def evened(pictures: Map, clean: Map) -> tuple[float, float]:
    """Return gain and offset by which pictures differ from clean ones, overlays left out."""
    gain, offset = 1.0, 0.0
    # Two numbers need no hundred thousand points; a step prime to the rows visits all places.
    pictures, clean = pictures.reshape(-1)[::_FIT_STEP], clean.reshape(-1)[::_FIT_STEP]
    for _ in range(3):
        residual = pictures - gain * clean - offset
        centre = float(np.median(residual))
        used = np.abs(residual - centre) <= 2 * float(np.median(np.abs(residual - centre))) + 1.0
        x, y = clean[used], pictures[used]
        spread = float(((x - x.mean()) ** 2).mean()) if len(x) else 0.0
        if spread < 1.0:
            break
        gain = min(2.0, max(0.5, float(((x - x.mean()) * (y - y.mean())).mean()) / spread))
        offset = float(y.mean() - gain * x.mean())
    return gain, offset


def placed(suspect: Map, clean: Map) -> Placement:
    """Find mirror, zoom, letterbox and shift by climbing the correlation of a few pictures."""
    sample = np.linspace(0, len(suspect) - 1, _FIT_PICTURES).astype(int)
    # What stands still, graphics and covers and a ticker's band, must not pull the fit.
    a = suspect[sample] - suspect[sample].mean(axis=0)
    b = clean[sample] - clean[sample].mean(axis=0)
    starts = [
        Placement(mirror, (down, across), (0.0, 0.0))
        for mirror in (False, True)
        for down, across in _ZOOMS
    ]
    scored = sorted(
        ((_alike(start, a, b), index) for index, start in enumerate(starts)), reverse=True
    )
    best_score, best_at = scored[0]
    best = starts[best_at]
    plain = max(
        (candidate for candidate in scored if starts[candidate[1]].scale == (1, 1)),
        key=lambda candidate: candidate[0],
    )
    if plain[0] >= _SURELY:
        return starts[plain[1]]
    step = 0.05
    while step >= 0.012:
        moved = False
        for scale, shift in _neighbours(best, step):
            trial = Placement(best.mirror, scale, shift)
            score = _alike(trial, a, b)
            if score > best_score + 1e-4:
                best_score, best, moved = score, trial, True
        if not moved:
            step /= 2
    return starts[plain[1]] if best_score - plain[0] < _PLAINLY else best


def _neighbours(
    placement: Placement, step: float
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    (down, across), (y, x) = placement.scale, placement.shift
    ways = ((1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
    scales = [(down + i * step, across + j * step) for i, j in ways]
    shifts = [(y + i * step / 2, x + j * step / 2) for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    return [
        *((scale, placement.shift) for scale in scales if min(scale) >= 0.4 and max(scale) <= 1.6),
        *((placement.scale, shift) for shift in shifts if max(abs(shift[0]), abs(shift[1])) <= 0.3),
    ]


def _alike(placement: Placement, suspect: Map, clean: Map) -> float:
    from cautery.identify import _graphics_kernels  # noqa: PLC0415 - numba loads late

    at_y, at_x = placement.under()
    share = float(_inside(at_y, LUMA_SHAPE[0]).mean() * _inside(at_x, LUMA_SHAPE[1]).mean())
    if share < 0.3:
        return -1.0
    alike = float(_graphics_kernels.alike(suspect, clean, at_y, at_x))
    # Less of the picture compared is less said: a crop must earn what it leaves out.
    return alike - 0.05 * (1 - share)


def _inside(at: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (at >= -0.5) & (at <= size - 0.5)
    return inside


def _weights(at: NDArray[np.float64], size: int) -> Map:
    """Return the matrix of linear interpolation at fractional places, edges repeated."""
    at = np.clip(at, 0, size - 1)
    left = np.minimum(at.astype(int), size - 2)
    share = at - left
    weights = np.zeros((len(at), size), np.float32)
    weights[np.arange(len(at)), left] = 1 - share
    weights[np.arange(len(at)), left + 1] += share
    return weights
