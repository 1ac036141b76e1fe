"""Rebuild what a stopped watch knew of its sources and streams, from the ledger alone.

A record that has not the shape of its kind, whoever appended it, is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cautery.model import Digest, ExhibitId, Verdict
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import (
    AlignmentShown,
    AssetFacts,
    Entry,
    SourceRead,
    SourceRevisited,
    StreamAppeared,
    StreamResolved,
)
from cautery.watch.rhythm import KEPT
from cautery.workflows.watch.streams import Stream


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a source said last, from here, when it is due again, and when it was visited.

    Parameters
    ----------
    exhibit, table : str or None
        The sealed transactions, and what they list.
    visits : list of (datetime, bool)
        Oldest first: when, and whether there was a change since the one before.
    """

    at: datetime
    due: datetime
    digest: Digest | None = None
    exhibit: ExhibitId | None = None
    table: ExhibitId | None = None
    visits: list[tuple[datetime, bool]] = field(default_factory=list)


Shown = tuple[tuple[str, ...], str | None]
"""A host's addresses, and the SHA-256 of its certificate."""


def restored_hosts(ledger: Ledger) -> dict[str, Shown]:
    """Return what each host showed when it was last looked up."""
    hosts: dict[str, Shown] = {}
    for _, facts in contents(ledger, AssetFacts):
        if facts.addresses:
            certificate = None if facts.certificate is None else facts.certificate.sha256
            hosts[facts.host] = (facts.addresses, certificate)
    return hosts


def restored_readings(ledger: Ledger) -> dict[str, Reading]:
    """Return the last reading of each source by its redacted location."""
    readings: dict[str, Reading] = {}
    visits: Iterator[tuple[Entry, SourceRead | SourceRevisited]]
    visits = contents(ledger, SourceRead, SourceRevisited)
    for _, visit in visits:
        if visit.vantage is not None or visit.rhythm is None or visit.rhythm.due is None:
            continue
        reading = readings.setdefault(visit.source, Reading(at=visit.at, due=visit.rhythm.due))
        reading.due = visit.rhythm.due
        changed = isinstance(visit, SourceRead)
        if isinstance(visit, SourceRead):
            if visit.failed is not None:
                continue
            reading.at = visit.at
            reading.digest, reading.exhibit = visit.digest, visit.exhibit
            reading.table = visit.table
        reading.visits = [*reading.visits, (visit.at, changed)][-KEPT - 1 :]
    return readings


def restored_streams(ledger: Ledger) -> dict[str, Stream]:
    """Return known streams by redacted URL.

    Their exact URLs are in no record: each comes back to life when its source names it again.
    """
    streams: dict[str, Stream] = {}
    for _, content in contents(ledger, StreamAppeared, StreamResolved, Verdict, AlignmentShown):
        match content:
            case StreamAppeared():
                streams[content.url] = Stream(
                    url="",
                    key=content.url,
                    host=content.host,
                    title=content.title,
                    source=content.source,
                    first_seen=content.at,
                    offer=content.offer,
                    live=False,
                    told=True,
                )
            case StreamResolved() if content.url in streams:
                streams[content.url].offer = content.offer
            case Verdict() if content.url.text in streams:
                streams[content.url.text].verdict = content
            case AlignmentShown() if content.url in streams:
                streams[content.url].aligned = True
    return streams
