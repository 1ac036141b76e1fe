"""The streams of a watch's case as items: what is proven, what was, and by whom they are served.

A stream that was never proven is nobody's business: it may be an innocent's. One that was proven
once and is not any more is named as taken back, since a partner may have it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from cautery.formats.open_redirect import parted
from cautery.messages import say
from cautery.model import Entry, Finding, Verdict, host_of
from cautery.model.exchange import ItemKey, ItemKind, RelationKind
from cautery.model.records import ProbeDone, SourceRead, StreamAppeared, StreamVanished
from cautery.model.verdict import Observation
from cautery.projections.streams import Streams, StreamState
from cautery.workflows.exchange.gathering import Gathering, digests, on_one_line, sentence

STREAM_RECORDS = (ProbeDone, SourceRead, StreamAppeared, StreamVanished, Verdict)
"""Types of the records that say something of a stream."""
_STANDS = frozenset({Finding.PROVEN, Finding.UNREACHABLE})
"""What the newest look at a stream may say without taking its proof back."""
_KIND_OF_READER = {"m3u": ItemKind.PLAYLIST, "hls": ItemKind.PLAYLIST, "xtream": ItemKind.PANEL,
                   "stalker": ItemKind.PANEL}  # fmt: skip


@dataclass(slots=True)
class StreamsSeen:
    """What the records of a case say of its streams; hears them one by one.

    Parameters
    ----------
    last_seen : dict of str to datetime
        By the URL of a stream, when it last gave media.
    servers : dict of str to tuple of str
        By the URL of a stream, the hosts that served it at that look, without those that only hand
        on.
    sources : dict of str to SourceRead
        By the location of a source, its newest reading.
    """

    streams: Streams = field(default_factory=Streams)
    last_seen: dict[str, datetime] = field(default_factory=dict)
    servers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sources: dict[str, SourceRead] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        self.streams.hear(entry)
        match entry.content:
            case ProbeDone(observation=Observation()) as probe:
                self.last_seen[probe.url] = probe.at
                _, serving = parted(probe.hosts, probe.redirected_to, probe.named)
                self.servers[probe.url] = tuple(
                    host for host in dict.fromkeys(probe.hosts) if host in serving
                )
            case SourceRead(failed=None) as read:
                self.sources[read.source] = read

    @property
    def proven(self) -> tuple[StreamState, ...]:
        """The streams that are proven, or were, by their URLs."""
        once = (stream for stream in self.streams.by_url.values() if stream.proven_at is not None)
        return tuple(sorted(once, key=attrgetter("url")))

    def hosts_of(self, stream: StreamState) -> tuple[str, ...]:
        """Return the hosts that serve a stream; its own where no look says it."""
        own_host = () if stream.open_redirect else (stream.host or host_of(stream.url),)
        return tuple(filter(None, self.servers.get(stream.url) or own_host))


def stands(stream: StreamState) -> bool:
    """Tell whether the proof of a stream was not taken back."""
    return stream.verdict is not None and stream.verdict.finding in _STANDS


def add_streams(gathering: Gathering, streams_seen: StreamsSeen) -> dict[str, list[ItemKey]]:
    """Add the proven streams; return by a host those that it serves."""
    of_hosts: defaultdict[str, list[ItemKey]] = defaultdict(list)
    proven = streams_seen.proven
    unproven = len(streams_seen.streams.by_url) - len(proven)
    if unproven:
        gathering.stays["streams that are not proven"] += unproven
    for stream in proven:
        verdict = stream.verdict
        assert verdict is not None  # a proof is one
        key = gathering.add(
            ItemKind.STREAM,
            stream.url,
            at=max(verdict.at, streams_seen.last_seen.get(stream.url, verdict.at)),
            text=verdict_words(verdict),
            name=stream.title,
            revoked=not stands(stream),
            finding=verdict.finding,
            log10_lr=None if verdict.finding is Finding.UNREACHABLE else verdict.log10_lr,
            probability=verdict.probability,
            territory=verdict.territory,
            exhibits=digests(
                exhibit for observation in verdict.observations for exhibit in observation.exhibits
            ),
            **_span(stream, streams_seen),
        )
        if key is None:
            continue
        for host in streams_seen.hosts_of(stream) if stands(stream) else ():
            of_hosts[host].append(key)
    return dict(of_hosts)


def _span(stream: StreamState, streams_seen: StreamsSeen) -> dict[str, datetime | None]:
    first, last = stream.first_seen, streams_seen.last_seen.get(stream.url)
    moments = [moment for moment in (first, last) if moment is not None]
    return {"first_seen": min(moments, default=None), "last_seen": max(moments, default=None)}


def add_sources(gathering: Gathering, streams_seen: StreamsSeen) -> None:
    """Add the sources that list proven streams, after the map: a panel in it is the same panel."""
    by_url = {item.id: item for item in gathering.items.values() if item.kind is ItemKind.STREAM}
    for stream in streams_seen.proven:
        item = by_url.get(on_one_line(stream.url))
        for name in stream.sources if item is not None else ():
            assert item is not None
            source = _add_source(gathering, streams_seen, name)
            gathering.relate(
                RelationKind.RELATED_TO, source, item.key, at=item.at, text="lists the stream"
            )


def _add_source(gathering: Gathering, streams_seen: StreamsSeen, name: str) -> ItemKey | None:
    """Add a source of streams; a file that only we have is none."""
    read = streams_seen.sources.get(name)
    if read is None or "://" not in name:
        return None
    kind = _KIND_OF_READER.get(read.kind, ItemKind.ASSET)
    id_ = {ItemKind.PANEL: host_of(name), ItemKind.ASSET: f"url:{name}"}.get(kind, name)
    return gathering.add(
        kind,
        id_,
        at=read.at,
        text=sentence(f"a source read as {read.kind}, with {read.entries:,} entries"),
        role=str(kind) if kind is not ItemKind.ASSET else None,
        last_seen=read.at,
        exhibits=digests(filter(None, (read.exhibit, read.table))),
    )


def verdict_words(verdict: Verdict) -> str:
    """Return a verdict in words: how strongly what agrees with which reference, and why."""
    what = verdict.event or ", ".join(verdict.channels) or "nothing of the mandate"
    claim = f"{verdict.finding}: {what}"
    if verdict.licensee is not None:
        claim += f", taken from {verdict.licensee}"
    newest = next(
        (observation for observation in reversed(verdict.observations) if observation.witnesses),
        None,
    )
    witnesses = (
        f"{witness.kind} agrees with {witness.reference} at a delay of {witness.delay_s:.1f} s"
        f" (log10 of the likelihood ratio {witness.log10_lr:.1f})"
        for witness in (() if newest is None else newest.witnesses)
    )
    return sentence(claim, verdict.verbal, *witnesses, *_reasons(verdict))


def _reasons(verdict: Verdict) -> Iterable[str]:
    return (say(reason) for reason in verdict.reasons)
