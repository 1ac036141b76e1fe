"""Canary names: unrelated ones that must still answer through an intermediary after a block.

Of 188.114.97.7 (Italy, 24 February 2024) a few probes of names that nobody meant to block would
have told within a minute what took hours to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import InputError
from cautery.model import GuardVerdict, require_utc
from cautery.model.ports import Facts

MAX_CANARIES = 5
FAILED = 2
"""So many canaries must fail at one target, or all of fewer: one name may be down by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryOutcome:
    """How an unrelated name answered: directly, and through the intermediary that blocks.

    ``direct`` or ``through`` is ``None`` when it was not tried, or nobody could tell.
    """

    target: str
    canary: str
    intermediary: str
    direct: bool | None
    through: bool | None
    at: datetime

    def __post_init__(self) -> None:
        require_utc("canary at", self.at)

    @property
    def hit(self) -> bool:
        """Whether the block hit it: up for all the world, and not through the intermediary."""
        return self.direct is True and self.through is False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackProposal:
    """Take the block of a target off at an intermediary: bystanders are dark there.

    A proposal: people decide, and an intermediary unblocks.
    """

    target: str
    intermediary: str
    dark: tuple[str, ...]
    tried: int
    at: datetime


def canaries_of(
    verdict: GuardVerdict,
    *,
    facts: Facts,
    beside: Sequence[str] = (),
    most: int = MAX_CANARIES,
) -> tuple[str, ...]:
    """Return unrelated names to watch beside a target: its known bystanders, popular ones first.

    Parameters
    ----------
    beside : sequence of str
        Further names that must stay up, the nearest first: those that share an address with a
        blocked name, or are known to be lawful.
    """
    if most < 1:
        raise InputError("canaries: at least one is needed")
    popular = [name for name in verdict.collateral.names if facts.popular(name)]
    near = dict.fromkeys((*popular, *verdict.collateral.names, *beside))
    return tuple(near)[:most]


def propose_rollback(
    outcomes: Sequence[CanaryOutcome], *, failed: int = FAILED
) -> tuple[RollbackProposal, ...]:
    """Return which blocks to take off again, by target and intermediary.

    Of each canary the latest outcome counts. One that is down for all the world says nothing.
    """
    latest: dict[tuple[str, str, str], CanaryOutcome] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.at):
        latest[outcome.target, outcome.intermediary, outcome.canary] = outcome
    groups: dict[tuple[str, str], list[CanaryOutcome]] = {}
    for (target, intermediary, _), outcome in latest.items():
        if outcome.direct is True and outcome.through is not None:
            groups.setdefault((target, intermediary), []).append(outcome)
    proposals = []
    for (target, intermediary), tried in sorted(groups.items()):
        dark = tuple(sorted(outcome.canary for outcome in tried if outcome.hit))
        if dark and len(dark) >= min(failed, len(tried)):
            proposals.append(
                RollbackProposal(
                    target=target,
                    intermediary=intermediary,
                    dark=dark,
                    tried=len(tried),
                    at=max(outcome.at for outcome in tried),
                )
            )
    return tuple(proposals)
