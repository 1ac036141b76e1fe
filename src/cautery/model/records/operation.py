"""Records of a coordinated operation at one agency's desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

from cautery.errors import InputError
from cautery.model.action_day import CriterionAnswer, DayPlan, StepReport
from cautery.model.estimate import Estimate
from cautery.model.evidence import Digest, Exhibit, ExhibitId, Json
from cautery.model.marking import Marking
from cautery.model.operation import (
    Instrument,
    InstrumentKind,
    Operation,
    Person,
    Statement,
    StatementKind,
)
from cautery.model.seizure import CustodyEntry, SeizedExhibit
from cautery.model.times import require_utc
from cautery.model.wire import SPELLED_WITHOUT_UNDERSCORE

QUANTITIES = ("users", "payers", "revenue")
"""What a sizing states, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationOpened:
    """An agency's case of an operation begins. Only the first such record counts.

    Parameters
    ----------
    operation : Operation
        The operation with its agencies, as they are when the case begins.
    agency : str
        Id of the agency whose case it is.
    version : str
        Version of Cautery that opened the case.
    lab : bool
        Whether the operation is one of the synthetic world.
    key : str
        The case's verifier key, spelled as in C2SP notes.
    partners_signed : bool
        Whether this desk signs which key belongs to which agency; desks of older versions did not.
    """

    operation: Operation
    agency: str
    version: str
    lab: bool
    key: str
    partners_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRecorded(Statement):
    """The agency makes a statement.

    Parameters
    ----------
    notes : mapping
        By recipient (``*``: any), the note that the agency signed (ADR 0030); empty in cases of
        older versions, which signed none.
    """

    notes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, statement: Statement, *, notes: Mapping[str, str]) -> StatementRecorded:
        """Return the record of a statement."""
        return cls(**_members(statement), notes=notes)

    @property
    def statement(self) -> Statement:
        """The statement alone, as others get it."""
        return Statement(**_members(self))


