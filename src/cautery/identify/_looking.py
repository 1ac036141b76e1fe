"""One look at a probe's pictures: some views of it against some parts of the references.

Coarse signatures propose places, finer cells judge them, and the best of each reference is scored
by what the same probe, played backwards, reaches there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cautery.fingerprint.placement import Placement
from cautery.fingerprint.sliding import Patterns
from cautery.fingerprint.video import Signature
from cautery.identify._judging import Judging, Place
from cautery.identify._scored import Bars, Scored
from cautery.identify._shown import Probe
from cautery.identify._views import PLAIN, View, covered, laid
from cautery.identify.references.held import References
from cautery.identify.sound import SEARCH_S
from cautery.model.picture_part import WHOLE, Part, overlap

MOST_JUDGED = 8
"""Places proposed in the whole picture that are judged, of all references, strongest first."""
MOST_IN_VIEWS, MOST_HELD_STILL = 4, 6
"""The same at other speeds and in other views; of a shaking picture that is held still. Of 120
probes of 5 and 10 s (``bench/identify/geometry.py``, the side to tune on) the true place was the
first of its look nearly always, the fifth at most in the whole picture and where it shook."""
_MOST_NEAR, _NEAR_S = 3, 0.5
"""The same near an expected place, and how far from it: the delays of two looks at one stream
differ by less."""
_MOST_SETTLED, _MOST_SCORED = 5, 4
_NEARLY = 0.6
"""Share of the best place's promise from which a further reference, which may carry the same, is
scored too."""
_PEAKS = 6
"""Of one reference in one view."""
_FITS = 0.97
"""Overlap of a part with what its placement says that it shows; less is looked at once more."""
_EXPLAINED = 0.3
"""Correlation of a part, under the place of the whole, from which it shows nothing of its own."""
_MOST_PARTS_S = 7200.0
"""Of references whose parts are searched, for each probe: beyond, it would take seconds."""
_LEAST_LIKELY = 0.2
"""Correlation of a judged place from which it is looked at more closely."""
_LEAST_ALIKE = 0.15
"""Correlation that chance reaches now and then (fingerprint/placement.py); half of it always."""
_DECOYS, _TOP_DECOYS = 8, 3
"""Places of the probe played backwards that are judged in the same reference, and how many of the
best of them say, on average, what chance reaches."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Where a probe lies if it goes on as an earlier one of its stream did.

    Parameters
    ----------
    origin_s : float
        Reference time at the probe's start.
    part : tuple of float
        Of the probe's picture, that shows the reference.
    runner_up : float
        Best score of other content, when all references were searched.
    """

    name: str
    origin_s: float
    speed: float = 1.0
    part: Part = WHOLE
    runner_up: float = 0.0


class Search:
    """One probe, played either way, and where it is searched."""

    def __init__(
        self,
        probe: Probe,
        references: References,
        names: Sequence[str],
        media_at_s: float | None,
    ) -> None:
        self.probe, self.references, self.media_at_s = probe, references, media_at_s
        self.spans = {
            name: span(references, name, media_at_s) for name in names if self._moves(name)
        }
        self.forwards = Judging(probe, references)
        self._patterns: dict[tuple[View, float], Signature] = {}

    @cached_property
    def backwards(self) -> Judging:
        """What says how far chance reaches."""
        return Judging(self.probe.backwards(), self.references)

    @cached_property
    def brief(self) -> bool:
        """Whether the references are short enough to look at each part of them."""
        total_s = 0.0
        for name, (low_s, high_s) in self.spans.items():
            whole = self.signature(name, WHOLE)
            total_s += min(high_s - low_s, whole.change.shape[1] / whole.rate_hz)
        return total_s <= _MOST_PARTS_S

    def signature(self, name: str, part: Part) -> Signature:
        """Return what a part of a reference is searched by."""
        pictures = self.references.pictures(name)
        assert pictures is not None
        return pictures.part(part)

    def pattern(self, view: View, speed: float) -> Signature:
        """Return what a view of the probe is searched by; kept, since looks share views."""
        key = view, speed
        if key not in self._patterns:
            self._patterns[key] = self._pattern(view, speed)
        return self._patterns[key]

    def _pattern(self, view: View, speed: float) -> Signature:
        if view.part == WHOLE and view != PLAIN:
            plain = self.pattern(PLAIN, speed)
            return plain.turned(upended=view.upended, negative=view.negative)
        unchanged = self._patterns.get((view, 1.0))
        if unchanged is not None:
            return unchanged.at_speed(speed)
        return self.probe.signature(view, self.references.recipe, speed=speed)

    def explains(self, place: Place, part: Part) -> bool:
        """Tell whether what lies at a place goes on in a part of the picture."""
        view = View(part, place.view.upended, place.view.negative)
        within = Place(place.name, place.origin_s, place.speed, view=view)
        where = view.off(place.placed)
        return self.forwards.judge(within, [where]).alike >= _EXPLAINED

    def near(self, expected: Expected) -> dict[str, tuple[float, float]]:
        """Return the lags around where a probe is expected; empty: that reference is not held."""
        if expected.name not in self.spans:
            return {}
        first_s = float(self.probe.times[0])
        lag_s = first_s * (1 - expected.speed) - expected.origin_s
        return {expected.name: (lag_s - _NEAR_S, lag_s + _NEAR_S)}

    def _moves(self, name: str) -> bool:
        pictures = self.references.pictures(name)
        return pictures is not None and not pictures.signature.silent


class Look:
    """Some views of a probe against some parts of the references.

    Scores its places by what the probe played backwards reaches in the same views, which costs
    most. So it is asked only of places whose score can matter.
    """

    def __init__(
        self,
        search: Search,
        views: Sequence[View],
        parts: Sequence[Part] = (WHOLE,),
        *,
        speed: float,
    ) -> None:
        self._search, self._views, self._parts = search, tuple(views), parts
        self._patterns = self._patterns_at([speed])
        self._scores: dict[Place, Scored] = {}
        plain = self._views == (PLAIN,) and tuple(parts) == (WHOLE,)
        self._unusual = not plain or search.probe.windows is not None

    def found(self, bars: Bars, most: int = MOST_IN_VIEWS) -> list[Scored]:
        """Return the best place of each reference, scored."""
        return self.best(self.places(most), bars)

    def places(self, most: int) -> list[Place]:
        """Propose places, and judge the strongest of them."""
        return self._judged(self._search.forwards, self._search.spans, self._patterns, most)

    def near(self, expected: Expected, bars: Bars) -> list[Scored]:
        """Return the best place near an expected one, scored, if it is named."""
        spans = self._search.near(expected)
        places = self._judged(self._search.forwards, spans, self._patterns, _MOST_NEAR)
        return bars.named(self.best(places, bars))

    def at_speeds(self, speeds: Sequence[float], most: int) -> list[Place]:
        """Do the same at other speeds."""
        search = self._search
        return self._judged(search.forwards, search.spans, self._patterns_at(speeds), most)

    def best(self, places: Sequence[Place], bars: Bars) -> list[Scored]:
        """Return the best place of each reference, scored; empty below the least score."""
        candidates, least = self._candidates(places), bars.least(unusual=self._unusual)
        if not any(candidate.most >= least for candidate in candidates):
            return []
        return [self._scored(candidate) for candidate in candidates]

    @cached_property
    def _decoys(self) -> Patterns:
        return Patterns([view.backwards() for view in self._patterns.views])

    def _patterns_at(self, speeds: Sequence[float]) -> Patterns:
        pattern = self._search.pattern
        return Patterns([pattern(view, speed) for speed in speeds for view in self._views])

    def _candidates(self, places: Sequence[Place]) -> list[_Candidate]:
        judging = self._search.forwards
        likely = sorted(places, key=lambda place: (-place.alike, place.name))[:_MOST_SETTLED]
        likely = [place for place in likely if place.alike >= _LEAST_LIKELY]
        settled = [_fitting(judging, judging.settle(coarse)) for coarse in likely]
        candidates = []
        for rough, spread in _promising(judging, settled):
            place = judging.trim(rough)
            candidates.append(_Candidate(rough, place, spread, _lead(place, ()) / spread))
        return candidates

    def _scored(self, candidate: _Candidate) -> Scored:
        place, reverse = candidate.place, self._search.backwards
        if place not in self._scores:
            whole_span = {place.name: self._search.spans[place.name]}
            back = self._judged(reverse, whole_span, self._decoys, _DECOYS)
            back.sort(key=lambda decoy: -decoy.alike)
            chance = tuple(reverse.settle(decoy) for decoy in back[:_TOP_DECOYS])
            score = _lead(place, chance) / candidate.spread
            self._scores[place] = Scored(
                place, score, candidate.rough, chance, self._search.probe, self._unusual
            )
        return self._scores[place]

    def _judged(
        self,
        judging: Judging,
        spans: Mapping[str, tuple[float, float]],
        patterns: Patterns,
        most: int,
    ) -> list[Place]:
        """Propose places by coarse signatures, and judge the strongest by fine cells."""
        search, views = self._search, self._views
        names = list(spans)
        proposed: dict[tuple[str, int, float, View, Part], tuple[Place, float]] = {}
        for part in self._parts:
            signatures = [search.signature(name, part) for name in names]
            peaks = patterns.peaks(signatures, list(spans.values()), most=_PEAKS)
            room = most
            for strength, lag_s, number, reference in zip(
                peaks.strength.tolist(), peaks.lag_s.tolist(), peaks.view.tolist(),
                peaks.reference.tolist(), strict=True,
            ):  # fmt: skip
                name, pattern, view = (
                    names[reference],
                    patterns.views[number],
                    views[number % len(views)],
                )
                # The undone probe starts where its first picture lies.
                first_s = pattern.speed * float(search.probe.times[0])
                place = Place(name, pattern.start_s - lag_s - first_s, pattern.speed, view=view)
                # Pictures lie on a grid of 80 ms (12.5 Hz): proposals within two steps of it are
                # one place.
                key = name, round(place.origin_s / 0.16), pattern.speed, view, part
                if key not in proposed:
                    proposed[key] = place, strength
                    room -= 1
                    if not room:
                        break
        ranked = sorted(proposed.items(), key=lambda entry: -entry[1][1])[:most]
        return [judging.judge(place, _starts(key[-1])) for key, (place, _) in ranked]


def _fitting(judging: Judging, place: Place) -> Place:
    """Return a settled place, its part of the picture as its placement says if that fits better.

    The edges of a part are found to a pixel, of which a small one has few.
    """
    part = place.view.part
    shown = covered(PLAIN, place.placed)
    if part == WHOLE:
        return place
    if 0.5 < overlap(part, shown) < _FITS:
        again = judging.settle(replace(place, view=replace(place.view, part=shown)))
        place = max(place, again, key=lambda either: either.alike)
    return judging.fit(place)


def _starts(part: Part) -> list[Placement]:
    """Return how a view that shows a part of a reference lies; none: it must be tried."""
    return [] if part == WHOLE else [laid(part, mirrored=mirrored) for mirrored in (False, True)]


def span(references: References, name: str, media_at_s: float | None) -> tuple[float, float]:
    """Return the lags that a probe, its start 0, is searched at in one reference."""
    if references.info(name).kind == "work" or media_at_s is None:
        return -np.inf, np.inf
    return SEARCH_S[0] - media_at_s, SEARCH_S[1] - media_at_s


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


def _lead(place: Place, decoys: Sequence[Place]) -> float:
    """Return how much more alike a place is than the best decoys, as Fisher's z."""
    chance = [decoy.alike for decoy in decoys]
    level = max(float(np.mean(chance)) if chance else 0.0, _LEAST_ALIKE / 2)
    # arctanh(1) is infinite, and rounding may lead there.
    lead = np.arctanh(min(place.alike, 0.995)) - np.arctanh(min(level, 0.995))
    return max(0.0, float(lead))
