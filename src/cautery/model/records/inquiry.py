"""Records of what an agency finds out: persons, sizes, money, links to other crimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.estimate import Estimate
from cautery.model.evidence import Exhibit, ExhibitId
from cautery.model.marking import Marking
from cautery.model.message import Message
from cautery.model.operation import (
    InstrumentKind,
    Person,
    StatementKind,
)

QUANTITIES = ("users", "payers", "revenue")
"""What a sizing states, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRegistered:
    """A person is registered, under a pseudonym.

    Parameters
    ----------
    person : Person
        The person, without a name.
    exhibit : Exhibit
        The name, sealed under the person's own key.
    """

    person: Person
    exhibit: Exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReviewed:
    """A person's data were reviewed and are kept (Directive (EU) 2016/680, art. 5).

    Parameters
    ----------
    pseudonym : str
        The person's pseudonym.
    review_at : date
        Date of the next review.
    why : str
        Why the data are still needed.
    """

    pseudonym: str
    review_at: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased:
    """The key of a person's name was destroyed.

    Parameters
    ----------
    pseudonym : str
        The person's pseudonym.
    why : str
        The reason.
    keys : int
        Number of keys that were destroyed.
    """

    pseudonym: str
    why: str
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNamed:
    """Somebody read a person's name (Directive (EU) 2016/680, art. 25).

    Parameters
    ----------
    pseudonym : str
        The person's pseudonym.
    why : str
        Purpose of reading the name.
    who : str
        Who read it.
    """

    pseudonym: str
    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSought:
    """Somebody looked for a person by name in this case (Directive (EU) 2016/680, art. 25).

    Parameters
    ----------
    pseudonym : str or None
        The person's pseudonym; ``None``: the case does not have the person, or the name is erased.
    why : str
        Purpose of the search.
    who : str
        Who searched.
    """

    pseudonym: str | None
    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """A figure that was published, in a form that can be compared with what is found.

    Parameters
    ----------
    id : str
        What it counts, for machines: ``users``, ``arrests`` ...
    what : str
        What it counts, in the words of its source.
    value : str
        How much, in the words of its source.
    source : str
        Who published it.
    low : float or None
        Lower bound of the number; ``None``: it states none.
    high : float or None
        Upper bound of the number; ``None``: it states none.
    kind : str
        ``reported``, or ``claim``: a size that nobody can have counted.
    """

    id: str
    what: str
    value: str
    source: str
    low: float | None = None
    high: float | None = None
    kind: str = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """A published size, compared with the estimate of this case.

    Parameters
    ----------
    text : str
        The claim, as published.
    quantity : str
        One of :data:`QUANTITIES`.
    value : float
        Its size, in the unit of the estimate.
    flagged : bool
        Whether it is outside of the 99 % interval.
    words : Message
        How it compares.
    source : str or None
        Who published it; ``None``: not stated.
    """

    text: str
    quantity: str
    value: float
    flagged: bool
    words: Message
    source: str | None


