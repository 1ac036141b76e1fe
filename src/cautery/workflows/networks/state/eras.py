"""Eras of values that pass from owner to owner, as a state keeps them, and new sightings of them.

Eras of a state stay apart; what would make one of several in a run over all is a subject of all of
them here, so that it ties the same subjects.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from cautery.graph.evidence import Ints, slices
from cautery.graph.links_table import GAP_S, SEEN_AGAIN_S
from cautery.workflows.networks.state.tables import Kept, Spans


class Eras:
    """Values told apart by era, as far as they are kept; new ones follow.

    Parameters
    ----------
    held : Kept
        A state.
    subjects : ndarray
        Numbers of those of whom there are new links.
    """

    def __init__(self, held: Kept, subjects: Ints) -> None:
        self._state = held
        self._learnt = held.of[: held.evidence.values]
        self._begin, self._end = held.spans.begin.copy(), held.spans.end.copy()
        self._of: list[int] = []
        self._spans: dict[int, tuple[float, float]] = {}
        self._since: dict[int, list[int]] = {}
        for number, mark in enumerate(held.of[self._learnt.size :].tolist(), self._learnt.size):
            self._since.setdefault(mark, []).append(number)
        self._borne: defaultdict[int, set[int]] = defaultdict(set)
        for subject in np.unique(subjects[subjects < held.evidence.subjects]):
            borne = slices(held.evidence.s_starts, held.evidence.value, np.array([subject]))
            self._borne[int(subject)].update(borne.tolist())
        later = np.isin(held.later[0], subjects)
        for subject, era in zip(*(side[later].tolist() for side in held.later), strict=True):
            self._borne[subject].add(era)

    def of_lasting(self, mark: Ints) -> Ints:
        """Return the only era of each value that does not pass; new ones are begun."""
        at = np.searchsorted(self._learnt, mark)
        eras: Ints = np.array(
            [self._since.get(mark_id, (-1,))[0] for mark_id in mark.tolist()], np.int64
        )
        inside = np.flatnonzero(at < self._learnt.size)
        matching = inside[self._learnt[at[inside]] == mark[inside]]
        eras[matching] = at[matching]
        for mark_id in np.unique(mark[eras < 0]).tolist():
            eras[mark == mark_id] = self._begun(mark_id)
        return eras

    def of_passing(
        self, subject: Ints, mark: Ints, first: NDArray[np.float64], last: NDArray[np.float64]
    ) -> tuple[Ints, Ints]:
        """Return, of each sighting of a value that passes, the eras that it is of.

        Parameters
        ----------
        first, last : ndarray
            Seconds since 1970; NaN in both: not told.

        Returns
        -------
        place, era : ndarray
            The places of sightings, some of them more than once, and an era for each.
        """
        first, last = (np.where(np.isnan(side), -np.inf, side) for side in (first, last))
        places: list[int] = []
        eras: list[int] = []
        # In order of time, as a run over all takes them; those without a time are left to the end.
        for place in np.lexsort((first, np.isneginf(first))).tolist():
            touched = self._at(
                int(subject[place]), int(mark[place]), float(first[place]), float(last[place])
            )
            self._borne[int(subject[place])].update(touched)
            places += [place] * len(touched)
            eras += touched
        return np.array(places, dtype=np.int64), np.array(eras, dtype=np.int64)

    def all(self) -> tuple[Ints, Spans]:
        """Return, by era, its value; and the spans of those that have one."""
        new = np.array(list(self._spans.values())).reshape(-1, 2)
        return np.concatenate([self._state.of, np.array(self._of, dtype=np.int64)]), Spans(
            np.concatenate([self._state.spans.era, np.array([*self._spans], dtype=np.int64)]),
            np.concatenate([self._begin, new[:, 0]]),
            np.concatenate([self._end, new[:, 1]]),
        )

    def _at(self, subject: int, mark: int, first: float, last: float) -> list[int]:
        """Return the eras of a value that a sighting touches, or nearly so; else a new one."""
        eras = self._known(mark)
        own_eras = [era for era in eras if era in self._borne[subject]]
        for era in own_eras:
            begin, end = self._span(era)
            # What is known already changes nothing; nor does who tells no time of it.
            if np.isneginf(last) or (begin <= first and last <= end):
                return [era]
        if len(eras) == 1 and np.isneginf([last, self._span(eras[0])[1]]).any():
            # Without a time, it is of the only era; as is what comes to one without.
            if not np.isneginf(last):
                self._widen(eras[0], first, last)
            return eras
        touched = self._near(eras, first, last, GAP_S)
        if not set(touched) & set(own_eras):
            # Whoever had it within a month had it in between, beside all who had it then.
            for era in self._near(own_eras, first, last, SEEN_AGAIN_S):
                begin, end = self._span(era)
                first, last = min(first, end), max(last, begin)
            touched = self._near(eras, first, last, GAP_S)
        if not touched:
            era = self._begun(mark)
            self._spans[era] = first, last
            return [era]
        for era in touched:
            self._widen(era, first, last)
        return touched

    def _near(self, eras: list[int], first: float, last: float, gap: float) -> list[int]:
        spans = ((era, *self._span(era)) for era in eras)
        return [era for era, begin, end in spans if first <= end + gap and last >= begin - gap]

    def _begun(self, mark: int) -> int:
        """Begin a new era of a value."""
        number = self._state.of.size + len(self._of)
        self._of.append(mark)
        self._since.setdefault(mark, []).append(number)
        return number

    def _known(self, mark: int) -> list[int]:
        low, high = np.searchsorted(self._learnt, [mark, mark + 1])
        return [*range(low, high), *self._since.get(mark, ())]

    def _place(self, era: int) -> int:
        return int(np.searchsorted(self._state.spans.era, era))

    def _span(self, era: int) -> tuple[float, float]:
        if era in self._spans:
            return self._spans[era]
        place = self._place(era)
        return float(self._begin[place]), float(self._end[place])

    def _widen(self, era: int, first: float, last: float) -> None:
        begin, end = self._span(era)
        # An era of which no time was told begins with the first that is.
        span = (first if np.isneginf(end) else min(begin, first)), max(end, last)
        if era in self._spans:
            self._spans[era] = span
        else:
            place = self._place(era)
            self._begin[place], self._end[place] = span
