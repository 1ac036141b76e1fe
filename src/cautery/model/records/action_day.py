"""Records of the action day and after: the cut, the plan, reports, seizures, what grew back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.action_day import CriterionAnswer, DayPlan, StepReport
from cautery.model.evidence import Digest, ExhibitId, Json
from cautery.model.message import Message
from cautery.model.operation import (
    Instrument,
)
from cautery.model.seizure import CustodyEntry, ExhibitPhotographed, SeizedExhibit
from cautery.model.times import require_utc


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
class RefusedActs:
    """Acts of a cut that were not available, for one reason.

    Parameters
    ----------
    why : Message
        The reason.
    acts : int
        Number of acts.
    """

    why: Message
    acts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutChosen:
    """Acts were chosen that cut the network's supply.

    Parameters
    ----------
    chosen : tuple of ChosenAct
        The chosen acts.
    refused : tuple of RefusedActs, or mapping
        The acts that were not available; in cases of older versions their number by the reason's
        sentence.
    served_before : float
        Share of the known demand that was served before, 0 to 1.
    served_after : float
        Share of the known demand that is served after, 0 to 1.
    cost : float
        Cost of the chosen acts.
    bound : float
        Proven least cost of any acts that reach the goal.
    method : Message
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
    refused: tuple[RefusedActs, ...] | Mapping[str, int]
    served_before: float
    served_after: float
    cost: float
    bound: float
    method: Message
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


class ServedBasis(StrEnum):
    """What a served share rests on."""

    PLAN = "plan"
    """Removed nodes in the picture: the least that the picture proves."""
    PROBE = "probe"
    """Our own probes of what viewers get."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedShare:
    """The share of demand that is still served.

    Parameters
    ----------
    at : datetime
        The moment that the share is about, in UTC.
    share : float
        The share, 0 to 1.
    by : ServedBasis
        What states it.
    probes : int
        Probes that it was measured by; 0: none, or their number was not recorded.
    low, high : float or None
        The 95 % interval of the measurement, around ``share``; ``None``: not recorded.
    vantage : str
        From where it was measured; empty: it was not, or that was not recorded.
    """

    at: datetime
    share: float
    by: ServedBasis
    probes: int = 0
    low: float | None = None
    high: float | None = None
    vantage: str = ""

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not 0 <= self.share <= 1:
            raise InputError(f"served share: {self.share} is not between 0 and 1")
        if self.probes < 0:
            raise InputError(f"served share: {self.probes} probes are not possible")
        if (self.low is None) != (self.high is None):
            raise InputError("served share: an interval has two ends")
        if (
            self.low is not None
            and self.high is not None
            and not 0 <= self.low <= self.share <= self.high <= 1
        ):
            raise InputError(
                f"served share: {self.share} is not between {self.low} and {self.high}"
            )


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
    why : tuple of Message
        What ties them together.
    """

    at: datetime
    asset: str
    like: str
    country: str | None
    traits: tuple[str, ...]
    probability: float
    why: tuple[Message, ...] = ()

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
    text : Message
        What happened.
    country : str
        Country, ISO 3166-1 alpha-2; empty: none.
    until : date or None
        Its last day; ``None``: it has only one moment.
    """

    at: datetime
    kind: str
    text: Message
    country: str = ""
    until: date | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)


KINDS = {
    "operation.instrument": Instrument,
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
    "operation.exhibit-photographed": ExhibitPhotographed,
    "operation.grew-back": GrewBack,
    "operation.happened": OutsideEvent,
}
