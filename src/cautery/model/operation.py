"""The coordinated operation: agencies with their competence, instruments, statements, persons.

What is known of an operation is a :class:`Statement`: one sentence about one subject, with its
marking, its kind (fact or assessment) and the agencies it is meant for. Everything that two
agencies share is made of statements, and filtered by them alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId, Json
from cautery.model.ids import (
    check_agency_id,
    check_exhibit_id,
    check_id,
    check_kind,
    check_pseudonym,
    check_subject,
)
from cautery.model.mandate import Regime
from cautery.model.marking import Marking
from cautery.model.times import require_utc

LONGEST_TEXT = 1 << 16
"""Characters of a statement's text: it is one sentence, and a line of a file has no more."""


class Competence(StrEnum):
    """What an agency may do by its own law."""

    INVESTIGATE = "investigate"
    SEARCH = "search"
    ARREST = "arrest"
    SEIZE = "seize"
    FREEZE = "freeze"
    """Freeze accounts and wallets (Regulation (EU) 2018/1805)."""
    PRESERVE = "preserve"
    """Issue preservation and production orders (Regulation (EU) 2023/1543)."""
    BLOCK = "block"
    """Order or carry out blocking of names and addresses."""
    COORDINATE = "coordinate"
    """Bring others together: Eurojust, Europol; no act of its own on a suspect."""
    ADVISE = "advise"
    """Industry help: no act at all."""


class AgencyRole(StrEnum):
    """Where an agency sits at the operation's table."""

    LEAD = "lead"
    PARTICIPANT = "participant"
    COORDINATION = "coordination"
    SUPPORT = "support"
    INDUSTRY = "industry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An authority (or a helper) that takes part in an operation.

    Parameters
    ----------
    id : str
        Short id of lower-case letters, digits and dashes: ``it-postal``.
    name : str
        Full name.
    country : str
        ISO 3166-1 alpha-2; ``EU`` for a body of the Union.
    role : AgencyRole
        Its part in the operation.
    competence : frozenset of Competence
        What it may do by its own law.
    contact : str
        The contact point for the action day.
    zone : str
        IANA time zone of its teams: ``Europe/Rome``.
    """

    id: str
    name: str
    country: str
    role: AgencyRole
    competence: frozenset[Competence]
    contact: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        check_agency_id(self.id)
        if not self.competence:
            raise InputError(
                f"agency {self.id}: it has no competence",
                hint="State what it may do by its own law: "
                + ", ".join(competence.value for competence in Competence),
            )
        if len(self.country) != 2 or not self.country.isupper():
            raise InputError(f"agency {self.id}: {self.country!r} is not an ISO 3166-1 country")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InputError(f"agency {self.id}: {self.zone!r} is not a time zone") from error

    def may(self, competence: Competence) -> bool:
        """Tell whether the agency has this competence."""
        return competence in self.competence


class StatementKind(StrEnum):
    """Directive (EU) 2016/680, art. 7: fact or personal assessment."""

    FACT = "fact"
    ASSESSMENT = "assessment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of one agency about one subject.

    Parameters
    ----------
    id : str
        Unique among the agency's statements; a digest, so that it reveals no count.
    by : str
        Id of the agency that made it.
    subject : str
        An asset id (``host:...``), a person's pseudonym, an agency, or ``operation``.
    about : str
        What the statement is about: ``asset``, ``link``, ``person``, ``payment``, ``plan`` ...
    text : str
        The statement, in one sentence.
    kind : StatementKind
        Whether it is a fact or an assessment.
    marking : Marking
        What may be done with it.
    at : datetime
        When it was made, in UTC.
    to : frozenset of str
        Ids of the named recipients; empty: the marking alone decides.
    exhibits : tuple of ExhibitId
        The exhibits that show it.
    details : Json
        The statement for machines; the members depend on ``about``.
    """

    id: str
    by: str
    subject: str
    about: str
    text: str
    kind: StatementKind
    marking: Marking
    at: datetime
    to: frozenset[str] = frozenset()
    exhibits: tuple[ExhibitId, ...] = ()
    details: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_id("statement", self.id)
        check_agency_id(self.by)
        check_subject(self.subject)
        check_kind("about", self.about)
        for agency in self.to:
            check_agency_id(agency)
        for exhibit in self.exhibits:
            check_exhibit_id(exhibit)
        require_utc("at", self.at)
        if not self.text.strip():
            raise InputError(f"statement {self.id}: its text is empty")
        if len(self.text) > LONGEST_TEXT:
            raise InputError(f"statement {self.id}: its text has over {LONGEST_TEXT} characters")


