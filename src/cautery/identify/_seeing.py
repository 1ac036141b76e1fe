"""Possible places of a probe's pictures in references, and how much better than chance.

Coarse signatures propose places, in the whole picture and in insets of it, then at other speeds;
while nothing is sure, finer ones propose more in insets. Each place is judged by how alike finer
cells change there under the best placement. The score is that correlation's lead over what the same
probe, played backwards, reaches in the same reference, over the spread of chance for so much
motion. It depends on one probe and one reference alone, never on what else is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import placement
from cautery.fingerprint.detail import laid
from cautery.fingerprint.placement import UPRIGHT, Placement
from cautery.fingerprint.sliding import Patterns
from cautery.fingerprint.video import (
    INSETS,
    WHOLE,
    Floats,
    signature,
)
from cautery.identify._shown import Probe
from cautery.identify.references.held import References
from cautery.identify.sound import SEARCH_S

_SPEED_MOST = 0.06
_SPEED_STEP_SHORT, _SPEED_STEP_LONG, _LONG_S = 0.02, 0.01, 12.0
"""Half a step moves the ends of a 10-s probe by 50 ms, less than a picture lasts."""
_SURE = 12.0
"""Score from which no other speed is tried."""
_MOST_JUDGED = 12
"""Places proposed by the coarse search that are judged, of all references, strongest first."""
_MOST_AT_SPEEDS = 8
_MOST_SETTLED, _MOST_SCORED = 5, 4
_NEARLY = 0.6
"""Share of the best place's promise from which a further reference, which may carry the same, is
scored too."""
_PEAKS = 6
"""Of one reference in one view."""
_MOST_INSET, _INSET_PEAKS = 24, 3
"""Places in insets proposed by finer signatures that are judged; of one reference in one view. Of
12 probes that show leaves in a wind before a street all lay first at 10 s, and among the first 13
at 5 s, where the coarse search had them at 60 to 400."""
_MOST_DETAIL_S = 7200.0
"""Of references that are searched in detail, for each probe: beyond, it would take seconds."""
_LEAST_KNOWN, _LEAST_KNOWN_S = 0.5, 4.0
"""Share of the probe that the reference must cover at a place, and seconds of it: over 2.5 s at a
reference's end, other content reached twice the score it reached anywhere else."""
_LEAST_ALIKE = 0.15
"""Correlation that chance reaches now and then (fingerprint/placement.py); half of it always."""
_DECOYS, _TOP_DECOYS = 8, 3
"""Places of the probe played backwards that are judged in the same reference, and how many of the
best of them say, on average, what chance reaches."""
_SLIDE_S = 0.04
"""Half an instant, by which a judged place may be off."""
_SPREAD = 0.02
"""Of a correlation's Fisher z, that even the liveliest pictures have by chance: of many placements
the best was chosen. Of 0.01 to 0.1, tried on 400 windows of other content, up to 0.03 kept most of
the probes of 5 s above all of those, from 0.02 on most of 10 s."""
_TRIM = 0.03
"""Of scale and shift, by which the small pictures correct what their cells settled on."""
_WHOLLY_ALIKE = 0.9
"""What the same pictures reach after a re-encoding."""


@dataclass(frozen=True, slots=True)
class Place:
    """A possible place of a probe: ``reference time = origin_s + speed * seconds of the probe``.

    ``inset`` is the part of the probe's picture that it was proposed for, if its cells are to be
    weighed among themselves.
    """

    name: str
    origin_s: float
    speed: float
    alike: float = -1.0
    placed: Placement = UPRIGHT
    inset: tuple[float, float, float] = WHOLE


@dataclass(frozen=True, slots=True)
class Scored:
    """A place with its score, and what the score rests on.

    Parameters
    ----------
    rough : Place
        The same place before the small pictures corrected it.
    chance : tuple of Place
        Where the probe played backwards says what chance reaches.
    """

    place: Place
    score: float
    rough: Place
    chance: tuple[Place, ...]


