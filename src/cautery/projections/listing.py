"""Keep the lines of a case's lists, record by record, without a million of them in memory.

It hears records as every projection does, but asks for what was known of a thing before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cautery.model import (
    MISSHAPEN,
    Acknowledgement,
    DarkProbe,
    Entry,
    Finding,
    Notice,
    Referral,
    Verdict,
    has_own_id,
    notice_id,
)
from cautery.model.records import (
    AlignmentShown,
    ApprovalGiven,
    AssetFacts,
    EntryExpired,
    NoticeAnswered,
    NoticeApproved,
    NoticeSent,
    NoticeWithdrawn,
    ProbeDone,
    ReferralPublished,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
)
from cautery.projections.lines import ActLine, HostLine, StreamLine
from cautery.projections.words import kept_text, subject_of, words_of

_MOST_ABOUT = 200
"""Characters of an act's targets that its line shows. Judgement."""


class Recalled(Protocol):
    """What was known before the records that are heard now; the lines may be changed."""

    def stream(self, url: str) -> StreamLine | None:
        """Return a stream's line."""
        ...

    def host(self, name: str) -> HostLine | None:
        """Return a host's line."""
        ...

    def act(self, id: str) -> ActLine | None:
        """Return an act's line."""
        ...


class NothingRecalled:
    """Nothing was known before."""

    def stream(self, url: str) -> StreamLine | None:  # noqa: ARG002 - as the protocol has it
        """Return ``None``."""
        return None

    def host(self, name: str) -> HostLine | None:  # noqa: ARG002
        """Return ``None``."""
        return None

    def act(self, id: str) -> ActLine | None:  # noqa: ARG002
        """Return ``None``."""
        return None


