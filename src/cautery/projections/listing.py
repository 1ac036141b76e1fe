"""Keep the lines of a case's lists, record by record, without a million of them in memory.

It hears records as every projection does, but asks for what was known of a thing before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from cautery.model import (
    ActionPlan,
    DarkProbe,
    Entry,
    Finding,
    Mandate,
    Verdict,
)
from cautery.model.records import (
    AlignmentShown,
    AssetFacts,
    ProbeDone,
    ReferralPublished,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
)
from cautery.projections.courses import OF_ACTS, acts_of, begun, go_on
from cautery.projections.folding import heard
from cautery.projections.lines import ActLine, HostLine, StreamLine, Waits
from cautery.projections.night import GuardLine, Night, Sums, figures_of, sums_of
from cautery.projections.refusals import mandate_opened
from cautery.projections.tally import right_of
from cautery.projections.things import ThingKind, ThingLine, Things
from cautery.projections.words import exhibits_named, kept_text, subject_of, words_of

_OF_ACTS = frozenset(OF_ACTS)


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

    def guard(self, target: str) -> GuardLine | None:
        """Return what the guard says of a target."""
        ...

    def cut(self, target: str) -> tuple[str, ...]:
        """Return the streams that a target cuts, by the newest plan that has it."""
        ...

    def many(self) -> int:
        """Return how many streams there were."""
        ...

    def thing(self, kind: ThingKind, key: str) -> ThingLine | None:
        """Return the line of what is searched across cases."""
        ...

    def mandate(self) -> Mandate | None:
        """Return the mandate that the case was opened with."""
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

    def guard(self, target: str) -> GuardLine | None:  # noqa: ARG002
        """Return ``None``."""
        return None

    def cut(self, target: str) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing."""
        return ()

    def many(self) -> int:
        """Return 0."""
        return 0

    def thing(self, kind: ThingKind, key: str) -> ThingLine | None:  # noqa: ARG002
        """Return ``None``."""
        return None

    def mandate(self) -> Mandate | None:
        """Return ``None``."""
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Parameters
    ----------
    finding : Finding or None
        Of a verdict.
    turned : bool
        It is a verdict that changed what is known of its stream.
    words : str
        By which it is found.
    """

    number: int
    kind: str
    subject: str
    finding: Finding | None
    turned: bool
    words: str


@dataclass(slots=True)
class Lines:
    """Hears records, and keeps the lines that they change.

    Parameters
    ----------
    recalled : Recalled
        Gives the lines as the records before left them.
    streams, hosts, acts : dict
        The lines that were changed, by URL, name and id.
    cuts : dict
        By target of a plan, the streams that it cuts.
    records : list of Row
        One for each record.
    named : list of (str, int)
        Exhibits, and the records that name them.
    night : Night
        What the wall of a night counts besides.
    things : Things
        What is searched across cases.
    mandate : Mandate or None
        That of the case, if these records open it.
    """

    recalled: Recalled = field(default_factory=NothingRecalled)
    streams: dict[str, StreamLine] = field(default_factory=dict)
    hosts: dict[str, HostLine] = field(default_factory=dict)
    acts: dict[str, ActLine] = field(default_factory=dict)
    cuts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    records: list[Row] = field(default_factory=list)
    named: list[tuple[str, int]] = field(default_factory=list)
    night: Night = field(init=False)
    things: Things = field(init=False)
    mandate: Mandate | None = None
    _counts: Counter[str] = field(default_factory=Counter)
    _before: dict[str, StreamLine] = field(default_factory=dict)
    """By URL, the streams as they were recalled."""
    _many: int | None = None
    _recalled_mandate: Mandate | None = None

    def __post_init__(self) -> None:
        self.night = Night(self.recalled.guard)
        self.things = Things(self.recalled.thing)

    def added(self) -> Counter[str]:
        """Return what is to be added to each count, whether or not it is more than nothing.

        Records by ``kind:KIND``, failures by ``error:NAME``, streams by ``finding:FINDING``, and
        ``streams``, ``offered``, ``looked_at``, ``unseen``, ``hosts``, ``acts``, ``probes``,
        ``dark``, ``put_off``, ``refused`` and ``narrowed``.
        """
        added = Counter(self._counts)
        added.update(self.night.counts)
        added.update(self.night.added())
        for line in self.streams.values():
            added.update(figures_of(line))
        for line in self._before.values():
            added.subtract(figures_of(line))
        return added

    def sums(self) -> dict[str, Sums]:
        """Return what is to be added to the sums of each right."""
        sums: dict[str, Sums] = {}
        for lines, sign in ((self.streams, 1), (self._before, -1)):
            for line in lines.values():
                if line.right is not None:
                    sums.setdefault(line.right, Sums()).add(sums_of(line), sign)
        return sums

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        content, record = entry.content, entry.record
        kind, subject = kept_text(record.kind), subject_of(content)
        self._counts[f"kind:{kind}"] += 1
        self.named += [(exhibit, entry.index) for exhibit in exhibits_named(entry)]
        finding, turned = None, False
        if isinstance(content, Verdict):
            known, finding = self._known(subject), content.finding
            turned = known is None or known.finding is not finding
        self.mandate = mandate_opened(entry) or self.mandate
        heard((self.night.hear, self._read, self._hear_things), entry)
        self.records.append(Row(entry.index, kind, subject, finding, turned, words_of(entry)))

    def _read(self, entry: Entry) -> None:
        content, subject = entry.content, subject_of(entry.content)
        match content:
            case ProbeDone() as probe:
                stream = self._stream(subject, entry.index)
                stream.probes += probe.hindered is None
                self._counts["probes"] += probe.hindered is None
                for host in probe.hosts:
                    self._host(host, entry.index)
            case Verdict() as verdict:
                self._judge(self._stream(subject, entry.index), verdict, entry.index)
            case StreamAppeared() as appeared:
                self._appear(self._stream(subject, entry.index), appeared, entry.index)
            case StreamVanished() as vanished:
                self._stream(subject, entry.index).vanished = vanished.at
            case DarkProbe() as probe:
                self._find_dark(self._stream(subject, entry.index), probe)
            case AlignmentShown():
                self._stream(subject, entry.index).aligned = True
            case StreamResolved():
                self._stream(subject, entry.index)
            case AssetFacts() as facts:
                host_line = self._host(facts.host, entry.index)
                if facts.addresses:
                    host_line.facts, host_line.addresses = entry.index, facts.addresses
            case ActionPlan() as plan:
                for step in plan.chosen:
                    self.cuts[kept_text(step.target)] = tuple(map(kept_text, step.streams))
            case _ if type(content) in _OF_ACTS:
                if isinstance(content, ReferralPublished):
                    self._refer(content.targets, content.at)
                self._go_on(entry)

    def _hear_things(self, entry: Entry) -> None:
        # Of what is about a stream, its line is there by now.
        stream_line = self.streams.get(subject_of(entry.content))
        self.things.hear(
            entry,
            title=None if stream_line is None else stream_line.title,
            stream=None if stream_line is None else stream_line.number,
        )

    def _stream(self, url: str, record: int) -> StreamLine:
        line = self._known(url)
        if line is None:
            if self._many is None:
                self._many = self.recalled.many()
            self._many += 1
            line = StreamLine(url=url, number=self._many, named=record, last=record)
            self.streams[url] = line
        line.last = record
        return line

    def _known(self, url: str) -> StreamLine | None:
        line = self.streams.get(url)
        if line is None:
            line = self.recalled.stream(url)
            if line is not None:
                self.streams[url] = line
                self._before[url] = replace(line)
        return line

    def _host(self, name: str, record: int) -> HostLine:
        name = kept_text(name)
        line = self.hosts.get(name)
        if line is None:
            line = self.recalled.host(name)
            if line is None:
                line = HostLine(host=name, first=record, last=record)
                self._counts["hosts"] += 1
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
        stream.first_seen = stream.first_seen or appeared.at
        stream.vanished = None
        if appeared.title is None and stream.title is not None:
            return  # title and host are those of one record, so that they can be compared with it
        stream.title = None if appeared.title is None else kept_text(appeared.title)
        host = kept_text(appeared.host)
        if host:
            line = self._host(host, record)
            if host != stream.host:
                line.streams += 1
                if stream.host:
                    self._host(stream.host, record).streams -= 1
                stream.host = host
        stream.named = record

    def _judge(self, stream: StreamLine, verdict: Verdict, record: int) -> None:
        stream.finding, stream.verdict, stream.verdict_at = verdict.finding, record, verdict.at
        stream.right = None
        if verdict.finding in (Finding.PROVEN, Finding.LICENSED):
            stream.right = kept_text(right_of(verdict))
        if verdict.finding is Finding.PROVEN and stream.proven_at is None:
            stream.proven, stream.proven_at = record, verdict.at

    def _refer(self, targets: Iterable[str], at: datetime) -> None:
        for target in map(kept_text, targets):
            cut = self.cuts[target] if target in self.cuts else self.recalled.cut(target)
            for url in cut:
                if (stream := self._known(url)) is not None:
                    stream.referred_at = stream.referred_at or at

    @staticmethod
    def _find_dark(stream: StreamLine, probe: DarkProbe) -> None:
        if probe.dark:
            stream.dark_at = stream.dark_at or probe.at
            # A stream proven behind a target that is on a list already is referred with it.
            stream.referred_at = stream.referred_at or stream.proven_at

    def _go_on(self, entry: Entry) -> None:
        """Take up what begins an act, and what happens to acts that were begun."""
        for name in acts_of(entry.content):
            if (act := self._act(name)) is not None:
                before = act.waits
                go_on(act, entry, mandate=self._mandate)
                self._count(act, before)
        line = begun(entry, mandate=self._mandate)
        if line is not None and self._act(line.id) is None:
            self.acts[line.id] = line
            self._counts["acts"] += 1
            self._count(line, None)

    def _mandate(self) -> Mandate | None:
        if self.mandate is None and self._recalled_mandate is None:
            self._recalled_mandate = self.recalled.mandate()
        return self.mandate or self._recalled_mandate

    def _count(self, act: ActLine, before: Waits | None) -> None:
        if before is not act.waits:
            self._counts[f"waits:{act.kind}:{act.waits}"] += 1
            if before is not None:
                self._counts[f"waits:{act.kind}:{before}"] -= 1
