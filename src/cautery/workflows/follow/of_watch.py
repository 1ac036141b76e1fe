"""The traits that the hosts of a watch's case show, in the records and in the sealed bytes.

The ledgers come without their decoys: what is read here goes into another case.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import CauteryError, SourceError
from cautery.evidence.ports import CaseVault
from cautery.evidence.warc import read_warc
from cautery.formats import read_page
from cautery.graph.catalogues import ORDER, Listing, quirks_of
from cautery.graph.faults import KINDS, SAME_DELAY_S, Carried, fault_links, value_of
from cautery.messages import message
from cautery.model import Finding, Link, SupplyGraph, Verdict, host_of
from cautery.model.descent import TraitKind
from cautery.model.ledger import contents
from cautery.model.message import Message
from cautery.model.ports import Facts, Ledger
from cautery.model.records import SourceRead
from cautery.workflows.follow.shown import (
    ShownTrait,
    catalogue_of,
    label_of,
    of_links,
    prices_of,
    quirk_of,
    usable,
)
from cautery.workflows.networks.case_links import carried, every_link_of_case, listings
from cautery.workflows.seized.catalogues import listings_of_seized
from cautery.workflows.seized.tables import Derivative

MOST_PAGES = 200
"""Pages of a case that are read again for their prices: more are no case. Judgement."""
UNREAD = message("grown.left-unread")


@dataclass(frozen=True, slots=True)
class Compared:
    """What a case has seen that is compared, and not merely spelt: faults and lists.

    Parameters
    ----------
    faults : tuple of Carried
        Of its streams.
    lists : tuple of Listing
        Of its services.
    lawful : frozenset of str
        Streams, by redacted URL, that are licensed: their faults tie nobody.
    """

    faults: tuple[Carried, ...] = ()
    lists: tuple[Listing, ...] = ()
    lawful: frozenset[str] = frozenset()


def compared_in(ledger: Ledger, vault: CaseVault, left_out: Counter[Message]) -> Compared:
    """Return what of a watch's case is compared."""
    warnings = list[str]()
    seized = Derivative(ledger, vault)
    last = {verdict.url.text: verdict.finding for _, verdict in contents(ledger, Verdict)}
    compared = Compared(
        tuple(carried(ledger, vault, warnings)),
        (*listings(ledger, vault, warnings), *listings_of_seized(seized)),
        frozenset(url for url, finding in last.items() if finding is Finding.LICENSED),
    )
    left_out[UNREAD] += len(warnings)
    return compared


def shown_by(
    ledger: Ledger,
    vault: CaseVault,
    *,
    facts: Facts,
    left_out: Counter[Message],
    compared: Compared,
    earlier: Compared,
) -> tuple[ShownTrait, ...]:
    """Return the traits of all hosts of a watch's case.

    Parameters
    ----------
    facts : Facts
        For registered domains.
    left_out : Counter
        Counts what is left out, by the reason.
    compared : Compared
        What of this case is compared.
    earlier : Compared
        The same of the case that is followed, if this is another one: what is the same fault or the
        same mistake gets the name that it has there.
    """
    links, _ = every_link_of_case(ledger, vault)
    # A map names an order by the first host that has it: no other case has that name for it.
    told_otherwise = {ORDER, *KINDS.values()}
    plain = [link for link in links if link.kind not in told_otherwise]
    traits = [
        *of_links(plain, left_out),
        *_faults(compared, earlier),
        *_catalogues(compared.lists, earlier.lists, left_out),
        *_panels(ledger),
        *_pages(ledger, vault, left_out),
    ]
    hosts: dict[str, datetime] = {}
    for trait in sorted(traits, key=lambda trait: trait.at):
        hosts.setdefault(trait.host, trait.at)
    return tuple(usable([*traits, *_names(hosts, facts)], left_out))


def _faults(compared: Compared, earlier: Compared) -> Iterator[ShownTrait]:
    """Yield the faults of this case's streams, those that are alone too."""
    lawful = compared.lawful | earlier.lawful
    links = fault_links((*earlier.faults, *compared.faults), source="watch", lawful=lawful)
    own_hosts = {host for fault in compared.faults for host in (fault.host, fault.server)}
    grouped = set[tuple[str, str]]()
    for link in links:
        grouped.add((link.subject, link.kind))
        if link.subject in own_hosts:
            yield _of_fault(link.subject, link.value, link)
    alone: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for fault in sorted(compared.faults, key=lambda fault: (fault.at, fault.record)):
        kind = KINDS[fault.fault.kind]
        if fault.stream in lawful or {(fault.host, kind), (fault.server, kind)} & grouped:
            continue
        times = alone[fault.server, kind, fault.fault.reference]
        # One encoder's delay stands a little elsewhere at each look: it is one trait.
        if any(abs(fault.fault.at_s - at_s) <= SAME_DELAY_S for at_s in times):
            continue
        times.append(fault.fault.at_s)
        for host in {fault.host, fault.server}:
            yield ShownTrait(
                host=host,
                kind=TraitKind.STREAM_FAULT,
                value=value_of(fault.fault),
                at=fault.at,
                exhibit=fault.fault.exhibit,
            )


