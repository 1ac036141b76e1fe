"""Extract links from a case: recorded facts of hosts, and values that probes and readings share.

Recorded links are taken as they stand. The strong ones are found here, since they need all that
was seen: services with the same fault in the same feed, with one catalogue in one order, with the
same mistaken guide ids, paid into one account. Each names the records that it rests on.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from cautery.drawing.formatting import counted
from cautery.errors import EvidenceError
from cautery.evidence.ports import CaseVault
from cautery.graph.catalogues import ORDER, QUIRKS, Listing, catalogue_links
from cautery.graph.faults import (
    KINDS,
    MOST_FAULTS,
    MOST_RECORDS,
    Carried,
    fault_links,
    hosts_of,
)
from cautery.graph.name_servers import strangers_servers
from cautery.graph.observations import one_each
from cautery.messages import message
from cautery.model import (
    Entry,
    ExhibitId,
    FaultKind,
    Finding,
    Link,
    SupplyGraph,
    Verdict,
    host_of,
)
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ProbeDone, PurchaseRecorded, SourceRead
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.case import tables
from cautery.workflows.networks.links import Reading, frame_of_links
from cautery.workflows.seized.catalogues import listings_of_seized
from cautery.workflows.seized.links import links_of_seized
from cautery.workflows.seized.tables import Derivative

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
    """Return the links, sorted, and sentences about the links that were left out.

    Decoys that are revealed have none. Values that are always borne together are one link.
    """
    links, warnings = every_link_of_case(ledger, vault)
    return one_each(links), warnings


def every_link_of_case(ledger: Ledger, vault: CaseVault) -> tuple[list[Link], list[str]]:
    """Return the links, each value by itself, and sentences about those that were left out.

    Decoys that are revealed have none.
    """
    decoys = Decoys().read_on(ledger)
    ledger = without_decoys(ledger)
    warnings: list[str] = []
    if decoys.unopened:
        hidden = counted(decoys.unopened, "decoy")
        warnings.append(f"{hidden} not revealed: some of these hosts may be the organisation's own")
    seized = Derivative(ledger, vault)
    shared = _shared(ledger)
    all_links = tuple(_recorded(ledger))
    shared |= {("nameserver", server) for server in strangers_servers(all_links)}
    recorded = [link for link in all_links if (link.kind, link.value) not in shared]
    front = len(all_links) - len(recorded)
    if front:
        warnings.append(
            f"{counted(front, 'link')} to values that strangers share (fronts, defaults, name "
            "servers): left out"
        )
    links = [
        *recorded,
        *fault_links(
            tuple(carried(ledger, vault, warnings)), source=WATCHED, lawful=_lawful(ledger)
        ),
        *catalogue_links(
            (*listings(ledger, vault, warnings), *listings_of_seized(seized)),
            source=WATCHED,
        ),
        *_paid(ledger),
        *links_of_seized(seized),
    ]
    warnings += seized.warnings
    # A list that somebody else wrote may be a decoy's own, and its table still names it.
    links = [
        replace(link, subject=decoys.redacted(link.subject), value=decoys.redacted(link.value))
        for link in links
        if not (decoys.owns(link.subject) or decoys.owns(link.value))
    ]
    return links, warnings


def _lawful(ledger: Ledger) -> frozenset[str]:
    """Return the streams of which the last verdict says that they are licensed."""
    last = {verdict.url.text: verdict.finding for _, verdict in contents(ledger, Verdict)}
    return frozenset(url for url, finding in last.items() if finding is Finding.LICENSED)


def _recorded(ledger: Ledger) -> Iterator[Link]:
    """Yield recorded links; one that was seen longer than was recorded first, is one."""
    links: dict[tuple[str, str, str, datetime], Link] = {}
    records = defaultdict[tuple[str, str, str, datetime], dict[int, None]](dict)
    for entry, link in contents(ledger, Link):
        if link.kind in MOMENTARY_KINDS:
            continue
        key = (link.subject, link.kind, link.value, link.first_seen)
        known_link = links.get(key, link)
        links[key] = replace(link, last_seen=max(link.last_seen, known_link.last_seen))
        records_named = records[key]
        for record in (entry.index, *link.records[:MOST_RECORDS]):
            if len(records_named) < MOST_RECORDS:
                records_named[record] = None
    for key, link in links.items():
        yield replace(link, records=tuple(records[key]))


def _shared(ledger: Ledger) -> set[tuple[str, str]]:
    """Return what the newest map says that strangers share."""
    newest = deque(contents(ledger, SupplyGraph), maxlen=1)
    return {
        (asset.kind, asset.value) for _, graph in newest for asset in graph.assets if asset.shared
    }


def carried(ledger: Ledger, vault: CaseVault, warnings: list[str]) -> Iterator[Carried]:
    """Yield each fault that a probe recorded, of one probe at most ``MOST_FAULTS``.

    Adverts and logos whose exhibit is gone or cannot be read are counted in ``warnings``, and so
    are faults beyond that number. An exhibit is read once, however many faults name it.
    """
    missing = beyond = 0

    @cache
    def shown(exhibit: ExhibitId, kind: FaultKind) -> dict[str, Any] | None:
        try:
            table = tables.frame_in(vault.read(exhibit))
            if kind is FaultKind.LOGO:
                return {"logo": tables.logo_in(table)}
            words, frames = tables.sound_in(table)
        except EvidenceError:
            return None
        return {"words": words, "frames": frames}

    for entry, probe in contents(ledger, ProbeDone):
        if probe.named:  # whose faults they are is not known
            continue
        host, server = hosts_of(probe.url, probe.hosts, probe.redirected_to)
        beyond += max(0, len(probe.faults) - MOST_FAULTS)
        for fault in probe.faults[:MOST_FAULTS]:
            more = {} if fault.exhibit is None else shown(fault.exhibit, fault.kind)
            if more is None:
                missing += 1
                continue
            yield Carried(
                host=host,
                server=server,
                stream=probe.url,
                fault=fault,
                at=probe.at,
                record=entry.index,
                **more,
            )
    if missing:
        unread = counted(missing, "advert or logo", "adverts or logos")
        warnings.append(f"{unread} cannot be read from the vault: left out")
    if beyond:
        warnings.append(f"{counted(beyond, 'fault')} beyond {MOST_FAULTS} of one probe: left out")


def listings(ledger: Ledger, vault: CaseVault, warnings: list[str]) -> Iterator[Listing]:
    """Yield what each service listed when it listed the most, with when it was read.

    Where that list cannot be read from the vault, the next one is taken: anybody who has the
    case's file can append a reading that claims more.
    """
    readings: defaultdict[str, list[tuple[Entry, SourceRead, ExhibitId]]] = defaultdict(list)
    for entry, reading in contents(ledger, SourceRead):
        if reading.table is not None and reading.failed is None:
            readings[reading.source].append((entry, reading, reading.table))
    unread: list[ExhibitId] = []

    @cache
    def listed(exhibit: ExhibitId) -> _Listed | None:
        try:
            return _Listed.of(tables.text_in(vault.read(exhibit), "url", "title", optional="guide"))
        except EvidenceError:
            unread.append(exhibit)
            return None

    for source, entries in sorted(readings.items()):
        fullest_first = sorted(entries, key=lambda row: -row[1].entries)
        readable = (row for row in fullest_first if listed(row[2]) is not None)
        entry, reading, exhibit = next(readable, fullest_first[0])
        rows = listed(exhibit)
        if rows is None:
            continue
        host = host_of(source) if reading.kind in OWN_LISTS else rows.owner
        if host:
            times = [reading.at for _, reading, _ in entries]
            yield Listing(
                host=host,
                titles=rows.titles,
                guides=rows.guides,
                first_seen=min(times),
                last_seen=max(times),
                records=(entry.index,),
                exhibit=exhibit,
            )
    if unread:
        warnings.append(f"{counted(len(unread), 'list')} cannot be read from the vault: left out")


@dataclass(frozen=True, slots=True)
class _Listed:
    """What one sealed list holds, and the host that nearly all of it lies on."""

    titles: tuple[str, ...]
    guides: tuple[str | None, ...]
    owner: str | None

    @classmethod
    def of(cls, table: pl.DataFrame) -> _Listed:
        guides = table["guide"].to_list() if "guide" in table.columns else [None] * len(table)
        return cls(
            tuple(title or "" for title in table["title"]),
            tuple(guides),
            _owner(table["url"].to_list()),
        )


def _owner(urls: list[str | None]) -> str | None:
    """Return the host that a list is of: nearly all entries lie on it."""
    hosts = Counter(host_of(url) for url in urls if url)
    commonest = max(hosts, key=lambda host: (hosts[host], host), default=None)
    return commonest if commonest and hosts[commonest] >= OWN_SHARE * hosts.total() else None


def _paid(ledger: Ledger) -> Iterator[Link]:
    """Yield who took the money for the line by which a source was read."""
    paid: dict[str | None, tuple[Entry, PurchaseRecorded]] = {}
    for entry, recorded in contents(ledger, PurchaseRecorded):
        paid.setdefault(recorded.purchase.id, (entry, recorded))
    yielded: set[tuple[str, str]] = set()
    for entry, reading in contents(ledger, SourceRead):
        payment = paid.get(reading.purchase)
        host = host_of(reading.source)
        if payment is None or not host or (host, payment[1].purchase.merchant) in yielded:
            continue
        record, recorded = payment
        purchase = recorded.purchase
        yielded.add((host, purchase.merchant))
        yield Link(
            subject=host,
            kind="payment",
            value=f"merchant:{purchase.merchant}",
            first_seen=min(purchase.bought_at, reading.at),
            last_seen=max(purchase.bought_at, reading.at),
            source=WATCHED,
            exhibit=recorded.exhibit,
            records=(record.index, entry.index),
            said=message(
                "link.payment",
                merchant=purchase.merchant,
                amount=purchase.amount,
                currency=purchase.currency,
            ),
        )
