"""Find networks in a file of links: read, learn, group, then apply analysts' constraints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cautery.cells import escaped
from cautery.graph.cluster import network_id
from cautery.graph.constraints import overlaid
from cautery.graph.evidence import Floats, Ints
from cautery.graph.links_table import Names
from cautery.graph.membership import probabilities
from cautery.graph.networks import find_networks
from cautery.graph.partition import Partition
from cautery.workflows.networks.borne_out import doubts
from cautery.workflows.networks.constraints import Constraint
from cautery.workflows.networks.links import Reading, table_of_frame

LINES = 20_000


@dataclass(frozen=True, slots=True)
class Clustered:
    """Every subject with its network and probability, and all that an explanation needs.

    ``label`` is by subject, with constraints laid over; ``part`` is as it was found without.
    """

    names: Names
    part: Partition
    of: Ints
    label: Ints
    probability: Floats
    ids: Sequence[str]

    def frame(self) -> pl.DataFrame:
        """Return subject, network and probability, in order of subject."""
        return pl.DataFrame(
            {
                "subject": pl.Series(self.names.subjects, dtype=pl.String),
                "network": pl.Series(self.ids, dtype=pl.String).gather(self.label),
                "probability": self.probability.round(4),
            }
        )

    def lines(self) -> Iterator[bytes]:
        """Yield JSON lines of :meth:`frame`, some thousands at a time.

        All at once they take as much memory as all else that a run holds.
        """
        frame = self.frame()
        for first in range(0, frame.height, LINES):
            lines = frame.slice(first, LINES).write_ndjson().split("\n")
            yield "\n".join(map(escaped, lines)).encode()

    def rows(self) -> Iterator[tuple[str, str, float]]:
        """Yield the rows of :meth:`frame`."""
        yield from self.frame().iter_rows()

    def largest(self, most: int) -> Iterator[tuple[str, int, float, str]]:
        """Yield id, size, mean probability and first subjects of the largest networks."""
        sizes = np.bincount(self.label)
        for label in np.argsort(-sizes, kind="stable")[:most]:
            members = np.flatnonzero(self.label == label)
            if members.size < 2:
                return
            mean = float(self.probability[members].mean())
            names = ", ".join(self.names.subjects[int(member)] for member in members[:3])
            yield self.ids[int(label)], int(members.size), mean, names


def cluster_links(
    reading: Reading,
    *,
    constraints: Sequence[Constraint] = (),
    seed: int = 0,
    told: Callable[[str], None] = lambda _: None,
) -> Clustered:
    """Group the subjects of links.

    Raises
    ------
    InputError
        If constraints cannot all be kept.
    """
    told("numbering names")
    table = table_of_frame(reading.frame)
    evidence, of = table.evidence()
    part = find_networks(evidence, common=table.common, seed=seed, told=told)
    told("weighing memberships")
    reading.warnings += doubts(part)
    return laid_over(plain(table.names, part, of), constraints, reading.warnings)


def plain(
    names: Names, part: Partition, of: Ints, earlier: Sequence[str | None] | None = None
) -> Clustered:
    """Name networks and weigh memberships.

    Parameters
    ----------
    earlier : sequence of str or None, optional
        By subject, its network in an earlier run: a network keeps the id of the one it mostly is.
    """
    _, label = np.unique(part.label, return_inverse=True)
    ids = named(names, label, earlier)
    return Clustered(names, part, of, label, probabilities(part), ids)


def laid_over(
    found: Clustered, constraints: Sequence[Constraint], warnings: list[str]
) -> Clustered:
    """Lay analysts' word over networks that were found without it.

    Raises
    ------
    InputError
        If the constraints contradict each other.
    """
    if not constraints:
        return found
    base = found.label
    labels = _laid_over(found, constraints, warnings)
    _, label = np.unique(labels, return_inverse=True)
    changed = np.bincount(base)[base] != np.bincount(label)[label]
    chance = np.where(changed, np.minimum(found.probability, 0.99), found.probability)
    chance = np.where(np.bincount(label)[label] == 1, 1.0, chance)
    ids = named(found.names, label, [found.ids[node] for node in base.tolist()])
    return Clustered(found.names, found.part, found.of, label, chance, ids)


def _laid_over(
    clustered: Clustered, constraints: Sequence[Constraint], warnings: list[str]
) -> Ints:
    constrained = {name for constraint in constraints for name in (constraint.a, constraint.b)}
    place = {
        name: number for number, name in enumerate(clustered.names.subjects) if name in constrained
    }
    warnings += [
        f"line {constraint.line}: {name} is in no link: the constraint is not used"
        for constraint in constraints
        for name in (constraint.a, constraint.b)
        if name not in place
    ]
    applicable = [
        constraint for constraint in constraints if constraint.a in place and constraint.b in place
    ]
    return overlaid(
        clustered.part,
        [
            (place[constraint.a], place[constraint.b])
            for constraint in applicable
            if constraint.same
        ],
        [
            (place[constraint.a], place[constraint.b])
            for constraint in applicable
            if not constraint.same
        ],
    )


def named(names: Names, label: Ints, earlier: Sequence[str | None] | None) -> list[str]:
    """Name networks after the earlier one they mostly are, else after their first subject.

    Subjects are in order of name at first, so a network that grows keeps its id mostly anyway.
    """
    count = int(label.max(initial=-1)) + 1
    ids: list[str | None] = [None] * count
    used_ids: set[str] = set()
    if earlier is not None:
        shares = Counter(
            (place, name)
            for place, name in zip(label.tolist(), earlier, strict=True)
            if name is not None
        )
        for (place, name), _ in sorted(shares.items(), key=lambda item: (-item[1], item[0])):
            if ids[place] is None and name not in used_ids:
                ids[place] = name
                used_ids.add(name)
    first = np.full(count, label.size, dtype=np.int64)
    np.minimum.at(first, label, np.arange(label.size))
    for place, subject in enumerate(first.tolist()):
        if ids[place] is None:
            fresh = network_id(names.subjects[subject])
            while fresh in used_ids:
                fresh = network_id(fresh)
            ids[place] = fresh
            used_ids.add(fresh)
    return [name for name in ids if name is not None]