def _members(statement: Statement) -> dict[str, Any]:
    return {member.name: getattr(statement, member.name) for member in fields(Statement)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyJoined:
    """An agency joins the operation.

    Parameters
    ----------
    agency : str
        Id of the agency.
    at : datetime
        When it joined, in UTC.
    """

    agency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleShared:
    """Statements were sent to another agency, in one signed bundle.

    Parameters
    ----------
    to : str
        Id of the receiving agency.
    at : datetime
        When the bundle was made, in UTC.
    digest : Digest
        Digest of the bundle's bytes.
    exhibit : ExhibitId
        The bundle as it was sent, sealed.
    statements : tuple of (str, str)
        Provider and id of each statement.
    permissions : tuple of Digest
        Digests of the permissions to pass statements on that went with them; none in older
        versions.
    why : str
        Justification (Directive (EU) 2016/680, art. 25).
    who : str
        The person who shared it (Directive (EU) 2016/680, art. 25).
    """

    to: str
    at: datetime
    digest: Digest
    exhibit: ExhibitId
    statements: tuple[tuple[str, str], ...]
    permissions: tuple[Digest, ...] = ()
    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPermitted:
    """The desk permits another agency to pass one of its statements on.

    Parameters
    ----------
    statement : str
        Id of the statement.
    by : str or None
        Id of the agency that may pass it on; ``None`` in cases of older versions: it permits
        nothing.
    to : str
        Id of the agency to which it may be passed on.
    why : str
        The reason for the permission.
    note : str or None
        The permission as this desk signed it; ``None`` in cases of older versions.
    """

    statement: str
    by: str | None = None
    to: str
    why: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRegistered:
    """The desk records the key with which another agency signs.

    Parameters
    ----------
    agency : str
        Id of the other agency.
    key : str
        Its verifier key, spelled as in C2SP notes.
    note : str or None
        This record's statement, signed by the desk; ``None``: not signed, as in older versions.
    """

    agency: str
    key: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedStatement:
    """A statement in a bundle that is not accepted here.

    Parameters
    ----------
    by : str
        Id of the agency that made the statement.
    id : str
        Id of the statement.
    why : str
        Why it is not accepted.
    """

    by: str
    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReceived:
    """A bundle of another agency was checked and filed.

    Parameters
    ----------
    from_ : str
        Id of the sender.
    at : datetime
        When it was received, in UTC.
    digest : Digest
        Digest of the bundle's bytes.
    exhibit : ExhibitId
        The bundle as it arrived, sealed.
    key : str
        The verifier key that checked it.
    who : str
        The person who received it.
    refused : tuple of RefusedStatement
        Statements in it that are not accepted.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    from_: str
    at: datetime
    digest: Digest
    exhibit: ExhibitId
    key: str
    who: str
    refused: tuple[RefusedStatement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRefused:
    """A bundle was refused as a whole.

    Parameters
    ----------
    from_ : str or None
        Id of the sender; ``None``: the signature is not valid, so anybody may have written it.
    at : datetime
        When it was refused, in UTC.
    digest : Digest
        Digest of the bundle's bytes.
    size : int
        Size, bytes.
    exhibit : ExhibitId or None
        The bundle as it arrived, sealed; ``None``: its sender did not sign it.
    key : str
        The verifier key that checked it.
    who : str
        The person who would have received it.
    why : str
        Why it was refused.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    from_: str | None
    at: datetime
    digest: Digest
    size: int
    exhibit: ExhibitId | None
    key: str
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecrets:
    """Where the secrets of a run of deconfliction are kept, encrypted under the run's own key.

    Parameters
    ----------
    exhibit : ExhibitId
        The sealed secrets.
    """

    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionLetter:
    """A letter of a run of deconfliction, sent or received.

    Parameters
    ----------
    session : str
        Id of the run.
    step : int
        Which letter of the run it is, from 1 to 4.
    sent : bool
        Whether this desk wrote it; else it was received.
    with_ : str
        Id of the other agency.
    size : int
        Number of points in each side's set.
    at : datetime
        When it was sent or received, in UTC.
    digest : Digest
        Digest of the letter's bytes.
    exhibit : ExhibitId
        The letter, sealed.
    run : SealedSecrets or None
        Secrets of this desk's side; ``None``: not the desk's first letter of the run.
    key : str or None
        The verifier key that checked the letter; ``None``: the letter is this desk's own.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    session: str
    step: int
    sent: bool
    with_: str
    size: int
    at: datetime
    digest: Digest
    exhibit: ExhibitId
    run: SealedSecrets | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionResult:
    """The result of a run of deconfliction.

    Parameters
    ----------
    session : str
        Id of the run.
    with_ : str
        Id of the other agency.
    contact : str
        Contact point of the other agency.
    shared : tuple of str
        The targets that both agencies have.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    session: str
    with_: str
    contact: str
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionForgotten:
    """The secrets of a run were destroyed because no auditor needs them any more.

    Parameters
    ----------
    session : str
        Id of the run.
    why : str
        The reason.
    keys : int
        Number of keys that were destroyed.
    """

    session: str
    why: str
    keys: int


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
    """A published size, compared with our estimate.

    Parameters
    ----------
    text : str
        The claim, as published.
    quantity : str
        One of :data:`QUANTITIES`.
    value : float
        Its size, in the unit of our estimate.
    flagged : bool
        Whether it is outside of the 99 % interval.
    words : str
        How it compares, in a sentence.
    source : str or None
        Who published it; ``None``: not stated.
    """

    text: str
    quantity: str
    value: float
    flagged: bool
    words: str
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedNetwork:
    """The size of the network was estimated.

    Parameters
    ----------
    month : date
        The month that is estimated, by its first day.
    occasion : str
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
    words : tuple of str
        What a reader must know about it, as sentences.
    silent : tuple of str
        Sources that give no estimate, and why.
    """

    month: date
    occasion: str
    inner: tuple[Estimate, ...]
    outer: tuple[Estimate, ...]
    sources: tuple[Estimate, ...]
    countries: Mapping[str, Estimate] = field(default_factory=dict)
    claims: tuple[JudgedClaim, ...] = ()
    words: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

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
class ChosenAct:
    """An act of a cut.

    Parameters
    ----------
    act : str
        Id of the act.
    nodes : tuple of str
        Nodes that it takes down.
    country : str or None
        Country in which it is done, ISO 3166-1 alpha-2; ``None``: unknown.
    cost : float
        Cost in the plan's own unit.
    """

    act: str
    nodes: tuple[str, ...]
    country: str | None
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CutChosen:
    """Acts were chosen that cut the network's supply.

    Parameters
    ----------
    chosen : tuple of ChosenAct
        The chosen acts.
    refused : mapping
        By reason, the number of acts that were not available.
    served_before : float
        Share of the known demand that was served before, 0 to 1.
    served_after : float
        Share of the known demand that is served after, 0 to 1.
    cost : float
        Cost of the chosen acts.
    bound : float
        Proven least cost of any acts that reach the goal.
    method : str
        How they were chosen.
    reached : bool
        Whether the goal is reached.
    nodes : int
        Number of nodes in the picture.
    relations : int
        Number of relations in the picture.
    statements : int
        Number of statements that the picture was made from.
    """

    chosen: tuple[ChosenAct, ...]
    refused: Mapping[str, int]
    served_before: float
    served_after: float
    cost: float
    bound: float
    method: str
    reached: bool
    nodes: int
    relations: int
    statements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesProbedDark:
    """Our own probes saw nodes dark on the action day.

    Parameters
    ----------
    dark : tuple of str
        Nodes that were seen dark for the first time.
    """

    dark: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHours:
    """The hours in which a search may begin; a plan of the day uses the latest record.

    Parameters
    ----------
    hours : mapping
        By country (``*``: any other), the first and the last local time, ISO 8601.
    """

    hours: Mapping[str, tuple[str, str]]

    def __post_init__(self) -> None:
        _ = self.spans

    @property
    def spans(self) -> dict[str, tuple[time, time]]:
        """By country, the first and the last local time."""
        return {
            country: (time.fromisoformat(first), time.fromisoformat(last))
            for country, (first, last) in self.hours.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedShare:
    """The share of demand that is still served.

    Parameters
    ----------
    at : datetime
        The moment that the share is about, in UTC.
    share : float
        The share, 0 to 1.
    by : str
        Who states it: ``plan`` (removed nodes in the picture: the least that the picture proves)
        or ``probe`` (our own probes of what viewers get).
    """

    at: datetime
    share: float
    by: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not 0 <= self.share <= 1:
            raise InputError(f"served share: {self.share} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitTaken:
    """A thing was seized and entered in the register.

    Parameters
    ----------
    entry : SeizedExhibit
        The entry in the register.
    custody : CustodyEntry
        The first link of its chain of custody.
    digest : Digest or None
        Digest of the entry, as the label carries it; ``None``: it was not recorded.
    exhibits : tuple of ExhibitId
        The sealed files that belong to it.
    """

    entry: SeizedExhibit
    custody: CustodyEntry
    digest: Digest | None = None
    exhibits: tuple[ExhibitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinsMoved:
    """Coins of a seized wallet were moved to a wallet of the state.

    Parameters
    ----------
    number : str
        Number of the wallet in the register.
    asset : str
        The coin.
    amount : Decimal
        Amount that arrived, in units of ``asset``.
    fee : Decimal
        Fee of the transfer, in units of ``asset``.
    to : str
        Address of the state's wallet.
    transfer : str
        Id of the transaction.
    at : datetime
        When they were moved, in UTC.
    by : str
        Role of the person who moved them.
    """

    number: str
    asset: str
    amount: Decimal
    fee: Decimal
    to: str
    transfer: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitCorrected:
    """The entry of an exhibit was wrong and is corrected; the old entry stays.

    Parameters
    ----------
    number : str
        Number of the exhibit in the register.
    corrects : Digest
        Digest of the entry before the correction.
    changes : Json
        The new values, by member.
    reason : str
        Why the entry was wrong.
    by : str
        Who corrected it.
    at : datetime
        When it was corrected, in UTC.
    exhibits : tuple of ExhibitId
        The sealed files that belong to the new values.
    """

    number: str
    corrects: Digest
    changes: Json
    reason: str
    by: str
    at: datetime
    exhibits: tuple[ExhibitId, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GrewBack:
    """An asset was found after the action day that continues what was taken.

    Parameters
    ----------
    at : datetime
        When it was found, in UTC.
    asset : str
        Id of the new asset.
    like : str
        Id of the old asset whose network it belongs to.
    country : str or None
        Country, ISO 3166-1 alpha-2; ``None``: unknown.
    traits : tuple of str
        What both assets show.
    probability : float
        Probability that it belongs to the network of ``like``, 0 to 1.
    why : tuple of str
        What ties them together, as sentences.
    """

    at: datetime
    asset: str
    like: str
    country: str | None
    traits: tuple[str, ...]
    probability: float
    why: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideEvent:
    """An event of the outside world that belongs on the timeline.

    Parameters
    ----------
    at : datetime
        When it happened, in UTC.
    kind : str
        ``event`` (a sporting event), ``intervention``, ``regrowth`` ...
    text : str
        What happened, in a sentence.
    country : str
        Country, ISO 3166-1 alpha-2; empty: none.
    until : date or None
        Its last day; ``None``: it has only one moment.
    """

    at: datetime
    kind: str
    text: str
    country: str = ""
    until: date | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)


KINDS = {
    "operation.opened": OperationOpened,
    "operation.statement": StatementRecorded,
    "operation.joined": AgencyJoined,
    "operation.shared": BundleShared,
    "operation.permitted": StatementPermitted,
    "operation.partner": PartnerRegistered,
    "operation.received": BundleReceived,
    "operation.refused": BundleRefused,
    "operation.deconfliction": DeconflictionLetter,
    "operation.deconflicted": DeconflictionResult,
    "operation.deconfliction-forgotten": DeconflictionForgotten,
    "operation.person": PersonRegistered,
    "operation.person-reviewed": PersonReviewed,
    "operation.person-erased": PersonErased,
    "operation.person-named": PersonNamed,
    "operation.instrument": Instrument,
    "operation.published": PublishedFigure,
    "operation.sized": SizedNetwork,
    "operation.trace": MoneyTraced,
    "operation.cut": CutChosen,
    "operation.day": DayPlan,
    "operation.step": StepReport,
    "operation.criterion": CriterionAnswer,
    "operation.probed": NodesProbedDark,
    "operation.hours": SearchHours,
    "operation.served": ServedShare,
    "operation.exhibit": ExhibitTaken,
    "operation.custody": CustodyEntry,
    "operation.value-moved": CoinsMoved,
    "operation.exhibit-corrected": ExhibitCorrected,
    "operation.finding": CrimeFound,
    "operation.dump-counted": DumpCounted,
    "operation.grew-back": GrewBack,
    "operation.happened": OutsideEvent,
}
