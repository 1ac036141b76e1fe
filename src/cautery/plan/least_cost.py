"""The least cost of bringing a share of the demand down: a plan, and how far from the best it is.

A ladder: exact reductions, then one model where the problem is small. A larger one is bounded by
the dual, rounded, planned without the hubs that the dual never buys, and, once a plan is known,
without those of which the dual proves that no plan as cheap acts on them; the rest of the time
goes to neighbourhoods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cautery.plan.dual import Dual
from cautery.plan.graph import SLACK, Bools
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem, Reduced, reduced
from cautery.plan.search import Neighbourhoods, rounded, topped_up, trimmed, within

SMALL = 4000
"""Nodes left after the reductions up to which the whole model goes to HiGHS at once."""
LARGEST_MODEL = 60_000
"""Nodes up to which one model still tells something within minutes: larger ones are searched by
neighbourhoods alone."""
MOST_PASSES = 2000
HUB_FROM = 6
"""Users from which a node is a hub: whether it is taken changes prices far around."""
PASSES = 25
"""Of the dual, between two looks at how far it came."""
DIVE_GAP = 0.005
"""Gap after rounding from which the hubs are decided one after another."""
SURE = 0.1
"""Share of the dual's late passes within which a hub is as good as never or always bought."""
FEW = 500
"""Open decisions up to which one model is quicker than any way around it (20,000 nodes)."""
BOUGHT_OFTEN = (0.5, 0.1)
"""Shares of the dual's late passes: hubs bought less often are left out of the core models."""
CORE_GAP = 4e-4
ENOUGH = 1e-4
"""Gap at which the search ends: a tenth of what reference/planning.md certifies."""
MARGIN_S = 0.3
"""Seconds kept for telling the plan."""
MOST_ANSWERS = 4
"""Answers asked of HiGHS, each a little stricter, until one reaches the goal by our own count."""
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
"""Told what is being done, the best cost so far, and the bound."""


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
        Told of every step.
    small : int
        Nodes left up to which the whole model is asked at once.
    """
    whole = reduced(problem)
    left = whole.problem
    if left.must <= SLACK * max(1.0, float(problem.weight.sum())):
        return Found(gone=np.zeros(problem.groups.nodes, np.bool_), cost=0.0, bound=0.0)
    if left.groups.nodes <= small:
        progress("whole model", None, 0.0)
        return _by_model(problem, left, whole.unfold, left_s=left_s, seed=seed)
    ladder = _Ladder(left, left_s=left_s, seed=seed, progress=progress)
    interrupted = False
    try:
        ladder.climb()
    except KeyboardInterrupt:
        interrupted = True
    if ladder.gone is None:
        return Found(gone=None, cost=float("inf"), bound=ladder.bound, interrupted=interrupted)
    gone = whole.unfold(ladder.gone)
    if not problem.limited:
        gone = trimmed(problem, gone)
    cost = problem.price(gone)
    return Found(gone=gone, cost=cost, bound=min(cost, ladder.bound), interrupted=interrupted)


class _Ladder:
    """The rungs for a large problem; the best plan and bound so far stand on it at any time."""

    def __init__(
        self, problem: Problem, *, left_s: Callable[[], float], seed: int, progress: Progress
    ) -> None:
        self._problem, self._left_s, self._seed = problem, left_s, seed
        self._progress = progress
        self.gone: Bools | None = None
        self.cost = float("inf")
        self.bound = 0.0
        self._never = np.zeros(problem.groups.nodes, np.bool_)
        self._always = np.zeros(problem.groups.nodes, np.bool_)
        users = np.diff(problem.groups.use_start)
        self._hubs = np.flatnonzero((users >= HUB_FROM) & np.isfinite(problem.cost))

    def climb(self) -> None:
        """Bound, round, decide the hubs, settle what can be proved, plan the rest, search on.

        A rung is left out where the bound is near already.
        """
        problem, all_s = self._problem, self._left_s()
        dual = Dual(problem)
        self._raise(dual, until_s=0.75 * all_s)
        if not problem.limited:
            self._keep(rounded(problem, dual.average))
            self._told("rounding")
        if self._gap() > DIVE_GAP and not problem.limited:
            self._dive(dual, keep_s=0.6 * all_s)
        rest = self._settled(dual)
        for least in BOUGHT_OFTEN:
            if _open(rest) <= FEW:
                break
            self._core(dual, least, within_s=0.1 * all_s)
            rest = self._settled(dual)
        if _open(rest) > FEW:
            self._search(dual, keep_s=0.5 * all_s)
            rest = self._settled(dual)
        if rest.problem.groups.nodes <= LARGEST_MODEL:
            self._by_whole_model(rest)
        self._search(dual, keep_s=MARGIN_S)

    def _raise(self, dual: Dual, *, until_s: float) -> None:
        """Raise the bound until it hardly moves, or time ends."""
        while dual.passes < MOST_PASSES and self._left_s() > until_s:
            before = dual.bound
            dual.improve(passes=PASSES, left_s=self._left_s)
            self._told("bound", dual.bound)
            if dual.passes > 4 * PASSES and dual.bound - before < 2e-5 * dual.bound:
                break

    def _dive(self, dual: Dual, *, keep_s: float) -> None:
        """Decide the hubs for good, a quarter at a time, those that the dual is sure of first.

        Taking a hub or not changes the price of all that stands behind it; the prices follow.
        """
        never, always = self._never.copy(), self._always.copy()
        open_ = self._hubs[~(never | always)[self._hubs]]
        while open_.size and self._left_s() > keep_s:
            average = dual.average[open_]
            doubt = np.minimum(average, 1 - average)
            now = doubt < SURE
            now[np.argsort(doubt, kind="stable")[: max(1, open_.size // 4)]] = True
            taken = average >= 0.5
            always[open_[now & taken]] = True
            never[open_[now & ~taken]] = True
            open_ = open_[~now]
            dual = dual.fixed(never=never, always=always)
            dual.improve(passes=PASSES, left_s=self._left_s)
            if dual.bound == np.inf:
                return
        self._keep(rounded(_barred(self._problem, never), dual.average, taken=always))
        self._told("hubs decided")

    def _settled(self, dual: Dual) -> Reduced:
        """Prove what each plan as cheap as the best acts on, or none does; return what is left."""
        problem, most = self._problem, self.cost * (1 + PROVEN)
        if np.isfinite(most):
            open_ = ~(self._never | self._always) & np.isfinite(problem.cost)
            never, always = dual.settled(np.flatnonzero(open_), most=most, left_s=self._left_s)
            self._never |= never
            self._always |= always
            self._told("settling")
        barred = _barred(problem, self._never & ~self._always)
        return reduced(barred, taken=self._always)

    def _core(self, dual: Dual, least: float, *, within_s: float) -> None:
        """Plan without the hubs that the dual hardly ever buys."""
        core = self._without_quiet(dual, least)
        if core.problem.groups.nodes > LARGEST_MODEL:
            return
        began = self._left_s()
        solved = Model(core.problem, whole=False, seed=self._seed).solve(
            left_s=lambda: min(self._left_s(), within_s - (began - self._left_s())),
            gap=CORE_GAP,
        )
        if solved.bought is not None:
            self._keep(core.unfold(solved.bought))
        self._told("core model")
        if solved.interrupted:
            raise KeyboardInterrupt

    def _by_whole_model(self, rest: Reduced) -> None:
        """Plan all that is not settled: the bound of this one counts."""
        if self._gap() <= ENOUGH:
            return
        if rest.problem.must <= SLACK * max(1.0, float(self._problem.weight.sum())):
            self._keep(rest.taken)
            self._told("model", min(self._problem.price(rest.taken), self.cost))
            return
        whole = rest.problem.groups.nodes <= SMALL
        solved = Model(rest.problem, whole=whole, seed=self._seed).solve(
            left_s=lambda: self._left_s() - MARGIN_S,
            gap=0.0 if whole else CORE_GAP / 4,
            start=None if self.gone is None else rest.folded(self.gone),
        )
        if solved.bought is not None:
            self._keep(rest.unfold(solved.bought))
        # What was left out costs more than the best plan: so the bound is the less of the two.
        spent = self._problem.price(rest.taken)
        self._told("model", min(spent + solved.bound, self.cost))
        if solved.interrupted:
            raise KeyboardInterrupt

    def _search(self, dual: Dual, *, keep_s: float) -> None:
        if self.gone is None or self._left_s() <= keep_s:
            return
        part = self._without_quiet(dual, BOUGHT_OFTEN[-1])
        search = Neighbourhoods(part.problem, part.folded(self.gone), seed=self._seed)
        while self._left_s() > keep_s and self._gap() > ENOUGH:
            before = search.cost
            interrupted = search.step(left_s=lambda: self._left_s() - keep_s)
            if search.cost < before:
                self._keep(part.unfold(search.gone))
            self._told("neighbourhoods")
            if interrupted:
                raise KeyboardInterrupt

    def _without_quiet(self, dual: Dual, least: float) -> Reduced:
        """Return what is left without hubs hardly ever bought, and with those bought taken."""
        never = self._never.copy()
        never[self._hubs[dual.average[self._hubs] < least]] = True
        never &= ~self._always
        if self.gone is not None:
            never &= ~self.gone
        return reduced(_barred(self._problem, never), taken=self._always)

    def _gap(self) -> float:
        if self.gone is None:
            return 1.0
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0

    def _keep(self, gone: Bools | None) -> None:
        problem = self._problem
        if gone is None:
            return
        gone = topped_up(problem, gone)
        if problem.down(gone) < problem.must - SLACK * max(1.0, float(problem.weight.sum())):
            return
        if problem.limited:
            if not within(problem, gone):
                return
        else:
            gone = trimmed(problem, gone)
        cost = problem.price(gone)
        if cost < self.cost:
            self.gone, self.cost = gone, cost

    def _told(self, what: str, bound: float = 0.0) -> None:
        self.bound = max(self.bound, bound)
        self._progress(what, None if self.gone is None else self.cost, self.bound)


def _open(rest: Reduced) -> int:
    """Count what must be bought whole or not at all: all but demand's own price."""
    problem = rest.problem
    sink = (problem.weight > 0) & (np.diff(problem.groups.use_start) == 0)
    return int(np.count_nonzero(np.isfinite(problem.cost) & ~sink))


def _barred(problem: Problem, nodes: Bools) -> Problem:
    cost = problem.cost.copy()
    cost[nodes] = np.inf
    return replace(problem, cost=cost)


def _by_model(
    problem: Problem,
    left: Problem,
    unfold: Callable[[Bools], Bools],
    *,
    left_s: Callable[[], float],
    seed: int,
) -> Found:
    model, must, bound = Model(left, seed=seed), left.must, 0.0
    slack = SLACK * max(1.0, float(problem.weight.sum()))
    best: Bools | None = None
    for _ in range(MOST_ANSWERS):
        solved = model.solve(left_s=left_s, must=must)
        if must == left.must:
            bound = max(0.0, solved.bound)
        if solved.bought is None:
            break
        gone = unfold(solved.bought)
        lacking = problem.must - problem.down(gone)
        if lacking <= slack:
            best = gone
            break
        must += 2 * lacking  # within the solver's tolerance, but not within ours
    if best is None:
        return Found(gone=None, cost=float("inf"), bound=bound, interrupted=solved.interrupted)
    gone = best
    if not problem.limited:
        gone = trimmed(problem, gone)
    cost = problem.price(gone)
    return Found(gone=gone, cost=cost, bound=min(cost, bound), interrupted=solved.interrupted)
