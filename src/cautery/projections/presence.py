"""Which nodes may look for a watch, and why the others may not: rules, and what a case says of it.

A node is judged by what it last said of itself. It is judged where it runs, where it is asked, and
where it is shown, each time by these rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Entry
from cautery.model.message import Message
from cautery.model.ports import NodeSeen
from cautery.model.records import NodeChanged, NodesAwaited, NodeState

GONE_S = 15.0
"""A node says every two seconds that it is there; seven times missed, nobody counts on it."""
CLOCK_S = 5.0
"""A clock that is further off says wrong times of what its node saw. A delay behind a reference is
found within this, too, and NTP holds a clock within a tenth of a second."""
LEAST_FREE_BYTES = 1 << 30
"""References of 2,600 channels grow by some 250 MB in ten minutes. Judgement."""
MOST_NODES = 1000
MOST_S = 1e9
"""A stranger who may write the table may write a clock of 1e400 seconds."""
LONGEST_NAME = 200
"""Letters of a version or a recipe that are kept; ours have 40."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a node must be for a watch.

    Parameters
    ----------
    version, recipe : str
        Of Cautery and of the references with which the watch compares.
    names : tuple of str
        Nodes that the mandate names; empty: any may look.
    """

    version: str
    recipe: str
    names: tuple[str, ...] = ()


def node_name(name: str) -> str:
    """Return a name, if a node may have it.

    Raises
    ------
    InputError
        If it may not.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a name for a node",
            hint="Write small letters, digits and hyphens, at most 40: paris-1.",
        )
    return name


def node_country(code: str) -> str:
    """Return the code of a country, or nothing.

    Raises
    ------
    InputError
        If it is none.
    """
    if code and not _COUNTRY.fullmatch(code):
        raise InputError(f"{code!r} is not the code of a country", hint="Write two letters: FR.")
    return code


def refusal(node: NodeSeen, fit: Fit) -> Message | None:
    """Return why a node gets no job; ``None``: it gets some.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from cautery.messages import say
    >>> node = NodeSeen(
    ...     name="paris", version="0.1.0", recipe="landmarks/2", clock_late_s=0.0, capacity=4,
    ...     free_bytes=1 << 40, at_work=0, shards=(), seen_at=datetime(2026, 11, 30, tzinfo=UTC),
    ... )
    >>> say(refusal(node, Fit(version="0.2.0", recipe="landmarks/2")))
    'it runs version 0.1.0 of Cautery, and the watch 0.2.0'
    """
    if fit.names and node.name not in fit.names:
        return message("node.not-in-mandate")
    if node.version != fit.version:
        return message("node.other-version", version=node.version[:LONGEST_NAME], watch=fit.version)
    if node.recipe != fit.recipe:
        return message("node.other-recipe", recipe=node.recipe[:LONGEST_NAME], watch=fit.recipe)
    return ill(node)


def ill(node: NodeSeen) -> Message | None:
    """Return what is wrong with a node whatever the watch; ``None``: nothing."""
    if abs(node.clock_late_s) > CLOCK_S:
        by_s = round(min(abs(node.clock_late_s), MOST_S))
        behind = node.clock_late_s > 0
        return message("node.clock-behind" if behind else "node.clock-ahead", seconds=by_s)
    if node.away:
        return message("node.store-away", why=node.away[:LONGEST_NAME])
    if node.free_bytes < LEAST_FREE_BYTES:
        return message(
            "node.disk-full", free_mb=max(0, node.free_bytes >> 20), least_mb=LEAST_FREE_BYTES >> 20
        )
    return None


def state_of(node: NodeSeen, fit: Fit, *, now: datetime) -> tuple[NodeState, Message | None]:
    """Return how a node stands at a moment by the database's clock, and what is wrong with it.

    A damaged file of references is said, and costs a node no job: it compares with what it has. One
    that is damaged where all nodes get it would otherwise end the work of all, that of its home
    among it, which alone writes a new one.
    """
    if (now - node.seen_at).total_seconds() > GONE_S:
        return NodeState.GONE, None
    why = refusal(node, fit)
    if why is not None:
        return NodeState.REFUSED, why
    if node.damaged:
        why = message("node.damaged", file=node.damaged[:200])
    return (NodeState.DRAINING if node.draining else NodeState.AT_WORK), why


@dataclass(slots=True)
class Attendance:
    """Which nodes a watch has, and what changed of them since it was last asked."""

    fit: Fit
    standing: dict[str, NodeChanged] = field(default_factory=dict)
    _awaited: bool = False

    def changes(
        self, nodes: Sequence[NodeSeen], *, now: datetime, at: datetime
    ) -> list[NodeChanged | NodesAwaited]:
        """Return what is new, as records.

        A measure that changes, such as by how many seconds a clock is off, is nothing new; another
        reason is.

        Parameters
        ----------
        now : datetime
            By the clock by which they were seen.
        at : datetime
            When it is recorded.
        """
        changed: list[NodeChanged | NodesAwaited] = []
        by_name = {node.name: node for node in nodes[:MOST_NODES]}
        for name, node in sorted(by_name.items()):
            state, why = state_of(node, self.fit, now=now)
            before = self.standing.get(name)
            if before is None and state is NodeState.GONE:
                continue  # it was of another night
            if before is None or _differs(before, state, why):
                self.standing[name] = NodeChanged(
                    name=name,
                    state=state,
                    why=why,
                    version=node.version[:LONGEST_NAME],
                    recipe=node.recipe[:LONGEST_NAME],
                    country=node.country[:2],
                    at=at,
                )
                changed.append(self.standing[name])
        for name, before in sorted(self.standing.items()):
            if name not in by_name and before.state is not NodeState.GONE:
                self.standing[name] = NodeChanged(
                    name=name,
                    state=NodeState.GONE,
                    why=None,
                    version=before.version,
                    recipe=before.recipe,
                    country=before.country,
                    at=at,
                )
                changed.append(self.standing[name])
        present = [
            changed.state
            for changed in self.standing.values()
            if changed.state is not NodeState.GONE
        ]
        awaited = NodeState.AT_WORK not in present
        if awaited and not self._awaited:
            changed.append(NodesAwaited(present=len(present), at=at))
        self._awaited = awaited
        return changed


@dataclass(slots=True)
class Nodes:
    """The nodes of a watch, as its case says.

    Parameters
    ----------
    newest : dict of str to NodeChanged
        How each stands, by its name.
    changes : int
        How often one came, went, or stood in another way.
    waits : bool
        Whether the watch waits for a node.
    """

    newest: dict[str, NodeChanged] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    changes: int = 0
    waits: bool = False

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case NodeChanged() as changed:
                if len(self.newest) < MOST_NODES or changed.name in self.newest:
                    self.newest[changed.name] = changed
                self.changes += 1
                if changed.state is NodeState.GONE:
                    self.left[changed.name] = self.left.get(changed.name, 0) + 1
                elif changed.state is NodeState.AT_WORK:
                    self.waits = False
            case NodesAwaited():
                self.waits = True

    def count(self, state: NodeState) -> int:
        """Return how many nodes stand so."""
        return sum(changed.state is state for changed in self.newest.values())

    @property
    def refused(self) -> list[NodeChanged]:
        """Those that get no job, by name."""
        return [
            changed
            for _, changed in sorted(self.newest.items())
            if changed.state is NodeState.REFUSED
        ]


def _differs(before: NodeChanged, state: NodeState, why: Message | None) -> bool:
    return (
        before.state is not state
        or (before.why is None) != (why is None)
        or (before.why is not None and why is not None and before.why.id != why.id)
    )
