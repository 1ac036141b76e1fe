"""The book of a desk's register: records read as acts, and acts written as records.

Records are only ever added. Each act is checked against all that stands before it is written, all
of a batch or none, and anew if another process wrote in between. Records that break a rule all the
same, written by other means, are void: they stay, and :attr:`Book.void` tells why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_of
from cautery.model import CustodyEntry, ExhibitId, ExhibitPhotographed, from_json, to_json
from cautery.model.ledger import filed
from cautery.model.records import (
    CoinsMoved,
    Entry,
    ExhibitCorrected,
    ExhibitTaken,
    MisshapenRecord,
    Record,
    kinds_of,
)
from cautery.operation.register import Act, Correction, Register, Taken, ValueMoved, entry_digest
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk

_ACTS = (ExhibitTaken, CustodyEntry, CoinsMoved, ExhibitCorrected, ExhibitPhotographed)
"""The records of the register."""


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
        for entry in self.desk.case.ledger.read(since=self._next, kinds=kinds_of(*_ACTS)):
            self._next = entry.index + 1
            try:
                acts.append((entry.index, act_of(entry.content)))
            except CauteryError as error:
                self.void.append((entry.index, str(error)))
        if acts:
            self._register, broken = self._register.after_fitting(act for _, act in acts)
            self.void += [(acts[place][0], why) for place, why in broken.items()]
        return self._register

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
        return self.desk.record_all(records, at=moment, if_unchanged_since=size, unless=_ACTS)

    def check(self, acts: Sequence[Act], *, at: datetime) -> list[object]:
        """Check acts as :meth:`write` does and return their records; write nothing.

        Raises
        ------
        InputError
            At the first act that breaks a rule.
        """
        self.register.after(*acts)
        contents = [_content_of(act) for act in acts]
        for content in contents:
            kind, body = filed(content)
            self._check_named(Record(kind=kind, at=at, body=body))
        return contents

    def _check_named(self, record: Record) -> None:
        """Refuse a record that `cautery verify` would stumble over: what it names must be there."""
        try:
            exhibits = [exhibit for exhibit, _ in exhibits_of(record)]
        except EvidenceError as error:
            raise InputError(
                str(error), hint="Only Cautery sets these members: they name files in the vault."
            ) from error
        for exhibit in exhibits:
            if not self.desk.case.vault.holds(exhibit):
                raise InputError(f"exhibit {exhibit} is not in the vault of this case")


def register_of(desk: Desk) -> Register:
    """Return the register of a desk's case."""
    return Book(desk).register


def act_of(content: object) -> Act:
    """Return the act that a record tells of.

    Raises
    ------
    InputError
        If it tells of none, or of one that there cannot be.
    """
    match content:
        case ExhibitTaken(entry=exhibit, custody=custody):
            return Taken(exhibit=exhibit, custody=custody)
        case CustodyEntry() | ExhibitPhotographed():
            return content
        case CoinsMoved():
            return from_json(ValueMoved, to_json(content))
        case ExhibitCorrected():
            return from_json(Correction, to_json(content))
        case MisshapenRecord(why=why):
            raise InputError(why)
    raise InputError(f"{type(content).__name__} is not an act of a register")


def _content_of(act: Act) -> object:
    """Return the record of an act."""
    match act:
        case Taken(exhibit=exhibit, custody=custody):
            return ExhibitTaken(
                entry=exhibit,
                custody=custody,
                digest=entry_digest(exhibit),
                exhibits=_leans_on(exhibit.photo, exhibit.details),
            )
        case CustodyEntry() | ExhibitPhotographed():
            return act
        case ValueMoved():
            return from_json(CoinsMoved, to_json(act))
        case Correction():
            changed = _leans_on(act.changes.get("photo"), act.changes.get("details"))
            return from_json(ExhibitCorrected, to_json(act) | {"exhibits": changed})


def _leans_on(photo: object, details: object) -> tuple[ExhibitId, ...]:
    """Return what lies in the vault for an entry: `cautery verify` looks for it there."""
    sealed = details.get("sealed") if isinstance(details, Mapping) else None
    return tuple(ExhibitId(exhibit) for exhibit in (photo, sealed) if isinstance(exhibit, str))
