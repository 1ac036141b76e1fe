"""What a watch knows of one host: looked up, read on its page, and told by lists and probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.graph import HostFacts
from cautery.model import AddresseeKind, CertificateFacts, Place, Registration, SharedFact, host_of
from cautery.watch import Page
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
    """Return what is known of a host whose look-up failed: it is asked again in its rhythm."""
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


def facts_of(
    host: str,
    *,
    known: Mapping[str, Known],
    streams: Sequence[Stream],
    seen: Seen,
    icon: str | None,
    hidden: Callable[[str], str],
) -> HostFacts:
    """Return all that is known of a host.

    Parameters
    ----------
    known : mapping of str to Known
        Of all hosts; this one is among them.
    hidden : callable
        Gives a handle its pseudonym.
    """
    own_facts = known[host]
    keys = {stream.key for stream in streams if stream.host == host}
    behind = {stream.key for stream in streams if host in stream.via}
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
        panels=tuple(
            sorted(
                panel
                for panel, listed in seen.panels.items()
                if listed & (keys | behind) or panel == host
            )
        ),
        playlists=tuple(
            sorted(
                name
                for name, listed in seen.lists.items()
                if listed & keys and host_of(name) not in seen.panels
            )
        ),
        redirects=tuple(sorted(_redirects(host, streams, seen))),
        records=() if own_facts.record is None else (own_facts.record,),
    )
    sighting = seen.pages.get(host)
    if sighting is None:
        return facts
    page, exhibit, at = sighting
    panels = {host_of(link) for link in page.panel_links} & set(known)
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


def _redirects(host: str, streams: Sequence[Stream], sightings: Seen) -> Iterator[str]:
    """Yield where a host's streams led, itself if some led to it.

    Of streams that a panel lists the panel's link says the same.
    """
    listed = set[str]().union(*sightings.panels.values())
    for stream in streams:
        if stream.key not in listed:
            if stream.host == host:
                yield from stream.via
            if host in stream.via:
                yield host


def _handles(page: Page, hidden: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for contact in page.contacts:
        yield contact.kind, hidden(f"{contact.kind}:{contact.handle}")
