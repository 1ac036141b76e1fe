"""Overrides of a running watch: in force as soon as both people have signed."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations

from cautery.act import approve_override, check_signature
from cautery.errors import ApprovalError
from cautery.model import Approval, Mandate, Override, SignedFor, digest
from cautery.model.records import OverrideGiven, OverrideSigned
from cautery.workflows.case.journal import Journal

MOST_SIGNATURES = 12
"""Latest signatures of one override that are tried together: one person may have signed twice."""


class Overrides:
    """Collects the signatures under overrides, and says which overrides hold."""

    def __init__(self, mandate: Mandate, *, signed_for: SignedFor, journal: Journal) -> None:
        self._mandate = mandate
        self._signed_for = signed_for
        self._journal = journal
        self._signed: dict[str, tuple[Override, list[Approval]]] = {}
        self._by_target: dict[str, Override] = {}
        self._recorded: set[str] = set()
        """Digests of those of which it is on record that they came into force."""

    def restore(self, given: Override) -> None:
        """Take up that an override is on record as given; its signatures are checked anew."""
        self._recorded.add(digest(given))

    def hear(self, signed: OverrideSigned) -> bool:
        """Take a signature up; tell whether an override has come into force.

        Raises
        ------
        CauteryError
            If it is no approver's for this case: anybody with the file may append a record.
        """
        override, approval = signed.override, signed.approval
        subject = digest(override)
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
            if subject not in self._recorded:
                self._recorded.add(subject)
                self._journal.write(
                    OverrideGiven(override=approved.subject, approvals=approved.approvals)
                )
            return True
        if why is not None:
            self._journal.fail("override", override.target, why)
        return False
