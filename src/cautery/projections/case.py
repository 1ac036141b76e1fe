"""Everything that a case's report shows, and the figures of the ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.messages import message, term
from cautery.model import (
    Entry,
    ErrorRate,
    Estimate,
    ExhibitId,
    Mandate,
    Notice,
    RedactedUrl,
    Verdict,
)
from cautery.model.evidence import CustodyLine
from cautery.model.message import Message
from cautery.model.records import (
    ActRefused,
    AlignmentShown,
    ApprovalGiven,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseRestored,
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintReceipted,
    ComplaintUnreachable,
    DecoderConfined,
    ExchangeExported,
    ExchangeImported,
    ExhibitSealed,
    Failure,
    MisshapenRecord,
    NoticeAnswered,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    OverrideSigned,
    ProbeDone,
    PurchaseRecorded,
    StreamAppeared,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    WatchTakenOver,
)
from cautery.model.records.importing import SEALED_FILE, SEALED_TABLE
from cautery.projections.acts import Acts
from cautery.projections.figures import Figures
from cautery.projections.folding import folded, heard
from cautery.projections.lists import Lists
from cautery.projections.mandate import MandateInForce
from cautery.projections.notices import Notices
from cautery.projections.pace import Pace
from cautery.projections.presence import Nodes
from cautery.projections.releases import Releases
from cautery.projections.safeguards import Safeguards
from cautery.projections.sources import Sources
from cautery.projections.streams import Streams
from cautery.projections.words import in_a_word

_WITHOUT_WATCH = (
    ActRefused,
    ApprovalGiven,
    CaseClosed,
    CaseReopened,
    CaseRestored,
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintReceipted,
    ComplaintUnreachable,
    ExchangeExported,
    ExchangeImported,
    Notice,
    NoticeAnswered,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    OverrideSigned,
    PurchaseRecorded,
    WatchTakenOver,
)
"""Records that are also made when no watch runs."""
_OF_PARTNERS = frozenset((SEALED_FILE, SEALED_TABLE))
"""Sealed, but captured by nobody here."""
_SEALED_WITHOUT_WATCH = _OF_PARTNERS | {"complaint", "mandate", "notice", "reply"}


@dataclass(slots=True)
class Spans:
    """When the watch ran.

    Parameters
    ----------
    watched : list of (datetime, datetime)
        From a start or a resumption to the last record before the next one.
    running : bool
        No record says that the last of them stopped.
    """

    watched: list[tuple[datetime, datetime]] = field(default_factory=list)
    running: bool = False

    def hear(self, entry: Entry) -> None:
        """Take one entry up.

        A watch that resumes seals its mandate before it says so: that record ends no span. Of a
        watch that was killed, the person who closes its case says when it was seen last.
        """
        content, at = entry.content, entry.record.at
        if isinstance(content, WatchStarted | WatchResumed):
            self.watched.append((at, at))
            self.running = True
            return
        beside = isinstance(content, ExhibitSealed) and content.what in _SEALED_WITHOUT_WATCH
        if not self.running or beside or isinstance(content, _WITHOUT_WATCH):
            return
        begun = self.watched[-1][0]
        if isinstance(content, WatchStopped):
            at = min(at, content.at)
            if at < begun:
                return  # it says that it stopped before it began
            self.running = False
        self.watched[-1] = (begun, at)


@dataclass(slots=True)
class CaseRecords:
    """A whole case.

    Parameters
    ----------
    custody, exhibits, alignments : dict
        By the URL of a stream: the entries that speak of it, the exhibits with what each is, and
        its comparisons with references.
    stated : dict
        By the URL of a stream, a kind of record and the time that the record states: its number.
    sealed : dict
        By id, each exhibit as it was sealed last.
    failures : Counter
        By what was tried and the name of the error; ``failure_words`` has the newest message.
    misshapen : Counter
        By the reason, how many records do not have the shape of their kind.
    unfiltered : bool
        A decoder ran without a filter of system calls.
    """

    in_force: MandateInForce = field(default_factory=MandateInForce)
    spans: Spans = field(default_factory=Spans)
    takeovers: list[WatchTakenOver] = field(default_factory=list)
    streams: Streams = field(default_factory=Streams)
    acts: Acts = field(default_factory=Acts)
    figures: Figures = field(default_factory=Figures)
    releases: Releases = field(default_factory=Releases)
    safeguards: Safeguards = field(default_factory=Safeguards)
    pace: Pace = field(default_factory=Pace)
    nodes: Nodes = field(default_factory=Nodes)
    sources: Sources = field(default_factory=Sources)
    kinds: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None
    last_at: datetime | None = None
    closed: datetime | None = None
    custody: defaultdict[str, list[CustodyLine]] = field(default_factory=lambda: defaultdict(list))
    exhibits: defaultdict[str, dict[ExhibitId, Message]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    alignments: defaultdict[str, list[AlignmentShown]] = field(
        default_factory=lambda: defaultdict(list)
    )
    stated: dict[tuple[str, str, datetime], int] = field(default_factory=dict)
    sealed: dict[ExhibitId, ExhibitSealed] = field(default_factory=dict)
    clocks_unknown: int = 0
    unfiltered: bool = False
    estimates: dict[Message, Estimate] = field(default_factory=dict)
    rates: dict[tuple[str, str], ErrorRate] = field(default_factory=dict)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    failure_words: dict[tuple[str, str], str] = field(default_factory=dict)
    misshapen: Counter[Message] = field(default_factory=Counter)
    _frontier: Frontier = field(default_factory=Frontier)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        record = entry.record
        self.kinds[record.kind] += 1
        self.first_at = self.first_at or record.at
        self.last_at = record.at
        self._frontier = self._frontier.append(leaf_hash(entry.leaf))
        hearers = (
            *(self.in_force.hear, self.spans.hear, self.streams.hear, self.acts.hear),
            *(self.figures.hear, self.releases.hear, self.safeguards.hear, self.pace.hear),
            self.nodes.hear,
            *(self.sources.hear, self._sort, self._note_custody),
        )
        if not heard(hearers, entry):
            self.misshapen[message("ignored.misshapen", kind=record.kind)] += 1

    def _sort(self, entry: Entry) -> None:
        match entry.content:
            case ExhibitSealed() as sealing:
                self._seal(sealing)
            case ProbeDone(observation=observation) as probe if observation is not None:
                for exhibit in observation.exhibits:
                    self.exhibits[probe.url].setdefault(
                        exhibit, term("exhibit", "capture of a probe")
                    )
            case Verdict() as verdict:
                for observation in verdict.observations:
                    for exhibit in observation.exhibits:
                        self.exhibits[verdict.url.text].setdefault(
                            exhibit, term("exhibit", "capture on which the verdict rests")
                        )
            case AlignmentShown() as alignment:
                self.alignments[alignment.url].append(alignment)
            case WatchTakenOver() as taken:
                self.takeovers.append(taken)
            case DecoderConfined() as confined:
                self.unfiltered |= not confined.seccomp
            case Estimate() as estimate:
                self.estimates[estimate.quantity] = estimate
            case ErrorRate() as rate:
                self.rates[rate.what, rate.source] = rate
            case Failure() as failure:
                self.failures[failure.what, failure.error] += 1
                self.failure_words[failure.what, failure.error] = failure.message
            case CaseClosed():
                self.closed = entry.record.at
            case MisshapenRecord() as misshapen:
                self.misshapen[message("ignored.misshapen", kind=misshapen.kind)] += 1

    def _seal(self, sealing: ExhibitSealed) -> None:
        if sealing.what not in _OF_PARTNERS:
            self.clocks_unknown += sealing.exhibit.clock.seconds is None
        self.sealed[sealing.exhibit.id] = sealing
        if sealing.url in self.streams.by_url:
            self.exhibits[sealing.url].setdefault(sealing.exhibit.id, term("exhibit", sealing.what))

    def _note_custody(self, entry: Entry) -> None:
        url = getattr(entry.content, "url", None)
        url = url.text if isinstance(url, RedactedUrl) else url
        if url not in self.streams.by_url:
            return
        if isinstance(entry.content, StreamAppeared | ProbeDone | Verdict):
            self.stated.setdefault((url, entry.record.kind, entry.content.at), entry.index)
        self.custody[url].append(
            CustodyLine(
                index=entry.index,
                at=entry.record.at,
                kind=entry.record.kind,
                text=in_a_word(entry.content),
            )
        )

    @property
    def opened(self) -> CaseOpened | None:
        """What the first record of the case says; ``None``: there is none, or it is misshapen."""
        entry = self.in_force.opening
        content = None if entry is None else entry.content
        return content if isinstance(content, CaseOpened) else None

    @property
    def mandate(self) -> Mandate | None:
        """The mandate in force."""
        return self.in_force.mandate

    @property
    def notices(self) -> Notices:
        """The notices of the case."""
        return self.figures.notices

    @property
    def lists(self) -> Lists:
        """The lists of its intermediaries."""
        return self.figures.lists

    @property
    def size(self) -> int:
        """How many entries were heard."""
        return self._frontier.size

    @property
    def root(self) -> str:
        """The RFC 9162 root over them, hexadecimal."""
        return self._frontier.root().hex()

    @property
    def passed_over(self) -> Counter[Message]:
        """By the reason, how many records count for nothing."""
        return (
            self.misshapen
            + self.acts.passed_over
            + self.notices.passed_over
            + self.in_force.passed_over
        )


def case_records(entries: Iterable[Entry]) -> CaseRecords:
    """Return what a whole case comes to."""
    return folded(CaseRecords(), entries)
