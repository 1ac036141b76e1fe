"""What a bound leaves open of plans up to some cost, and the model of that alone.

What no plan as cheap as that acts on, by the dual, and what each of them does, is out of the
question; the model of the rest is small. Its bound counts up to the cost asked for, whether there
is such a plan or not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cautery.plan.dual import Dual
from cautery.plan.graph import SLACK, Bools
from cautery.plan.milp import Model, Solution, shared
from cautery.plan.reduce import Problem, reduced

_SETTLED = 1 + 1e-9
"""What a plan of just the cost asked for acts on stays open: sums of floats round."""
_GAP = 5e-5


class Kernel:
    """The rest of a problem, or of that case of it which a dual fixes.

    Parameters
    ----------
    most : float
        Cost up to which plans are asked for.
    """

    def __init__(
        self, problem: Problem, dual: Dual, *, most: float, left_s: Callable[[], float]
    ) -> None:
        never, always = dual.settled(
            np.flatnonzero(np.isfinite(problem.cost)), most=most * _SETTLED, left_s=left_s
        )
        self._remaining = reduced(barred(problem, never & ~always), taken=always)
        self.most, self._spent = most, problem.price(self._remaining.taken)

    @property
    def nodes(self) -> int:
        """Nodes that are left."""
        return self._remaining.problem.groups.nodes

    @property
    def open(self) -> int:
        """How many of them must be bought whole or not at all."""
        left = self._remaining.problem
        return int(np.count_nonzero(np.isfinite(left.cost) & shared(left)))

    def solve(
        self,
        *,
        small: int,
        seed: int,
        left_s: Callable[[], float],
        start: Bools | None = None,
        pace: float = 1.0,
    ) -> Solution:
        """Plan the rest; the solution is one of the whole problem.

        Parameters
        ----------
        small : int
            Nodes left up to which what serves one sink alone is bought whole, too.
        start : ndarray of bool or None
            A plan of the whole to start from.
        pace : float
            Seconds of wall in one of ``left_s``.
        """
        remaining, spent = self._remaining, self._spent
        left = remaining.problem
        slack = SLACK * max(1.0, float(left.weight.sum()))
        if left.must <= slack:
            return Solution(bought=remaining.taken, bound=min(spent, self.most), proven=True)
        # Not even all that is left open does it: no plan costs so little.
        if left.down(np.isfinite(left.cost)) < left.must - slack:
            return Solution(bought=None, bound=self.most, proven=True)
        whole = self.nodes <= small
        solved = Model(left, whole=whole, seed=seed).solve(
            left_s=left_s,
            gap=0.0 if whole else _GAP,
            pace=pace,
            start=None if start is None else remaining.folded(start),
        )
        return replace(
            solved,
            bought=None if solved.bought is None else remaining.unfold(solved.bought),
            bound=min(spent + solved.bound, self.most),
            proven=solved.proven or spent + solved.bound >= self.most,
        )


def barred(problem: Problem, nodes: Bools) -> Problem:
    """Return the problem in which nobody may act on these nodes."""
    cost = problem.cost.copy()
    cost[nodes] = np.inf
    return replace(problem, cost=cost)
