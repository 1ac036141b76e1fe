"""Explain in one sentence why two subjects belong to one network or to two.

"Without this value they part" is tried out: all is clustered once more without the value. Where
that would take too long, their network alone is judged once more, by the weights as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cautery.drawing.formatting import counted, numbered
from cautery.errors import InputError
from cautery.graph.constraints import overlaid
from cautery.graph.evidence import Ints, evidence_of, slices
from cautery.graph.membership import log_odds, ties_of
from cautery.graph.partition import Partition
from cautery.workflows.networks.cluster import Clustered, cluster_links
from cautery.workflows.networks.constraints import Constraint
from cautery.workflows.networks.links import Reading

ROUNDS = 4
"""Of moves, after a value is taken away: as many as a run's own first partition gets."""
TRIED = 200_000
"""Links, times values to be taken away, up to which all is clustered once more: some seconds."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two subjects are held to be of one network, or of two."""

    a: str
    b: str
    together: bool
    shared: tuple[tuple[str, str, float], ...]
    """Kind, value and log-odds of what both bear, hubs at zero; strongest first."""
    way: tuple[str, ...]
    """Subjects and values in turn from one to the other, when links alone make them one network."""
    log_odds: float
    parted_by: str | None
    """Without this value they part; ``None``: without any single value they stay together."""
    said: str | None = None
    """The constraints by which they are together or apart, where links alone say otherwise."""

    def sentence(self) -> str:
        """Return it as one sentence."""
        if self.said is not None:
            network = "one network" if self.together else "two networks"
            links = f"links alone would separate them ({self._apart()})"
            if not self.together:
                links = f"links alone would join them: {self._joined()}"
            return f"{self.a} and {self.b} belong to {network} because of {self.said}; {links}"
        if self.together:
            return self._joined()
        return f"{self.a} and {self.b} belong to two networks: {self._apart()}"

    def _joined(self) -> str:
        strength = f"log-odds {self.log_odds:.1f}"
        if len(self.shared) == 1:
            text = f"they have one shared value, {strength}"
        elif self.shared:
            text = f"they have {len(self.shared)} shared values, {strength}"
        else:
            text = (
                f"they share no value directly, but are connected by {self._by_way()}; {strength}"
            )
        if self.parted_by is None:
            return f"{text}; they stay together without any single one of these values"
        return f"{text}; without the shared {self.parted_by} they separate"

    def _by_way(self) -> str:
        return " - ".join(self.way[1:-1])

    def _apart(self) -> str:
        if not self.shared:
            return "they share no value that joins subjects"
        count = counted(len(self.shared), "value")
        if any(odds for _, _, odds in self.shared):
            return f"they share {count}, but more evidence speaks against it"
        return f"they share {count}, but strangers share such values as well"


def explain(
    found: Clustered,
    a: str,
    b: str,
    *,
    constraints: Sequence[Constraint] = (),
    links: Callable[[], pl.DataFrame] | None = None,
    seed: int = 0,
) -> Explanation:
    """Say what holds two subjects together.

    Parameters
    ----------
    constraints : sequence of Constraint
        Those that were laid over ``found``.
    links : callable, optional
        Returns all links that ``found`` was made of.
    seed : int
        Of random choices, as it was for ``found``.

    Raises
    ------
    InputError
        If one of them is in no link, or they are one subject.
    """
    if a == b:
        raise InputError(f"{a} is named twice: an explanation needs two subjects")
    place = {name: number for number, name in enumerate(found.names.subjects) if name in {a, b}}
    for name in (a, b):
        if name not in place:
            raise InputError(f"{name} is in no link")
    first, second = place[a], place[b]
    part, evidence = found.part, found.part.evidence

    def borne(subject: int) -> set[int]:
        return set(
            evidence.value[evidence.s_starts[subject] : evidence.s_starts[subject + 1]].tolist()
        )

    def mark(value: int) -> tuple[str, str]:
        return found.names.kinds[int(evidence.kind[value])], found.names.values[
            int(found.of[value])
        ]

    ties = {tie.value: tie.log_odds for tie in (*ties_of(part, first), *ties_of(part, second))}
    common = sorted(
        borne(first) & borne(second), key=lambda value: (-ties.get(value, 0.0), mark(value))
    )
    linked = bool(part.label[first] == part.label[second])
    together = bool(found.label[first] == found.label[second])
    way = _walk(part, first, second, -1) if linked else []
    on_way = [node - evidence.subjects for node in way if node >= evidence.subjects]
    candidates = [value for value in common if value in ties] + [
        v for v in on_way if v not in common
    ]
    if not linked:
        parted = None
    elif links is None or evidence.value.size * (len(candidates) + 1) > TRIED:
        parted = _parting(part, first, second, candidates)
    else:
        frame = links()
        parted = next((v for v in candidates if not _stay(frame, (a, b), mark(v), seed)), None)
        # Of a state that grew, all links together may say otherwise than it does.
        if parted is not None and not _stay(frame, (a, b), None, seed):
            parted = _parting(part, first, second, candidates)
    least = float(log_odds(part, np.array([first, second])).min())
    return Explanation(
        a=a,
        b=b,
        together=together,
        shared=tuple((*mark(value), ties.get(value, 0.0)) for value in common),
        way=tuple(
            found.names.subjects[node]
            if node < evidence.subjects
            else " ".join(mark(node - evidence.subjects))
            for node in way
        ),
        log_odds=sum(ties.get(value, 0.0) for value in common) or least,
        parted_by=None if parted is None else " ".join(mark(parted)),
        said=None if linked == together else _said(found, (first, second), constraints),
    )


