"""Links as columns: names to numbers, eras of passing values, and evidence made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.graph.evidence import Evidence, Floats, Ints, Small, eras, evidence_of
from cautery.graph.weights import NO_WEIGHT

PASSING = frozenset({"a", "aaaa", "address", "ipaddress"}).union(
    first + last
    for first in ("ip", "ipv4", "ipv6")
    for last in ("", "-addr", "_addr", "-address", "_address", " address")
)
"""Kinds whose values pass from owner to owner, as DNS, STIX and people name addresses: bearers
apart in time are strangers."""
UNTYING = NO_WEIGHT | {"shared", "parking", "dynamic-dns"}
"""Kinds that tie nobody: what everybody shares, and what facts say of a place (``enrich``)."""
GAP_S = 86_400.0
"""An address idle for a day has passed on."""
SEEN_AGAIN_S = 31 * 86_400.0
"""Who is seen with an address again within a month had it in between: scans of all addresses are
made daily to monthly, so days between two looks are not idle ones."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of subjects, kinds and values, by number."""

    subjects: Sequence[str]
    kinds: Sequence[str]
    values: Sequence[str]


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
    def names(self) -> Names:
        """Names alone."""
        return Names(self.subjects, self.kinds, self.values)

    @property
    def common(self) -> Ints:
        """Kinds that are known to tie nobody."""
        return np.array([n for n, kind in enumerate(self.kinds) if kind in UNTYING], np.int64)

    def evidence(self) -> tuple[Evidence, Ints]:
        """Return the evidence, and which value each of its values is (an era of).

        Links of kinds that are known to tie nobody are no evidence.
        """
        era, of = self.eras()
        used = self.tying
        tying_evidence = evidence_of(
            self.subject[used],
            era[used],
            self.kind[of],
            subjects=len(self.subjects),
            kinds=len(self.kinds),
        )
        return tying_evidence, of

    @property
    def tying(self) -> NDArray[np.bool_]:
        """Which links are of kinds that may tie somebody."""
        ties = np.ones(len(self.kinds), dtype=bool)
        ties[self.common] = False
        is_tying: NDArray[np.bool_] = ties[self.kind[self.value]]
        return is_tying

    def eras(self) -> tuple[Small, Ints]:
        """Return, by link, the era of its value, and by era the value that it is of.

        Values of kinds that pass from owner to owner have several; all others have one.
        """
        passing = np.array([kind in PASSING for kind in self.kinds], dtype=bool)
        timed = ~(np.isnan(self.first) & np.isnan(self.last))
        if not (passing.any() and timed.any()):
            return self.value, np.arange(len(self.values))
        passes = passing[self.kind[self.value]]
        first, last = (np.where(passes, side, np.nan) for side in (self.first, self.last))
        first[passes], last[passes] = _held(
            self.subject[passes].astype(np.int64) * len(self.values) + self.value[passes],
            first[passes],
            last[passes],
        )
        return eras(self.value, first, last, gap_s=GAP_S)


def _held(pair: Ints, first: Floats, last: Floats) -> tuple[Floats, Floats]:
    """Return, by link, since when and until when its subject had its value without a break."""
    number: Small = np.unique(pair, return_inverse=True)[1].astype(np.int32)
    stay, stays = eras(number, first, last, gap_s=SEEN_AGAIN_S)
    begin, end = np.full(stays.size, np.nan), np.full(stays.size, np.nan)
    np.fmin.at(begin, stay, np.fmin(first, last))
    np.fmax.at(end, stay, np.fmax(first, last))
    return begin[stay], end[stay]


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
