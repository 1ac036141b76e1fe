"""What a case's ledger says of seized material, and whose keys are destroyed to forget it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from cautery.errors import InputError
from cautery.model import ExhibitId, LedCategory, StatementKind, from_json
from cautery.model.ports import Ledger

PART = "seized.part"
TAKEN = "seized.taken"
CONSULTED = "seized.consulted"
ERASED = "seized.erased"

CUSTOMERS = "customers of seized material"
"""The subject under whose key all customers of a case are hashed: the same one, the same hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One Parquet table of the derivative; a kind of row may have several."""

    kind: str
    rows: int
    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Names of resellers' and administrators' accounts, sealed under the seizure's key.

    ``category`` is Directive (EU) 2016/680's (art. 6), and ``kind`` says that it is an assessment
    (art. 7) until somebody has looked at the person behind an account.
    """

    exhibit: ExhibitId
    names: int
    category: LedCategory
    kind: StatementKind
    review_at: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A warning of the reader: why, how many records, the line of the first, and its shape."""

    why: str
    count: int
    line: int
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file of seized or cooperating material in a case.

    Parameters
    ----------
    id : str
        Of its bytes, by a key of the case: the same file is taken once.
    exhibits : tuple of ExhibitId
        The parts of the original, in order, each sealed encrypted.
    cover : ExhibitId
        The original's name, size and SHA-256, sealed likewise.
    failed : str or None
        Why the reading ended before the file did; all that stood before is in the tables.
    registered : str or None
        Its number in the operation's register of exhibits.
    """

    id: str
    kind: str
    panel: str
    size: int
    exhibits: tuple[ExhibitId, ...]
    cover: ExhibitId
    tables: tuple[Table, ...]
    accounts: Accounts | None
    warnings: tuple[Told, ...]
    by: str
    legal_basis: str
    at: datetime
    failed: str | None = None
    registered: str | None = None

    def rows(self, kind: str) -> int:
        """Return how many rows of a kind there are."""
        return sum(table.rows for table in self.tables if table.kind == kind)


def subject_of(id: str) -> str:
    """Return the subject under whose key an original and its accounts' names are sealed."""
    return f"seized material {id}"


def taken(ledger: Ledger) -> Iterator[Taken]:
    """Yield all that a case has taken, in order; of what was read again, the last reading."""
    bodies = {
        str(entry.record.body["id"]): entry.record.body for entry in ledger.read(kinds=(TAKEN,))
    }
    for body in bodies.values():
        yield from_json(Taken, body)


def taken_by_id(ledger: Ledger, id: str) -> Taken:
    """Return one.

    Raises
    ------
    InputError
        If there is none.
    """
    for dump in taken(ledger):
        if dump.id == id:
            return dump
    raise InputError(f"no seized material {id!r} in this case", hint="cautery seized show")


def erased(ledger: Ledger) -> frozenset[str]:
    """Return the subjects whose keys were destroyed."""
    return frozenset(str(entry.record.body["subject"]) for entry in ledger.read(kinds=(ERASED,)))
