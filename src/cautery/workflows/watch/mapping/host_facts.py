"""What a watch knows of one host: looked up, read on its page, and told by lists and probes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cautery.formats import Page
from cautery.graph import HostFacts
from cautery.model import AddresseeKind, CertificateFacts, Place, Registration, SharedFact, host_of
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

PAYEES = frozenset({"paypal"})
"""Kinds of contact that are an end of payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was looked up about one host.

    Parameters
    ----------
    at, until : datetime
        When it was so first, and when last.
    record : int or None
        The look-up's record in the ledger.
    place : Place or None
        Where the host is, as that record says it.
    addressee_kind : AddresseeKind or None
        What its network is, as that record says it.
    """

    addresses: tuple[str, ...]
    asn: int | None
    country: str | None
    shared: tuple[SharedFact, ...]
    shared_addresses: tuple[str, ...]
    certificate: CertificateFacts | None
    registration: Registration | None
    at: datetime
    until: datetime
    record: int | None = None
    place: Place | None = None
    addressee_kind: AddresseeKind | None = None


def nothing_known(at: datetime) -> Known:
    """Return the last facts of a host whose look-up failed: it is asked again in its rhythm."""
    return Known(
        addresses=(),
        asn=None,
        country=None,
        shared=(),
        shared_addresses=(),
        certificate=None,
        registration=None,
        at=at,
        until=at,
    )


@dataclass(frozen=True, slots=True)
class ByHost:
    """What lists and probes say of each host, gathered in one pass over all streams.

    A hostile list names as many hosts as streams: to go through all streams for each host would be
    quadratic.
    """

    panels: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Panels whose own list names a stream of the host, or one that led to it; and itself. That an
    open redirect stands in a list says nothing of whoever runs it."""
    playlists: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Other lists that name a stream of the host."""
    redirects: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Where its streams led, itself if some led to it; not of streams that a panel lists, since
    the panel's link says the same, and not through open redirects, which tie nobody to anybody."""


def by_host(streams: Iterable[Stream], sightings: Seen) -> ByHost:
    """Gather what lists and probes say of each host."""
    panels_of, lists_of = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for panel, listed in sightings.panels.items():
        for key in listed:
            panels_of[key].append(panel)
    for name, listed in sightings.lists.items():
        if host_of(name) not in sightings.panels:
            for key in listed:
                lists_of[key].append(name)
    gathered = ByHost()
    for panel in sightings.panels:
        gathered.panels[panel].add(panel)
    for stream in streams:
        panels = panels_of.get(stream.key, ())
        own = set() if stream.open_redirect else {stream.host}
        for host in own | stream.via:
            gathered.panels[host].update(panels)
        for host in own:
            gathered.playlists[host].update(lists_of.get(stream.key, ()))
        if not panels and not stream.open_redirect:
            gathered.redirects[stream.host].update(stream.via)
            for host in stream.via:
                gathered.redirects[host].add(host)
    return gathered


def facts_of(
    host: str,
    *,
    known: Mapping[str, Known],
    gathered: ByHost,
    seen: Seen,
    icon: str | None,
    hidden: Callable[[str], str],
) -> HostFacts:
    """Return all that is known of a host.

    Parameters
    ----------
    known : mapping of str to Known
        Of all hosts; this one is among them.
    gathered : ByHost
        What lists and probes say of each host.
    hidden : callable
        Gives a handle its pseudonym.
    """
    own_facts = known[host]
    facts = HostFacts(
        host=host,
        first_seen=own_facts.at,
        last_seen=own_facts.until,
        source="watch",
        addresses=own_facts.addresses,
        shared=own_facts.shared,
        shared_addresses=own_facts.shared_addresses,
        certificate=own_facts.certificate,
        registration=own_facts.registration,
        asn=own_facts.asn,
        panels=_ordered(gathered.panels, host),
        playlists=_ordered(gathered.playlists, host),
        redirects=_ordered(gathered.redirects, host),
        records=() if own_facts.record is None else (own_facts.record,),
    )
    sighting = seen.pages.get(host)
    if sighting is None:
        return facts
    page, exhibit, at = sighting
    panels = {panel for panel in map(host_of, page.panel_links) if panel in known}
    paid = [f"{wallet.currency}:{wallet.address}" for wallet in page.crypto]
    paid += [f"{kind}:{handle}" for kind, handle in _handles(page, hidden) if kind in PAYEES]
    handles = [handle for kind, handle in _handles(page, hidden) if kind not in PAYEES]
    return replace(
        facts,
        exhibit=exhibit,
        first_seen=min(at, facts.first_seen),
        last_seen=max(at, facts.last_seen),
        analytics=tuple(sorted(f"{system}:{tracker}" for system, tracker in page.trackers)),
        favicon=icon,
        payments=tuple(sorted(paid)),
        contacts=tuple(sorted(handles)),
        panels=tuple(sorted(set(facts.panels) | (panels - {host}))),
    )


def _ordered(values: Mapping[str, set[str]], host: str) -> tuple[str, ...]:
    return tuple(sorted(values.get(host, ())))


def _handles(page: Page, hidden: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for contact in page.contacts:
        yield contact.kind, hidden(f"{contact.kind}:{contact.handle}")
