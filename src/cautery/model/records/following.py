"""Records of following: the traits of a case, the days taken, what was proposed and decided.

They lie in a case of their own, under the mandate that allows the following. A proposal is a
hypothesis, and stays one when an analyst confirms it: no record of these kinds is evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.act import Approval
from cautery.model.descent import Proposal, TraitKind
from cautery.model.evidence import Digest, ExhibitId
from cautery.model.message import Message
from cautery.model.reach import LookedAt
from cautery.model.records.dated import Dated


class DescentState(StrEnum):
    """What people say of a proposal."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """How many traits of a kind a case has.

    Parameters
    ----------
    kind : TraitKind
        Of the traits.
    count : int
        How many different ones.
    """

    kind: TraitKind
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What was not used, and why.

    Parameters
    ----------
    why : Message
        The reason.
    count : int
        How many.
    """

    why: Message
    count: int

    @classmethod
    def of(cls, counts: Mapping[Message, int]) -> tuple[LeftOut, ...]:
        """Return what was counted, by the reason; what was counted zero times is not in it."""
        rows = sorted(counts.items(), key=lambda item: item[0].id)
        return tuple(cls(why=why, count=count) for why, count in rows if count)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCount:
    """How many traits a source brought.

    Parameters
    ----------
    source : LookedAt
        Where they were seen.
    count : int
        How many.
    """

    source: LookedAt
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowBegun(Dated):
    """A case is followed from here on, by the traits that it had.

    Parameters
    ----------
    case : str
        Id of the case that is followed, 16 hex digits.
    name : str
        What people call that case: the name of its folder.
    records : int
        Records of that case that the traits were taken from.
    acted_on : date
        The day of the act, in UTC: what grew back came after it.
    act : str
        The act after which it is followed, in words or by its id.
    traits : tuple of KindCount
        How many traits it has of each kind; kinds that are not here it has none of.
    members : int
        Hosts and addresses that belonged to the case: none of them is a descendant.
    left_out : tuple of LeftOut
        What of the case is no trait: whatever is a person's, and what strangers share.
    exhibit : ExhibitId
        The sealed set of traits.
    """

    case: str
    name: str
    records: int
    acted_on: date
    act: str
    traits: tuple[KindCount, ...]
    members: int
    left_out: tuple[LeftOut, ...]
    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTaken:
    """What was taken on one day.

    Parameters
    ----------
    day : date
        The day, in UTC.
    traits : int
        How many traits.
    exhibit : ExhibitId
        The sealed traits: those of the day, and those of earlier days that came late.
    """

    day: date
    traits: int
    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowAdvanced(Dated):
    """Days were taken, each with what was known on it.

    Parameters
    ----------
    first : date
        The first of the days.
    last : date
        The last of them: the next ones come after it.
    days : tuple of DayTaken
        Those of them that brought something, in order.
    sources : tuple of SeenCount
        How many traits each source brought.
    left_out : tuple of LeftOut
        What the sources had and was not used.
    proposals : tuple of Digest
        Leaf hashes of the records with what it proposes; they stand before it.
    decided : int
        How many decisions of analysts the odds have learnt from, in all.
    note : str
        The case's key signs all of this, as a C2SP note: whoever has the file alone takes no day.
    """

    first: date
    last: date
    days: tuple[DayTaken, ...]
    sources: tuple[SeenCount, ...]
    left_out: tuple[LeftOut, ...]
    proposals: tuple[Digest, ...]
    decided: int
    note: str = ""

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        days = [self.first, *(of_day.day for of_day in self.days), self.last]
        if self.last < self.first or days[1:-1] != sorted({*days[1:-1]}) or days != sorted(days):
            raise InputError("the days that were taken are in no order")


@dataclass(frozen=True, slots=True, kw_only=True)
class DescendantProposed(Dated):
    """An entity may descend from the case that is followed: a hypothesis, with its odds.

    It counts once a signed run names it (:class:`FollowAdvanced`).

    Parameters
    ----------
    id : str
        The proposal's id, by which people decide on it.
    proposal : Proposal
        The entity, the odds, the reasons and the days.
    exhibits : tuple of ExhibitId
        The sealed traits that it rests on.
    """

    id: str
    proposal: Proposal
    exhibits: tuple[ExhibitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DescendantDecided(Dated):
    """An analyst confirms or rejects a proposal; of each proposal the word signed last counts.

    Parameters
    ----------
    id : str
        The proposal's id.
    confirmed : bool
        Whether it is held to be a descendant; else it is held to be none.
    why : str
        The reason, in the analyst's words.
    approval : Approval
        The analyst's signature over the proposal, the word and the reason.
    """

    id: str
    confirmed: bool
    why: str
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowReviewed(Dated):
    """An approver has reviewed the following: it may go on until another day.

    Parameters
    ----------
    until : date
        The last day before the next review.
    why : str
        Why it goes on, in the approver's words.
    approval : Approval
        The approver's signature over the case, the day and the reason.
    """

    until: date
    why: str
    approval: Approval


KINDS = {
    "follow.begun": FollowBegun,
    "follow.advanced": FollowAdvanced,
    "follow.proposed": DescendantProposed,
    "follow.decided": DescendantDecided,
    "follow.reviewed": FollowReviewed,
}