def _stay(
    frame: pl.DataFrame, pair: tuple[str, str], without: tuple[str, str] | None, seed: int
) -> bool:
    """Tell whether two subjects are together when all links but those to a value are clustered."""
    if without is not None:
        frame = frame.filter((pl.col("kind") != without[0]) | (pl.col("value") != without[1]))
    if not set(pair) <= set(frame["subject"].unique()):
        return False
    table = cluster_links(Reading(frame), seed=seed).frame()
    return table.filter(pl.col("subject").is_in(pair))["network"].n_unique() == 1


def _said(clustered: Clustered, pair: tuple[int, int], constraints: Sequence[Constraint]) -> str:
    """Name the lines of constraints that touch the networks of two subjects."""
    names = {name for line in constraints for name in (line.a, line.b)}
    place = {name: number for number, name in enumerate(clustered.names.subjects) if name in names}
    placed = [
        constraint for constraint in constraints if {constraint.a, constraint.b} <= place.keys()
    ]
    now = {int(clustered.label[subject]) for subject in pair}
    joins = len(now) == 1

    def within(label: Ints, networks: set[int]) -> list[int]:
        return [
            constraint.line
            for constraint in placed
            if constraint.same == joins
            and {int(label[place[name]]) for name in (constraint.a, constraint.b)} <= networks
        ]

    lines = within(clustered.label, now)
    if not lines:
        # What was joined to theirs was parted from it again, and they with it.
        together = overlaid(
            clustered.part,
            [
                (place[constraint.a], place[constraint.b])
                for constraint in placed
                if constraint.same
            ],
            (),
        )
        lines = within(together, {int(together[subject]) for subject in pair})
    return f"constraints of the analyst ({numbered('line', lines)})"


def _parting(part: Partition, first: int, second: int, values: Sequence[int]) -> int | None:
    """Return the first of some values without which two subjects part."""
    nodes = _Network(part, int(part.label[first]))
    stays = nodes.together(first, second, -1)
    for value in values:
        # A network that does not outlast its own moves is only judged by whether a way is left.
        if not _walk(part, first, second, value) or (
            stays and not nodes.together(first, second, value)
        ):
            return value
    return None


class _Network:
    """One network by itself: its subjects, and the values that are its own."""

    def __init__(self, part: Partition, label: int) -> None:
        evidence = part.evidence
        self._part = part
        self._members = np.flatnonzero(part.label == label)
        borne = slices(evidence.s_starts, evidence.value, self._members)
        counts = np.diff(evidence.s_starts)[self._members]
        bearer = np.repeat(np.arange(self._members.size), counts)
        is_own = part.owner[borne] == label
        self._values, value = np.unique(borne[is_own], return_inverse=True)
        self._bearer, self._value = bearer[is_own].astype(np.int32), value.astype(np.int32)

    def together(self, one: int, other: int, without: int) -> bool:
        """Tell whether two subjects stay together when it is judged again without a value."""
        remains = self._values[self._value] != without
        evidence = evidence_of(
            self._bearer[remains],
            self._value[remains],
            self._part.evidence.kind[self._values],
            subjects=self._members.size,
            kinds=self._part.evidence.kinds,
        )
        partition = Partition(
            evidence,
            np.zeros(self._members.size, dtype=np.int64),
            np.where(evidence.degree > 0, 0, -1),
            frozen=self._part.weights,
        )
        partition.settle(ROUNDS)
        ends: Ints = np.searchsorted(self._members, [one, other])
        return bool(partition.label[ends[0]] == partition.label[ends[1]])


def _walk(part: Partition, start: int, end: int, without: int) -> list[int]:
    """Return the shortest way over own links: subjects, and values after all of them."""
    came = {start: -1}
    queue = [start]
    for node in queue:
        if node == end:
            way = []
            while node >= 0:
                way.append(node)
                node = came[node]  # noqa: PLW2901 - walking back
            return way[::-1]
        for goal in _beside(part, node, int(part.label[start]), without):
            if goal not in came:
                came[goal] = node
                queue.append(goal)
    return []


def _beside(part: Partition, node: int, home: int, without: int) -> Iterator[int]:
    evidence = part.evidence
    if node < evidence.subjects:
        for value in evidence.value[evidence.s_starts[node] : evidence.s_starts[node + 1]].tolist():
            if part.owner[value] == home and value != without:
                yield value + evidence.subjects
    else:
        value = node - evidence.subjects
        for subject in evidence.v_subjects[
            evidence.v_starts[value] : evidence.v_starts[value + 1]
        ].tolist():
            if part.label[subject] == home:
                yield subject