class LedCategory(StrEnum):
    """Directive (EU) 2016/680, art. 6."""

    SUSPECT = "suspect"
    CONVICTED = "convicted"
    VICTIM = "victim"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of interest, under a pseudonym: the name is sealed under the subject's own key.

    Parameters
    ----------
    pseudonym : str
        The person's pseudonym in the operation.
    category : LedCategory
        Category (Directive (EU) 2016/680, art. 6).
    kind : StatementKind
        Whether the entry rests on facts or on an assessment (art. 7).
    role : str
        Part in the network, in words.
    marking : Marking
        What may be done with the entry.
    review_at : date
        Date on which the need to keep the data is reviewed (art. 5).
    erase_at : date
        Date on which the data are erased (art. 5).
    country : str or None
        Country, ISO 3166-1 alpha-2; ``None``: unknown.
    """

    pseudonym: str
    category: LedCategory
    kind: StatementKind
    role: str
    marking: Marking
    review_at: date
    erase_at: date
    country: str | None = None

    def __post_init__(self) -> None:
        check_pseudonym(self.pseudonym)
        if not isinstance(self.category, LedCategory):
            raise InputError(
                f"{self.pseudonym}: a person needs a category (Directive (EU) 2016/680, art. 6)"
            )
        if self.erase_at < self.review_at:
            raise InputError(
                f"{self.pseudonym}: the erasure must not be before the review (art. 5)"
            )


class InstrumentKind(StrEnum):
    """The legal instruments that an operation drafts; each draft is for a person to issue."""

    EIO = "european-investigation-order"
    JIT = "joint-investigation-team"
    FREEZING = "freezing-order"
    PRESERVATION = "european-preservation-order"
    PRODUCTION = "european-production-order"
    MLA = "mutual-legal-assistance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A draft of a legal instrument; Cautery never sends it.

    Parameters
    ----------
    id : str
        Id of the draft.
    kind : InstrumentKind
        The instrument.
    by : str
        Id of the agency that drafts it.
    addressee : str
        The provider, authority or bank that it would go to.
    country : str
        Country of the addressee, ISO 3166-1 alpha-2.
    holds : tuple of str
        What it would hold or ask for: accounts, hosts, wallets.
    basis : str
        The provision, with its mark: verified in a source, or ``[M]``, to be confirmed.
    grounds : str
        The reasons, in words.
    drafted_at : datetime
        When it was drafted, in UTC.
    due_at : datetime or None
        When the addressee must have answered, by the rule in ``basis``, in UTC; ``None``: no such
        limit.
    lapses_at : datetime or None
        When the effect ends, by the rule in ``basis``, in UTC; ``None``: no such limit.
    emergency : bool
        Whether it is drafted as an emergency.
    """

    id: str
    kind: InstrumentKind
    by: str
    addressee: str
    country: str
    holds: tuple[str, ...]
    basis: str
    grounds: str
    drafted_at: datetime
    due_at: datetime | None = None
    lapses_at: datetime | None = None
    emergency: bool = False

    def __post_init__(self) -> None:
        check_agency_id(self.by)
        require_utc("drafted_at", self.drafted_at)
        for name, moment in (("due_at", self.due_at), ("lapses_at", self.lapses_at)):
            if moment is not None:
                require_utc(name, moment)
        if not self.holds:
            raise InputError(
                f"instrument {self.id}: its holds are empty; it must ask for something"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A coordinated operation and its agencies. Only a competent authority runs one.

    Parameters
    ----------
    id : str
        Id of the operation.
    name : str
        Name of the operation.
    agencies : tuple of Agency
        The agencies that take part.
    regime : Regime
        Always ``led``.
    legal_basis : str
        The legal basis, in words.
    opened_at : datetime
        When it was opened, in UTC.
    lab : bool
        Whether it is one of the synthetic world.
    """

    id: str
    name: str
    agencies: tuple[Agency, ...]
    regime: Regime = Regime.LED
    legal_basis: str
    opened_at: datetime
    lab: bool = False

    def __post_init__(self) -> None:
        check_id("operation", self.id)
        require_utc("opened_at", self.opened_at)
        if self.regime is not Regime.LED:
            raise InputError(
                f"operation {self.id}: an operation needs regime led, not {self.regime.value}",
                hint="Only a competent authority (led) may handle searches, seizures and persons.",
            )
        names = [agency.id for agency in self.agencies]
        if len(set(names)) != len(names):
            raise InputError(f"operation {self.id}: an agency is listed twice")
        leads = [agency.id for agency in self.agencies if agency.role is AgencyRole.LEAD]
        if len(leads) != 1:
            raise InputError(f"operation {self.id}: exactly one agency must lead, not {len(leads)}")

    def agency(self, wanted: str) -> Agency:
        """Return an agency by its id.

        Raises
        ------
        InputError
            If it is not at the table.
        """
        for member in self.agencies:
            if member.id == wanted:
                return member
        raise InputError(f"operation {self.id}: {wanted!r} is not an agency at the table")

    @property
    def lead(self) -> Agency:
        """The agency that leads."""
        return next(agency for agency in self.agencies if agency.role is AgencyRole.LEAD)
