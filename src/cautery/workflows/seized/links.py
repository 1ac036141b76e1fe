"""What seized material ties together, as links: a panel's servers, sources, domains, handles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cautery.evidence.ports import CaseVault
from cautery.model import Link
from cautery.model.ports import Ledger
from cautery.watch import address_in
from cautery.workflows.seized.records import taken
from cautery.workflows.seized.tables import frame
from cautery.workflows.seized.views import sources

COLUMNS = ("subject", "kind", "value", "first_seen", "last_seen", "source")


def links_of_seized(ledger: Ledger, vault: CaseVault) -> tuple[Link, ...]:
    """Return each link once, its span as wide as the material says, sorted.

    A panel bears itself as a value, and so does what belongs to it: its servers, the hosts that it
    draws streams from, its resellers' domains. Handles are keyed hashes. No customer is in it.
    """
    spans: dict[tuple[str, str, str, str], tuple[datetime, datetime]] = {}
    for subject, kind, value, source, first, last in _found(ledger, vault):
        key = (subject, kind, value, source)
        known = spans.get(key, (first, last))
        spans[key] = (min(known[0], first), max(known[1], last))
    return tuple(
        Link(
            subject=subject, kind=kind, value=value, source=source, first_seen=first, last_seen=last
        )
        for (subject, kind, value, source), (first, last) in sorted(spans.items())
    )


_Found = tuple[str, str, str, str, datetime, datetime]


def _found(ledger: Ledger, vault: CaseVault) -> Iterator[_Found]:
    for one in taken(ledger):
        yield one.panel, "panel", one.panel, f"seized:{one.id}", one.at, one.at
    yield from _servers(ledger, vault)
    yield from _sources(ledger, vault)
    yield from _accounts(ledger, vault)
    yield from _requests(ledger, vault)
    yield from _flows(ledger, vault)


def _servers(ledger: Ledger, vault: CaseVault) -> Iterator[_Found]:
    servers = frame(ledger, vault, "server", ("domain", "address", "second_address"))
    for row in () if servers is None else servers.iter_rows(named=True):
        source, at = f"seized:{row['seized']}", row["taken_at"]
        hosts = [row[one] for one in ("domain", "address", "second_address") if row[one]]
        for host in hosts:
            yield host, "panel", row["panel"], source, at, at
            for other in hosts:
                if address_in(other) is not None:
                    yield host, "address", other, source, at, at


def _sources(ledger: Ledger, vault: CaseVault) -> Iterator[_Found]:
    found = sources(ledger, vault)
    for row in () if found is None else found.iter_rows(named=True):
        at = row["taken_at"]
        first = row["added_at"] or at
        yield row["host"], "panel", row["panel"], f"seized:{row['seized']}", min(first, at), at


def _accounts(ledger: Ledger, vault: CaseVault) -> Iterator[_Found]:
    accounts = frame(ledger, vault, "account", ("email", "domain", "created_at", "last_seen_at"))
    for row in () if accounts is None else accounts.iter_rows(named=True):
        source, at = f"seized:{row['seized']}", row["taken_at"]
        first = min(row["created_at"] or at, at)
        subject = row["domain"] or row["panel"]
        if row["domain"]:
            yield row["domain"], "panel", row["panel"], source, first, at
        if row["email"]:
            yield subject, "contact", row["email"], source, first, row["last_seen_at"] or at


def _requests(ledger: Ledger, vault: CaseVault) -> Iterator[_Found]:
    import polars as pl  # noqa: PLC0415 - heavy

    asked = frame(ledger, vault, "request", ("host", "upstream", "at"))
    if asked is None:
        return
    for name in ("host", "upstream"):
        spans = (
            asked.drop_nulls(name)
            .group_by(name, "panel", "seized")
            .agg(first=pl.min("at"), last=pl.max("at"))
        )
        for row in spans.iter_rows(named=True):
            if row["first"] is not None:
                source = f"seized:{row['seized']}"
                yield row[name], "panel", row["panel"], source, row["first"], row["last"]


def _flows(ledger: Ledger, vault: CaseVault) -> Iterator[_Found]:
    import polars as pl  # noqa: PLC0415 - heavy

    flows = frame(ledger, vault, "flow", ("source", "destination", "at"))
    if flows is None:
        return
    for name in ("source", "destination"):
        clear = flows.filter(~pl.col(name).str.starts_with("~"))
        spans = clear.group_by(name, "panel", "seized").agg(first=pl.min("at"), last=pl.max("at"))
        for row in spans.iter_rows(named=True):
            source = f"seized:{row['seized']}"
            yield row[name], "panel", row["panel"], source, row["first"], row["last"]
