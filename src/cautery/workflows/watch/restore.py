"""Rebuild what a stopped watch knew of its sources and streams, from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cautery.model import Digest, ExhibitId, Offer, Verdict, from_json
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
        certificate = body["certificate"]
        if body["addresses"]:
            hosts[str(body["host"])] = (
                tuple(body["addresses"]),
                None if certificate is None else str(certificate["sha256"]),
            )
    return hosts


def restored_readings(ledger: Ledger) -> dict[str, Reading]:
    """Return the last reading of each source by its redacted location."""
    readings: dict[str, Reading] = {}
    for entry in ledger.read(kinds=("source.read", "source.revisited")):
        body = entry.record.body
        rhythm = body.get("rhythm")
        if body.get("vantage") is not None or rhythm is None or rhythm["due"] is None:
            continue
        at, due = datetime.fromisoformat(body["at"]), datetime.fromisoformat(rhythm["due"])
        one = readings.setdefault(str(body["source"]), Reading(at=at, due=due))
        one.due = due
        if body.get("failed") is not None:
            continue
        changed = entry.record.kind == "source.read"
        one.visits = [*one.visits, (at, changed)][-KEPT - 1 :]
        if changed:
            one.at, one.digest = at, body["digest"]
            one.exhibit, one.table = body["exhibit"], body["table"]
    return readings


def restored_streams(ledger: Ledger) -> dict[str, Stream]:
    """Return known streams by redacted URL.

    Their exact URLs are in no record: each comes back to life when its source names it again.
    """
    streams: dict[str, Stream] = {}
    for entry in ledger.read(kinds=("stream.appeared", "stream.resolved", "verdict", "alignment")):
        body = entry.record.body
        if entry.record.kind == "stream.appeared":
            offer = body["offer"]
            streams[body["url"]] = Stream(
                url="",
                key=body["url"],
                host=body["host"],
                title=body["title"],
                source=body["source"],
                first_seen=datetime.fromisoformat(body["at"]),
                offer=None if offer is None else from_json(Offer, offer),
                live=False,
                told=True,
            )
        elif entry.record.kind == "stream.resolved":
            if body["url"] in streams:
                offer = body["offer"]
                streams[body["url"]].offer = None if offer is None else from_json(Offer, offer)
        elif entry.record.kind == "verdict":
            verdict = from_json(Verdict, body)
            if verdict.url.text in streams:
                streams[verdict.url.text].verdict = verdict
        elif body["url"] in streams:
            streams[body["url"]].aligned = True
    return streams
