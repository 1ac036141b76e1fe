"""Rebuild what a stopped watch knew of its streams, from the ledger alone."""

from __future__ import annotations

from datetime import datetime

from cautery.model import Offer, Verdict, from_json
from cautery.model.ports import Ledger
from cautery.workflows.watch.streams import Stream


def restored_streams(ledger: Ledger) -> dict[str, Stream]:
    """Return known streams by redacted URL.

    Their exact URLs are in no record: each comes back to life when its source names it again.
    """
    streams: dict[str, Stream] = {}
    for entry in ledger.read(kinds=("stream.appeared", "verdict", "alignment")):
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
            )
        elif entry.record.kind == "verdict":
            verdict = from_json(Verdict, body)
            if verdict.url.text in streams:
                streams[verdict.url.text].verdict = verdict
        elif body["url"] in streams:
            streams[body["url"]].aligned = True
    return streams