def searched(
    probe: Probe,
    references: References,
    names: Sequence[str],
    media_at_s: float | None,
    speed_heard: float | None,
) -> list[Scored]:
    """Return the best place in each reference that may be it, scored, best first."""
    usual = 1.0 if speed_heard is None else speed_heard
    insets = _views(probe, references, [usual], (WHOLE, *INSETS))
    decoys, reverse = Patterns([view.backwards() for view in insets.views]), probe.backwards()
    details, turned = _Insets(probe, references), _Insets(reverse, references)
    leads: dict[Place, Scored] = {}
    settled: dict[Place, Place] = {}
    trimmed: dict[Place, Place] = {}

    def scored(places: Sequence[Place]) -> list[Scored]:
        results = []
        likely = sorted(places, key=lambda place: (-place.alike, place.name))[:_MOST_SETTLED]
        for coarse in likely:
            if coarse not in settled:
                settled[coarse] = _settled(probe, references, coarse)
        for rough, spread in _promising(probe, references, [settled[coarse] for coarse in likely]):
            if rough not in trimmed:
                trimmed[rough] = _trimmed(probe, references, rough)
            place = trimmed[rough]
            if place not in leads:
                back = (
                    _judged(reverse, references, [place.name], decoys, media_at_s, _DECOYS)
                    if place.inset == WHOLE
                    else turned.judged([place.name], media_at_s, _DECOYS)
                )
                back.sort(key=lambda decoy: -decoy.alike)
                chance = tuple(_settled(reverse, references, x) for x in back[:_TOP_DECOYS])
                leads[place] = Scored(place, _lead(place, chance) / spread, rough, chance)
            results.append(leads[place])
        return sorted(results, key=lambda result: (-result.score, result.place.name))

    places = _judged(probe, references, names, insets, media_at_s, _MOST_JUDGED)
    best = scored(places)
    if speed_heard is None and not any(result.score >= _SURE for result in best):
        step = _SPEED_STEP_SHORT if probe.seconds < _LONG_S else _SPEED_STEP_LONG
        count = round(_SPEED_MOST / step)
        speeds = [1 + step * k for k in range(-count, count + 1) if k]
        faster = _views(probe, references, speeds, (WHOLE,))
        places += _judged(probe, references, names, faster, media_at_s, _MOST_AT_SPEEDS)
        best = scored(places)
    if usual == 1.0 and not any(result.score >= _SURE for result in best):
        places += details.judged(names, media_at_s, _MOST_INSET)
        best = scored(places)
    return best


def reachable(probe: Probe) -> float:
    """Return the score of the same pictures: the less moves, the less it is worth."""
    change = probe.change[probe.known]
    spread = placement.spread(change, change)
    return float(np.arctanh(_WHOLLY_ALIKE)) / (spread + _SPREAD)


def span(references: References, name: str, media_at_s: float | None) -> tuple[float, float]:
    """Return the lags that a probe, its start 0, is searched at in one reference."""
    if references.info(name).kind == "work" or media_at_s is None:
        return -np.inf, np.inf
    return SEARCH_S[0] - media_at_s, SEARCH_S[1] - media_at_s


def _views(
    probe: Probe,
    references: References,
    speeds: Sequence[float],
    insets: Sequence[tuple[float, float, float]],
) -> Patterns:
    return Patterns(
        [
            signature(probe.cells, probe.times, references.recipe, speed=speed, inset=inset)
            for speed in speeds
            for inset in insets
        ]
    )


def _promising(
    probe: Probe, references: References, places: Sequence[Place]
) -> list[tuple[Place, float]]:
    """Return the settled places of references that may be it, with chance's spread.

    By how many spreads they lie above zero: where little moves, anything looks alike.
    """
    best: dict[str, Place] = {}
    for place in places:
        if place.alike >= _LEAST_ALIKE and (
            place.name not in best or place.alike > best[place.name].alike
        ):
            best[place.name] = place
    ranked = []
    for place in best.values():
        spread = _SPREAD + placement.spread(*_compared(probe, references, place))
        ranked.append((float(np.arctanh(min(place.alike, 0.995))) / spread, place, spread))
    ranked.sort(key=lambda entry: (-entry[0], entry[1].name))
    return [
        (place, spread)
        for promise, place, spread in ranked[:_MOST_SCORED]
        if promise >= _NEARLY * ranked[0][0]
    ]


