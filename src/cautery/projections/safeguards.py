"""Safeguards for bystanders: budgets, overrides, second verdicts, canaries, roll-backs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cautery.model import Approval, Entry, Override
from cautery.model.records import (
    BudgetSpent,
    CanaryProbed,
    EntryWithdrawn,
    GuardRevalidated,
    OverrideGiven,
    OverrideSigned,
    RollbackProposed,
)


@dataclass(slots=True)
class Safeguards:
    """The safeguards of a case.

    Parameters
    ----------
    budgets : dict
        By event (``None``: of no event), the newest.
    overrides : list of (Override, tuple of Approval)
        With the signatures that a record says they have; none of them is checked here.
    override_signatures : list of OverrideSigned
        None of them is checked here.
    revalidated : int
        Targets that the guard judged again.
    taken_back : list
        Targets that are withdrawn, or proposed to be unblocked at an intermediary.
    canaries, canaries_dark : set
        Those that were probed; those, with an intermediary, that a block hits now.
    probes, hits : int
        Probes of canaries, and those that found one hit.
    """

    budgets: dict[str | None, BudgetSpent] = field(default_factory=dict)
    overrides: list[tuple[Override, tuple[Approval, ...]]] = field(default_factory=list)
    override_signatures: list[OverrideSigned] = field(default_factory=list)
    revalidated: int = 0
    taken_back: list[EntryWithdrawn | RollbackProposed] = field(default_factory=list)
    canaries: set[str] = field(default_factory=set)
    canaries_dark: set[tuple[str, str]] = field(default_factory=set)
    probes: int = 0
    hits: int = 0

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case BudgetSpent() as budget:
                self.budgets[budget.event] = budget
            case OverrideGiven() as given:
                self.overrides.append((given.override, given.approvals))
            case OverrideSigned() as signed:
                self.override_signatures.append(signed)
            case GuardRevalidated() as revalidated:
                self.revalidated += len(revalidated.asked)
            case EntryWithdrawn() | RollbackProposed() as taken:
                self.taken_back.append(taken)
            case CanaryProbed() as probe:
                self._canary(probe)

    def _canary(self, probe: CanaryProbed) -> None:
        self.canaries.add(probe.canary)
        self.probes += 1
        place = (probe.canary, probe.intermediary)
        if probe.is_hit:
            self.hits += 1
            self.canaries_dark.add(place)
        else:
            self.canaries_dark.discard(place)

    @property
    def withdrawn(self) -> set[str]:
        """Targets that are withdrawn everywhere."""
        return {withdrawal.target for withdrawal in self.withdrawals}

    @property
    def withdrawals(self) -> tuple[EntryWithdrawn, ...]:
        """Targets that are withdrawn, each from a referral, oldest first."""
        return tuple(step for step in self.taken_back if isinstance(step, EntryWithdrawn))

    @property
    def rollbacks(self) -> set[tuple[str, str]]:
        """Targets that are proposed to be unblocked, each with the intermediary."""
        return {
            (step.target, step.intermediary)
            for step in self.taken_back
            if isinstance(step, RollbackProposed)
        }
