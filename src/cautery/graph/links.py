"""What a host bears that another may bear too: addresses, keys, ids, ends of payment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import InputError
from cautery.graph.name_servers import strangers_servers
from cautery.messages import message
from cautery.model import (
    CertificateFacts,
    ExhibitId,
    Link,
    Registration,
    SharedFact,
    require_utc,
)
from cautery.model.message import Message

Mark = tuple[str, str]
"""A link's ``(kind, value)``."""

_PRIVACY = re.compile(r"(?i)privacy|redacted|proxy|withheld|whois\s*guard|not disclosed")
_DEFAULT_SUBJECT = re.compile(
    r"(?i)\b(localhost|localdomain|default|"
    r"example\.(com|org)|snakeoil|self.?signed|internet widgits|"
    r"some.?company|acme co|plesk|cpanel|xui|xtream.?codes|middleware)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """All that is known of one host at a time; each value becomes a link.

    Parameters
    ----------
    host : str
        A name, or a bare address.
    addresses : tuple of str
        What it resolved to.
    shared : tuple of SharedFact
        Published shared ranges that hold one of the addresses.
    shared_addresses : tuple of str
        Those of its addresses that lie in one.
    analytics, payments, contacts : tuple of str
        Tracker ids, payment or crypto ends, keyed hashes of contact handles, on its pages.
    favicon : str or None
        Digest of its icon.
    panels : tuple of str
        Panels whose own list names a stream on this host. Not playlists of third parties.
    playlists : tuple of str
        Third parties' lists that name it: an aggregator names everybody's streams.
    redirects : tuple of str
        Hosts that it leads to; itself, if others lead to it.
    records : tuple of int
        Ledger records that say so, by index.
    """

    host: str
    first_seen: datetime
    last_seen: datetime
    source: str
    addresses: tuple[str, ...] = ()
    shared: tuple[SharedFact, ...] = ()
    shared_addresses: tuple[str, ...] = ()
    certificate: CertificateFacts | None = None
    registration: Registration | None = None
    asn: int | None = None
    analytics: tuple[str, ...] = ()
    favicon: str | None = None
    payments: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    playlists: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    exhibit: ExhibitId | None = None
    records: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_utc("first_seen", self.first_seen)
        require_utc("last_seen", self.last_seen)
        if not self.host:
            raise InputError("facts of a host need the host's name")


def links_of(facts: HostFacts) -> tuple[Link, ...]:
    """Return one link for each value that a host bears, sorted by kind and value.

    A panel and a redirect's goal are hosts too: they bear themselves as a value, so that all
    hosts of one panel meet in it.
    """
    marks: set[Mark] = {("address", address) for address in facts.addresses}
    if facts.certificate is not None:
        marks.add(("certificate", facts.certificate.spki_sha256))
    if facts.registration is not None:
        if facts.registration.registrant and not _PRIVACY.search(facts.registration.registrant):
            marks.add(("registrant", facts.registration.registrant))
        if facts.registration.registrar:
            marks.add(("registrar", facts.registration.registrar))
        marks |= {("nameserver", nameserver) for nameserver in facts.registration.nameservers}
    if facts.asn is not None:
        marks.add(("asn", str(facts.asn)))
    marks |= {("analytics", analytic) for analytic in facts.analytics}
    marks |= {("payment", payment) for payment in facts.payments}
    marks |= {("contact", contact) for contact in facts.contacts}
    marks |= {("panel", panel) for panel in facts.panels}
    marks |= {("playlist", playlist) for playlist in facts.playlists}
    if facts.favicon:
        marks.add(("favicon", facts.favicon))
    marks |= {("redirect", redirect) for redirect in facts.redirects}
    return tuple(
        Link(
            subject=facts.host,
            kind=kind,
            value=value,
            first_seen=facts.first_seen,
            last_seen=facts.last_seen,
            source=facts.source,
            exhibit=facts.exhibit,
            records=facts.records,
        )
        for kind, value in sorted(marks)
        if value
    )


def shared_marks(facts: Iterable[HostFacts]) -> dict[Mark, Message]:
    """Return the values that join nobody, each with the reason: shared ranges, defaults.

    A certificate counts as a product's default when it is self-signed, names none of the hosts
    that show it and says so in its subject, or is shown by several hosts that it does not name.
    The certificate of a host that stands wholly behind a shared range is the front's, unless it
    names that host's own domain alone. Name servers are those that
    :func:`~cautery.graph.name_servers.strangers_servers` tells.
    """
    reasons: dict[Mark, Message] = {}
    bearers: dict[str, list[tuple[str, CertificateFacts]]] = {}
    subjects = tuple(facts)
    for server in strangers_servers(link for subject in subjects for link in links_of(subject)):
        reasons["nameserver", server] = message("shared.name-server")
    for subject in subjects:
        if subject.shared:
            providers = sorted({fact.provider for fact in subject.shared})
            for address in subject.shared_addresses:
                reasons["address", address] = message("shared.range", providers=providers)
        if subject.certificate is not None:
            key = subject.certificate.spki_sha256
            bearers.setdefault(key, []).append((subject.host, subject.certificate))
            fronted = bool(subject.addresses) and set(subject.addresses) <= set(
                subject.shared_addresses
            )
            own_domain = {_domain(subject.host)}
            if fronted and {_domain(name) for name in subject.certificate.names} - own_domain:
                reasons["certificate", key] = message("shared.front")
    for spki, borne in bearers.items():
        certificate = borne[0][1]
        is_named = any(covers(presented.names, host) for host, presented in borne)
        if (
            certificate.self_signed
            and not is_named
            and (_DEFAULT_SUBJECT.search(certificate.subject) or len(borne) >= 3)
        ):
            reasons["certificate", spki] = message(
                "shared.default-certificate", subject=certificate.subject[:60]
            )
    return reasons


def _domain(name: str) -> str:
    """Return the last two labels: coarse, but only to tell one customer from many."""
    return ".".join(name.lower().rstrip(".").split(".")[-2:])


def covers(names: Iterable[str], host: str) -> bool:
    """Tell whether a certificate's names hold a host, by a wildcard too (RFC 9525, 6.3)."""
    for name in names:
        plain = name.lower().rstrip(".")
        if plain == host or (plain.startswith("*.") and host.partition(".")[2] == plain[2:]):
            return True
    return False