def _judged(  # noqa: PLR0917 - what is sought, where, and how
    probe: Probe,
    references: References,
    names: Sequence[str],
    views: Patterns,
    media_at_s: float | None,
    limit: int,
) -> list[Place]:
    """Propose places by coarse signatures, and judge the strongest by fine cells."""
    proposed: dict[tuple[str, int, float], tuple[float, Place]] = {}
    for name in names:
        pictures = references.pictures(name)
        if pictures is None or pictures.signature.silent:
            continue
        low_s, high_s = span(references, name, media_at_s)
        for strength, lag_s, number in views.peaks(
            pictures.signature, low_s=low_s, high_s=high_s, most=_PEAKS
        ):
            view = views.views[number]
            # The undone probe starts where its first picture lies.
            origin_s = view.start_s - lag_s - view.speed * float(probe.times[0])
            key = name, round(origin_s / 0.16), view.speed
            if key not in proposed or proposed[key][0] < strength:
                proposed[key] = strength, Place(name, origin_s, view.speed)
    ranked = sorted(proposed.values(), key=lambda entry: -entry[0])[:limit]
    return [_judge(probe, references, place) for _, place in ranked]


class _Insets:
    """Proposes and judges places of a probe's insets by finer signatures, made when first asked."""

    def __init__(self, probe: Probe, references: References) -> None:
        self._probe, self._references = probe, references

    @cached_property
    def _views(self) -> tuple[list[tuple[tuple[float, float, float], bool]], Patterns]:
        details = self._probe.details(self._references.recipe.luma_rate_hz)
        return [detail[:2] for detail in details], Patterns([detail[2] for detail in details])

    def judged(self, names: Sequence[str], media_at_s: float | None, most: int) -> list[Place]:
        """Return the places judged, none if the references are too long to look at each."""
        spans = {name: span(self._references, name, media_at_s) for name in names}
        pictures = {name: self._references.pictures(name) for name in names}
        searched_s = sum(
            min(high_s - low_s, float(reference.times[-1] - reference.times[0]))
            for (low_s, high_s), reference in zip(spans.values(), pictures.values(), strict=True)
            if reference is not None
        )
        if searched_s > _MOST_DETAIL_S:
            return []
        kinds, patterns = self._views
        proposed: dict[tuple[str, int], tuple[float, Place]] = {}
        for name, (low_s, high_s) in spans.items():
            reference = pictures[name]
            if reference is None or reference.signature.silent:
                continue
            for strength, lag_s, number in patterns.peaks(
                reference.detail, low_s=low_s, high_s=high_s, most=_INSET_PEAKS
            ):
                inset, mirrored = kinds[number]
                origin_s = patterns.views[number].start_s - lag_s - float(self._probe.at[0])
                key = name, round(origin_s / 0.16)
                if key not in proposed or proposed[key][0] < strength:
                    where = laid(inset, mirrored=mirrored)
                    place = Place(name, origin_s, 1.0, placed=where, inset=inset)
                    proposed[key] = strength, place
        ranked = sorted(proposed.values(), key=lambda entry: -entry[0])[:most]
        return [_judge(self._probe, self._references, place) for _, place in ranked]


def _judge(probe: Probe, references: References, place: Place) -> Place:
    expected, valid = their_changes(probe, references, place)
    least_s = max(_LEAST_KNOWN * probe.seconds, min(_LEAST_KNOWN_S, 0.9 * probe.seconds))
    if valid.mean() * probe.seconds < least_s:
        return place
    observed, expected = probe.within(place.inset)[valid], placement.evened(expected[valid])
    if place.inset == WHOLE:
        score, where = placement.placed(observed, expected)
    else:  # how it lies is known but for half a cell
        score, where = placement.settled(observed, expected, place.placed)
    return replace(place, alike=score, placed=where)


