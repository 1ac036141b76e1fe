"""The mixed-integer model of a problem, for HiGHS (docs/reference/sources.md, F43).

A node is down when it is bought or one of its groups has failed. "Down" is only pushed up, so
its maximum is the greatest fixed point, the complement of the least fixed point of "up": nodes
that feed each other in a circle need no ordering variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.plan.graph import SLACK, Bools, Floats
from cautery.plan.reduce import Problem
from cautery.plan.solver_run import run

_PER_MILLE = 1000.0
"""Unit of the demand row: HiGHS's tolerance of 1e-6 is then 1e-9 of the demand. Coefficients as
far apart as 1e6 make HiGHS 1.16 loop in its root cuts, past its own time limit (500 nodes)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """What HiGHS found.

    Parameters
    ----------
    bought : ndarray of bool or None
        ``None``: nothing found.
    bound : float
        Nothing costs less (or, when the weight down is maximised, nothing brings down more);
        infinite where nothing can do it.
    proven : bool
        Whether it ended by itself.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    bought: Bools | None
    bound: float
    proven: bool
    interrupted: bool = False


@dataclass(slots=True)
class _Rows:
    """Rows of a sparse matrix, collected as triplets."""

    count: int = 0
    row: list[NDArray[Any]] = field(default_factory=list)
    column: list[NDArray[Any]] = field(default_factory=list)
    value: list[NDArray[Any]] = field(default_factory=list)
    upper: list[NDArray[Any]] = field(default_factory=list)

    def add(self, rows: int, row: Any, column: Any, value: Any, upper: Any = 0.0) -> None:
        """Add ``rows`` rows "at most ``upper``"; ``row`` counts from the first of them."""
        row, column = np.asarray(row), np.asarray(column)
        self.row.append(row + self.count)
        self.column.append(column)
        self.value.append(np.broadcast_to(np.asarray(value, float), row.shape))
        self.upper.append(np.broadcast_to(np.asarray(upper, float), rows))
        self.count += rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Odds:
    """How "down" follows where it is a probability: a node each.

    "Down" is at most ``missing`` plus ``works`` times the purchase of ``buyer`` plus ``there``
    times the groups that failed, and at most ``factor`` times "down" of the node ``under``.

    Parameters
    ----------
    missing, works, there, factor : ndarray
    buyer : ndarray of int64
        Whose purchase counts; -1 for none.
    under : ndarray of int64
        -1 for none.
    """

    missing: Floats
    works: Floats
    there: Floats
    buyer: NDArray[np.int64]
    under: NDArray[np.int64]
    factor: Floats


class Model:
    """Columns: a node bought, a country acting, a node down, a group failed.

    Parameters
    ----------
    whole : bool
        Whether what serves one sink alone must be bought whole. If not, one sink may be cut in
        part: the bound is a little lower and stays one, and a large model is much easier.
    parts : sequence of ndarray, or None
        Nodes of parts whose demand must each be cut by itself, as ``must`` is of the whole.
    odds : Odds or None
        "Down" and "failed" are then probabilities, and ``must`` is asked of the expected weight.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        whole: bool = True,
        seed: int = 0,
        parts: Sequence[Bools] | None = None,
        odds: Odds | None = None,
    ) -> None:
        self._problem, self._seed, self._parts = problem, seed, parts
        groups, rows = problem.groups, _Rows()
        n = groups.nodes
        has_cost = np.isfinite(problem.cost)
        has_groups = groups.of_node > 0
        self.buyable = np.flatnonzero(has_cost)
        buy = np.full(n, -1, np.int64)
        buy[self.buyable] = np.arange(self.buyable.size)
        columns = self.buyable.size
        acting = np.unique(problem.country[self.buyable])
        acting = acting[acting >= 0]
        limited = problem.most_countries is not None or problem.fixed_cost[acting].any()
        self._acting = acting if limited else acting[:0]
        join = np.full(problem.fixed_cost.size, -1, np.int64)
        join[self._acting] = columns + np.arange(self._acting.size)
        columns += self._acting.size
        self._down = buy.copy()
        inner = np.flatnonzero(has_groups) if odds is None else np.arange(n)
        self._down[inner] = columns + np.arange(inner.size)
        columns += inner.size
        failed, columns, whole_groups = self._group_columns(rows, columns)
        # The goal alone pushes "down" up, so a bound from above is enough, and no order of the
        # nodes is needed (docs/reference/sources.md, F43).
        # A node is down by its own purchase, or by a failed group.
        row = np.full(n, -1, np.int64)
        row[inner] = np.arange(inner.size)
        buyer = np.arange(n) if odds is None else odds.buyer
        buyers = inner[(buyer[inner] >= 0) & has_cost[buyer[inner]]]
        works, presence = np.ones(buyers.size), np.ones(groups.owner.size)
        if odds is not None:
            works, presence = odds.works[buyers], odds.there[groups.owner]
        rows.add(
            inner.size,
            np.concatenate([row[inner], row[buyers], row[groups.owner]]),
            np.concatenate([self._down[inner], buy[buyer[buyers]], failed]),
            np.concatenate([np.ones(inner.size), -works, -presence]),
            0.0 if odds is None else odds.missing,
        )
        if odds is not None:
            capped = np.flatnonzero(odds.under >= 0)
            numbers = np.arange(capped.size)
            rows.add(
                capped.size,
                np.concatenate([numbers, numbers]),
                np.concatenate([self._down[capped], self._down[odds.under[capped]]]),
                np.concatenate([np.ones(capped.size), -odds.factor[capped]]),
            )
        if self._acting.size:
            where = problem.country[self.buyable]
            bound_by = np.flatnonzero((where >= 0) & (join[where] >= 0))
            numbers = np.arange(bound_by.size)
            rows.add(
                bound_by.size,
                np.concatenate([numbers, numbers]),
                np.concatenate([bound_by, join[where[bound_by]]]),
                np.concatenate([np.ones(numbers.size), -np.ones(numbers.size)]),
            )
        if problem.most_countries is not None and self._acting.size:
            rows.add(
                1,
                np.zeros(self._acting.size, np.int64),
                join[self._acting],
                1.0,
                float(problem.most_countries),
            )
        if problem.budget is not None:
            harm = problem.collateral[self.buyable]
            hurting = np.flatnonzero(harm > 0)
            scale = max(1.0, problem.budget) / _PER_MILLE
            rows.add(
                1,
                np.zeros(hurting.size, np.int64),
                hurting,
                harm[hurting] / scale,
                problem.budget * (1 + SLACK) / scale,
            )
        self._rows, self.columns = rows, columns
        self._cost = np.zeros(columns)
        self._cost[: self.buyable.size] = problem.cost[self.buyable]
        self._cost[join[self._acting]] = problem.fixed_cost[self._acting]
        self._weighted = np.flatnonzero(problem.weight > 0)
        self._whole = whole
        self._integer = np.ones(columns, np.bool_)
        if not whole:
            self._integer[:] = False
            self._integer[: self.buyable.size] = shared(problem)[self.buyable]
            self._integer[join[self._acting]] = True
            self._integer[whole_groups] = True
        if odds is not None:
            self._integer[self.buyable.size + self._acting.size :] = False

    def _group_columns(
        self, rows: _Rows, columns: int
    ) -> tuple[NDArray[np.int64], int, NDArray[np.int64]]:
        """Give each group a column "failed"; groups that are alike share one."""
        groups = self._problem.groups
        sizes = groups.sizes
        alone = sizes == 1
        failed = np.full(groups.owner.size, -1, np.int64)
        failed[alone] = self._down[groups.member[groups.start[:-1][alone]]]
        shared: dict[tuple[int, bytes], int] = {}
        firsts = []
        for g in np.flatnonzero(~alone):
            members = np.sort(groups.member[groups.start[g] : groups.start[g + 1]])
            key = (int(groups.need[g]), members.tobytes())
            if key not in shared:
                shared[key] = columns
                columns += 1
                firsts.append(g)
            failed[g] = shared[key]
        first = np.array(firsts, np.int64)
        if first.size == 0:
            return failed, columns, first
        group_of_link = np.repeat(np.arange(groups.owner.size), sizes)
        is_first = np.zeros(groups.owner.size, np.bool_)
        is_first[first] = True
        # Any of: it has failed only if each member is down, a row a member.
        any_of = is_first[group_of_link] & (groups.need[group_of_link] == 1)
        numbers = np.arange(np.count_nonzero(any_of))
        rows.add(
            numbers.size,
            np.concatenate([numbers, numbers]),
            np.concatenate([failed[group_of_link[any_of]], self._down[groups.member[any_of]]]),
            np.concatenate([np.ones(numbers.size), -np.ones(numbers.size)]),
        )
        # K of n: it has failed once n - k + 1 members are down. So "failed", that many times, is at
        # most the sum of "down" of its members.
        counted = first[groups.need[first] > 1]
        row = np.full(groups.owner.size, -1, np.int64)
        row[counted] = np.arange(counted.size)
        links = row[group_of_link] >= 0
        fall = (sizes - groups.need + 1).astype(float)
        rows.add(
            counted.size,
            np.concatenate([row[counted], row[group_of_link[links]]]),
            np.concatenate([failed[counted], self._down[groups.member[links]]]),
            np.concatenate([fall[counted], -np.ones(np.count_nonzero(links))]),
        )
        return failed, columns, failed[counted]

    def solve(
        self,
        *,
        left_s: Callable[[], float],
        gap: float = 0.0,
        start: Bools | None = None,
        most_down: bool = False,
        must: float | None = None,
        relaxed: bool = False,
        pace: float = 1.0,
        enough: float = float("inf"),
    ) -> Solution:
        """Minimise the cost, or maximise the weight that is down within the limits.

        Parameters
        ----------
        left_s : callable
            Seconds left; asked again and again while HiGHS runs.
        gap : float
            Relative gap at which it may stop.
        start : ndarray of bool or None
            A plan to start from.
        must : float or None
            Weight to bring down, if not the problem's.
        relaxed : bool
            Solve the linear relaxation only; what it buys in part counts as bought.
        pace : float
            Seconds of wall in one of ``left_s``: HiGHS's own limit counts those.
        enough : float
            Bound at which it may stop.
        """
        import highspy  # noqa: PLC0415 - heavy: a solver of 20 MB

        problem, rows = self._problem, self._rows
        total = float(problem.weight.sum()) or 1.0
        row = np.concatenate(rows.row) if rows.row else np.zeros(0, np.int64)
        column = np.concatenate(rows.column) if rows.column else np.zeros(0, np.int64)
        value = np.concatenate(rows.value) if rows.value else np.zeros(0)
        upper = np.concatenate(rows.upper) if rows.upper else np.zeros(0)
        lower = np.full(upper.size, -highspy.kHighsInf)
        share = problem.weight[self._weighted] / total * _PER_MILLE
        cost = self._cost
        if most_down:
            cost = np.zeros(self.columns)
            cost[self._down[self._weighted]] = -share
        else:
            goal = (problem.must if must is None else must) / total
            for part in self._parts or (np.ones(problem.weight.size, np.bool_),):
                inside = part[self._weighted]
                scale = share.sum() / (share[inside].sum() or 1.0)
                row = np.concatenate([row, np.full(np.count_nonzero(inside), upper.size)])
                column = np.concatenate([column, self._down[self._weighted[inside]]])
                value = np.concatenate([value, share[inside] * scale])
                lower = np.append(lower, (goal - SLACK) * _PER_MILLE)
                upper = np.append(upper, highspy.kHighsInf)
        # Rows in order, and a column that stands twice in a row stands there once.
        key = row * self.columns + column
        unique, place = np.unique(key, return_inverse=True)
        value = np.bincount(place, weights=value, minlength=unique.size).astype(np.float64)
        row, column = unique // self.columns, unique % self.columns
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, upper.size
        lp.col_cost_ = cost
        lp.col_lower_ = np.zeros(self.columns)
        lp.col_upper_ = np.ones(self.columns)
        lp.row_lower_, lp.row_upper_ = lower, upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.searchsorted(row, np.arange(upper.size + 1)).astype(np.int32)
        lp.a_matrix_.index_ = column.astype(np.int32)
        lp.a_matrix_.value_ = value
        if not relaxed:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[is_integer] for is_integer in self._integer.tolist()]
        highs = _quiet(highspy.Highs)
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("random_seed", self._seed % 2_147_483_647)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("mip_abs_gap", 1e-9)
        highs.setOptionValue("time_limit", pace * max(0.01, left_s()))
        highs.passModel(lp)
        if start is not None:
            at = np.arange(self.buyable.size, dtype=np.int32)
            highs.setSolution(at.size, at, start[self.buyable].astype(float))
        interrupted = run(highs, left_s, enough=enough)
        if interrupted is None:
            return Solution(bought=None, bound=-float("inf"), proven=False, interrupted=True)
        info, status = highs.getInfo(), highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return Solution(bought=None, bound=float("inf"), proven=True)
        feasible = info.primal_solution_status == highspy.kSolutionStatusFeasible
        plan: Bools | None = None
        if feasible:
            values = np.array(highs.getSolution().col_value)
            plan = np.zeros(problem.groups.nodes, np.bool_)
            # What is bought in part counts as bought: the plan costs more than the model says, and
            # holds.
            least = 0.5 if self._whole and not relaxed else 1e-6
            plan[self.buyable] = values[: self.buyable.size] > least
        proven = status == highspy.HighsModelStatus.kOptimal
        bound = float(info.mip_dual_bound)
        if relaxed:
            bound = float(info.objective_function_value) if proven else -float("inf")
        if most_down:
            bound = -bound / _PER_MILLE * total
        return Solution(bought=plan, bound=bound, proven=proven, interrupted=interrupted)


def shared(problem: Problem) -> Bools:
    """Mark nodes that may serve more than one sink; of the others, part of a price buys a part."""
    groups = problem.groups
    users = np.diff(groups.use_start)
    alone: Bools = (problem.weight > 0) & (users == 0)
    single = np.flatnonzero((users == 1) & (problem.weight == 0))
    owner = groups.owner[groups.uses[groups.use_start[single]]]
    while True:
        added = single[alone[owner] & ~alone[single]]
        if added.size == 0:
            return ~alone
        alone[added] = True


def _quiet(solver: Any) -> Any:
    """Make a solver without its callbacks: setting them prints a banner on standard output."""

    class Quiet(solver):  # type: ignore[misc]
        def __init__(self) -> None:
            super(solver, self).__init__()

    return Quiet()
