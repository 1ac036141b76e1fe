"""Links out of a case: what its watch recorded of hosts, and what its probes and readings share.

Recorded links are taken as they stand. The strong ones are found here, since they need all that
was seen: services with the same fault in the same feed, with one catalogue in one order, with the
same mistaken guide ids, paid into one account. Each names the records that it rests on.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cautery.drawing.words import counted
from cautery.errors import EvidenceError
from cautery.evidence.ports import CaseVault
from cautery.graph.catalogues import ORDER, QUIRKS, Listing, catalogue_links
from cautery.graph.faults import KINDS, Carried, fault_links, hosts_of
from cautery.graph.name_servers import strangers_servers
from cautery.graph.observations import one_each
from cautery.model import (
    MISSHAPEN,
    Entry,
    ExhibitId,
    Fault,
    FaultKind,
    Finding,
    Link,
    Purchase,
    SupplyGraph,
    from_json,
    host_of,
)
from cautery.model.ports import Ledger
from cautery.workflows.case import tables
from cautery.workflows.networks.links import Reading, frame_of_links
from cautery.workflows.seized.catalogues import listings_of_seized
from cautery.workflows.seized.links import links_of_seized

if TYPE_CHECKING:
    import polars as pl

MOMENTARY_KINDS = frozenset({*KINDS.values(), ORDER, QUIRKS})
"""Kinds that a watch records as they stood then: all that was seen says more."""
OWN_SHARE = 0.8
"""Part of a playlist's entries that must lie on one host for the list to be that service's own:
an aggregator lists everybody's."""
OWN_LISTS = frozenset({"xtream", "stalker"})
"""Kinds of source that list what they serve themselves, wherever that lies."""
WATCHED = "watch"


def read_case_links(ledger: Ledger, vault: CaseVault) -> Reading:
    """Return all links of a case, as a file of links is read.

    Raises
    ------
    InputError
        If the case has none.
    """
    links, warnings = links_of_case(ledger, vault)
    reading = frame_of_links(links)
    reading.warnings += warnings
    return reading


def links_of_case(ledger: Ledger, vault: CaseVault) -> tuple[tuple[Link, ...], list[str]]:
    """Return the links, sorted, and what was left out of them, as sentences."""
    warnings: list[str] = []
    shared = _shared(ledger)
    all_links = tuple(_recorded(ledger))
    shared |= {("nameserver", server) for server in strangers_servers(all_links)}
    recorded = [link for link in all_links if (link.kind, link.value) not in shared]
    front = len(all_links) - len(recorded)
    if front:
        warnings.append(
            f"{counted(front, 'link')} to what strangers share (fronts, defaults, name servers): "
            "left out"
        )
    links = [
        *recorded,
        *fault_links(
            tuple(carried(ledger, vault, warnings)), source=WATCHED, lawful=_lawful(ledger)
        ),
        *catalogue_links(
            (*listings(ledger, vault, warnings), *listings_of_seized(ledger, vault)),
            source=WATCHED,
        ),
        *_paid(ledger),
        *links_of_seized(ledger, vault),
    ]
    return one_each(links), warnings


def _lawful(ledger: Ledger) -> frozenset[str]:
    """Return the streams of which the last verdict says that they are licensed."""
    last: dict[str, str] = {}
    for entry in ledger.read(kinds=("verdict",)):
        with suppress(*MISSHAPEN):  # a record that is not what its kind says costs itself
            last[str(entry.record.body["url"]["text"])] = str(entry.record.body["finding"])
    return frozenset(url for url, finding in last.items() if finding == Finding.LICENSED)


def _recorded(ledger: Ledger) -> Iterator[Link]:
    """Yield recorded links; one that was seen longer than was recorded first, is one."""
    links: dict[tuple[str, str, str, datetime], Link] = {}
    for entry in ledger.read(kinds=("link.seen",)):
        link = from_json(Link, entry.record.body)
        if link.kind not in MOMENTARY_KINDS:
            key = (link.subject, link.kind, link.value, link.first_seen)
            known_link = links.get(key, link)
            links[key] = replace(
                link,
                last_seen=max(link.last_seen, known_link.last_seen),
                records=tuple(dict.fromkeys((*known_link.records, entry.index, *link.records))),
            )
    yield from links.values()


