"""Possible places of a probe's pictures in references, and how much better than chance.

Coarse signatures propose places, in the whole picture and in insets of it, then at other speeds;
while nothing is sure, finer ones propose more in insets. Each place is judged by how alike finer
cells change there under the best placement. The score is that correlation's lead over what the same
probe, played backwards, reaches in the same reference, over the spread of chance for so much
motion. It depends on one probe and one reference alone, never on what else is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cautery.fingerprint.detail import laid
from cautery.fingerprint.sliding import Patterns
from cautery.fingerprint.video import (
    INSETS,
    WHOLE,
    signature,
)
from cautery.identify._judging import Judging, Place
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
_LEAST_ALIKE = 0.15
"""Correlation that chance reaches now and then (fingerprint/placement.py); half of it always."""
_DECOYS, _TOP_DECOYS = 8, 3
"""Places of the probe played backwards that are judged in the same reference, and how many of the
best of them say, on average, what chance reaches."""


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


def searched(  # noqa: PLR0917 - what is sought, where, and how
    probe: Probe,
    references: References,
    names: Sequence[str],
    media_at_s: float | None,
    speed_heard: float | None,
    least: float,
) -> list[Scored]:
    """Return the best place in each reference that may be it, scored, best first.

    None at all if none can reach the least score.
    """
    usual = 1.0 if speed_heard is None else speed_heard
    insets = _views(probe, references, [usual], (WHOLE, *INSETS))
    scoring = _Scoring(probe, references, insets, media_at_s)
    places = _judged(scoring.judging, references, names, insets, media_at_s, _MOST_JUDGED)
    if speed_heard is None and not scoring.sure(places):
        step = _SPEED_STEP_SHORT if probe.seconds < _LONG_S else _SPEED_STEP_LONG
        count = round(_SPEED_MOST / step)
        speeds = [1 + step * k for k in range(-count, count + 1) if k]
        faster = _views(probe, references, speeds, (WHOLE,))
        places += _judged(scoring.judging, references, names, faster, media_at_s, _MOST_AT_SPEEDS)
    if usual == 1.0 and not scoring.sure(places):
        details = _Insets(scoring.judging, references)
        places += details.judged(names, media_at_s, _MOST_INSET)
    return scoring.best(places, least)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place that may be it, before what chance reaches there is known.

    Parameters
    ----------
    spread : float
        How far chance reaches, Fisher's z.
    most : float
        The score if chance reached nothing: its score is no higher.
    """

    rough: Place
    place: Place
    spread: float
    most: float


class _Scoring:
    """Scores judged places by what the probe played backwards reaches, which costs most.

    So it is asked only of places whose score can matter.
    """

    def __init__(
        self, probe: Probe, references: References, views: Patterns, media_at_s: float | None
    ) -> None:
        self.judging = Judging(probe, references)
        self._references, self._media_at_s = references, media_at_s
        self._reverse = Judging(probe.backwards(), references)
        self._decoys = Patterns([view.backwards() for view in views.views])
        self._turned = _Insets(self._reverse, references)
        self._scores: dict[Place, Scored] = {}

    def sure(self, places: Sequence[Place]) -> bool:
        """Tell whether one of the places is so good that no further ones are proposed."""
        return any(
            self._scored(candidate).score >= _SURE
            for candidate in self._candidates(places)
            if candidate.most >= _SURE
        )

    def best(self, places: Sequence[Place], least: float) -> list[Scored]:
        """Return the best place of each reference, best first; empty below the least score."""
        candidates = self._candidates(places)
        if not any(candidate.most >= least for candidate in candidates):
            return []
        results = [self._scored(candidate) for candidate in candidates]
        return sorted(results, key=lambda result: (-result.score, result.place.name))

    def _candidates(self, places: Sequence[Place]) -> list[_Candidate]:
        likely = sorted(places, key=lambda place: (-place.alike, place.name))[:_MOST_SETTLED]
        settled = [self.judging.settle(coarse) for coarse in likely]
        candidates = []
        for rough, spread in _promising(self.judging, settled):
            place = self.judging.trim(rough)
            candidates.append(_Candidate(rough, place, spread, _lead(place, ()) / spread))
        return candidates

    def _scored(self, candidate: _Candidate) -> Scored:
        place = candidate.place
        if place not in self._scores:
            names, reverse = [place.name], self._reverse
            back = (
                _judged(reverse, self._references, names, self._decoys, self._media_at_s, _DECOYS)
                if place.inset == WHOLE
                else self._turned.judged(names, self._media_at_s, _DECOYS)
            )
            back.sort(key=lambda decoy: -decoy.alike)
            chance = tuple(reverse.settle(decoy) for decoy in back[:_TOP_DECOYS])
            score = _lead(place, chance) / candidate.spread
            self._scores[place] = Scored(place, score, candidate.rough, chance)
        return self._scores[place]


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


def _promising(judging: Judging, places: Sequence[Place]) -> list[tuple[Place, float]]:
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
        spread = judging.spread(place)
        # arctanh(1) is infinite, and one picture may be the copy of another.
        ranked.append((float(np.arctanh(min(place.alike, 0.995))) / spread, place, spread))
    ranked.sort(key=lambda entry: (-entry[0], entry[1].name))
    return [
        (place, spread)
        for promise, place, spread in ranked[:_MOST_SCORED]
        if promise >= _NEARLY * ranked[0][0]
    ]


def _judged(  # noqa: PLR0917 - what is sought, where, and how
    judging: Judging,
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
            origin_s = view.start_s - lag_s - view.speed * float(judging.probe.times[0])
            # Pictures lie on a grid of 80 ms (12.5 Hz): proposals within two steps of it are one
            # place.
            key = name, round(origin_s / 0.16), view.speed
            if key not in proposed or proposed[key][0] < strength:
                proposed[key] = strength, Place(name, origin_s, view.speed)
    ranked = sorted(proposed.values(), key=lambda entry: -entry[0])[:limit]
    return [judging.judge(place) for _, place in ranked]


class _Insets:
    """Proposes and judges places of a probe's insets by finer signatures, made when first asked."""

    def __init__(self, judging: Judging, references: References) -> None:
        self._judging, self._references = judging, references

    @cached_property
    def _views(self) -> tuple[list[tuple[tuple[float, float, float], bool]], Patterns]:
        details = self._judging.probe.details(self._references.recipe.luma_rate_hz)
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
                origin_s = patterns.views[number].start_s - lag_s - float(self._judging.probe.at[0])
                key = name, round(origin_s / 0.16)
                if key not in proposed or proposed[key][0] < strength:
                    where = laid(inset, mirrored=mirrored)
                    place = Place(name, origin_s, 1.0, placed=where, inset=inset)
                    proposed[key] = strength, place
        ranked = sorted(proposed.values(), key=lambda entry: -entry[0])[:most]
        return [self._judging.judge(place) for _, place in ranked]


def _lead(place: Place, decoys: Sequence[Place]) -> float:
    """Return how much more alike a place is than the best decoys, as Fisher's z."""
    chance = [decoy.alike for decoy in decoys]
    level = max(float(np.mean(chance)) if chance else 0.0, _LEAST_ALIKE / 2)
    # arctanh(1) is infinite, and rounding may lead there.
    lead = np.arctanh(min(place.alike, 0.995)) - np.arctanh(min(level, 0.995))
    return max(0.0, float(lead))
