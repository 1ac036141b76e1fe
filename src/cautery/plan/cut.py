"""The cheapest set of acts that leaves at most a given share of demand served, with its bound.

The mixed-integer model of reference/planning.md, "Formulation": a node is down when an act takes
it or one of its requirement groups has failed; ``d`` is only pushed up, so its maximum is the
greatest fixed point of "down", and nodes that feed each other in a circle need no ordering
variables. HiGHS (branch and cut) solves it; what is served afterwards is counted anew by
:func:`cautery.plan.served`, never read off the solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cautery.errors import CauteryError, InputError
from cautery.plan.served import Node, served, standing

TIME_LIMIT_S = 20.0

GAP = 1e-4
"""Relative gap at which the solver stops: a tenth of what reference/planning.md certifies."""

_SLACK = 1e-9
"""Share of demand below which two served values are the same: rounding of sums of floats."""

_PER_MILLE = 1000.0
"""Unit of the demand row: HiGHS's tolerance of 1e-6 is then 1e-9 of the demand. Coefficients as
far apart as 1e6 make HiGHS 1.16 loop in its root cuts, past its own time limit (500 nodes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that can be done, and the nodes that it takes down together.

    Parameters
    ----------
    nodes : tuple of str
        Nodes that go down when it is done.
    cost : float
        Effort, not negative.
    country : str or None
        Whose authority must act; ``None`` counts towards no limit on countries.
    collateral : int
        Bystanders hit, by the upper bound.
    allowed : bool
        What is not allowed drops out as an act; its nodes stay in the network.
    why : str or None
        Why it is not allowed.
    """

    id: str
    nodes: tuple[str, ...]
    cost: float
    country: str | None = None
    collateral: int = 0
    allowed: bool = True
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The chosen acts, what they leave, and how far from the best they can be.

    Parameters
    ----------
    served_before, served_after : float
        Share of all demand, 0 to 1.
    bound : float
        No set of allowed acts that does as much costs less.
    reached : bool
        Whether ``served_after`` is at most what was asked; if not, ``method`` says what bars it.
    """

    chosen: tuple[Act, ...]
    refused: tuple[Act, ...]
    served_before: float
    served_after: float
    cost: float
    bound: float
    method: str
    seed: int = 0
    reached: bool = True

    @property
    def gap(self) -> float:
        """Relative distance from cost to bound, 0 when proven optimal."""
        return 0.0 if self.cost <= 0 else max(0.0, (self.cost - self.bound) / self.cost)

    @property
    def removed(self) -> frozenset[str]:
        """Every node that the chosen acts take down."""
        return frozenset(node for act in self.chosen for node in act.nodes)


def cut(
    nodes: Sequence[Node],
    acts: Sequence[Act],
    *,
    served_at_most: float,
    countries_at_most: int | None = None,
    collateral_budget: int = 0,
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
) -> Cut:
    """Choose the cheapest allowed acts after which at most ``served_at_most`` is served.

    If no allowed set goes so low, as little as can be is left served, at the least cost for
    that, and the cut says so.

    Parameters
    ----------
    served_at_most : float
        Share of all demand, 0 to 1.
    countries_at_most : int or None
        Most countries that act together.
    collateral_budget : int
        Most bystanders, summed over the chosen acts.
    seed : int
        HiGHS's random seed; the same input and seed give the same cut unless time runs out.

    Raises
    ------
    InputError
        If an act names no node or an unknown one, is given twice, or a number is out of range.
    CauteryError
        If the solver found nothing in its time and every allowed act together is no answer.
    """
    _check(nodes, acts, served_at_most, countries_at_most, collateral_budget)
    fitting = [one for one in acts if one.allowed and one.collateral <= collateral_budget]
    usable = sorted(fitting, key=lambda one: one.id)
    taken_ids = {one.id for one in usable}
    refused = tuple(
        one
        if one.why or not one.allowed
        else replace(one, allowed=False, why=_over(one, collateral_budget))
        for one in acts
        if one.id not in taken_ids
    )
    before = served(nodes)
    everything = {node for one in usable for node in one.nodes}
    lowest = served(nodes, everything)
    words: list[str] = []
    if before <= served_at_most + _SLACK or lowest >= before - _SLACK:
        reached = before <= served_at_most + _SLACK
        return Cut(
            chosen=(),
            refused=refused,
            served_before=before,
            served_after=before,
            cost=0.0,
            bound=0.0,
            method=f"nothing to cut: {before:.2%} is served already"
            if reached
            else f"{served_at_most:.2%} is not reached: no allowed act changes what is served",
            seed=seed,
            reached=reached,
        )
    limited = countries_at_most is not None or any(one.collateral for one in usable)
    model = _Model(
        nodes,
        usable,
        everything,
        countries_at_most=countries_at_most,
        budget=collateral_budget,
        seed=seed,
    )
    target = max(served_at_most, lowest)
    best = model.solve(at_least=1.0 - target, time_limit_s=time_limit_s)
    if limited and not best.found:
        least = model.solve(at_least=None, time_limit_s=time_limit_s / 2)
        if not least.found:
            raise CauteryError(
                f"no cut found in {time_limit_s:g} s", hint="Give the cut more time."
            )
        reachable = served(nodes, model.nodes_of(least.taken))
        if reachable > target + _SLACK:
            target = reachable
            words.append(
                "no allowed set within these limits leaves less"
                if least.proven
                else f"found in the time given; proven is only that {max(0, 1 - least.bound):.2%} "
                "stays served"
            )
    if target > served_at_most + _SLACK:
        words.insert(0, f"{served_at_most:.2%} is not reached: {target:.2%} stays served")
        if lowest > served_at_most + _SLACK:
            words.append("all allowed acts together leave what no act may touch")
    if limited and not best.found:
        best = model.solve(at_least=1.0 - target, time_limit_s=time_limit_s)
    taken, excess = best.taken, served(nodes, model.nodes_of(best.taken)) - target
    if best.found and excess > _SLACK:  # within the solver's tolerance, but not within ours
        again = model.solve(at_least=1.0 - target + 2 * excess, time_limit_s=time_limit_s)
        taken = again.taken if again.found else taken
    chosen = [one for one, is_taken in zip(usable, taken, strict=True) if is_taken]
    if not best.found:
        if limited:
            raise CauteryError(
                f"no cut found in {time_limit_s:g} s", hint="Give the cut more time."
            )
        chosen = usable
        words.append("the solver found nothing in its time: all acts, less what can be spared")
    if not best.proven or any(one.cost == 0 for one in chosen):
        chosen = _trimmed(nodes, chosen, target)
    after = served(nodes, {node for one in chosen for node in one.nodes})
    if after > target + 1e-6:  # HiGHS's feasibility tolerance on a row that sums to one
        raise CauteryError(f"the solver's cut leaves {after:.4%} served, not {target:.4%}")
    cost = sum(one.cost for one in chosen)
    words.append("minimum-cost cut by HiGHS" + ("" if best.proven else ", stopped by time"))
    if countries_at_most is not None:
        words.append(f"at most {countries_at_most} countries")
    words.append(f"collateral budget {collateral_budget}")
    return Cut(
        chosen=tuple(chosen),
        refused=refused,
        served_before=before,
        served_after=after,
        cost=cost,
        bound=min(cost, max(0.0, best.bound)),
        method="; ".join(words),
        seed=seed,
        reached=after <= served_at_most + 1e-6,
    )


def _check(
    nodes: Sequence[Node],
    acts: Sequence[Act],
    served_at_most: float,
    countries_at_most: int | None,
    collateral_budget: int,
) -> None:
    if not 0 <= served_at_most <= 1:
        raise InputError(f"served at most {served_at_most}: a share is between 0 and 1")
    if collateral_budget < 0 or (countries_at_most is not None and countries_at_most < 0):
        raise InputError("a collateral budget and a number of countries are not negative")
    known = {node.id for node in nodes}
    seen: set[str] = set()
    for act in acts:
        if act.id in seen:
            raise InputError(f"act {act.id} is given twice")
        seen.add(act.id)
        if not act.nodes:
            raise InputError(f"act {act.id} takes no node down")
        if not 0 <= act.cost < float("inf") or act.collateral < 0:
            raise InputError(f"act {act.id}: its cost and collateral are finite and not negative")
        for node in act.nodes:
            if node not in known:
                raise InputError(f"act {act.id} takes {node!r} down, which is no node")


def _over(act: Act, budget: int) -> str:
    return f"{act.collateral} bystanders alone are more than the budget of {budget}"


def _trimmed(nodes: Sequence[Node], chosen: Sequence[Act], target: float) -> list[Act]:
    """Drop, dearest first, each act without which no more than ``target`` is served."""
    kept = list(chosen)
    for act in sorted(chosen, key=lambda one: (-one.cost, one.id)):
        rest = [one for one in kept if one is not act]
        if served(nodes, {node for one in rest for node in one.nodes}) <= target + _SLACK:
            kept = rest
    return kept


@dataclass(frozen=True, slots=True)
class _Solution:
    taken: tuple[bool, ...]
    bound: float
    """Of the cost, or, when the share cut is maximised, of that share."""
    proven: bool
    found: bool


@dataclass(slots=True)
class _Rows:
    """Rows of a sparse matrix, in the form that HiGHS takes whole."""

    start: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, columns: Sequence[int], values: Sequence[float], low: float, high: float) -> None:
        self.index.extend(columns)
        self.value.extend(values)
        self.start.append(len(self.index))
        self.lower.append(low)
        self.upper.append(high)


