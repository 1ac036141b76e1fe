"""Links as arrays: who bears which value, and in which era of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.graph import _growth_kernels

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who bears which value, both ways round.

    Parameters
    ----------
    subjects : int
        How many there are, also such as bear no shared value.
    kinds : int
        How many kinds of link there are.
    value : ndarray, shape (links,), int32
        Values by subject, each pair once.
    kind : ndarray, shape (values,), int64
        Place of each value's kind.
    s_starts, v_starts : ndarray, int64
        Where each subject's values, and each value's subjects, begin.
    v_subjects : ndarray, shape (links,), int32
        Subjects by value.
    """

    subjects: int
    kinds: int
    value: Small
    kind: Ints
    s_starts: Ints
    v_starts: Ints
    v_subjects: Small

    @property
    def values(self) -> int:
        """How many values there are."""
        return int(self.kind.size)

    @property
    def subject(self) -> Small:
        """The subject of each link, as ``value`` has its value."""
        return np.repeat(np.arange(self.subjects, dtype=np.int32), np.diff(self.s_starts))

    @property
    def degree(self) -> Ints:
        """How many subjects bear each value."""
        return np.diff(self.v_starts)


def evidence_of(subject: Small, value: Small, kind: Ints, *, subjects: int, kinds: int) -> Evidence:
    """Arrange links, each pair once.

    Parameters
    ----------
    subject, value : ndarray, shape (links,), int32
        In any order; repeated pairs count once.
    kind : ndarray, shape (values,), int64
        By value.
    """
    pairs = _distinct(subject.astype(np.int64) * max(kind.size, 1) + value)
    rows = (pairs // max(kind.size, 1)).astype(np.int32)
    columns = (pairs % max(kind.size, 1)).astype(np.int32)
    del pairs
    order = np.argsort(columns, kind="stable")
    return Evidence(
        subjects=subjects,
        kinds=kinds,
        value=columns,
        kind=kind,
        s_starts=_starts(rows, subjects),
        v_starts=_starts(columns, kind.size),
        v_subjects=rows[order],
    )


def with_links(held: Evidence, subject: Ints, value: Ints, kind: Ints, subjects: int) -> Evidence:
    """Return evidence of all values with further links.

    Parameters
    ----------
    subject, value : ndarray, shape (links,)
        New links in the order in which they came, each once and none that is there already;
        numbers beyond those of ``held`` are new subjects and values.
    kind : ndarray, shape (values,), int64
        Kinds of all values, the new ones last.
    subjects : int
        How many there are now.
    """
    return Evidence(
        subjects=subjects,
        kinds=int(max(held.kinds, kind.max(initial=-1) + 1)),
        value=_with_entries(held.s_starts, held.value, subject, value),
        kind=kind,
        s_starts=_with_more(held.s_starts, subject, subjects),
        v_starts=_with_more(held.v_starts, value, kind.size),
        v_subjects=_with_entries(held.v_starts, held.v_subjects, value, subject),
    )


def new_pairs(
    held: Evidence, later: tuple[Ints, Ints], subject: Ints, value: Ints
) -> tuple[Ints, Ints]:
    """Return the links that are not there yet, each once, by subject.

    Parameters
    ----------
    later : (ndarray, ndarray)
        Subjects and values of links that came since ``held`` was arranged.
    subject, value : ndarray, shape (links,)
        Numbers beyond those of ``held`` are new subjects and values.
    """
    width = np.int64(max(held.values, *(int(ids.max(initial=-1)) + 1 for ids in (value, later[1]))))
    pairs = _distinct(subject * width + value)
    old_subjects = np.unique(subject[subject < held.subjects])
    old_pairs = np.repeat(
        old_subjects, held.s_starts[old_subjects + 1] - held.s_starts[old_subjects]
    ) * width + slices(held.s_starts, held.value, old_subjects)
    fresh = pairs[~np.isin(pairs, np.concatenate([old_pairs, later[0] * width + later[1]]))]
    return fresh // width, fresh % width


def slices(starts: Ints, entries: Small, rows: Ints) -> Ints:
    """Return all entries of some rows, row by row."""
    count = starts[rows + 1] - starts[rows]
    begin = np.repeat(starts[rows] - (np.cumsum(count) - count), count)
    return entries[begin + np.arange(begin.size)].astype(np.int64)


def _with_more(starts: Ints, rows: Ints, count: int) -> Ints:
    counts = np.bincount(rows, minlength=count)
    counts[: starts.size - 1] += np.diff(starts)
    longer: Ints = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(counts, out=longer[1:])
    return longer


def _with_entries(starts: Ints, entries: Small, rows: Ints, further: Ints) -> Small:
    """Put further entries at the ends of their rows: nothing that reads them needs an order."""
    order = np.argsort(rows, kind="stable")
    at = starts[np.minimum(rows[order] + 1, starts.size - 1)]
    longer: Small = _growth_kernels.inserted(entries, at, further[order].astype(np.int32))
    return longer


def _distinct(numbers: Ints) -> Ints:
    """Return each number once, rising: for 10^7, numpy's own unique took 16 s, this 0.2."""
    rising = np.sort(numbers)
    fresh = np.ones(rising.size, dtype=bool)
    fresh[1:] = rising[1:] != rising[:-1]
    return rising[fresh]


def _starts(keys: Small, count: int) -> Ints:
    """Return where each of so many keys begins in a rising array, and its length at the end."""
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=count), out=starts[1:])
    return starts


def eras(value: Small, first: Floats, last: Floats, *, gap_s: float) -> tuple[Small, Ints]:
    """Give each link the era of its value: bearers whose spans touch, or nearly so, share one.

    An address that lay idle between two bearers has passed to another owner; the bearers of
    one era were there together. A link without times (NaN) is of the value's only era; of a value
    that has several, nobody knows of which, so such links are an era of their own.

    Returns
    -------
    era : ndarray, shape (links,), int32
        A number for each era of each value, from 0.
    of : ndarray, shape (eras,), int64
        The value that each era is of.
    """
    begin = np.where(np.isnan(first), -np.inf, first)
    end = np.where(np.isnan(last), begin, last)
    order = np.lexsort((begin, value))
    which, starts, ends = value[order], begin[order], end[order]
    fresh = np.ones(which.size, dtype=bool)
    # What any earlier bearer of the same value reaches: the running maximum begins anew with
    # each value, so values are set apart by more than any time. Ranks keep that exact.
    _, ranks = np.unique(np.concatenate([starts, ends + gap_s]), return_inverse=True)
    reach = ranks[starts.size :] + which.astype(np.int64) * (ranks.size + 1)
    reached = np.maximum.accumulate(reach) if reach.size else reach
    start_ranks = ranks[: starts.size] + which.astype(np.int64) * (ranks.size + 1)
    if which.size > 1:
        fresh[1:] = (which[1:] != which[:-1]) | (start_ranks[1:] > reached[:-1])
        behind_untold = (which[1:] == which[:-1]) & np.isneginf(ends[:-1])
        only = np.bincount(which, weights=fresh)[which[1:]] == 2
        fresh[1:] &= ~(behind_untold & only)
    number = np.cumsum(fresh) - 1
    era = np.empty(which.size, dtype=np.int32)
    era[order] = number
    return era, which[fresh].astype(np.int64)
