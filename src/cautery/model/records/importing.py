"""Records of what partners sent: sealed, counted, compared with what they sent before.

Nothing of it is evidence: no verdict, map, estimate, plan or referral reads a record of this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import Digest, ExhibitId
from cautery.model.exchange import ItemKind
from cautery.model.marking import Marking
from cautery.model.records.dated import Dated
from cautery.model.times import require_utc

SEALED_FILE, SEALED_TABLE = "partner-file", "partner-table"
"""What a partner's file, and the table of what may be shown of it, are called when sealed."""


class ToldState(StrEnum):
    """How an item that a partner stated stands at a moment."""

    STANDS = "stands"
    NOT_YET = "not-yet"
    """It begins to be valid later."""
    ENDED = "ended"
    """Its ``valid_until`` is past."""
    REVOKED = "revoked"
    """The partner took it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """How far a partner and what it sent are trusted (Regulation (EU) 2016/794, art. 29).

    Parameters
    ----------
    source : str
        A, B, C or X: how reliable the partner is.
    accuracy : int
        1 to 4: how far the information is to be believed.
    """

    source: str
    accuracy: int

    def __post_init__(self) -> None:
        if self.source not in ("A", "B", "C", "X") or self.accuracy not in (1, 2, 3, 4):
            raise InputError(
                f"{self} is not an evaluation",
                hint="A letter of A, B, C, X for the source, and 1 to 4 for the information: B2.",
            )

    def __str__(self) -> str:
        return f"{self.source}{self.accuracy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCount:
    """How many items of a kind a file has.

    Parameters
    ----------
    kind : ItemKind
        Of the items.
    count : int
        How many.
    revoked : int
        How many of these the partner took back.
    """

    kind: ItemKind
    count: int
    revoked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """What stood in a file and has no place in a package.

    Parameters
    ----------
    words : str
        Its type and field, in the words of the format.
    count : int
        How many.
    """

    words: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """An item that somebody else states with another content; the two are not merged.

    Parameters
    ----------
    kind : ItemKind
        Of the item.
    subject : str
        Its id.
    by : str
        Who states it, by either account.
    against : str
        The source of the other content; empty: this case itself.
    """

    kind: ItemKind
    subject: str
    by: str
    against: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledFrom:
    """The collection of a TAXII server that an import was polled from.

    Parameters
    ----------
    url : str
        Of the API root.
    collection : str
        Id of the collection.
    newest : datetime
        When the server added the last object that came, in UTC: the next poll begins there.
    """

    url: str
    collection: str
    newest: datetime

    def __post_init__(self) -> None:
        require_utc("newest", self.newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeImported(Dated):
    """A partner's file was sealed, and what it says was counted. None of it is evidence.

    Parameters
    ----------
    source : str
        The partner, as whoever imported the file names it.
    evaluation : Evaluated
        How far the partner and the file are trusted, by whoever imported it.
    marking : Marking
        The strictest of the file and all its items; the conditions of H3 in it without credentials
        and addresses of people, and of a file under TLP:RED none.
    format : str
        What it was read as.
    package : str
        Keyed hash of the package's id, as the file states it.
    by : str
        Who sends it, as the file states; empty: the file is under TLP:RED.
    made_at : datetime
        As of when it says what it says, in UTC.
    digest : Digest
        Of the file, as it came: the same file of the same source is recorded once.
    exhibit : ExhibitId
        The sealed file, encrypted.
    table : ExhibitId
        The sealed table of what may be shown of the items: without texts, and of items under
        TLP:RED and of persons only that they are there.
    items : tuple of ItemCount
        How many items of each kind.
    relations : int
        How many relations.
    hidden : int
        How many items the table does not show.
    left_out : tuple of NotTaken
        What has no place in a package, by type and field; the most frequent ones. Of a file under
        TLP:RED, only how much.
    added, changed, revoked, unchanged : int
        Items against earlier imports of the same source: new ones; those with another content;
        those that were valid and are taken back; those that say what they said.
    returned, older : int
        Items that were taken back and stand again; those of which the same source has stated
        something later, so that they bring nothing back.
    contradictions : tuple of Contradiction
        Items that another source, or this case, states with another content; the first ones.
    contradicted : int
        How many such items there are.
    polled : PolledFrom or None
        The TAXII collection that it came from; ``None``: it came as a file.
    """

    source: str
    evaluation: Evaluated
    marking: Marking
    format: str
    package: str
    by: str
    made_at: datetime
    digest: Digest
    exhibit: ExhibitId
    table: ExhibitId
    items: tuple[ItemCount, ...]
    relations: int
    hidden: int = 0
    left_out: tuple[NotTaken, ...] = ()
    added: int = 0
    changed: int = 0
    revoked: int = 0
    unchanged: int = 0
    returned: int = 0
    older: int = 0
    contradictions: tuple[Contradiction, ...] = ()
    contradicted: int = 0
    polled: PolledFrom | None = None

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        require_utc("made_at", self.made_at)

    @property
    def total(self) -> int:
        """How many items the file has."""
        return sum(each.count for each in self.items)

    @property
    def stands_at(self) -> datetime:
        """As of when it counts among the imports of its source: a file of the future, as of now."""
        return min(self.made_at, self.at)


KINDS = {"exchange.imported": ExchangeImported}
