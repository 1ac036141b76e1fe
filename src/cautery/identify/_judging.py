"""How alike a probe's pictures are to a reference's at one place, and where exactly they lie.

Places are asked for again and again, on the way to a score: what was worked out of one is kept for
as long as a probe is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import placement
from cautery.fingerprint.placement import UPRIGHT, Placement
from cautery.fingerprint.video import Floats
from cautery.identify._shown import Probe
from cautery.identify._views import PLAIN, View
from cautery.identify.references.held import References
from cautery.model.media import LUMA_SHAPE

_LEAST_KNOWN, _LEAST_KNOWN_S = 0.5, 4.0
"""Share of the probe that the reference must cover at a place, and seconds of it: over 2.5 s at a
reference's end, other content reached twice the score it reached anywhere else."""
_SLIDE_S = 0.04
"""Half an instant, by which a judged place may be off."""
_SPREAD = 0.02
"""Of a correlation's Fisher z, that even the liveliest pictures have by chance: of many placements
the best was chosen. Of 0.01 to 0.1, tried on 400 windows of other content, up to 0.03 kept most of
the probes of 5 s above all of those, from 0.02 on most of 10 s."""
_TRIM = 0.03
"""Of scale and shift, by which the small pictures correct what their cells settled on."""
_LEAST_AT_START = 0.05
"""Correlation of a part where it is expected to lie, from which it is settled: chance is less."""
_EDGE_STEPS, _MOST_ROUNDS = (1.0, 0.5), 3
"""Pixels of the small pictures by which the edges of a part are moved, and how often at most."""
_LEAST_SIDE = 0.1
_WHOLLY_ALIKE = 0.9
"""What the same pictures reach after a re-encoding."""


@dataclass(frozen=True, slots=True)
class Place:
    """A possible place of a probe: ``reference time = origin_s + speed * seconds of the probe``.

    ``placed`` is told of the whole picture; ``view`` is how it was taken, whose cells are weighed
    among themselves.
    """

    name: str
    origin_s: float
    speed: float
    alike: float = -1.0
    placed: Placement = UPRIGHT
    view: View = PLAIN


@dataclass(frozen=True, slots=True)
class _Under:
    """What a reference shows under a probe at one place, where both are known.

    ``raw`` are the changes of its cells, ``even`` the same evened; ``known`` counts instants.
    """

    raw: Floats
    even: Floats
    valid: NDArray[np.bool_]
    known_places: int


class Judging:
    """Judges places of one probe, whose references do not change meanwhile.

    Parameters
    ----------
    probe : Probe
        As it is, or played backwards.
    """

    def __init__(self, probe: Probe, references: References) -> None:
        self.probe, self._references = probe, references
        # The same place is asked for while it is judged, settled, trimmed and scored: each of
        # these works out its pictures only once.
        self._held: dict[tuple[str, float, float], _Under] = {}
        self._settled: dict[Place, Place] = {}
        self._trimmed: dict[Place, Place] = {}
        self._spreads: dict[Place, float] = {}
        self._seen: dict[View, Floats] = {}

    def judge(self, place: Place, starts: Sequence[Placement] = ()) -> Place:
        """Return a proposed place with how alike it is, placed as it fits best.

        Parameters
        ----------
        starts : sequence of Placement
            How the view may lie, but for half a cell; without, a whole grid is tried.
        """
        seconds, under = self.probe.seconds, self._under(place)
        least_s = max(_LEAST_KNOWN * seconds, min(_LEAST_KNOWN_S, 0.9 * seconds))
        if under.known_places * seconds < least_s * len(under.valid):
            return place
        observed = self._observed(place, under)
        if starts:
            score, where = max(
                (placement.alike(observed, under.even, start), start) for start in starts
            )
            if score >= _LEAST_AT_START:
                score, where = placement.settled(observed, under.even, where)
        else:
            score, where = placement.placed(observed, under.even)
        return replace(place, alike=score, placed=place.view.onto(where))

    def settle(self, place: Place) -> Place:
        """Move a judged place and its placement to where they fit best, between their grids."""
        if place not in self._settled:
            self._settled[place] = self._settle(place)
        return self._settled[place]

    def fit(self, place: Place) -> Place:
        """Move a settled place's edges in the probe's picture to where the small pictures fit best.

        Scale and shift depend on each other in a corner; the edges do not.
        """
        fine, under = self._fine(place, self._under(place)), self._under(place)
        best, where = place.alike, place.placed
        for step in _EDGE_STEPS:
            for _ in range(_MOST_ROUNDS):
                before = best
                for edge in range(4):
                    for way in (-step, step):
                        trial = _moved(where, edge, way)
                        alike = placement.correlation(*placement.compared(fine, under.raw, trial))
                        if alike > best:
                            best, where = alike, trial
                            break
                if best < before + 1e-3:
                    break
        return replace(place, alike=best, placed=where)

    def spread(self, place: Place) -> float:
        """Return how far chance reaches at a settled place, as Fisher's z."""
        if place not in self._spreads:
            self._spreads[place] = _SPREAD + placement.spread(*self.compared(place))
        return self._spreads[place]

    def trim(self, place: Place) -> Place:
        """Move a settled placement to where the small pictures themselves fit best."""
        if place not in self._trimmed:
            self._trimmed[place] = self._trim(place)
        return self._trimmed[place]

    def _trim(self, place: Place) -> Place:
        under = self._under(place)
        fine = self._fine(place, under)
        best, where = place.alike, place.placed
        for name in Placement._fields:
            for step in (-_TRIM, _TRIM):
                trial = where._replace(**{name: getattr(where, name) + step})
                alike = placement.correlation(*placement.compared(fine, under.raw, trial))
                if alike > best:
                    best, where = alike, trial
                    break
        return replace(place, alike=best, placed=where)

    def compared(self, place: Place) -> tuple[Floats, Floats]:
        """Return changes of the cells that both show, evened: the probe's, the reference's."""
        under = self._under(place)
        return placement.compared(self._fine(place, under), under.raw, place.placed)

    def _settle(self, place: Place) -> Place:
        best, view = place, place.view
        for step in (0.0, -_SLIDE_S, _SLIDE_S):
            at = replace(place, origin_s=place.origin_s + step, placed=best.placed)
            under = self._under(at)
            if not under.known_places:
                continue
            observed, where = self._observed(place, under), view.off(best.placed)
            if step == 0.0:
                score, where = placement.settled(observed, under.even, where)
            else:
                score = placement.alike(observed, under.even, where)
            if score > best.alike or step == 0.0:
                best = replace(at, alike=score, placed=view.onto(where))
        return replace(best, alike=placement.correlation(*self.compared(best)))

    def _fine(self, place: Place, under: _Under) -> Floats:
        fine = _rows(self.probe.fine, under.valid)
        return -fine if place.view.negative else fine

    def _observed(self, place: Place, under: _Under) -> Floats:
        if place.view not in self._seen:
            self._seen[place.view] = self.probe.seen(place.view)
        return _rows(self._seen[place.view], under.valid)

    def _under(self, place: Place) -> _Under:
        key = place.name, place.origin_s, place.speed
        if key not in self._held:
            change, valid = their_changes(self.probe, self._references, place)
            raw = _rows(change, valid)
            known_places = int(np.count_nonzero(valid))
            self._held[key] = _Under(raw, placement.evened(raw), valid, known_places)
        return self._held[key]


