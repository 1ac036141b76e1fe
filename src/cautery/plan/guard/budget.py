"""How many bystanders an event may cost at most, and whether a list stays within that."""

from __future__ import annotations

from collections.abc import Iterable

from cautery.model import Decision, GuardVerdict, Spending

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
