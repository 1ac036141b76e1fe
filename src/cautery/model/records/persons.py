"""Records of what becomes of a person after an arrest, and of the papers that name one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import Digest
from cautery.model.ids import check_pseudonym
from cautery.model.times import require_utc


class Outcome(StrEnum):
    """What an authority or a court decided on a person."""

    ARRESTED = "arrested"
    CHARGED = "charged"
    ACQUITTED = "acquitted"
    DISCONTINUED = "discontinued"
    CONVICTED = "convicted"

    @property
    def erases(self) -> bool:
        """Whether the person's name must go: nobody was found guilty."""
        return self in {Outcome.ACQUITTED, Outcome.DISCONTINUED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOutcome:
    """An authority or a court decided on a person.

    Parameters
    ----------
    pseudonym : str
        The person's pseudonym.
    outcome : Outcome
        What was decided.
    on : date
        Day of the decision.
    court : str
        The court or authority that decided.
    reference : str
        Its reference: number of the case or of the judgment.
    by : str
        Who recorded it.
    why : str
        The reason, in that person's words.
    """

    pseudonym: str
    outcome: Outcome
    on: date
    court: str
    reference: str
    by: str
    why: str

    def __post_init__(self) -> None:
        check_pseudonym(self.pseudonym)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAccessed:
    """A person, or the person's counsel, was given what is held on the person.

    Parameters
    ----------
    pseudonym : str
        The person's pseudonym.
    counsel : str
        Name of the counsel; empty: the person came.
    by : str
        Who gave it.
    why : str
        On what request.
    digest : Digest
        Digest of the file that was given.
    withheld : int
        Number of statements about the person that the file counts and does not show.
    """

    pseudonym: str
    counsel: str
    by: str
    why: str
    digest: Digest
    withheld: int = 0


class PaperKind(StrEnum):
    """What kind of paper names a person."""

    DOSSIER = "dossier"
    BUNDLE = "bundle"
    INSTRUMENT = "instrument"
    DAY = "action-day"
    """The plan of an action day, and the sheets that are printed of it."""
    FORM = "form"
    """A paper of an office: a ticket, a notice, a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWritten:
    """A paper that names persons was written.

    Bundles, drafts of instruments and plans of a day have records of their own.

    Parameters
    ----------
    paper : str
        Id of the paper, such as the digest of its bytes.
    kind : PaperKind
        What it is.
    title : str
        What people call it.
    persons : tuple of str
        Pseudonyms of the persons whom it names.
    to : tuple of str
        Who was given it.
    by : str
        Who wrote it.
    at : datetime
        When it was written, in UTC.
    """

    paper: str
    kind: PaperKind
    title: str
    persons: tuple[str, ...]
    to: tuple[str, ...]
    by: str
    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not self.persons:
            raise InputError(f"paper {self.title!r}: it must name a person")
        for pseudonym in self.persons:
            check_pseudonym(pseudonym)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperMarked:
    """A paper named a person whose data were erased.

    Parameters
    ----------
    paper : str
        Id of the paper.
    kind : PaperKind
        What it is.
    title : str
        What people call it.
    pseudonym : str
        The person's pseudonym.
    erased_on : date
        Day on which the person's data were erased.
    why : str
        Why they were erased.
    must_be_told : tuple of str
        Who was given the paper, and must be told.
    """

    paper: str
    kind: PaperKind
    title: str
    pseudonym: str
    erased_on: date
    why: str
    must_be_told: tuple[str, ...]


KINDS = {
    "operation.person-outcome": PersonOutcome,
    "operation.person-accessed": PersonAccessed,
    "operation.paper": PaperWritten,
    "operation.paper-marked": PaperMarked,
}