class SizingOccasion(StrEnum):
    """Why a network is sized."""

    BEFORE_DAY = "before the day"
    AFTER_DAY = "after the day"
    """The seized panels are counted too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedNetwork:
    """The size of the network was estimated.

    Parameters
    ----------
    month : date
        The month that is estimated, by its first day.
    occasion : SizingOccasion
        Why it was estimated then.
    inner : tuple of Estimate
        The 90 % intervals of the :data:`QUANTITIES`, from all sources together.
    outer : tuple of Estimate
        The 99 % intervals of the :data:`QUANTITIES`, from all sources together.
    sources : tuple of Estimate
        The estimate of each source alone.
    countries : mapping
        By country, the estimate of its users.
    claims : tuple of JudgedClaim
        Published sizes, and whether they fit.
    words : tuple of Message
        What a reader must know about it.
    silent : tuple of Message
        Sources that give no estimate, and why.
    """

    month: date
    occasion: SizingOccasion
    inner: tuple[Estimate, ...]
    outer: tuple[Estimate, ...]
    sources: tuple[Estimate, ...]
    countries: Mapping[str, Estimate] = field(default_factory=dict)
    claims: tuple[JudgedClaim, ...] = ()
    words: tuple[Message, ...] = ()
    silent: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.inner) == len(self.outer) == len(QUANTITIES):
            raise InputError(
                f"a sizing must have {len(QUANTITIES)} quantities: {', '.join(QUANTITIES)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEnding:
    """Where traced money ends.

    Parameters
    ----------
    place : str
        Name of a service, or ``place:`` and a keyed hash.
    asset : str
        The coin or currency.
    amount : Decimal
        Amount that ends there, in units of ``asset``.
    ask : str or None
        Who can be asked about it; ``None``: nobody.
    """

    place: str
    asset: str
    amount: Decimal
    ask: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedHolding:
    """What one owner holds of traced money.

    Parameters
    ----------
    place : str
        Name of a service, or ``place:`` and a keyed hash.
    asset : str
        The coin or currency.
    tainted : Decimal
        Amount that came from the beginning of the trail, in units of ``asset``.
    balance : Decimal
        Whole amount that is there, in units of ``asset``.
    addresses : int
        Number of addresses of the owner.
    """

    place: str
    asset: str
    tainted: Decimal
    balance: Decimal
    addresses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedProposal:
    """A legal instrument that could hold traced money.

    Parameters
    ----------
    kind : InstrumentKind
        The instrument.
    addressee : str
        Name of a service, ``issuer of`` an asset, or ``place:`` and a keyed hash.
    asset : str or None
        The coin or currency; ``None``: the trail does not show it.
    amount : Decimal or None
        Most that it could hold, in units of ``asset``; ``None``: the trail does not show it.
    holds : int
        Number of accounts or addresses that it would hold.
    """

    kind: InstrumentKind
    addressee: str
    asset: str | None
    amount: Decimal | None
    holds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyTraced:
    """Money was traced. The record has only sums, because the trail names people's accounts.

    Parameters
    ----------
    method : str
        Rule by which coins are followed: ``fifo`` ...
    entered : mapping
        By asset, the amount at the beginning of the trail.
    places : int
        Number of places on the trail.
    hops : int
        Number of transfers on the trail.
    endings : tuple of TracedEnding
        Where the money ends.
    holdings : tuple of TracedHolding
        Who holds it.
    proposals : tuple of TracedProposal
        Instruments that could hold it.
    exhibits : tuple of ExhibitId
        The whole trace, and the transactions behind it if they are kept: sealed, encrypted.
    subject : str
        The subject whose key encrypts them.
    """

    method: str
    entered: Mapping[str, Decimal]
    places: int
    hops: int
    endings: tuple[TracedEnding, ...]
    holdings: tuple[TracedHolding, ...]
    proposals: tuple[TracedProposal, ...]
    exhibits: tuple[ExhibitId, ...]
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOpened:
    """A sealed trace of money was opened for a paper (Directive (EU) 2016/680, art. 25).

    Parameters
    ----------
    exhibit : ExhibitId
        The sealed trace, which names people's accounts.
    form : str
        Id of the form that it was opened for.
    why : str
        The reason.
    who : str
        Who was given it.
    """

    exhibit: ExhibitId
    form: str
    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrimeFound:
    """A link to another crime.

    Parameters
    ----------
    crime : str
        ``money-laundering``, ``arms`` ...
    text : str
        The link, in a sentence.
    kind : StatementKind
        Whether it is a fact or an assessment.
    numbers : tuple of str
        Numbers of the exhibits in the register that show it.
    marking : Marking
        What may be done with it.
    by : str
        Id of the agency that states it.
    at : datetime
        When it was stated, in UTC.
    exhibits : tuple of ExhibitId
        Further evidence in the vault.
    """

    crime: str
    text: str
    kind: StatementKind
    numbers: tuple[str, ...]
    marking: Marking
    by: str
    at: datetime
    exhibits: tuple[ExhibitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpCounted:
    """The table of a seized panel was counted.

    Parameters
    ----------
    panel : str
        Name of the panel.
    exhibit : ExhibitId
        The table, sealed under the disk's own key.
    counts : int
        Number of counts that it gave.
    """

    panel: str
    exhibit: ExhibitId
    counts: int


KINDS = {
    "operation.person": PersonRegistered,
    "operation.person-reviewed": PersonReviewed,
    "operation.person-erased": PersonErased,
    "operation.person-named": PersonNamed,
    "operation.person-sought": PersonSought,
    "operation.published": PublishedFigure,
    "operation.sized": SizedNetwork,
    "operation.trace": MoneyTraced,
    "operation.trace-opened": TraceOpened,
    "operation.finding": CrimeFound,
    "operation.dump-counted": DumpCounted,
}
