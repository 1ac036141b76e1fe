"""Rebuild what a stopped watch knew of its sources and streams, from the ledger alone.

A record that has not the shape of its kind, whoever appended it, is passed over.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from cautery.model import (
    MISSHAPEN,
    Digest,
    Entry,
    ExhibitId,
    Offer,
    Verdict,
    from_json,
    require_utc,
)
from cautery.model.ports import Ledger
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
    for entry in ledger.read(kinds=("asset.facts",)):
        body = entry.record.body
        with suppress(*MISSHAPEN):
            certificate = body["certificate"]
            if body["addresses"]:
                hosts[str(body["host"])] = (
                    tuple(str(address) for address in body["addresses"]),
                    None if certificate is None else str(certificate["sha256"]),
                )
    return hosts


def restored_readings(ledger: Ledger) -> dict[str, Reading]:
    """Return the last reading of each source by its redacted location."""
    readings: dict[str, Reading] = {}
    for entry in ledger.read(kinds=("source.read", "source.revisited")):
        with suppress(*MISSHAPEN):
            _read(entry, readings)
    return readings


def _read(entry: Entry, readings: dict[str, Reading]) -> None:
    body = entry.record.body
    rhythm = body.get("rhythm")
    if body.get("vantage") is not None or rhythm is None or rhythm["due"] is None:
        return
    source = str(body["source"])
    at, due = _time(body["at"]), _time(rhythm["due"])
    changed = entry.record.kind == "source.read" and body.get("failed") is None
    sealed = (body["digest"], body["exhibit"], body["table"]) if changed else None
    reading = readings.setdefault(source, Reading(at=at, due=due))
    reading.due = due
    if body.get("failed") is not None:
        return
    reading.visits = [*reading.visits, (at, changed)][-KEPT - 1 :]
    if sealed is not None:
        reading.at = at
        reading.digest, reading.exhibit, reading.table = sealed


def _time(text: object) -> datetime:
    """Return a record's time; one without a zone is none."""
    moment = datetime.fromisoformat(str(text))
    require_utc("at", moment)
    return moment


def restored_streams(ledger: Ledger) -> dict[str, Stream]:
    """Return known streams by redacted URL.

    Their exact URLs are in no record: each comes back to life when its source names it again.
    """
    streams: dict[str, Stream] = {}
    for entry in ledger.read(kinds=("stream.appeared", "stream.resolved", "verdict", "alignment")):
        with suppress(*MISSHAPEN):
            _seen(entry, streams)
    return streams


def _seen(entry: Entry, streams: dict[str, Stream]) -> None:
    body = entry.record.body
    if entry.record.kind == "verdict":
        verdict = from_json(Verdict, body)
        if verdict.url.text in streams:
            streams[verdict.url.text].verdict = verdict
        return
    url = str(body["url"])
    if entry.record.kind == "stream.appeared":
        streams[url] = Stream(
            url="",
            key=url,
            host=str(body["host"]),
            title=None if body["title"] is None else str(body["title"]),
            source=str(body["source"]),
            first_seen=_time(body["at"]),
            offer=_offer(body["offer"]),
            live=False,
            told=True,
        )
    elif url in streams and entry.record.kind == "stream.resolved":
        streams[url].offer = _offer(body["offer"])
    elif url in streams:
        streams[url].aligned = True


def _offer(body: object) -> Offer | None:
    return None if body is None else from_json(Offer, body)