def _of_fault(host: str, value: str, link: Link) -> ShownTrait:
    return ShownTrait(
        host=host,
        kind=TraitKind.STREAM_FAULT,
        value=value,
        at=link.first_seen,
        exhibit=link.exhibit,
    )


def _catalogues(
    lists: Sequence[Listing], earlier: Sequence[Listing], left_out: Counter[Message]
) -> Iterator[ShownTrait]:
    for listing in lists:
        if order := catalogue_of(listing.titles, left_out):
            yield _listed(listing, TraitKind.CATALOGUE_ORDER, order)
    # Whose guide it is that a channel was given, only the titles of all can say.
    quirks = quirks_of([*lists, *earlier])[: len(lists)]
    for listing, mistakes in zip(lists, quirks, strict=True):
        for title, guide in sorted(mistakes):
            yield _listed(listing, TraitKind.GUIDE_QUIRK, quirk_of(title, guide))


def _listed(listing: Listing, kind: TraitKind, value: str) -> ShownTrait:
    return ShownTrait(
        host=listing.host,
        kind=kind,
        value=value,
        at=listing.first_seen,
        exhibit=listing.exhibit,
    )


def _panels(ledger: Ledger) -> Iterator[ShownTrait]:
    """Yield what each host shows of its panel: ports, shapes of paths, the kind of certificate."""
    first: dict[tuple[str, str], datetime] = {}
    for entry, graph in contents(ledger, SupplyGraph):
        for asset in graph.assets:
            if asset.kind == "host" and any(mark.startswith("path:") for mark in asset.marks):
                first.setdefault((asset.value, " ".join(sorted(asset.marks))), entry.record.at)
    newest = {host: (marks, at) for (host, marks), at in first.items()}
    for host, (marks, at) in newest.items():
        yield ShownTrait(host=host, kind=TraitKind.PANEL, value=marks, at=at)


def _pages(ledger: Ledger, vault: CaseVault, left_out: Counter[Message]) -> Iterator[ShownTrait]:
    """Yield the prices and the payment services on storefronts' pages, from their sealed bytes."""
    newest: dict[str, SourceRead] = {}
    for _, reading in contents(ledger, SourceRead):
        if reading.kind == "page" and reading.exhibit is not None and reading.failed is None:
            newest[reading.source] = reading
    for source, reading in sorted(newest.items())[:MOST_PAGES]:
        host = host_of(source)
        if not host or reading.exhibit is None:
            continue
        try:
            bodies = [answer.body for answer in read_warc(vault.read(reading.exhibit))]
            page = read_page([next(body for body in reversed(bodies) if body)], base=source)
        except (CauteryError, StopIteration, SourceError):
            left_out[UNREAD] += 1
            continue
        values = [(TraitKind.PRICE_LIST, prices_of(page.prices))]
        values += [(TraitKind.PAYMENT_SERVICE, service) for service in page.payments]
        for kind, value in values:
            if value:
                yield ShownTrait(
                    host=host, kind=kind, value=value, at=reading.at, exhibit=reading.exhibit
                )


def _names(hosts: dict[str, datetime], facts: Facts) -> Iterator[ShownTrait]:
    for host, at in hosts.items():
        domain = facts.registered_domain(host)
        if domain is not None:
            yield ShownTrait(host=host, kind=TraitKind.SITE_NAME, value=label_of(domain), at=at)


def hosts_of_networks(ledger: Ledger, proven: Iterable[str]) -> frozenset[str]:
    """Return the hosts of all networks of the newest map that have one of some hosts."""
    newest = deque(contents(ledger, SupplyGraph), maxlen=1)
    suspects = set(proven)
    for _, graph in newest:
        for network in graph.networks:
            members = {member.host for member in network.members}
            if members & suspects:
                suspects |= members
    return frozenset(suspects)
