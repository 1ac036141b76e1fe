"""The least cost of bringing a share of the demand down: a plan, and how far from the best it is.

A ladder: what small problems need at most is the first rung.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cautery.plan._standing_kernels import give_back
from cautery.plan.graph import SLACK, Bools
from cautery.plan.milp import Model
from cautery.plan.reduce import Problem, reduced

SMALL = 4000
"""Nodes left after the reductions up to which the whole model goes to HiGHS at once."""
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
) -> Found:
    """Search for the cheapest plan until it is proven, time ends, or Ctrl-C.

    Parameters
    ----------
    left_s : callable
        Seconds left.
    progress : callable
        Told of every step.
    """
    whole = reduced(problem)
    left = whole.problem
    if left.must <= SLACK * max(1.0, float(problem.weight.sum())):
        return Found(gone=np.zeros(problem.groups.nodes, np.bool_), cost=0.0, bound=0.0)
    progress("model", None, 0.0)
    return _whole_model(problem, left, whole.unfold, left_s=left_s, seed=seed)


def _whole_model(
    problem: Problem,
    left: Problem,
    unfold: Callable[[Bools], Bools],
    *,
    left_s: Callable[[], float],
    seed: int,
) -> Found:
    model, must, bound = Model(left, seed=seed), left.must, 0.0
    total = float(problem.weight.sum())
    while True:
        solved = model.solve(left_s=left_s, must=must)
        bound = max(bound, min(solved.bound, float("inf"))) if must == left.must else bound
        if solved.bought is None:
            return Found(gone=None, cost=float("inf"), bound=bound, interrupted=solved.interrupted)
        gone = unfold(solved.bought)
        lacking = problem.must - problem.down(gone)
        if lacking <= SLACK * total:
            break
        must += 2 * lacking  # within the solver's tolerance, but not within ours
    gone = trimmed(problem, gone)
    cost = problem.price(gone)
    return Found(gone=gone, cost=cost, bound=min(cost, bound), interrupted=solved.interrupted)


def trimmed(problem: Problem, gone: Bools) -> Bools:
    """Give back, dearest first, what the goal does not need."""
    kept, groups = gone.copy(), problem.groups
    taken = np.flatnonzero(gone)
    order = taken[np.argsort(-problem.cost[taken], kind="stable")]
    total = float(problem.weight.sum())
    give_back(
        groups.of_node,
        groups.owner,
        groups.need,
        groups.use_start,
        groups.uses,
        problem.weight,
        kept,
        order,
        total - problem.must + SLACK * total,
    )
    return kept
