"""Overrides as a watch hears them: signed one by one, in force when both people have signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import combinations

from cautery.act import approve_override, digest
from cautery.errors import ApprovalError, InputError
from cautery.model import Approval, Mandate, Override, from_json
from cautery.workflows.sign_overrides import SIGNED
from cautery.workflows.watch.journal import Journal

__all__ = ["GIVEN", "SIGNED", "Overrides"]

GIVEN = "override.given"
MOST_SIGNATURES = 12
"""Latest signatures of one override that are tried together: a flood of forged ones is no work."""


class Overrides:
    """Collects ``override.signed`` records, and says which overrides hold."""

    def __init__(self, mandate: Mandate, *, journal: Journal) -> None:
        self._mandate = mandate
        self._journal = journal
        self._signed: dict[str, tuple[Override, list[Approval]]] = {}
        self._given: dict[str, Override] = {}
        self._told: set[str] = set()

    def hear(self, kind: str, body: Mapping[str, object]) -> bool:
        """Take a record of either kind up; tell whether an override has come into force.

        Anybody with the file may append a record: one that is no override is a failure, no more.
        """
        try:
            override = from_json(Override, body.get("override"))
            subject = str(digest(override))
            if kind == GIVEN:
                self._told.add(subject)
                return False
            approval = from_json(Approval, body.get("approval"))
        except InputError as error:
            self._journal.fail("override", str(body.get("target", ""))[:200], error)
            return False
        if override.until <= self._journal.now():
            return False
        held = self._signed.setdefault(subject, (override, []))
        held[1].append(approval)
        return self._look(subject, *held)

    def holding(self, now: datetime) -> dict[str, Override]:
        """Return the overrides that hold at a moment, by target."""
        return {target: one for target, one in self._given.items() if one.holds(now)}

    def _look(self, subject: str, override: Override, approvals: list[Approval]) -> bool:
        if self._given.get(override.target) == override:
            return False
        why: ApprovalError | None = None
        for pair in combinations(approvals[-MOST_SIGNATURES:], 2):
            try:
                approved = approve_override(
                    override, pair, mandate=self._mandate, now=self._journal.now()
                )
            except ApprovalError as error:
                why = error
                continue
            self._given[override.target] = approved.subject
            if subject not in self._told:
                self._told.add(subject)
                self._journal.write(
                    GIVEN, {"override": approved.subject, "approvals": approved.approvals}
                )
            return True
        if why is not None:
            self._journal.fail("override", override.target, why)
        return False
