"""What facts add to a link, offline: the network, country and kind of place behind its value.

Each derived value names the fact that it comes from, with that fact's date, so that an old table
is never taken for today's. All of these kinds but the registered domain are common to strangers:
they describe, and (by ``cautery.graph.links_table.UNTYING``) tie nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from cautery.graph.links_table import PASSING
from cautery.model.ports import Facts

ADDRESS_KINDS = PASSING
SERVER_KINDS = frozenset({"nameserver", "ns"})
DERIVED_KINDS = ("asn", "country", "organisation", "shared", "domain", "dynamic-dns", "parking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A value that facts give, with the fact's name and date; ``None``: it has no date.

    ``seen`` is when passive DNS had the name there, where that is what it rests on.
    """

    kind: str
    value: str
    fact: str
    dated: date | None
    seen: tuple[datetime, datetime] | None = None


class Enricher:
    """Derives values from facts; the same few values are asked for over and over.

    Parameters
    ----------
    facts : Facts
        A facts folder.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._derived: dict[tuple[str, str], tuple[Derived, ...]] = {}

    def of_subject(self, subject: str) -> tuple[Derived, ...]:
        """Return what facts say of a link's subject: an address, or a name and where it was."""
        return self._kept("subject", subject)

    def of_value(self, kind: str, value: str) -> tuple[Derived, ...]:
        """Return what facts say of a link's value, by its kind: all of it is the subject's too.

        Parameters
        ----------
        kind : str
            An address's values have network, country and class; a name server's, parking.
        """
        plain = kind.strip().lower()
        if plain in ADDRESS_KINDS:
            return self._kept("address", value)
        return self._kept("server", value) if plain in SERVER_KINDS else ()

    def _kept(self, what: str, value: str) -> tuple[Derived, ...]:
        derived = self._derived.get((what, value))
        if derived is None:
            derived = self._derived[what, value] = tuple(self._asked(what, value))
        return derived

    def _asked(self, what: str, value: str) -> list[Derived]:
        ip = _address(value)
        if what != "server" and ip is not None:
            return self._of_address(str(ip))
        if what == "address":
            return []
        if what == "server":
            return self._parking_server(value)
        return self._of_name(value)

    def _of_address(self, address: str) -> list[Derived]:
        version = 6 if ":" in address else 4
        derived = []
        network = self._facts.network_of(address)
        if network is not None:
            derived.append(self._said("asn", str(network.asn), f"asn-ipv{version}"))
            derived.append(self._said("organisation", network.organisation, "asn-names"))
        country = self._facts.country_of(address)
        if country is not None:
            derived.append(self._said("country", country, f"country-ipv{version}"))
        shared = self._facts.shared(address)
        if shared is not None:
            derived.append(self._said("shared", f"{shared.kind}:{shared.provider}", shared.fact))
        derived += [
            self._said("parking", kind, "parking-domain" if kind == "parking" else "sinkholes")
            for kind in self._facts.kinds_of(address)
            if kind in {"parking", "sinkhole"}
        ]
        return derived

    def _of_name(self, name: str) -> list[Derived]:
        derived = []
        domain = self._facts.registered_domain(name)
        if domain is not None:
            derived.append(self._said("domain", domain, "public_suffix_list"))
        if "dynamic-dns" in self._facts.kinds_of(name):
            derived.append(self._said("dynamic-dns", domain or name, "dynamic-dns"))
        for resolution in self._facts.addresses_of(name):
            at_address = [
                self._said("address", resolution.address, resolution.fact),
                *self._of_address(resolution.address),
            ]
            derived += [
                replace(fact, seen=(resolution.first_seen, resolution.last_seen))
                for fact in at_address
            ]
        return list(dict.fromkeys(derived))

    def _parking_server(self, name: str) -> list[Derived]:
        if not self._facts.parks(name):
            return []
        return [self._said("parking", "name server", "parking-domain-ns")]

    def _said(self, kind: str, value: str, fact: str) -> Derived:
        return Derived(kind=kind, value=value, fact=fact, dated=self._facts.dated(fact))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