def _moved(where: Placement, edge: int, pixels: float) -> Placement:
    """Return how a picture lies with one edge of the reference (left, right, top, lower) moved."""
    across, sideways, down, upwards = where
    scale, shift = (across, sideways) if edge < 2 else (down, upwards)
    sides = [(-0.5 - shift) / scale, (0.5 - shift) / scale]
    sides[edge % 2] += pixels / LUMA_SHAPE[1 if edge < 2 else 0]
    # No reference is as small as a cell.
    apart = sides[1] - sides[0]
    scale = 1 / (apart if abs(apart) > _LEAST_SIDE else math.copysign(_LEAST_SIDE, apart))
    shift = -0.5 - scale * sides[0]
    return (
        Placement(scale, shift, down, upwards) if edge < 2
        else Placement(across, sideways, scale, shift)
    )  # fmt: skip


def their_changes(
    probe: Probe, references: References, place: Place
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return how a reference's cells change under a probe, and where both are known."""
    pictures = references.pictures(place.name)
    assert pictures is not None
    at = place.origin_s + place.speed * probe.at
    change, valid = placement.changes(pictures.cells, pictures.times, at)
    return change, valid & probe.known


def reachable(probe: Probe) -> float:
    """Return the score of the same pictures: the less moves, the less it is worth."""
    change = probe.change[probe.known]
    spread = placement.spread(change, change)
    return float(np.arctanh(_WHOLLY_ALIKE)) / (spread + _SPREAD)


def refined(probe: Probe, references: References, place: Place) -> Place:
    """Return the place to a few milliseconds, its speed to a quarter of a percent."""
    middle_s = float(probe.at[0] + probe.at[-1]) / 2
    best, seen = place, probe.seen(place.view)
    speeds = [place.speed + k / 400 for k in range(-4, 5)] if place.speed != 1.0 else [1.0]
    for speed in speeds:
        # Turning about the middle leaves the place where it is.
        origin_s = place.origin_s + (place.speed - speed) * middle_s
        steps = np.array([-0.08, -0.04, 0.0, 0.04, 0.08])
        curve = [
            _alike(probe, seen, references, replace(place, origin_s=origin_s + step, speed=speed))
            for step in steps
        ]
        top = int(np.clip(np.argmax(curve), 1, len(curve) - 2))
        left, peak, right = curve[top - 1 : top + 2]
        # A parabola through the top three places tells the peak between steps of 40 ms.
        bend = left - 2 * peak + right
        shift = float(np.clip(0.5 * (left - right) / bend, -1, 1)) if bend < 0 else 0.0
        # The first speed sets the standard; another must be better by more than rounding.
        if speed == speeds[0] or peak > best.alike + 1e-3:
            at_s = origin_s + float(steps[top]) + 0.04 * shift
            best = replace(place, origin_s=at_s, speed=speed, alike=peak)
    return best


def _alike(probe: Probe, seen: Floats, references: References, place: Place) -> float:
    expected, valid = their_changes(probe, references, place)
    if not valid.any():
        return -1.0
    observed, expected = _rows(seen, valid), placement.evened(_rows(expected, valid))
    return placement.alike(observed, expected, place.view.off(place.placed))


def _rows(change: Floats, valid: NDArray[np.bool_]) -> Floats:
    """Return the known instants, without a copy where all are."""
    return change if np.count_nonzero(valid) == len(valid) else change[valid]