@dataclass(slots=True)
class Lines:
    """Hears records, and keeps the lines that they change.

    Parameters
    ----------
    recalled : Recalled
        Gives the lines as the records before left them.
    streams, hosts, acts : dict
        The lines that were changed, by URL, name and id.
    records : list
        Of each record: number, kind, subject, finding of a verdict, and the words of a search.
    counts : Counter
        What is to be added: records by ``kind:KIND``, streams by ``finding:FINDING``, and
        ``streams``, ``hosts``, ``acts``, ``probes``, ``dark``.
    """

    recalled: Recalled = field(default_factory=NothingRecalled)
    streams: dict[str, StreamLine] = field(default_factory=dict)
    hosts: dict[str, HostLine] = field(default_factory=dict)
    acts: dict[str, ActLine] = field(default_factory=dict)
    records: list[tuple[int, str, str, Finding | None, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        content, record = entry.content, entry.record
        finding = content.finding if isinstance(content, Verdict) else None
        kind, subject = kept_text(record.kind), subject_of(content)
        self.records.append((entry.index, kind, subject, finding, words_of(entry)))
        self.counts[f"kind:{kind}"] += 1
        match content:
            case ProbeDone() as probe:
                stream = self._stream(subject, entry.index)
                stream.probes += probe.hindered is None
                self.counts["probes"] += probe.hindered is None
                for host in probe.hosts:
                    self._host(host, entry.index)
            case Verdict() as verdict:
                self._judge(self._stream(subject, entry.index), verdict, entry.index)
            case StreamAppeared() as appeared:
                self._appear(self._stream(subject, entry.index), appeared, entry.index)
            case StreamVanished() as vanished:
                self._stream(subject, entry.index).vanished = vanished.at
            case DarkProbe() as probe:
                stream = self._stream(subject, entry.index)
                if probe.dark and stream.dark_at is None:
                    stream.dark_at = probe.at
                    self.counts["dark"] += 1
            case AlignmentShown():
                self._stream(subject, entry.index).aligned = True
            case StreamResolved():
                self._stream(subject, entry.index)
            case AssetFacts() as facts:
                host_line = self._host(facts.host, entry.index)
                if facts.addresses:
                    host_line.facts, host_line.addresses = entry.index, facts.addresses
            case Referral() | Notice() as draft:
                self._draft(draft, entry.index, record.at)
            case _:
                self._go_on(content, entry.index)

    def _stream(self, url: str, record: int) -> StreamLine:
        line = self.streams.get(url)
        if line is None:
            line = self.recalled.stream(url)
            if line is None:
                line = StreamLine(url=url, named=record, last=record)
                self.counts["streams"] += 1
            self.streams[url] = line
        line.last = record
        return line

    def _host(self, name: str, record: int) -> HostLine:
        name = kept_text(name)
        line = self.hosts.get(name)
        if line is None:
            line = self.recalled.host(name)
            if line is None:
                line = HostLine(host=name, first=record, last=record)
                self.counts["hosts"] += 1
            self.hosts[name] = line
        line.last = record
        return line

    def _act(self, id: str) -> ActLine | None:
        line = self.acts.get(id)
        if line is None:
            line = self.recalled.act(id)
            if line is not None:
                self.acts[id] = line
        return line

    def _appear(self, stream: StreamLine, appeared: StreamAppeared, record: int) -> None:
        if appeared.title is not None:
            stream.title = kept_text(appeared.title)
        host = kept_text(appeared.host)
        if host:
            line = self._host(host, record)
            if host != stream.host:
                line.streams += 1
                if stream.host:
                    self._host(stream.host, record).streams -= 1
                stream.host = host
        stream.first_seen = stream.first_seen or appeared.at
        stream.vanished = None
        stream.named = record

    def _judge(self, stream: StreamLine, verdict: Verdict, record: int) -> None:
        if stream.finding is not None:
            self.counts[f"finding:{stream.finding}"] -= 1
        self.counts[f"finding:{verdict.finding}"] += 1
        stream.finding, stream.verdict, stream.verdict_at = verdict.finding, record, verdict.at
        if verdict.finding is Finding.PROVEN and stream.proven_at is None:
            stream.proven, stream.proven_at = record, verdict.at

    def _draft(self, draft: Referral | Notice, record: int, at: datetime) -> None:
        """Begin an act; one under an id that its content does not have counts nothing."""
        try:
            is_own = (
                has_own_id(draft) if isinstance(draft, Referral) else notice_id(draft) == draft.id
            )
        except MISSHAPEN:  # a text in it has no canonical JSON, so nothing has its id
            is_own = False
        if not is_own or self._act(draft.id) is not None:
            return
        if isinstance(draft, Referral):
            kind, about = "referral", ", ".join(item.target for item in draft.entries[:_MOST_ABOUT])
        else:
            kind, about = "notice", draft.addressee.name
        self.counts["acts"] += 1
        self.acts[draft.id] = ActLine(
            id=draft.id,
            kind=kind,
            drafted=record,
            drafted_at=at,
            last=record,
            about=kept_text(about[:_MOST_ABOUT]),
        )

    def _go_on(self, content: object, record: int) -> None:
        """Take up what happens to an act that was drafted."""
        match content:
            case ApprovalGiven(referral=id) | NoticeApproved(notice=id):
                if (act := self._act(id)) is not None:
                    act.approvals += 1
                    act.last = record
            case ReferralPublished(referral=id, at=at) | NoticeSent(notice=id, at=at):
                if (act := self._act(id)) is not None:
                    act.sent_at = act.sent_at or at
                    act.last = record
            case Acknowledgement(referral=id, received_at=at):
                self._answer(id, at, record)
            case NoticeAnswered(notice=str(id), at=at):
                self._answer(id, at, record)
            case EntryExpired(referral=id, at=at) | NoticeWithdrawn(notice=id, at=at):
                if (act := self._act(id)) is not None:
                    act.ended_at = act.ended_at or at
                    act.last = record

    def _answer(self, id: str, at: datetime, record: int) -> None:
        if (act := self._act(id)) is not None:
            act.answered_at = act.answered_at or at
            act.last = record
