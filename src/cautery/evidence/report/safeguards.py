"""What was done for bystanders: budgets, overrides, verdicts asked again, canaries, roll-backs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.model import Approval, Override, from_json
from cautery.model.times import to_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many bystanders one event's blocks may hit, and hit at most; ``None``: unknown."""

    event: str | None
    budget: int
    high: int | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A target withdrawn, or proposed to be unblocked at an intermediary."""

    at: datetime
    target: str
    intermediary: str | None
    why: str
    dark: tuple[str, ...] = ()


@dataclass(slots=True)
class Safeguards:
    """Collected from a ledger, record by record.

    ``given`` are overrides with the signatures that a record says they have, none of them checked;
    ``overrides`` are those that are shown.
    """

    budgets: dict[str | None, Budget] = field(default_factory=dict)
    given: list[tuple[Override, tuple[Approval, ...]]] = field(default_factory=list)
    overrides: tuple[Override, ...] = ()
    asked_again: int = 0
    taken: list[Taken] = field(default_factory=list)
    canaries: set[str] = field(default_factory=set)
    looks: int = 0
    hits: int = 0

    def hear(self, kind: str, body: Mapping[str, Any]) -> None:
        """Take one record up, if it is of this."""
        match kind:
            case "budget.spent":
                self.budgets[body["event"]] = Budget(
                    event=body["event"],
                    budget=int(body["budget"]),
                    high=body["spending"]["high"],
                    left_out=tuple(body["left_out"]),
                )
            case "override.given":
                approvals = tuple(from_json(Approval, approval) for approval in body["approvals"])
                self.given.append((from_json(Override, body["override"]), approvals))
            case "guard.revalidated":
                self.asked_again += len(body["asked"])
            case "entry.withdrawn":
                self.taken.append(
                    Taken(
                        at=to_utc("at", datetime.fromisoformat(body["at"])),
                        target=str(body["target"]),
                        intermediary=None,
                        why="; ".join(str(reason["text"]) for reason in body["reasons"]),
                    )
                )
            case "rollback.proposed":
                self.taken.append(
                    Taken(
                        at=to_utc("at", datetime.fromisoformat(body["at"])),
                        target=str(body["target"]),
                        intermediary=str(body["intermediary"]),
                        why=str(body["why"]),
                        dark=tuple(body["dark"]),
                    )
                )
            case "canary.probed":
                self.looks += 1
                self.canaries.add(str(body["canary"]))
                self.hits += body["direct"] is True and body["through"] is False
            case _:
                pass
