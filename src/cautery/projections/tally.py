"""The figures of a watch so far, for the live board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from cautery.messages import say
from cautery.model import (
    ActionPlan,
    DarkProbe,
    Decision,
    Entry,
    Finding,
    GuardVerdict,
    Mandate,
    Notice,
    Verdict,
)
from cautery.model.message import Message
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    CalendarRead,
    DecoysAnswered,
    ExhibitSealed,
    Failure,
    NoticeSent,
    NoticeWithdrawn,
    ProbeDone,
    ReferralPublished,
    SourceRead,
    WatchTakenOver,
)
from cautery.projections.acts import Acts
from cautery.projections.complaints import Complaints
from cautery.projections.decoys import UNANSWERED, Decoys
from cautery.projections.folding import heard
from cautery.projections.mandate import MandateInForce
from cautery.projections.pace import Pace
from cautery.projections.presence import Nodes
from cautery.projections.refusals import counts, text_signed
from cautery.projections.safeguards import Safeguards
from cautery.projections.streams import Streams, StreamState

NOT_LOOKED_AT = "not looked at"
"""Stands among the errors for looks that this machine broke off."""


@dataclass(slots=True)
class Row:
    """One event, channel or work of the mandate, as the watch stands with it.

    Parameters
    ----------
    proven, licensed : set of str
        Streams, by URL.
    at_once : set of str
        Streams that are proven or licensed by another content, and carry this one at the same time.
    detected_s, referred_s, dark_s : list of float
        Seconds from a proven stream's first appearance until it was proven, referred and dark.
    exposed_s : float or None
        Seconds that proven streams were up, together; ``None``: nobody saw one of them begin.
    """

    right: str
    proven: set[str] = field(default_factory=set)
    licensed: set[str] = field(default_factory=set)
    at_once: set[str] = field(default_factory=set)
    detected_s: list[float] = field(default_factory=list)
    referred_s: list[float] = field(default_factory=list)
    dark_s: list[float] = field(default_factory=list)
    exposed_s: float | None = None


@dataclass(slots=True)
class Tally:
    """Hears entries in order and keeps count. The same ledger always gives the same tally.

    Parameters
    ----------
    in_force : MandateInForce
        Its mandate has a row for each right; the watch knows it before the case does.
    referred : dict
        By URL, when a proven stream was first on a list.
    errors : Counter
        By the name of the error, or :data:`NOT_LOOKED_AT`.
    last : str
        What failed last, in words.
    decoys : Decoys
        The blind test: streams that were opened as decoys are in no row.
    unasked : set of str
        Ids of approved acts for which the keeper of the decoys has not answered.
    taken_over : WatchTakenOver or None
        How this watch came to drive the case, if another one did before.
    notices, notices_sent : set of str
        Ids of the notices that no later draft replaces and nobody has withdrawn, and of those that
        were sent.
    """

    in_force: MandateInForce
    streams: Streams = field(default_factory=Streams)
    acts: Acts = field(default_factory=Acts)
    safeguards: Safeguards = field(default_factory=Safeguards)
    complaints: Complaints = field(default_factory=Complaints)
    pace: Pace = field(default_factory=Pace)
    nodes: Nodes = field(default_factory=Nodes)
    decoys: Decoys = field(default_factory=Decoys)
    unasked: set[str] = field(default_factory=set)
    referred: dict[str, datetime] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    last: str = ""
    probes: int = 0
    approvals: int = 0
    sealed: int = 0
    taken_over: WatchTakenOver | None = None
    notices: set[str] = field(default_factory=set)
    notices_sent: set[str] = field(default_factory=set)
    _drafts: dict[str, Notice] = field(default_factory=dict)
    _behind: dict[str, frozenset[str]] = field(default_factory=dict)
    """By target of a plan, the streams that it cuts."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        projections = (
            *(self.in_force, self.streams, self.acts),
            *(self.safeguards, self.complaints, self.pace, self.nodes, self.decoys),
        )
        heard([projection.hear for projection in projections], entry)
        match entry.content:
            case ExhibitSealed():
                self.sealed += 1
            case WatchTakenOver() as taken:
                self.taken_over = taken
            case ProbeDone() as probe:
                self.probes += 1
                if probe.hindered is not None:
                    self.errors[NOT_LOOKED_AT] += 1
                elif probe.failed is not None:
                    self._fail(probe.failed)
            case DecoysAnswered() as answered if self.decoys.has_answered(answered.act):
                self.unasked.discard(answered.act)
            case Failure() as failure:
                if failure.what == UNANSWERED:
                    self.unasked.add(failure.where)
                self.errors[failure.error] += 1
                self.last = f"{failure.what} {failure.where}: {failure.message}"
            case SourceRead() | CalendarRead() as read if read.failed is not None:
                self._fail(read.failed)
                self.last = f"{read.source}: {say(read.failed)}"
            case ActionPlan() as plan:
                self._behind |= {
                    intervention.target: frozenset(intervention.streams)
                    for intervention in plan.chosen
                }
            case ReferralPublished() as published:
                for target in published.targets:
                    for url in self._behind.get(target, ()):
                        if url in self.streams.by_url:  # a plan may name what nobody offered
                            self.referred.setdefault(url, published.at)
            case DarkProbe() as probe if probe.dark:
                # A stream proven behind a target that is on a list already is referred with it.
                if (proven_at := self.streams.by_url[probe.url].proven_at) is not None:
                    self.referred.setdefault(probe.url, proven_at)
            case ApprovalGiven():
                self.approvals += 1
            case Notice() as notice:
                self.notices.add(notice.id)
                self._drafts.setdefault(notice.id, notice)
                self.notices.discard(notice.replaces or "")
            case NoticeSent() as sent:
                self.notices_sent.add(sent.notice)
            case ActRefused() as refusal if refusal.id in self.notices:
                if self._is_refused(refusal):
                    self.notices.discard(refusal.id)
            case NoticeWithdrawn() as withdrawal:
                self.notices.discard(withdrawal.notice)

    def _is_refused(self, refusal: ActRefused) -> bool:
        mandate = self.in_force.mandate
        subject = text_signed(self._drafts[refusal.id], mandate)
        return counts(refusal, mandate=mandate, subject=subject)

    def _fail(self, failed: Message) -> None:
        self.errors[error_of(failed)] += 1

    def rows(self, now: datetime) -> list[Row]:
        """Return one row for each event, linear channel and work, in the mandate's order."""
        rows = {right: Row(right=right) for right in rights_of(self.in_force.mandate)}
        for stream in self.streams.by_url.values():
            verdict = stream.verdict
            if verdict is None or verdict.finding not in (Finding.PROVEN, Finding.LICENSED):
                continue
            if self.decoys.meets(stream.url):
                continue
            right = right_of(verdict)
            row = rows.setdefault(right, Row(right=right))
            for other in verdict.at_once:
                rows.setdefault(other.content, Row(right=other.content)).at_once.add(stream.url)
            if verdict.finding is Finding.LICENSED:
                row.licensed.add(stream.url)
            else:
                self._add(row, stream, now)
        return list(rows.values())

    def _add(self, row: Row, stream: StreamState, now: datetime) -> None:
        row.proven.add(stream.url)
        first = stream.first_seen
        if first is None:
            return
        ends = (stream.vanished, stream.dark_at, now)
        until = min(end for end in ends if end is not None)
        row.exposed_s = (row.exposed_s or 0.0) + max((until - first).total_seconds(), 0.0)
        for reached_at, waits_s in (
            (stream.proven_at, row.detected_s),
            (self.referred.get(stream.url), row.referred_s),
            (stream.dark_at, row.dark_s),
        ):
            if reached_at is not None:
                waits_s.append(max((reached_at - first).total_seconds(), 0.0))

    @property
    def offered(self) -> int:
        """How many streams were offered; of thousands that are not the mandate's, the number."""
        pace = self.pace.newest
        listed = sum(stream.first_seen is not None for stream in self.streams.by_url.values())
        return max(listed, 0 if pace is None else pace.offered)

    @property
    def looked_at(self) -> int:
        """How many streams somebody looked at."""
        return sum(stream.looked_at for stream in self.streams.by_url.values())

    @property
    def dark(self) -> int:
        """How many streams the watch's own probes found dark behind a block."""
        return sum(stream.dark_at is not None for stream in self.streams.by_url.values())

    @property
    def expired(self) -> int:
        """How many entries of lists have come to their end."""
        return sum(map(len, self.acts.expired.values()))

    @property
    def networks(self) -> int:
        """How many networks the newest map shows."""
        return 0 if self.acts.graph is None else len(self.acts.graph.networks)

    @property
    def refused(self) -> set[str]:
        """Targets that the guard refuses."""
        return self._decided(Decision.REFUSE)

    @property
    def narrowed(self) -> set[str]:
        """Targets that the guard narrows."""
        return self._decided(Decision.NARROW)

    @property
    def spared(self) -> set[str]:
        """Bystanders whom blocks would have hit."""
        return {
            name
            for verdict in self._guards()
            if verdict.decision is not Decision.ALLOW
            for name in verdict.collateral.names
        }

    def _decided(self, decision: Decision) -> set[str]:
        return {verdict.target for verdict in self._guards() if verdict.decision is decision}

    def _guards(self) -> tuple[GuardVerdict, ...]:
        return tuple(self.acts.guards.values())


def error_of(failed: Message) -> str:
    """Return the error of a failure, which a record of an older version has before a colon."""
    plain_text = failed.plain()
    error = failed.values.get("error", failed.id) if plain_text is None else plain_text
    return str(error).partition(":")[0]


def right_of(verdict: Verdict) -> str:
    """Return what a verdict says that a stream shows: an event, or else its first channel."""
    return verdict.event or next(iter(verdict.channels), "?")


def rights_of(mandate: Mandate | None) -> Iterator[str]:
    """Yield the events, linear channels and works of a mandate."""
    if mandate is not None:
        yield from (event.id for event in mandate.events)
        yield from (channel.id for channel in mandate.channels if channel.event is None)
        yield from (work.id for work in mandate.works)


def middle(spans: list[float]) -> float | None:
    """Return the median of some seconds, or ``None`` of none."""
    return median(spans) if spans else None
