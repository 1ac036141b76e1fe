"""The content of the pages on persons: those of one case, and questions over cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cautery.pages.room.view import CaseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLine:
    """What was decided on a person, where, and under which reference."""

    outcome: str
    on: date
    court: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPaper:
    """A paper that names a person.

    Parameters
    ----------
    to : tuple of str
        Who was given it.
    erased_on : date or None
        When the person's data were erased: the paper is marked; ``None``: it is not.
    """

    kind: str
    title: str
    at: datetime
    to: tuple[str, ...]
    erased_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePerson:
    """A person of a case, as the records have it: the name is sealed, and the room has no key.

    Parameters
    ----------
    record : int
        By which the person was registered.
    outcome : OutcomeLine or None
        What was decided last; ``None``: nothing is recorded.
    papers : tuple of PersonPaper
        The papers that name the person, the oldest first.
    """

    record: int
    pseudonym: str
    category: str
    kind: str
    role: str
    country: str | None
    marking: str
    review_at: date
    erase_at: date
    erased_at: datetime | None
    outcome: OutcomeLine | None = None
    papers: tuple[PersonPaper, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsView:
    """The persons of a case that have some words in their entry.

    Parameters
    ----------
    count : int
        How many persons the case has.
    more : bool
        There are more than are shown.
    """

    head: CaseHead
    words: str
    rows: tuple[CasePerson, ...]
    count: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingRow:
    """A question over cases.

    Parameters
    ----------
    by, second : str
        Names of accounts; of one that was erased, its id.
    own : bool
        Of who looks.
    may_agree : bool
        Who looks may agree to it.
    """

    id: str
    by: str
    second: str
    why: str
    regime: str
    asked_at: datetime
    state: str
    hit: bool | None
    asked_cases: int
    silent_cases: int
    own: bool
    may_agree: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingsView:
    """Questions over cases.

    Parameters
    ----------
    fault : str
        What was wrong with the form that was sent.
    why, regime : str
        What was typed in it; a name is never shown again.
    """

    rows: tuple[AskingRow, ...]
    fault: str = ""
    why: str = ""
    regime: str = "led"
