"""A bound by cases: this hub is acted on, or it is not.

A hub, which many need, is bought in part by the dual: those behind it disagree. Either answer makes
them agree, and both lift the bound. The case of the lowest bound is split next, at the hub whose
two answers are expected to lift it most; what was learnt of a hub in one case is used in the others
(pseudo-costs). A case of which little is left open is planned instead.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.plan.dual import Dual
from cautery.plan.graph import Bools, Floats

_PASSES = 60
"""Of the dual for one answer. In 28 s at 100,000 nodes (seed 7) the bound came from 3,561 to 3,652
with 10, 3,711 with 35, 3,718 with 60, 3,716 with 100."""
_PASSES_AGAIN = 20
"""Before a case is planned or split."""
_WORTH = 0.05
"""Share of what is between a case's bound and the best plan, by which the bound has to rise for
the case to wait for others, rather than be split."""
_LEAST_LIFT = 0.05
"""Cost units that an answer is held to lift at least, so that one side alone ranks hubs, too."""
_LEAST_PART = 0.05
"""A hub that the case had bought nearly whole already would else seem to lift without end."""
_GUESSED = 0.1
"""Of a hub's cost, that either answer is held to lift the bound by before anybody tried."""
_ROUNDED_EVERY = 16
"""Answers between two that are rounded to a plan."""
_MOST_BYTES = 1 << 30
"""Of the splits of all open cases together."""


@dataclass(frozen=True, slots=True, order=True)
class _Case:
    bound: float
    number: int
    never: tuple[int, ...]
    always: tuple[int, ...]
    share: NDArray[np.float32]
    use: NDArray[np.float32]
    planned: bool = False


def branched(
    dual: Dual,
    hubs: NDArray[np.int64],
    prices: Floats,
    *,
    bound: float,
    cost: Callable[[], float],
    rounded: Callable[[Dual, Bools, Bools], None],
    planned: Callable[[Dual], tuple[float, bool]],
    told: Callable[[float], None],
    left_s: Callable[[], float],
) -> bool:
    """Raise the bound until it meets the best plan, time ends, or no hub is open.

    Parameters
    ----------
    hubs : ndarray of int64
        Nodes to split at.
    prices : ndarray
        What acting on each of them costs.
    bound : float
        What is known to bound all cases.
    cost : callable
        The cost of the best plan so far: a case whose bound is not below it is closed.
    rounded : callable
        Given a case's dual, what it never and what it always buys, now and then: may find a plan.
    planned : callable
        Given the dual of the lowest case: a bound of the case, 0 for none, and whether the case's
        best plan is found, so that there is nothing left to split.
    told : callable
        Called with the bound of all cases.

    Returns
    -------
    bool
        Whether the bound can rise no more: the best plan of the lowest case is found.
    """
    lifts = _Lifts(prices)
    cases = [_Case(bound, 0, (), (), *_kept(dual, hubs))]
    number = 0
    while cases and left_s() > 0:
        told(min(cost(), cases[0].bound))
        if cases[0].bound >= cost() or cases[0].planned:
            return True
        if sum(case.share.nbytes for case in cases) > _MOST_BYTES:
            return False
        case, raised = _raised(heapq.heappop(cases), dual, hubs, left_s)
        if case.bound >= cost():
            continue
        worth = _WORTH * (cost() - case.bound)
        if cases and case.bound > cases[0].bound + worth:
            heapq.heappush(cases, case)
            continue
        least, is_planned = planned(raised)
        lifted = least - case.bound
        case = replace(case, bound=max(case.bound, least), planned=is_planned)
        if is_planned or lifted > worth:
            if case.bound < cost():
                heapq.heappush(cases, case)
            continue
        open_ = np.ones(hubs.size, np.bool_)
        open_[[*case.never, *case.always]] = False
        if not open_.any():
            heapq.heappush(cases, case)
            return False
        at = lifts.most(case.use, open_)
        for acted_on in (False, True):
            number += 1
            never = case.never if acted_on else (*case.never, at)
            always = (*case.always, at) if acted_on else case.always
            out, forced = _marked(dual, hubs, never), _marked(dual, hubs, always)
            split = dual.fixed(never=out, always=forced, share=case.share)
            split.improve(passes=_PASSES, left_s=left_s)
            lifts.learn(
                at,
                bought=acted_on,
                lift=min(split.bound, cost()) - case.bound,
                use=float(case.use[at]),
            )
            lifted = max(case.bound, split.bound)
            if lifted < cost():
                heapq.heappush(cases, _Case(lifted, number, never, always, *_kept(split, hubs)))
            if number % _ROUNDED_EVERY == 0:
                rounded(split, out, forced)
    if cases:
        return False
    told(cost())
    return True


def _raised(
    case: _Case, dual: Dual, hubs: NDArray[np.int64], left_s: Callable[[], float]
) -> tuple[_Case, Dual]:
    """Give a case some more passes: its bound may still rise by more than a split would lift it."""
    out, forced = _marked(dual, hubs, case.never), _marked(dual, hubs, case.always)
    raised = dual.fixed(never=out, always=forced, share=case.share)
    raised.improve(passes=_PASSES_AGAIN, left_s=left_s)
    share, use = _kept(raised, hubs)
    return replace(case, bound=max(case.bound, raised.bound), share=share, use=use), raised


class _Lifts:
    """What it is expected to lift the bound by if a hub is not bought, or is: by share of it."""

    def __init__(self, prices: Floats) -> None:
        self._mean_lift = np.tile(_GUESSED * prices, (2, 1))
        self._count = np.zeros((2, prices.size), np.int64)

    def learn(self, at: int, *, bought: bool, lift: float, use: float) -> None:
        """Note a lift, by as much of the hub as the case had bought otherwise."""
        if lift == np.inf:  # nothing can be done so, and no plan is known yet: no measure of it
            return
        side = int(bought)
        self._count[side, at] += 1
        apart = max(1 - use if bought else use, _LEAST_PART)
        rate = max(lift, 0.0) / apart
        # The mean at first, then the newer half: deeper cases tell more of deeper ones.
        weight = max(0.5, 1 / self._count[side, at])
        self._mean_lift[side, at] += weight * (rate - self._mean_lift[side, at])

    def most(self, use: NDArray[np.float32], open_: Bools) -> int:
        """Return the open hub to split at: both answers count, the lesser one as much."""
        # The product ranks them: a hub of which one answer lifts nothing gains little (Achterberg,
        # Constraint Integer Programming, TU Berlin, 2007).
        lift = np.maximum(self._mean_lift * np.stack([use, 1 - use]), _LEAST_LIFT)
        return int(np.argmax(np.where(open_, lift.prod(axis=0), -1.0)))


def _kept(dual: Dual, hubs: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    # A little less than it was: rounded to half the bits, no price may be split into more than it.
    share: Floats = dual.best_share * (1 - 1e-6)
    return share.astype(np.float32), dual.average[hubs].astype(np.float32)


def _marked(dual: Dual, hubs: NDArray[np.int64], places: tuple[int, ...]) -> Bools:
    marked = np.zeros(dual.average.size, np.bool_)
    marked[hubs[list(places)]] = True
    return marked
