"""The least cost of bringing a share of the demand down: a plan, and how far from the best it is.

A ladder: exact reductions, then one model where the problem is small. A larger one, or what the
model has not proven in half of the time, is bounded by the dual and rounded; its hubs are decided
one after another; then it is planned with nothing left open but what the dual cannot prove of plans
that cost so much, for higher and higher costs; where that takes too long, by cases of hubs; the
rest of the time goes to neighbourhoods.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cautery.plan import countries
from cautery.plan.dual import Dual
from cautery.plan.graph import SLACK, Bools
from cautery.plan.hubs import branched
from cautery.plan.kernel import Kernel, barred
from cautery.plan.milp import Model, Solution
from cautery.plan.reduce import Problem, reduced
from cautery.plan.search import Neighbourhoods, rounded, topped_up, trimmed, within

SMALL = 4000
"""Nodes left after the reductions up to which the whole model goes to HiGHS at once."""
MODEL_SHARE = 0.5
"""Share of the time that is kept for the ladder where the whole model proves nothing."""
LARGEST_MODEL = 60_000
"""Nodes up to which one model still tells something within minutes: larger ones are searched by
neighbourhoods alone."""
HUB_FROM = 6
"""Users from which a node is a hub: whether it is taken changes prices far around."""
PASSES = 25
"""Of the dual, between two looks at how far it came."""
DIVE_PASSES = 60
"""For each decision on hubs: after 25, what was rounded at the end cost 8 % more on one graph."""
PATIENCE = 3
"""Neighbourhoods in a row without a cheaper plan, after which the bound is raised instead."""
DIVE_GAP = 0.005
"""Gap after rounding from which the hubs are decided one after another."""
SURE = 0.1
"""Share of the dual's late passes within which a hub is as good as never or always bought."""
HOPES = (0.2, 0.4, 0.7, 1.0)
"""How far from the bound towards the best plan the least cost is hoped to be, one after another."""
MOST_OPEN = 1500
"""Open decisions up to which a model tells something within seconds."""
CASE_HOPES = (0.25, 0.5, 1.0)
"""The same, from a case's bound, as far as its model is small enough."""
MOST_OPEN_IN_CASE = 600.0
"""Open decisions up to which a case is planned, at first: more or less as its models go."""
CASE_SHARE = 0.06
"""Share of the time for one case's model."""
ENOUGH = 1e-4
"""Gap at which the search ends: a tenth of the prototype's (docs/reference/sources.md, F46)."""
MARGIN_S = 0.3
"""Seconds kept for telling the plan."""
MOST_ANSWERS = 4
"""Answers asked of HiGHS, each a little stricter, until one reaches the goal by our count."""
PROVEN = 1e-9
"""Relative gap under which a plan is the best: rounding of sums of floats."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The best plan so far, and the proven bound.

    Parameters
    ----------
    gone : ndarray of bool or None
        ``None``: none found; with ``bound`` infinite, there is none.
    """

    gone: Bools | None
    cost: float
    bound: float
    interrupted: bool = False

    @property
    def proven(self) -> bool:
        """Whether nothing cheaper exists."""
        return self.gone is not None and self.cost - self.bound <= PROVEN * max(1.0, self.cost)


Progress = Callable[[str, float | None, float], None]
"""Called with what is being done, the best cost so far, and the bound."""


def least_cost(
    problem: Problem,
    *,
    left_s: Callable[[], float],
    seed: int = 0,
    progress: Progress = lambda _what, _best, _bound: None,
    small: int = SMALL,
) -> Found:
    """Search for the cheapest plan until it is proven, time ends, or Ctrl-C.

    Parameters
    ----------
    left_s : callable
        Seconds left.
    progress : callable
        Called at every step.
    small : int
        Nodes left up to which the whole model is asked at once.
    """
    whole = reduced(problem)
    left = whole.problem
    if left.must <= SLACK * max(1.0, float(problem.weight.sum())):
        return Found(gone=np.zeros(problem.groups.nodes, np.bool_), cost=0.0, bound=0.0)
    begun = Found(gone=None, cost=float("inf"), bound=0.0)
    if left.groups.nodes <= small:
        progress("whole model", None, 0.0)
        all_s = left_s()
        begun = _by_model(left, left_s=lambda: left_s() - MODEL_SHARE * all_s, seed=seed)
    ladder = _Ladder(left, begun, left_s=left_s, seed=seed, progress=progress)
    interrupted = begun.interrupted
    if not (interrupted or begun.proven or begun.bound == np.inf):
        try:
            ladder.climb()
        except KeyboardInterrupt:
            interrupted = True
    if ladder.gone is None:
        return Found(gone=None, cost=float("inf"), bound=ladder.bound, interrupted=interrupted)
    plan = trimmed(problem, whole.unfold(ladder.gone))
    cost = problem.price(plan)
    return Found(gone=plan, cost=cost, bound=min(cost, ladder.bound), interrupted=interrupted)