class _Model:
    """Columns: an act each (0/1), a country each (0/1), a node that can go down, a group.

    A node that stays up when every usable act is done has no column: it is never down. One that
    is down with nothing done is a constant.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        usable: Sequence[Act],
        everything: set[str],
        *,
        countries_at_most: int | None,
        budget: int,
        seed: int,
    ) -> None:
        self._nodes, self._usable, self._seed = nodes, usable, seed
        infinity = float("inf")
        upright = standing(nodes, everything)
        fallen = {node.id for node in nodes} - standing(nodes)
        loose = [node for node in nodes if node.id not in upright]
        total = sum(node.weight for node in nodes)
        countries = sorted({one.country for one in usable if one.country is not None})
        if countries_at_most is None or countries_at_most >= len(countries):
            countries = []
        joins = {code: len(usable) + place for place, code in enumerate(countries)}
        first = len(usable) + len(countries)
        down = {node.id: first + place for place, node in enumerate(loose)}
        self._count = first + len(loose)
        self._lower = [0.0] * self._count
        for name in fallen:
            self._lower[down[name]] = 1.0
        rows = self._rows = _Rows()
        by_node: dict[str, list[int]] = {}
        shared: dict[tuple[tuple[str, ...], int], tuple[int, ...]] = {}
        for place, act in enumerate(usable):
            for name in set(act.nodes):
                by_node.setdefault(name, []).append(place)
            if act.country in joins:
                rows.add((place, joins[act.country]), (1.0, -1.0), -infinity, 0.0)
        for node in loose:
            if node.id in fallen:
                continue
            causes = list(by_node.get(node.id, ()))
            for members, k in node.groups:
                group = (tuple(sorted(set(members))), k)
                if group not in shared:  # what many need alike fails for all of them at once
                    shared[group] = self._group(*group, down)
                causes.extend(shared[group])
            causes = sorted(set(causes))
            rows.add((down[node.id], *causes), [1.0] + [-1.0] * len(causes), -infinity, 0.0)
        if countries:
            rows.add(
                list(joins.values()), [1.0] * len(joins), -infinity, float(countries_at_most or 0)
            )
        harm = [float(one.collateral) for one in usable]
        if any(harm):
            rows.add(range(len(usable)), harm, -infinity, float(budget))
        self._demand = [(down[node.id], node.weight / total) for node in loose if node.weight > 0]

    def _group(self, members: Sequence[str], k: int, down: dict[str, int]) -> tuple[int, ...]:
        """Add a group's column "failed" and its rows; return it, or nothing if it cannot fail."""
        must_fall = len(members) - k + 1
        can_fall = [down[one] for one in members if one in down]
        if k <= 0 or must_fall > len(can_fall) or must_fall <= 0:
            return ()
        if must_fall == 1 and len(members) == 1:
            return (can_fall[0],)
        failed = self._count
        self._count += 1
        self._lower.append(0.0)
        if must_fall == len(can_fall):
            for one in can_fall:
                self._rows.add((failed, one), (1.0, -1.0), -float("inf"), 0.0)
            return (failed,)
        self._rows.add(
            (failed, *can_fall),
            [float(must_fall)] + [-1.0] * len(can_fall),
            -float("inf"),
            0.0,
        )
        return (failed,)

    def nodes_of(self, taken: Sequence[bool]) -> set[str]:
        """Return every node that these acts take down."""
        return {
            node
            for act, is_taken in zip(self._usable, taken, strict=True)
            if is_taken
            for node in act.nodes
        }

    def solve(self, *, at_least: float | None, time_limit_s: float) -> _Solution:
        """Minimise the cost with this share cut; without one, maximise the share that is cut."""
        import highspy  # noqa: PLC0415 - heavy: a solver of 20 MB
        import numpy as np  # noqa: PLC0415 - heavy

        rows, acts = self._rows, len(self._usable)
        cost = np.zeros(self._count)
        if at_least is None:
            for column, share in self._demand:
                cost[column] = -share
        else:
            cost[:acts] = [one.cost for one in self._usable]
        index, value, start = list(rows.index), list(rows.value), list(rows.start)
        low, high = list(rows.lower), list(rows.upper)
        if at_least is not None:
            index += [column for column, _ in self._demand]
            value += [share * _PER_MILLE for _, share in self._demand]
            start.append(len(index))
            low.append((at_least - _SLACK) * _PER_MILLE)
            high.append(highspy.kHighsInf)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._count, len(low)
        lp.col_cost_ = cost
        lp.col_lower_ = np.array(self._lower)
        lp.col_upper_ = np.ones(self._count)
        lp.row_lower_, lp.row_upper_ = np.array(low), np.array(high)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(start, dtype=np.int32)
        lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
        lp.a_matrix_.value_ = np.array(value)
        # Only acts and k-of-n groups must be integral (planning.md), but told that all are, HiGHS
        # finds cliques and cheap cuts: 2,293 nodes in 2 s, where it did not end in 20 s before.
        lp.integrality_ = [highspy.HighsVarType.kInteger] * self._count
        # The public class prints a banner on stdout when made; its base keeps quiet.
        highs = highspy._core._Highs()  # noqa: SLF001
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("random_seed", self._seed % 2_147_483_647)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("time_limit", time_limit_s)
        highs.setOptionValue("mip_rel_gap", GAP)
        highs.setOptionValue("mip_abs_gap", 1e-9)
        highs.passModel(lp)
        highs.run()
        info = highs.getInfo()
        found = info.primal_solution_status == highspy.kSolutionStatusFeasible
        values = highs.getSolution().col_value if found else [0.0] * acts
        bound = -info.mip_dual_bound if at_least is None else info.mip_dual_bound
        return _Solution(
            taken=tuple(values[place] > 0.5 for place in range(acts)),
            bound=float(bound),
            proven=highs.getModelStatus() == highspy.HighsModelStatus.kOptimal,
            found=found,
        )
