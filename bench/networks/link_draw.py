"""Draw links of made-up networks: the pen that the worlds of ``_link_worlds.py`` are drawn with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cautery.graph.evidence import Floats, Ints
from cautery.graph.links_table import LinkTable

Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of link comes about.

    ``has`` is the chance that a subject bears one, ``per`` how many subjects a network has for
    each value beyond the first, ``hub`` the chance that it is one of ``hubs`` values of nobody's,
    ``false`` that it is another network's. With ``heavy``, a network's values are as popular as
    words are.
    """

    name: str
    has: float
    per: float
    hub: float = 0.0
    hubs: int = 1
    false: float = 0.01
    heavy: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Links, by subject the network behind it, and by link whether it leads to its own."""

    table: LinkTable
    truth: Ints
    true: Truths

    def oracle(self) -> Ints:
        """Return the networks of one who knows which links are true: what they hold together."""
        subjects, values = self.truth.size, len(self.table.values)
        subject, value = self.table.subject[self.true], self.table.value[self.true]
        # A recycled value is true of several networks, one after the other: one node for each.
        node = np.unique(self.truth[subject] * values + value, return_inverse=True)[1]
        count = subjects + int(node.max(initial=-1)) + 1
        graph = coo_matrix((np.ones(node.size), (subject, subjects + node)), shape=(count, count))
        label: Ints = connected_components(graph, directed=False)[1][:subjects].astype(np.int64)
        return np.unique(label, return_inverse=True)[1]


class Draft:
    """A case while it is drawn; networks are numbered in the order of their subjects.

    Parameters
    ----------
    sizes : array of int
        Subjects of each network.
    """

    def __init__(self, rng: np.random.Generator, sizes: Ints) -> None:
        self.rng = rng
        self.sizes = np.asarray(sizes, dtype=np.int64)
        self.truth = np.repeat(np.arange(self.sizes.size), self.sizes)
        self.everyone = np.arange(self.truth.size)
        self._kind_of: list[str] = []
        self._rows: list[tuple[Ints, Ints, Truths, Floats, Floats]] = []

    def some(self, share: float, among: Ints | None = None) -> Ints:
        """Return each of some subjects with a chance."""
        asked = self.everyone if among is None else among
        return asked[self.rng.random(asked.size) < share]

    def new(self, kind: str, count: int) -> Ints:
        """Return fresh values of a kind."""
        begin = len(self._kind_of)
        self._kind_of += [kind] * int(count)
        return np.arange(begin, begin + int(count))

    def add(
        self,
        subject: Ints,
        value: Ints,
        *,
        true: Truths | bool,
        first: Floats | float = np.nan,
        last: Floats | float = np.nan,
    ) -> None:
        """Link each subject to the value beside it."""
        row = np.broadcast_arrays(subject, value, true, first, last)
        self._rows.append((row[0], row[1], row[2], row[3], row[4]))

    def alone(self, kind: str, share: float, among: Ints | None = None) -> None:
        """Give some subjects a value that nobody else bears."""
        bearers = self.some(share, among)
        self.add(bearers, self.new(kind, bearers.size), true=True)

    def hubs(self, kind: str, bearers: Ints, count: int, *, alike: bool = False) -> None:
        """Give subjects values of nobody's, some of them met oftener (or all alike)."""
        weight = np.ones(count) if alike else 1.0 / np.arange(1, count + 1)
        hubs = self.new(kind, count)
        self.add(bearers, self.rng.choice(hubs, bearers.size, p=weight / weight.sum()), true=False)

    def own(
        self, kind: Kind, *, per: Floats | None = None, bearers: Ints | None = None
    ) -> tuple[Ints, Ints]:
        """Give subjects values of their networks, of nobody's and of others, as the kind says.

        Parameters
        ----------
        per : ndarray, shape (networks,), optional
            Instead of the kind's.
        bearers : ndarray, optional
            Who bears one, as often as named, instead of a share of all.

        Returns
        -------
        bearers, values : ndarray
            Of those that are not nobody's.
        """
        asked = self.some(kind.has) if bearers is None else bearers
        nobody = self.rng.random(asked.size) < kind.hub
        self.hubs(kind.name, asked[nobody], kind.hubs)
        asked = asked[~nobody]
        further = (self.sizes - 1) / (kind.per if per is None else per)
        count = 1 + self.rng.poisson(further)
        whose = self.truth[asked]
        false = self.rng.random(asked.size) < kind.false
        whose[false] = self.truth[self.rng.integers(0, self.truth.size, int(false.sum()))]
        chance = self.rng.random(asked.size)
        # The logarithm of a rank that falls as words do is uniform.
        place = (
            (count[whose] + 1.0) ** chance - 1 if kind.heavy else count[whose] * chance
        ).astype(np.int64)
        value = self.new(kind.name, count.sum())[(np.cumsum(count) - count)[whose] + place]
        self.add(asked, value, true=whose == self.truth[asked])
        return asked, value

    def case(self) -> Case:
        """Return what was drawn."""
        subject, value, true, first, last = (
            np.concatenate(column) for column in zip(*self._rows, strict=True)
        )
        kinds = sorted(set(self._kind_of))
        number = {kind: place for place, kind in enumerate(kinds)}
        table = LinkTable(
            subjects=[f"s{n}.example" for n in self.everyone],
            kinds=kinds,
            values=[f"{kind}-{n}" for n, kind in enumerate(self._kind_of)],
            subject=subject.astype(np.int32),
            value=value.astype(np.int32),
            kind=np.array([number[kind] for kind in self._kind_of], dtype=np.int64),
            first=first.astype(np.float64),
            last=last.astype(np.float64),
        )
        return Case(table, self.truth, true.astype(np.bool_))


def log_normal(
    rng: np.random.Generator, subjects: int, *, median: float = 6.0, most: float = 700.0
) -> Ints:
    """Return sizes of networks of so many subjects in all: many small, some of hundreds."""
    sizes = np.clip(rng.lognormal(np.log(median), 1.1, subjects), 1, most).astype(np.int64)
    return _of_all(sizes, subjects)


def power_law(rng: np.random.Generator, subjects: int, *, most: int) -> Ints:
    """Return sizes from two on of which half as many are twice as large."""
    sizes = np.minimum(2 / (1 - rng.random(subjects)), most).astype(np.int64)
    return _of_all(sizes, subjects)


def equal(subjects: int, size: int) -> Ints:
    """Return networks of one size."""
    return np.full(subjects // size, size)


def _of_all(sizes: Ints, subjects: int) -> Ints:
    """Return the first sizes, the last one cut, that come to so many subjects."""
    ends = np.minimum(np.cumsum(sizes), subjects)
    cut = np.diff(ends, prepend=0)
    return cut[cut > 0]
