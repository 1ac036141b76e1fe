"""The coordinated operation: agencies, persons in their LED categories, searches, seizures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.marking import Marking
from cautery.model.times import require_utc


class LedCategory(StrEnum):
    """Directive (EU) 2016/680, art. 6."""

    SUSPECT = "suspect"
    CONVICTED = "convicted"
    VICTIM = "victim"
    OTHER = "other"


class StatementKind(StrEnum):
    """Directive (EU) 2016/680, art. 7: fact or personal assessment."""

    FACT = "fact"
    ASSESSMENT = "assessment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An authority with its country, role and competence."""

    id: str
    name: str
    country: str
    role: str
    competence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of interest, under a pseudonym: the name is sealed under the subject's own key.

    ``review_at`` and ``erase_at`` are the retention clock (art. 5).
    """

    pseudonym: str
    category: LedCategory
    kind: StatementKind
    role: str
    marking: Marking
    review_at: date
    erase_at: date

    def __post_init__(self) -> None:
        if self.erase_at < self.review_at:
            raise InputError(f"{self.pseudonym}: erased before it is reviewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search of premises, planned or done, by an agency."""

    id: str
    agency: str
    place: str
    planned_for: datetime
    done_at: datetime | None = None

    def __post_init__(self) -> None:
        require_utc("planned_for", self.planned_for)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seizure:
    """A thing taken in a search, and the exhibits made of it."""

    id: str
    search: str
    what: str
    seized_at: datetime
    exhibits: tuple[ExhibitId, ...] = ()

    def __post_init__(self) -> None:
        require_utc("seized_at", self.seized_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A coordinated operation and those at its table."""

    id: str
    name: str
    agencies: tuple[Agency, ...]
    targets: tuple[str, ...]
    action_day: datetime | None = None
