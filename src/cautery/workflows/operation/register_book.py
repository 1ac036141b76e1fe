"""The book of a desk's register: records read as acts, and acts written as records.

Records are only ever added. Each act is checked against all that stands before it is written, all
of a batch or none, and anew if another process wrote in between. Records that break a rule all the
same, written by other means, are void: they stay, and :attr:`Book.void` tells why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_of
from cautery.model import CustodyEntry, Entry, Record, SeizedExhibit, from_json, to_json
from cautery.operation.register import Act, Correction, Register, Taken, ValueMoved, entry_digest
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk

TAKEN = "operation.exhibit"
CUSTODY = "operation.custody"
MOVED = "operation.value-moved"
CORRECTED = "operation.exhibit-corrected"
KINDS = (TAKEN, CUSTODY, MOVED, CORRECTED)


@dataclass(slots=True)
class Book:
    """A desk's register, read as far as the ledger goes; reading on costs only what is new."""

    desk: Desk
    void: list[tuple[int, str]] = field(default_factory=list)
    """Records that break a rule, by index, with the rule: they stand, but do not count."""
    _register: Register = field(default_factory=Register)
    _next: int = 0

    @property
    def register(self) -> Register:
        """The register as it stands now."""
        acts: list[tuple[int, Act]] = []
        for entry in self.desk.case.ledger.read(since=self._next, kinds=KINDS):
            self._next = entry.index + 1
            try:
                acts.append((entry.index, act_of(entry.record)))
            except CauteryError as error:
                self.void.append((entry.index, str(error)))
        if acts:
            self._apply(acts)
        return self._register

    def _apply(self, acts: Sequence[tuple[int, Act]]) -> None:
        try:
            self._register = self._register.after(*(act for _, act in acts))
        except InputError:  # rare: find which, one by one
            for index, act in acts:
                try:
                    self._register = self._register.after(act)
                except InputError as error:
                    self.void.append((index, str(error)))

    @again_if_passed
    def write(self, acts: Sequence[Act], *, at: datetime | None = None) -> tuple[Entry, ...]:
        """Check acts against all that stands and record them, all or none.

        Raises
        ------
        InputError
            At the first act that breaks a rule; then nothing was written.
        """
        moment = at or self.desk.case.clock.now()
        size = self.desk.size()
        records = self.check(acts, at=moment)
        return self.desk.case.ledger.append_all(records, if_unchanged_since=size, kinds=KINDS)

    def check(
        self, acts: Sequence[Act], *, at: datetime
    ) -> list[tuple[str, dict[str, Any], datetime]]:
        """Check acts as :meth:`write` does and return their records; write nothing.

        Raises
        ------
        InputError
            At the first act that breaks a rule.
        """
        self.register.after(*acts)
        records = [(*_record_of(act), at) for act in acts]
        for kind, body, _ in records:
            self._check_named(Record(kind=kind, at=at, body=body))
        return records

    def _check_named(self, record: Record) -> None:
        """Refuse a record that `cautery verify` would stumble over: what it names must be there."""
        try:
            exhibits = [exhibit for exhibit, _ in exhibits_of(record)]
        except EvidenceError as error:
            raise InputError(
                str(error), hint="Such members name what lies in the vault."
            ) from error
        for exhibit in exhibits:
            if not self.desk.case.vault.holds(exhibit):
                raise InputError(f"exhibit {exhibit} is not in the vault of this case")


def register_of(desk: Desk) -> Register:
    """Return the register of a desk's case."""
    return Book(desk).register


def act_of(record: Record) -> Act:
    """Rebuild an act from its record.

    Raises
    ------
    InputError
        If it does not fit its noun.
    """
    body = dict(record.body)
    if record.kind == TAKEN:
        return Taken(
            exhibit=from_json(SeizedExhibit, body.get("entry")),
            custody=from_json(CustodyEntry, body.get("custody")),
        )
    if record.kind == CUSTODY:
        return from_json(CustodyEntry, body)
    if record.kind == MOVED:
        return from_json(ValueMoved, body)
    body.pop("exhibits", None)
    return from_json(Correction, body)


def _record_of(act: Act) -> tuple[str, dict[str, Any]]:
    if isinstance(act, Taken):
        return TAKEN, {
            "entry": to_json(act.exhibit),
            "custody": to_json(act.custody),
            "digest": entry_digest(act.exhibit),
            "exhibits": _leans_on(act.exhibit.photo, act.exhibit.details),
        }
    if isinstance(act, CustodyEntry):
        return CUSTODY, to_json(act)
    if isinstance(act, ValueMoved):
        return MOVED, to_json(act)
    changed = _leans_on(act.changes.get("photo"), act.changes.get("details"))
    return CORRECTED, to_json(act) | {"exhibits": changed}


def _leans_on(photo: object, details: object) -> list[str]:
    """Return what lies in the vault for an entry: `cautery verify` looks for it there."""
    sealed = details.get("sealed") if isinstance(details, Mapping) else None
    return [exhibit for exhibit in (photo, sealed) if isinstance(exhibit, str)]
