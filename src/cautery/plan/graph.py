"""The supply graph as a planner sees it: nodes, k-of-n groups, actions and demand, in arrays.

An action that covers several nodes stands as one more node, and each node that it covers needs
it: whoever "removes" the action takes all of them down. So everything below knows only nodes and
groups, and a node's own action is its removal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _standing_kernels as kernels

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

SLACK = 1e-9
"""Share of demand below which two served values are the same: rounding of sums of floats."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Requirement groups, end to end, and the members of each.

    Parameters
    ----------
    owner, need : ndarray of int32
        A group each: whose it is, and how many of its members must be up.
    start : ndarray of int64, one longer
        Where each group's members begin.
    member : ndarray of int32
        The members, a link each; who is listed twice counts twice.
    """

    nodes: int
    owner: Ints
    need: Ints
    start: NDArray[np.int64]
    member: Ints
    of_node: Ints = field(init=False)
    """How many groups each node has."""
    use_start: NDArray[np.int64] = field(init=False)
    link: NDArray[np.int64] = field(init=False)
    """The links of each node as a member, end to end."""
    uses: Ints = field(init=False)
    """The groups of these links."""

    def __post_init__(self) -> None:
        group_of_link = np.repeat(np.arange(self.owner.size, dtype=np.int32), np.diff(self.start))
        use_start, by_member = kernels.gathered(self.member, self.nodes)
        assign = object.__setattr__
        assign(self, "of_node", np.bincount(self.owner, minlength=self.nodes).astype(np.int32))
        assign(self, "use_start", use_start)
        assign(self, "link", by_member)
        assign(self, "uses", group_of_link[by_member])

    def standing(self, gone: Bools) -> Bools:
        """Return who is up: the least fixed point, in time linear in nodes and links."""
        up: Bools = kernels.standing(
            self.of_node, self.owner, self.need, self.use_start, self.uses, gone
        )
        return up

    def standing_in(self, gone: Bools, exists: Bools) -> Bools:
        """Return who is up where only some links exist."""
        up: Bools = kernels.standing_in(
            self.of_node,
            self.owner,
            self.need,
            self.use_start,
            self.uses,
            self.link,
            exists,
            gone,
        )
        return up

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many members each group has."""
        return np.diff(self.start)

    def kept(self, groups: Bools, links: Bools, *, need: Ints | None = None) -> Groups:
        """Return only these groups, with only these of their links."""
        group_of_link = np.repeat(np.arange(self.owner.size), self.sizes)
        links = links & groups[group_of_link]
        sizes = np.bincount(group_of_link[links], minlength=self.owner.size)[groups]
        return Groups(
            self.nodes,
            self.owner[groups],
            (self.need if need is None else need)[groups],
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            self.member[links],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanGraph:
    """A supply graph with what may be done to it.

    Parameters
    ----------
    ids : sequence of str
        Of the nodes, then of the actions; all arrays of places are as long.
    nodes : int
        How many of them are nodes.
    cost : ndarray
        Of acting there; infinite where nobody can.
    country : ndarray of int32
        Place in ``countries``, -1 for none.
    delay_days : ndarray
        After ``as_of``, the country's readiness included; infinite: never.
    exists, success : ndarray
        Probability that a node exists, and that acting there works.
    weight : ndarray
        Of the demand that stands at a node.
    link_exists : ndarray
        Probability of each link of ``groups``.
    as_of : date or None
        Day of the picture.
    refused : ndarray of bool or None
        Where the guard does not let anybody act.
    levers, targets : sequence of str or None
        Class of lever, and what is acted on in the guard's sense, of each place; empty: of none.
    """

    ids: Sequence[str]
    nodes: int
    roles: Sequence[str | None]
    cost: Floats
    country: Ints
    delay_days: Floats
    collateral: Floats
    exists: Floats
    success: Floats
    weight: Floats
    groups: Groups
    link_exists: Floats
    countries: Sequence[str]
    fixed_cost: Floats
    forbid: Bools
    require: Bools
    as_of: date | None = None
    cost_unit: str | None = None
    refused: Bools | None = None
    levers: Sequence[str | None] = ()
    targets: Sequence[str | None] = ()

    @property
    def demand(self) -> float:
        """All demand, whoever serves it."""
        return float(self.weight.sum())

    @property
    def uncertain(self) -> bool:
        """Whether anything in it may fail or be missing."""
        return bool(
            (self.exists < 1).any() or (self.link_exists < 1).any() or (self.success < 1).any()
        )

    def served(self, gone: Bools) -> float:
        """Return the share of all demand that is served when these places are gone."""
        share = float(self.weight[self.groups.standing(gone)].sum() / self.demand)
        return min(share, 1.0)  # a part summed in another order may exceed the whole
