"""Overrides as a watch hears them: signed one by one, in force when both people have signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import combinations

from cautery.act import approve_override, check_signature
from cautery.errors import ApprovalError
from cautery.model import Approval, Mandate, Override, SignedFor, digest, from_json
from cautery.workflows.case.journal import Journal
from cautery.workflows.guard.sign import SIGNED

__all__ = ["GIVEN", "SIGNED", "Overrides"]

GIVEN = "override.given"
MOST_SIGNATURES = 12
"""Latest signatures of one override that are tried together: one person may have signed twice."""


class Overrides:
    """Collects ``override.signed`` records, and says which overrides hold."""

    def __init__(self, mandate: Mandate, *, signed_for: SignedFor, journal: Journal) -> None:
        self._mandate = mandate
        self._signed_for = signed_for
        self._journal = journal
        self._signed: dict[str, tuple[Override, list[Approval]]] = {}
        self._by_target: dict[str, Override] = {}
        self._complaints: set[str] = set()

    def hear(self, kind: str, body: Mapping[str, object]) -> bool:
        """Take a record of either kind up; tell whether an override has come into force.

        Raises
        ------
        CauteryError
            If it is no override, or its signature is no approver's for this case: anybody with
            the file may append a record.
        """
        override = from_json(Override, body.get("override"))
        subject = digest(override)
        if kind == GIVEN:
            self._complaints.add(subject)
            return False
        approval = from_json(Approval, body.get("approval"))
        check_signature(
            approval,
            what=f"the override of {override.target}",
            subject=subject,
            mandate=self._mandate,
            signed_for=self._signed_for,
        )
        _, approvals = self._signed.setdefault(subject, (override, []))
        if override.until <= self._journal.now() or approval in approvals:
            return False
        approvals.append(approval)
        return self._look(subject, override, approvals)

    def holding(self, now: datetime) -> dict[str, Override]:
        """Return the overrides that hold at a moment, by target."""
        return {
            target: override for target, override in self._by_target.items() if override.holds(now)
        }

    def _look(self, subject: str, override: Override, approvals: list[Approval]) -> bool:
        if self._by_target.get(override.target) == override:
            return False
        why: ApprovalError | None = None
        for pair in combinations(approvals[-MOST_SIGNATURES:], 2):
            try:
                approved = approve_override(
                    override,
                    pair,
                    mandate=self._mandate,
                    signed_for=self._signed_for,
                    now=self._journal.now(),
                )
            except ApprovalError as error:
                why = error
                continue
            self._by_target[override.target] = approved.subject
            if subject not in self._complaints:
                self._complaints.add(subject)
                self._journal.write(
                    GIVEN, {"override": approved.subject, "approvals": approved.approvals}
                )
            return True
        if why is not None:
            self._journal.fail("override", override.target, why)
        return False
