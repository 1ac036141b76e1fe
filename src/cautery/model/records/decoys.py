"""Records of a blind test: that decoys are planned, and what each one was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.act import Approval, SignedFor
from cautery.model.decoys import KeeperAnswer, KeeperNote, Opening, RevealedBy, SealedPlan
from cautery.model.evidence import ExhibitId
from cautery.model.records.dated import Dated
from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoysPlanned(Dated):
    """Decoys are among what this case watches; nobody who works on it knows which.

    Parameters
    ----------
    at : datetime
        When the watch checked the sealed plan, in UTC.
    sealed : SealedPlan
        The sealed plan.
    exhibit : ExhibitId
        The file with the sealed plan and its time-stamp.
    key : str
        Id of the planner's key: 16 hex digits.
    stamped_at : datetime or None
        Until when it was sealed at the latest, by others than the planner, in UTC; ``None``: nobody
        else vouches for the time.
    stamped_by : str
        Who vouches: the name of an authority or of a log; empty: nobody.
    """

    sealed: SealedPlan
    exhibit: ExhibitId
    key: str
    stamped_at: datetime | None = None
    stamped_by: str = ""

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        if self.stamped_at is not None:
            require_utc("stamped_at", self.stamped_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyRevealed(Dated):
    """What one decoy was; its leaf opens to the root that was recorded before.

    Parameters
    ----------
    at : datetime
        When it was revealed, in UTC.
    night : str
        Id of the night.
    root : str
        The root to which it opens.
    how : RevealedBy
        How it came to be opened.
    opening : Opening
        The leaf, with its proof.
    act : str or None
        Id of the approved referral or notice that had it among its targets; ``None``: no act had.
    why : str
        Why the planner ended the test, in the planner's words; empty: the planner did not.
    """

    night: str
    root: str
    how: RevealedBy
    opening: Opening
    act: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoysAnswered(Dated):
    """What the keeper said of an approved act, before anything of it left.

    With the act it names, it is the whole question and its signed answer, so everybody who has the
    case can check it.

    Parameters
    ----------
    at : datetime
        When the answer was checked, in UTC.
    act : str
        Id of the approved referral or notice.
    nonce : str
        64 random hex digits of the question.
    approvals : tuple of Approval
        The approvals that the keeper was shown.
    signed_for : SignedFor
        The case and the mandate for which these count.
    answer : KeeperAnswer
        What the keeper signed.
    """

    act: str
    nonce: str
    approvals: tuple[Approval, ...]
    signed_for: SignedFor
    answer: KeeperAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoysTold(Dated):
    """The keeper was asked about an act that this case does not have: somebody asked beside it.

    Parameters
    ----------
    at : datetime
        When the planner recorded it, in UTC.
    note : KeeperNote
        The line of the keeper's journal.
    """

    note: KeeperNote


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoysUnrevealed(Dated):
    """A person closed the case although its decoys were not revealed: nobody can do that any more.

    Parameters
    ----------
    at : datetime
        When, in UTC.
    count : int
        How many were not revealed.
    """

    count: int


KINDS: dict[str, type] = {
    "decoys.planned": DecoysPlanned,
    "decoys.answered": DecoysAnswered,
    "decoys.told": DecoysTold,
    "decoys.unrevealed": DecoysUnrevealed,
    "decoy.revealed": DecoyRevealed,
}
