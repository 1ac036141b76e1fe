"""How many bystanders an event may cost at most, and whether a list stays within that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cautery.model import Decision, GuardVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the allowed targets of one event may cost bystanders.

    Parameters
    ----------
    low, high : int
        Bystanders known, and at most; ``high`` is ``None`` when one target has no upper bound.
    over : bool
        Above the budget. What nobody can bound is above every budget.
    unbounded : tuple of str
        The targets without an upper bound, a hundred at most.
    """

    low: int
    high: int | None
    over: bool
    unbounded: tuple[str, ...] = ()


MAX_LISTED = 100


def spend(verdicts: Iterable[GuardVerdict], *, budget: int) -> Spending:
    """Add up what the allowed ones of these verdicts may hit; the others hit nobody."""
    low = high = 0
    unbounded: list[str] = []
    endless = False
    for verdict in verdicts:
        if verdict.decision is not Decision.ALLOW:
            continue
        low += verdict.collateral.low
        if verdict.collateral.high is None:
            endless = True
            if len(unbounded) < MAX_LISTED:
                unbounded.append(verdict.target)
        else:
            high += verdict.collateral.high
    return Spending(
        low=low,
        high=None if endless else high,
        over=endless or high > budget,
        unbounded=tuple(unbounded),
    )
