"""The content of the room's pages on an operation: who sits at its table, and what they know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model import AgencyRole, Competence, StatementKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationHead:
    """What stands above each page of an operation.

    Parameters
    ----------
    id : str
        Name of the case, for addresses.
    code : str
        Id of the operation.
    agency, agency_name : str
        Whose desk it is.
    seat, seat_name : str
        The agency for which the visitor sits at the table; empty: the desk's own people.
    """

    id: str
    name: str
    code: str
    agency: str
    agency_name: str
    lead: str
    legal_basis: str
    lab: bool
    closed: bool
    seat: str
    seat_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """An operation in the list; ``seat``: the name of the visitor's agency, if not the desk's."""

    id: str
    name: str
    code: str
    agency: str
    lead: str
    seat: str
    agencies: int
    lab: bool
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsView:
    """A page of the list of operations; ``after``: where the next one begins."""

    rows: tuple[OperationRow, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """An agency at the table.

    Parameters
    ----------
    statements : int or None
        That it made, and that this desk knows; ``None``: the visitor is not told.
    told, may : int or None
        Statements that it was sent, and that it may be sent and was not yet.
    withheld : tuple of (str, int)
        How many statements it may not be told, by their marking.
    """

    id: str
    name: str
    country: str
    role: AgencyRole
    competence: tuple[Competence, ...]
    contact: str
    zone: str
    joined_at: datetime | None = None
    statements: int | None = None
    told: int | None = None
    may: int | None = None
    withheld: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A moment of the operation; ``record``: its number, for who may read records."""

    at: datetime
    what: str
    agency: str = ""
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """The table of an operation, and its course, newest first.

    Parameters
    ----------
    more : int
        Moments that are not shown.
    too_many : bool
        What each agency may be told was not counted: statements and agencies are too many.
    """

    head: OperationHead
    agencies: tuple[AgencyRow, ...]
    course: tuple[Happened, ...]
    more: int
    moment: datetime | None
    too_many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A statement of the shared picture.

    Parameters
    ----------
    sender : str
        Who passed it on; empty: its provider itself.
    marking, h3 : str
        TLP, PAP and handling codes; the words of H3.
    evaluation : str
        Of source and information, such as ``B2``; empty: it was not evaluated.
    corrected_by : str
        Id of what corrects or withdraws it; empty: it stands.
    to, told, may : tuple of str
        Agencies that it names, that were sent it, and that may be sent it and were not yet.
    """

    id: str
    by: str
    sender: str
    signed: bool
    subject: str
    about: str
    text: str
    kind: StatementKind
    marking: str
    h3: str
    evaluation: str
    at: datetime
    corrected_by: str
    withdrawn: bool
    to: tuple[str, ...]
    told: tuple[str, ...]
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A page of the shared picture, newest first.

    Parameters
    ----------
    found : int
        Statements that fit the search, or all.
    after : str
        Where the next page begins; empty: this is the last.
    """

    head: OperationHead
    rows: tuple[StatementRow, ...]
    found: int
    search: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run of deconfliction.

    Parameters
    ----------
    letters : int
        Of four that were written.
    shared : tuple of str or None
        Targets that both have; ``None``: the run has not come to its end.
    contact : str
        Contact point of the other agency.
    forgotten : bool
        Its secrets were destroyed.
    """

    session: str
    partner: str
    size: int
    letters: int
    began_at: datetime
    ended_at: datetime | None
    shared: tuple[str, ...] | None
    contact: str
    forgotten: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What would take part in a run with an agency now, and what is left out by its marking."""

    partner: str
    targets: int
    left_out: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionView:
    """The runs of deconfliction, newest first."""

    head: OperationHead
    runs: tuple[RunRow, ...]
    compared: tuple[Compared, ...]
