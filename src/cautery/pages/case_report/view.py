"""The content of the report as frozen values, complete and ready to render.

A text of Cautery is in the language in use when the view was made; a ``Message`` of a record is put
into words when the page is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cautery.model import (
    Acknowledgement,
    ActionPlan,
    Approval,
    Checkpoint,
    DarkProbe,
    ErrorRate,
    Estimate,
    ExhibitId,
    GuardVerdict,
    Mandate,
    Notice,
    Override,
    Referral,
    SupplyGraph,
    Verdict,
)
from cautery.model.blind import NightAccount
from cautery.model.evidence import CustodyLine
from cautery.model.message import Message
from cautery.model.records import (
    AnswerKind,
    BudgetSpent,
    ComplaintDecided,
    ComplaintFiled,
    EntryExpired,
    EntryWithdrawn,
    ListSent,
    ProofFollowed,
    ReferralPublished,
    RollbackProposed,
)
from cautery.pages.case_report.net import Undrawn
from cautery.pages.grown import GrownView
from cautery.pages.told import ToldView


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture of a sealed capture, reduced for the page, or the reason why there is none.

    ``uri`` is a ``data:image/...`` URI; the sealed original is ``exhibit``.
    """

    exhibit: ExhibitId
    uri: str | None
    at_s: float | None
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How strongly suspect and reference agree at each lag, and what both show at the best one.

    ``shown`` is the reference whose picture ``original`` is, which may be the event's clean feed
    where the curve is of a licensee's sound.
    """

    reference: str
    kind: str
    delay_s: float
    lags_s: tuple[float, ...]
    strength: tuple[float, ...]
    suspect: Still | None = None
    original: Still | None = None
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedLine:
    """One exhibit of a stream: what it is, its digest and when it was sealed, if recorded.

    ``sealed_at`` is a claim of the machine's clock; ``not_after`` is when others had seen it.
    ``encrypted`` tells whether only a holder of the case's keys can open it.
    """

    exhibit: ExhibitId
    what: Message
    size: int | None = None
    sealed_at: datetime | None = None
    clock: str | None = None
    not_after: datetime | None = None
    encrypted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamView:
    """One stream with everything the ledger says of it.

    Parameters
    ----------
    number : int
        Its number in this report, from 1.
    exposed_s : float or None
        Seconds from its first appearance to ``exposed_until``; ``None`` when never seen to start.
    exposed_why : str
        What ended the count: our dark probe, its vanishing, or the end of the watch.
    nodes : tuple of str
        Nodes that looked at it; empty: the watch's own machine did.
    failures : tuple of Message
        Reasons of probes that gave no media, each once.
    brackets : mapping of datetime to (datetime or None, datetime or None)
        By a time that the page states of it, by this machine's clock: after which and by when
        others vouch that the record of it was made. Of any other time nobody does.
    rates : tuple of ErrorRate
        The false matches that bear on its verdict, the nearest first.
    """

    number: int
    url: str
    title: str | None = None
    host: str = ""
    sources: tuple[str, ...] = ()
    first_seen: datetime | None = None
    proven_at: datetime | None = None
    dark_at: datetime | None = None
    exposed_s: float | None = None
    exposed_why: str = ""
    probes: int = 0
    nodes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    alignment: Alignment | None = None
    sealed: tuple[SealedLine, ...] = ()
    custody: tuple[CustodyLine, ...] = ()
    followed: ProofFollowed | None = None
    failures: tuple[Message, ...] = ()
    brackets: Mapping[datetime, tuple[datetime | None, datetime | None]] = field(
        default_factory=dict
    )
    rates: tuple[ErrorRate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The six figures of page one, with what each is out of."""

    offered: int
    checked: int
    proven: int
    undecided: int
    refused: int
    decided: int
    exposed_min: float | None
    exposed_n: int
    dark: int
    spared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """One thing that the case does not know, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralView:
    """A referral and its whole life: approvals, hand-over, answers, effect, end."""

    referral: Referral
    approvals: tuple[Approval, ...] = ()
    published: tuple[ReferralPublished, ...] = ()
    answers: tuple[Acknowledgement, ...] = ()
    probes: tuple[DarkProbe, ...] = ()
    expired: tuple[EntryExpired, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsView:
    """What intermediaries were sent last, and how long blocks took to come and go.

    Parameters
    ----------
    newest : tuple of ListSent
        By intermediary, the last version that changed something.
    block_s, unblock_s : tuple of float
        Seconds from the sending of a list until our own probe saw a target dark; from a withdrawal
        until our own probe saw the target reachable again.
    not_lifted : int
        Withdrawn targets that were dark and were not seen reachable again.
    """

    newest: tuple[ListSent, ...] = ()
    block_s: tuple[float, ...] = ()
    unblock_s: tuple[float, ...] = ()
    not_lifted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """A notice and where it stands.

    Parameters
    ----------
    state : Message
        In a word.
    approved_by : tuple of str
        Who reviewed it, by signatures that verify.
    sent_at : datetime or None
        When it was first sent; ``None``: it was not.
    claim : AnswerKind or None
        What the addressee claims; ``None``: no reply was filed.
    takedown_h : float or None
        Hours from then until our own probes found none of its URLs; ``None``: they find one.
    """

    notice: Notice
    state: Message
    approved_by: tuple[str, ...]
    sent_at: datetime | None
    claim: AnswerKind | None
    takedown_h: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """Where the target of a granted complaint left a list, and when we saw it open again.

    ``version`` is the first of the intermediary's list without it; ``open_at`` is ``None`` as long
    as none of our probes reached it.
    """

    intermediary: str
    version: int
    sent_at: datetime
    open_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintView:
    """A complaint, its decision, and where its target left the lists.

    Parameters
    ----------
    decided : ComplaintDecided or None
        The newest decision; ``None``: there is none.
    overdue : bool
        It waits for a decision that was due before the report was made.
    releases : tuple of ReleaseView
        One for each intermediary that was sent a list without the target.
    """

    filed: ComplaintFiled
    decided: ComplaintDecided | None
    overdue: bool
    releases: tuple[ReleaseView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintsView:
    """All complaints of a case, and how often it was wrong.

    Parameters
    ----------
    targets : int
        Targets that were on a list.
    withdrawn_by_guard, granted, hit : int
        Targets that the guard took off a list again, complaints that were granted, and unrelated
        names that a block made unreachable.
    """

    rows: tuple[ComplaintView, ...] = ()
    targets: int = 0
    withdrawn_by_guard: int = 0
    granted: int = 0
    hit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeguardsView:
    """What was done for bystanders.

    Parameters
    ----------
    overrides : tuple of Override
        Those that the people whom they name have signed.
    revalidated : int
        Targets that the guard judged again.
    canaries, probes, hits : int
        Unrelated names, how often they were probed, and how often a block hit one.
    """

    budgets: tuple[BudgetSpent, ...]
    overrides: tuple[Override, ...]
    revalidated: int
    taken_back: tuple[EntryWithdrawn | RollbackProposed, ...]
    canaries: int
    probes: int
    hits: int


NO_SAFEGUARDS = SafeguardsView(
    budgets=(), overrides=(), revalidated=0, taken_back=(), canaries=0, probes=0, hits=0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureView:
    """Failures of one kind, counted, with the last one's words."""

    what: Message
    error: str
    count: int
    message: Message | str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """The ledger as this report read it; later records (its closing) are not in it.

    ``root`` is the RFC 9162 tree head over the ``size`` leaves, in hexadecimal.
    """

    size: int
    root: str
    first_at: datetime | None
    last_at: datetime | None
    kinds: Mapping[str, int] = field(default_factory=dict)
    checkpoints: tuple[Checkpoint, ...] = ()
    exhibits: int = 0
    exhibit_bytes: int = 0
    confidential: int = 0
    times: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """Everything on the page. ``streams`` holds each stream once, strongest first.

    ``standing`` says who signed the mandate, ``passed_over`` which records count for nothing,
    ``unsent`` what can be done about notices that are not sent, ``undrawn`` which parts are
    missing, ``blind`` what its decoys come to, ``grown`` what grew back after the case that it
    follows, ``told`` what partners told.
    """

    made_at: datetime
    mandate: Mandate
    standing: str
    passed_over: Mapping[Message, int]
    version: str
    key: str
    lab: bool
    observed_s: float
    unobserved_s: float
    figures: Figures
    streams: tuple[StreamView, ...]
    hero: StreamView | None
    guards: tuple[GuardVerdict, ...]
    safeguards: SafeguardsView
    unknowns: tuple[Unknown, ...]
    error_rates: tuple[ErrorRate, ...]
    graph: SupplyGraph | None
    plan: ActionPlan | None
    referrals: tuple[ReferralView, ...]
    notices: tuple[NoticeView, ...]
    unsent: Message | None = None
    lists: ListsView = ListsView()
    complaints: ComplaintsView = ComplaintsView()
    undrawn: tuple[Undrawn, ...] = ()
    blind: NightAccount | None = None
    grown: GrownView | None = None
    told: ToldView | None = None
    estimates: tuple[Estimate, ...]
    failures: tuple[FailureView, ...]
    ledger: LedgerView
