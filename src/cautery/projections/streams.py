"""The state of each stream of a case: when it was offered, what was found, when it went dark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cautery.formats.open_redirect import only_sends_on, parted
from cautery.model import DarkProbe, Entry, Finding, Offer, Verdict, host_of
from cautery.model.message import Message
from cautery.model.records import (
    AlignmentShown,
    ProbeDone,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
)

MOST_NODES = 64
"""Nodes of a stream that are kept by name."""


@dataclass(slots=True)
class StreamState:
    """What the records say of one stream so far.

    Parameters
    ----------
    first_seen : datetime or None
        ``None``: nobody saw it begin.
    offer : Offer or None
        What its title offers, by the newest fixtures.
    vanished : datetime or None
        When its last source dropped it; ``None``: it is listed, as far as is known.
    verdict : Verdict or None
        The newest.
    proven_at : datetime or None
        The time of the first verdict that proves it.
    probes : int
        Looks that came to an end; those that this machine broke off are no looks.
    failures : dict of Message
        Why probes had no media, each reason once, the first one first; the values are ``None``.
    dark_at : datetime or None
        When one of the watch's probes first found it dark behind a block.
    aligned : bool
        Whether it was compared with a reference.
    sent_on : frozenset of str
        Hosts before an open redirect came to its place, when it was last reached.
    open_redirect : bool
        Whether its own host, when it was last reached, only sent on to the place that was named.
    nodes : dict of str to None
        Nodes that looked at it, the first one first; empty: the watch's own machine did.
    """

    url: str
    title: str | None = None
    host: str = ""
    sources: dict[str, None] = field(default_factory=dict)
    first_seen: datetime | None = None
    offer: Offer | None = None
    vanished: datetime | None = None
    verdict: Verdict | None = None
    proven_at: datetime | None = None
    probes: int = 0
    failures: dict[Message, None] = field(default_factory=dict)
    dark_at: datetime | None = None
    aligned: bool = False
    sent_on: frozenset[str] = frozenset()
    open_redirect: bool = False
    nodes: dict[str, None] = field(default_factory=dict)

    @property
    def looked_at(self) -> bool:
        """Somebody looked, and the look came to an end."""
        return self.probes > 0 or self.verdict is not None


@dataclass(slots=True)
class Streams:
    """The state of every stream, by its redacted URL, in the order of first mention.

    Parameters
    ----------
    key : callable
        Which spellings of a URL are the same stream; by default each is one of its own.
    """

    key: Callable[[str], str] = str
    by_url: dict[str, StreamState] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case ProbeDone() as probe:
                self._probe(self._of(probe.url), probe)
            case Verdict() as verdict:
                stream = self._of(verdict.url.text)
                stream.verdict = verdict
                if verdict.finding is Finding.PROVEN and stream.proven_at is None:
                    stream.proven_at = verdict.at
            case StreamAppeared() as appeared:
                self._appear(self._of(appeared.url), appeared)
            case StreamResolved() as resolved:
                self._of(resolved.url).offer = resolved.offer
            case StreamVanished() as vanished:
                self._of(vanished.url).vanished = vanished.at
            case DarkProbe() as probe:
                stream = self._of(probe.url)
                if probe.dark and stream.dark_at is None:
                    stream.dark_at = probe.at
            case AlignmentShown() as alignment:
                self._of(alignment.url).aligned = True

    def _of(self, url: str) -> StreamState:
        key = self.key(url)
        stream = self.by_url.get(key)
        if stream is None:
            stream = self.by_url[key] = StreamState(url)
        return stream

    def _appear(self, stream: StreamState, appeared: StreamAppeared) -> None:
        stream.title = appeared.title if appeared.title is not None else stream.title
        stream.host = appeared.host or stream.host
        stream.sources.setdefault(appeared.source)
        stream.first_seen = stream.first_seen or appeared.at
        stream.offer = appeared.offer
        stream.vanished = None

    def _probe(self, stream: StreamState, probe: ProbeDone) -> None:
        stream.probes += probe.hindered is None
        if probe.node and len(stream.nodes) < MOST_NODES:
            stream.nodes[probe.node] = None
        if probe.hosts:
            stream.sent_on, _ = parted(probe.hosts, probe.redirected_to, probe.named)
            stream.open_redirect = only_sends_on(
                host_of(stream.url), probe.hosts, probe.redirected_to, probe.named
            )
        reasons = [probe.failed]
        if probe.observation is not None:
            reasons.append(probe.observation.reason)
        for reason in reasons:
            if reason is not None:
                stream.failures.setdefault(reason)

    def count(self, finding: Finding) -> int:
        """Return how many streams have this as their newest finding."""
        return sum(
            stream.verdict is not None and stream.verdict.finding is finding
            for stream in self.by_url.values()
        )
