"""Records of seized or cooperating material: what was taken, looked at, and erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cautery.model.evidence import Exhibit, ExhibitId
from cautery.model.message import Message
from cautery.model.operation import LedCategory, StatementKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalPartSealed:
    """A part of an original was sealed, encrypted; a stopped run continues after it.

    Parameters
    ----------
    seized : str
        Id of the material.
    index : int
        Place of the part in the original, from 0.
    exhibit : Exhibit
        The sealed part.
    """

    seized: str
    index: int
    exhibit: Exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialTable:
    """One Parquet table of rows that were read from the material; a kind may have several.

    Parameters
    ----------
    kind : str
        What the rows are.
    rows : int
        Number of rows.
    exhibit : ExhibitId
        The sealed table.
    """

    kind: str
    rows: int
    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNames:
    """Names of resellers' and administrators' accounts, sealed under the seizure's key.

    Parameters
    ----------
    exhibit : ExhibitId
        The sealed names.
    names : int
        Number of names.
    category : LedCategory
        Category of the people (Directive (EU) 2016/680, art. 6).
    kind : StatementKind
        An assessment (art. 7) until somebody has checked the person behind an account.
    review_at : date
        Date on which the need to keep the names is reviewed.
    """

    exhibit: ExhibitId
    names: int
    category: LedCategory
    kind: StatementKind
    review_at: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialWarning:
    """Rows that the reader could not read.

    Parameters
    ----------
    why : Message
        Why they could not be read.
    count : int
        Number of rows.
    line : int
        Line of the first one.
    shape : str
        Shape of the first one, without its values.
    """

    why: Message
    count: int
    line: int
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialTaken:
    """One file of seized or cooperating material was taken into the case.

    Parameters
    ----------
    id : str
        Id made from the bytes with a key of the case, so that the same file is taken once only.
    kind : str
        The reader that recognised it: ``panel_sql``, ``netflow`` ...
    panel : str
        Name of the panel that it belongs to.
    size : int
        Size, bytes.
    exhibits : tuple of ExhibitId
        The parts of the original, in order, each sealed and encrypted.
    cover : ExhibitId
        The original's name, size and SHA-256, sealed and encrypted.
    tables : tuple of MaterialTable
        The tables that were read from it.
    accounts : AccountNames or None
        Names of accounts in it; ``None``: it names no account.
    warnings : tuple of MaterialWarning
        Rows that could not be read.
    by : str
        Who took it into the case.
    legal_basis : str
        The legal basis, in words.
    at : datetime
        When it was taken, in UTC.
    failed : Message or None
        Why the reading ended before the end of the file; the tables hold all rows before that
        place. ``None``: it was read to its end.
    registered : str or None
        Its number in the operation's register of exhibits; ``None``: it is in no register.
    """

    id: str
    kind: str
    panel: str
    size: int
    exhibits: tuple[ExhibitId, ...]
    cover: ExhibitId
    tables: tuple[MaterialTable, ...]
    accounts: AccountNames | None
    warnings: tuple[MaterialWarning, ...]
    by: str
    legal_basis: str
    at: datetime
    failed: Message | None = None
    registered: str | None = None

    def rows(self, kind: str) -> int:
        """Return how many rows of a kind there are."""
        return sum(table.rows for table in self.tables if table.kind == kind)


class ConsultedPart(StrEnum):
    """What somebody looked at."""

    ORIGINAL = "the original"
    ACCOUNT_NAMES = "names of accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialConsulted:
    """Somebody looked at sealed material (Directive (EU) 2016/680, art. 25).

    Parameters
    ----------
    seized : str
        Id of the material.
    what : ConsultedPart
        What was looked at.
    by : str
        Who looked at it.
    why : str
        Purpose of looking at it.
    at : datetime
        When it was looked at, in UTC.
    """

    seized: str
    what: ConsultedPart
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialKeysErased:
    """The keys of a subject were destroyed (Directive (EU) 2016/680, art. 25).

    Parameters
    ----------
    subject : str
        The subject whose keys they were: one material, or all customers.
    keys : int
        Number of keys that were destroyed; 0: they were destroyed before.
    by : str
        Who destroyed them.
    why : str
        Purpose of destroying them.
    """

    subject: str
    keys: int
    by: str
    why: str


KINDS = {
    "seized.part": OriginalPartSealed,
    "seized.taken": MaterialTaken,
    "seized.consulted": MaterialConsulted,
    "seized.erased": MaterialKeysErased,
}
