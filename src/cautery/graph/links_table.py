"""Links as columns: names to numbers, eras of passing values, and evidence made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.graph.evidence import Evidence, Floats, Ints, Small, eras, evidence_of
from cautery.graph.weights import NO_WEIGHT

PASSING = frozenset({"address", "ip", "ipv4", "ipv6"})
"""Kinds whose values pass from owner to owner: bearers apart in time are strangers."""
GAP_S = 86_400.0
"""An address idle for a day has passed on."""


@dataclass(frozen=True, slots=True)
class LinkTable:
    """Links in columns, names numbered.

    Parameters
    ----------
    subjects : sequence of str
        Names, by number.
    kinds : sequence of str
        Kinds, by number.
    values : sequence of str
        Values, by number; ``kind`` tells of which kind each is.
    subject, value : ndarray, shape (links,), int32
        Numbers.
    kind : ndarray, shape (values,), int64
        By value.
    first, last : ndarray, shape (links,), float64
        Seconds since 1970; NaN: not told.
    """

    subjects: Sequence[str]
    kinds: Sequence[str]
    values: Sequence[str]
    subject: Small
    value: Small
    kind: Ints
    first: Floats
    last: Floats

    @property
    def common(self) -> Ints:
        """Kinds that are known to tie nobody."""
        return np.array([n for n, kind in enumerate(self.kinds) if kind in NO_WEIGHT], np.int64)

    def evidence(self) -> tuple[Evidence, Ints]:
        """Return the evidence, and which value each of its values is (an era of).

        Values of kinds that pass from owner to owner are told apart by era; those of kinds that
        are known to tie nobody are no evidence.
        """
        tying = np.ones(len(self.kinds), dtype=bool)
        tying[self.common] = False
        used = tying[self.kind[self.value]]
        subject, value = self.subject[used], self.value[used]
        first, last = self.first[used], self.last[used]
        kind, of = self.kind, None
        passing = np.array([kind in PASSING for kind in self.kinds], dtype=bool)
        if passing.any() and not (np.isnan(first) & np.isnan(last)).all():
            passes = passing[self.kind[value]]
            spans = [np.where(passes, side, np.nan) for side in (first, last)]
            value, of = eras(value, *spans, gap_s=GAP_S)
            kind = self.kind[of]
        made = evidence_of(subject, value, kind, subjects=len(self.subjects), kinds=len(self.kinds))
        return made, made.kept if of is None else of[made.kept]


def table_of(
    rows: Sequence[tuple[str, str, str, float, float]],
) -> LinkTable:
    """Return a table of a few links: ``(subject, kind, value, first, last)``."""
    subjects = sorted({row[0] for row in rows})
    kinds = sorted({row[1] for row in rows})
    marks = sorted({(row[1], row[2]) for row in rows})
    place = {name: number for number, name in enumerate(subjects)}
    kind_place = {name: number for number, name in enumerate(kinds)}
    mark_place = {mark: number for number, mark in enumerate(marks)}
    return LinkTable(
        subjects=subjects,
        kinds=kinds,
        values=[value for _, value in marks],
        subject=np.array([place[row[0]] for row in rows], dtype=np.int32),
        value=np.array([mark_place[row[1], row[2]] for row in rows], dtype=np.int32),
        kind=np.array([kind_place[kind] for kind, _ in marks], dtype=np.int64),
        first=np.array([row[3] for row in rows], dtype=np.float64),
        last=np.array([row[4] for row in rows], dtype=np.float64),
    )