class _Ladder:
    """The rungs for a large problem; they hold the best plan and bound so far at any time."""

    def __init__(
        self,
        problem: Problem,
        begun: Found,
        *,
        left_s: Callable[[], float],
        seed: int,
        progress: Progress,
    ) -> None:
        self._problem, self._left_s, self._seed = problem, left_s, seed
        self._progress = progress
        self._began = (time.monotonic(), left_s())
        self.gone, self.cost, self.bound = begun.gone, begun.cost, begun.bound
        users = np.diff(problem.groups.use_start)
        self._hubs = np.flatnonzero((users >= HUB_FROM) & np.isfinite(problem.cost))

    def climb(self) -> None:
        """Bound, round, decide the hubs; then plan what the bound leaves open, and search on.

        Each rung is left out where the bound is near already.
        """
        problem, all_s = self._problem, self._left_s()
        dual = Dual(problem)
        self._raise(dual, until_s=0.75 * all_s)
        if countries.count(problem):
            self._by_countries(dual, keep_s=0.15 * all_s)
        else:
            self._round(dual)
            if self._gap() > DIVE_GAP:
                self._dive(dual, keep_s=0.6 * all_s)
        for hope in HOPES:
            if self._gap() <= ENOUGH:
                return
            if not self._hoped(dual, hope, within_s=0.1 * all_s):
                self._search(dual, keep_s=0.6 * all_s, patience=PATIENCE)
                if not self._by_hubs(dual):
                    self._hoped(dual, 1.0, within_s=self._left_s() - MARGIN_S)
                break
        self._search(dual, keep_s=MARGIN_S)

    def _raise(self, dual: Dual, *, until_s: float) -> None:
        """Raise the bound until it hardly moves, or time ends."""
        while not dual.still and self._left_s() > until_s:
            dual.improve(passes=PASSES, left_s=self._left_s)
            self._told("bound", dual.bound)

    def _round(self, dual: Dual) -> None:
        """Round what the dual buys; bystanders cost more and more until the budget suffices."""
        problem = self._problem
        may = np.isfinite(problem.cost)
        extra = np.where(may, dual.cost, 0.0) - np.where(may, problem.cost, 0.0)
        for times in (1, 2, 4, 8) if problem.budget is not None else (1,):
            cost = problem.cost + times * extra
            self._keep(rounded(replace(problem, cost=cost), dual.average))
        self._told("rounding")

    def _by_countries(self, dual: Dual, *, keep_s: float) -> None:
        """Choose the countries by the dual, and plan in them; then bound by cases."""
        problem, each_s = self._problem, 0.1 * self._left_s()
        self._told("countries chosen")
        self._planned_in(
            countries.acting(problem, dual, left_s=lambda: self._left_s() - 5 * each_s - keep_s),
            within_s=each_s,
        )
        if problem.most_countries is None:
            return
        bound = countries.branched(
            problem,
            dual,
            cost=lambda: self.cost,
            planned=lambda acts_in: self._planned_in(acts_in, within_s=each_s),
            left_s=lambda: self._left_s() - keep_s,
        )
        self._told("countries by cases", bound)

    def _planned_in(self, acts_in: Bools, *, within_s: float) -> float:
        """Plan as if only these countries could act, and all were paid; return the bound."""
        began = self._left_s()
        part = countries.only(self._problem, acts_in)
        if part.down(np.isfinite(part.cost)) < part.must:
            return float("inf")
        solution = least_cost(
            part,
            left_s=lambda: min(self._left_s(), within_s - (began - self._left_s())),
            seed=self._seed,
        )
        self._keep(solution.gone)
        self._told("countries planned")
        if solution.interrupted:
            raise KeyboardInterrupt
        return solution.bound + float(self._problem.fixed_cost[acts_in].sum())

    def _dive(self, dual: Dual, *, keep_s: float) -> None:
        """Decide the hubs for good, a quarter at a time, those that the dual is sure of first.

        Taking a hub or not changes the price of all that stands behind it; the prices follow.
        """
        never = np.zeros(self._problem.groups.nodes, np.bool_)
        always, open_ = never.copy(), self._hubs
        while open_.size and self._left_s() > keep_s:
            average = dual.average[open_]
            doubt = np.minimum(average, 1 - average)
            now = doubt < SURE
            now[np.argsort(doubt, kind="stable")[: max(1, open_.size // 4)]] = True
            likely = average >= 0.5
            always[open_[now & likely]] = True
            never[open_[now & ~likely]] = True
            open_ = open_[~now]
            dual = dual.fixed(never=never, always=always)
            dual.improve(passes=DIVE_PASSES, left_s=self._left_s)
            if dual.bound == np.inf:
                return
        self._keep(rounded(barred(self._problem, never), dual.average, taken=always))
        self._told("hubs decided")

    def _by_hubs(self, dual: Dual) -> bool:
        """Bound by cases of which hubs are acted on; tell whether the lowest has been planned."""
        each_s, most_open = CASE_SHARE * self._left_s(), MOST_OPEN_IN_CASE

        def rounding(case: Dual, never: Bools, always: Bools) -> None:
            self._keep(rounded(barred(self._problem, never), case.average, taken=always))

        def planned(case: Dual) -> tuple[float, bool]:
            nonlocal most_open
            kernel = None
            for hope in CASE_HOPES if self.gone is not None else ():
                ceiling = case.bound + hope * (self.cost - case.bound)
                larger = Kernel(self._problem, case, most=ceiling, left_s=self._left_s)
                if larger.open > most_open:
                    break
                kernel = larger
            if kernel is None:
                return 0.0, False
            solved = self._solved(kernel, within_s=each_s)
            most_open *= 1.15 if solved.proven else 0.8
            return solved.bound, solved.proven and solved.bound < kernel.most

        return branched(
            dual,
            self._hubs,
            self._problem.cost[self._hubs],
            bound=max(self.bound, dual.bound),
            cost=lambda: self.cost,
            rounded=rounding,
            planned=planned,
            told=lambda bound: self._told("hubs by cases", bound),
            left_s=lambda: self._left_s() - MARGIN_S,
        )

    def _hoped(self, dual: Dual, hope: float, *, within_s: float) -> bool:
        """Plan as if some plan were so near the bound; tell whether that could be answered.

        Parameters
        ----------
        hope : float
            Where the cost is hoped to be: 0 at the bound, 1 at the best plan's.
        """
        low = max(self.bound, dual.bound)
        ceiling = low + hope * (self.cost - low) if self.gone is not None else np.inf
        kernel = Kernel(self._problem, dual, most=ceiling, left_s=self._left_s)
        self._told("settling")
        if kernel.nodes > LARGEST_MODEL or (hope < 1 and kernel.open > MOST_OPEN):
            return False
        solved = self._solved(kernel, within_s=within_s, start=self.gone)
        self._told("model", solved.bound)
        return solved.proven

    def _solved(self, kernel: Kernel, *, within_s: float, start: Bools | None = None) -> Solution:
        """Plan what is open, and keep the plan."""
        began = self._left_s()
        solved = kernel.solve(
            small=SMALL,
            seed=self._seed,
            left_s=lambda: min(self._left_s() - MARGIN_S, within_s - (began - self._left_s())),
            start=start,
            pace=self._pace(),
        )
        self._keep(solved.bought)
        if solved.interrupted:
            raise KeyboardInterrupt
        return solved

    def _search(self, dual: Dual, *, keep_s: float, patience: int | None = None) -> None:
        """Search neighbourhoods until time ends, or so many in a row have won nothing."""
        if self.gone is None or self._left_s() <= keep_s:
            return
        never = np.zeros(self.gone.size, np.bool_)
        never[self._hubs[dual.average[self._hubs] < SURE]] = True
        part = reduced(barred(self._problem, never & ~self.gone))
        search = Neighbourhoods(part.problem, part.folded(self.gone), seed=self._seed)
        idle = 0
        while self._left_s() > keep_s and self._gap() > ENOUGH and idle != patience:
            before = search.cost
            interrupted = search.step(left_s=lambda: self._left_s() - keep_s, pace=self._pace())
            idle += 1
            if search.cost < before:
                idle = 0
                self._keep(part.unfold(search.gone))
            self._told("neighbourhoods")
            if interrupted:
                raise KeyboardInterrupt

    def _pace(self) -> float:
        """Return the seconds of wall time in one of ``left_s``, which may count CPU time."""
        wall_s, ours_s = time.monotonic() - self._began[0], self._began[1] - self._left_s()
        return max(1.0, wall_s / ours_s) if ours_s > 0 else 1.0

    def _gap(self) -> float:
        if self.gone is None:
            return 1.0
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0

    def _keep(self, plan: Bools | None) -> None:
        problem = self._problem
        if plan is None:
            return
        plan = topped_up(problem, plan)
        if problem.down(plan) < problem.must - SLACK * max(1.0, float(problem.weight.sum())):
            return
        plan = trimmed(problem, plan)
        if not within(problem, plan):
            return
        cost = problem.price(plan)
        if cost < self.cost:
            self.gone, self.cost = plan, cost

    def _told(self, what: str, bound: float = 0.0) -> None:
        self.bound = max(self.bound, bound)
        self._progress(what, None if self.gone is None else self.cost, self.bound)


def _by_model(problem: Problem, *, left_s: Callable[[], float], seed: int) -> Found:
    model, must, bound = Model(problem, seed=seed), problem.must, 0.0
    slack = SLACK * max(1.0, float(problem.weight.sum()))
    best: Bools | None = None
    for _ in range(MOST_ANSWERS):
        solved = model.solve(left_s=left_s, must=must)
        if must == problem.must:
            bound = max(0.0, solved.bound)
        if solved.bought is None:
            break
        lacking = problem.must - problem.down(solved.bought)
        if lacking <= slack:
            best = solved.bought
            break
        must += 2 * lacking  # within the solver's tolerance, but not within that of this module
    if best is None:
        return Found(gone=None, cost=float("inf"), bound=bound, interrupted=solved.interrupted)
    plan = trimmed(problem, best)
    cost = problem.price(plan)
    return Found(gone=plan, cost=cost, bound=min(cost, bound), interrupted=solved.interrupted)