def _settled(probe: Probe, references: References, place: Place) -> Place:
    """Move a judged place and its placement to where they fit best, between their grids."""
    best = place
    for step in (0.0, -_SLIDE_S, _SLIDE_S):
        at = replace(place, origin_s=place.origin_s + step, placed=best.placed)
        expected, valid = their_changes(probe, references, at)
        if not valid.any():
            continue
        observed, expected = probe.within(place.inset)[valid], placement.evened(expected[valid])
        if step == 0.0:
            score, where = placement.settled(observed, expected, place.placed)
        else:
            score, where = placement.alike(observed, expected, best.placed), best.placed
        if score > best.alike or step == 0.0:
            best = replace(at, alike=score, placed=where)
    return replace(best, alike=placement.correlation(*_compared(probe, references, best)))


def _trimmed(probe: Probe, references: References, place: Place) -> Place:
    """Move a settled placement to where the small pictures themselves fit best."""
    expected, valid = their_changes(probe, references, place)
    fine, expected = probe.fine[valid], expected[valid]
    best, where = place.alike, place.placed
    for name in Placement._fields:
        for step in (-_TRIM, _TRIM):
            trial = where._replace(**{name: getattr(where, name) + step})
            alike = placement.correlation(*placement.compared(fine, expected, trial))
            if alike > best:
                best, where = alike, trial
                break
    return replace(place, alike=best, placed=where)


def _compared(probe: Probe, references: References, place: Place) -> tuple[Floats, Floats]:
    expected, valid = their_changes(probe, references, place)
    return placement.compared(probe.fine[valid], expected[valid], place.placed)


def their_changes(
    probe: Probe, references: References, place: Place
) -> tuple[Floats, NDArray[np.bool_]]:
    pictures = references.pictures(place.name)
    assert pictures is not None
    at = place.origin_s + place.speed * probe.at
    change, valid = placement.changes(pictures.cells, pictures.times, at)
    return change, valid & probe.known


def _lead(place: Place, decoys: Sequence[Place]) -> float:
    """Return how much more alike a place is than the best decoys, as Fisher's z."""
    chance = [decoy.alike for decoy in decoys]
    level = max(float(np.mean(chance)) if chance else 0.0, _LEAST_ALIKE / 2)
    # arctanh(1) is infinite, and rounding may lead there.
    lead = np.arctanh(min(place.alike, 0.995)) - np.arctanh(min(level, 0.995))
    return max(0.0, float(lead))


def refined(probe: Probe, references: References, place: Place) -> Place:
    """Return the place to a few milliseconds, its speed to a quarter of a percent."""
    middle_s = float(probe.at[0] + probe.at[-1]) / 2
    best = place
    speeds = [place.speed + k / 400 for k in range(-4, 5)] if place.speed != 1.0 else [1.0]
    for speed in speeds:
        # Turning about the middle leaves the place where it is.
        origin_s = place.origin_s + (place.speed - speed) * middle_s
        steps = np.array([-0.08, -0.04, 0.0, 0.04, 0.08])
        curve = [
            _alike(probe, references, replace(place, origin_s=origin_s + step, speed=speed))
            for step in steps
        ]
        top = int(np.clip(np.argmax(curve), 1, len(curve) - 2))
        left, peak, right = curve[top - 1 : top + 2]
        bend = left - 2 * peak + right
        shift = float(np.clip(0.5 * (left - right) / bend, -1, 1)) if bend < 0 else 0.0
        if speed == speeds[0] or peak > best.alike + 1e-3:
            at_s = origin_s + float(steps[top]) + 0.04 * shift
            best = replace(place, origin_s=at_s, speed=speed, alike=peak)
    return best


def _alike(probe: Probe, references: References, place: Place) -> float:
    expected, valid = their_changes(probe, references, place)
    if not valid.any():
        return -1.0
    observed, expected = probe.within(place.inset)[valid], placement.evened(expected[valid])
    return placement.alike(observed, expected, place.placed)