def _shared(ledger: Ledger) -> set[tuple[str, str]]:
    """Return what the newest map says that strangers share."""
    body = None
    for entry in ledger.read(kinds=("graph.mapped",)):
        body = entry.record.body
    graph = SupplyGraph() if body is None else from_json(SupplyGraph, body)
    return {(asset.kind, asset.value) for asset in graph.assets if asset.shared}


def carried(ledger: Ledger, vault: CaseVault, warnings: list[str]) -> Iterator[Carried]:
    """Yield each fault that a probe recorded.

    Faults of a kind that nobody knows, or whose sound is gone, are counted in ``warnings``.
    """
    missing = 0
    for entry in ledger.read(kinds=("probe.done",)):
        body = entry.record.body
        for row in body.get("faults") or ():
            fault = from_json(Fault, row)
            words = frames = logo = None
            if fault.exhibit is not None:
                try:
                    table = _table(vault, fault.exhibit)
                except EvidenceError:
                    missing += 1
                    continue
                if fault.kind is FaultKind.LOGO:
                    logo = tables.logo_in(table)
                else:
                    words, frames = table["word"].to_numpy(), table["frame"].to_numpy()
            host, server = hosts_of(str(body["url"]), body.get("hosts") or ())
            yield Carried(
                host=host,
                server=server,
                stream=str(body["url"]),
                fault=fault,
                at=datetime.fromisoformat(body["at"]),
                record=entry.index,
                words=words,
                frames=frames,
                logo=logo,
            )
    if missing:
        warnings.append(
            f"{missing:,} adverts and logos that are not in the vault any more: left out"
        )


def listings(ledger: Ledger, vault: CaseVault, warnings: list[str]) -> Iterator[Listing]:
    """Yield what each service listed when it listed the most, with when it was read."""
    readings: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in ledger.read(kinds=("source.read",)):
        body = entry.record.body
        if body["table"] is not None and body["failed"] is None:
            readings[str(body["source"])].append(entry)
    missing = 0
    for source, entries in sorted(readings.items()):
        fullest = max(entries, key=lambda entry: (entry.record.body["entries"], -entry.index))
        body = fullest.record.body
        try:
            table = _table(vault, body["table"])
        except EvidenceError:
            missing += 1
            continue
        host = host_of(source) if body["kind"] in OWN_LISTS else _owner(table["url"].to_list())
        if host:
            guides = table["guide"].to_list() if "guide" in table.columns else [None] * len(table)
            times = [datetime.fromisoformat(entry.record.body["at"]) for entry in entries]
            yield Listing(
                host=host,
                titles=tuple(title or "" for title in table["title"]),
                guides=tuple(guides),
                first_seen=min(times),
                last_seen=max(times),
                records=(fullest.index,),
                exhibit=body["table"],
            )
    if missing:
        warnings.append(f"{missing:,} lists that are not in the vault any more: left out")


def _owner(urls: list[str | None]) -> str | None:
    """Return the host that a list is of: nearly all entries lie on it."""
    hosts = Counter(host_of(url) for url in urls if url)
    commonest = max(hosts, key=lambda host: (hosts[host], host), default=None)
    return commonest if commonest and hosts[commonest] >= OWN_SHARE * hosts.total() else None


def _paid(ledger: Ledger) -> Iterator[Link]:
    """Yield who took the money for the line by which a source was read."""
    paid: dict[str, tuple[Entry, Purchase]] = {}
    for entry in ledger.read(kinds=("purchase.recorded",)):
        bought_line = from_json(Purchase, entry.record.body["purchase"])
        paid.setdefault(bought_line.id, (entry, bought_line))
    yielded: set[tuple[str, str]] = set()
    for entry in ledger.read(kinds=("source.read",)):
        body = entry.record.body
        payment = paid.get(str(body.get("purchase")))
        host = host_of(str(body["source"]))
        if payment is None or not host or (host, payment[1].merchant) in yielded:
            continue
        record, purchase = payment
        yielded.add((host, purchase.merchant))
        at = datetime.fromisoformat(body["at"])
        yield Link(
            subject=host,
            kind="payment",
            value=f"merchant:{purchase.merchant}",
            first_seen=min(purchase.bought_at, at),
            last_seen=max(purchase.bought_at, at),
            source=WATCHED,
            exhibit=record.record.body["exhibit"],
            records=(record.index, entry.index),
            said=f"{purchase.merchant} took {purchase.amount} {purchase.currency} for its line",
        )


def _table(vault: CaseVault, exhibit: ExhibitId) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415 - heavy: only where there are tables

    return pl.read_parquet(io.BytesIO(vault.read(exhibit)))
