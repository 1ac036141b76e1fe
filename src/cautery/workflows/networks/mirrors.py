"""Group hosts into mirror families: domains that are likely one site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from cautery.formats import ReadWarning
from cautery.graph.mirrors import (
    NO_DAYS,
    NOTHING,
    Days,
    Domain,
    Family,
    all_days,
    mirror_families,
)
from cautery.model.ports import Facts
from cautery.workflows.files.hosts import HostSeen

NOT_MIRRORS = frozenset({"bank", "university", "link-in-bio", "url-shortener", "parking"})
"""Kinds of names that many share, or that are nobody's mirror."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """The families of a list of hosts.

    Parameters
    ----------
    families : tuple of Family
        Largest first.
    domains : int
        How many registered domains the hosts belong to.
    warnings : tuple of ReadWarning
        The first lines that could not be used.
    broken : int
        How many lines could not be used.
    rows : int
        How many lines named a host, each as often as it stands there.
    was_cut : bool
        Whether so much may belong together that not all of it was compared.
    """

    families: tuple[Family, ...]
    domains: int
    warnings: tuple[ReadWarning, ...]
    broken: int
    rows: int
    was_cut: bool


_MOST_WARNINGS = 20


def find_mirrors(
    hosts: Iterable[HostSeen | ReadWarning],
    *,
    facts: Facts,
    doing: Callable[[str], None] = lambda _: None,
) -> Mirrors:
    """Group hosts by registered domain, add facts, and join the domains of one site.

    Parameters
    ----------
    hosts : iterable of HostSeen or ReadWarning
        As :func:`cautery.workflows.files.hosts.read_hosts` yields them.
    facts : Facts
        For registered domains; and, where they have them, for addresses (shared ones left out),
        owners, and names that are nobody's mirror.
    doing : callable
        Called with what is being done.
    """
    hosts_of: defaultdict[str, list[HostSeen]] = defaultdict(list)
    warnings: list[ReadWarning] = []
    broken = 0
    for host in hosts:
        if isinstance(host, HostSeen):
            # An address and a public suffix stand for themselves.
            domain = None if is_address(host.host) else facts.registered_domain(host.host)
            hosts_of[domain or host.host].append(host)
            continue
        broken += host.count
        if len(warnings) < _MOST_WARNINGS:
            warnings.append(host)
    doing(f"collecting facts of {len(hosts_of):,} domains")
    rows = sum(map(len, hosts_of.values()))
    cuts: list[bool] = []
    # What was read of a domain goes as soon as the domain is known: there may be a million.
    count = len(hosts_of)
    domains = (_domain(name, hosts_of.pop(name), facts) for name in sorted(hosts_of))
    return Mirrors(
        families=mirror_families(domains, doing=doing, cut=lambda: cuts.append(True)),
        domains=count,
        warnings=tuple(warnings),
        broken=broken,
        rows=rows,
        was_cut=bool(cuts),
    )


def _domain(name: str, sightings: Iterable[HostSeen], facts: Facts) -> Domain:
    rows = list(sightings)
    values = {
        ("address", row.address)
        for host in {name, *(row.host for row in rows)}
        for row in facts.addresses_of(host)
        if facts.shared(row.address) is None
    }
    other_hosts = {row.host for row in rows if row.host != name}
    owner = facts.owner_of(name)
    if owner is not None:
        values.add(("owner", owner.owner))
    return Domain(
        name=name,
        hosts=frozenset(other_hosts) if other_hosts else NOTHING,
        days=all_days(_days(row) for row in rows),
        values=frozenset(values) if values else NOTHING,
        apart=is_address(name) or not NOT_MIRRORS.isdisjoint(facts.kinds_of(name)),
    )


def _days(row: HostSeen) -> Days:
    if row.first is None and row.last is None:
        return NO_DAYS
    first = {(row.source, row.first.toordinal())} if row.first else set()
    last = {(row.source, row.last.toordinal())} if row.last else set()
    return Days(frozenset(first), frozenset(last))


def is_address(name: str) -> bool:
    """Whether a host is an address rather than a name."""
    if ":" not in name and not name[-1:].isdigit():
        return False
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a row of HOSTS and of a line of the answer."""
    text = {"type": "string"}
    day = {**text, "format": "date"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {
            "host": {
                "type": "object",
                "description": "A row of HOSTS; a line without columns is the host itself.",
                "properties": {
                    "host": {**text, "description": "A host, or a URL on it."},
                    "first": {**day, "description": "When the list first had the host."},
                    "last": {**day, "description": "When the list last had the host."},
                    "source": {**text, "description": "The name of the list."},
                },
                "required": ["host"],
            },
            "member": {
                "type": "object",
                "description": "A line of --json, one per registered domain.",
                "properties": {
                    "domain": {**text, "description": "The registered domain."},
                    "family": {**text, "description": "Another domain of the same family."},
                    "probability": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": 1,
                        "description": (
                            "The probability that the domain belongs to the site of "
                            "most of its family."
                        ),
                    },
                },
                "required": ["domain", "family", "probability"],
                "additionalProperties": False,
            },
        },
        "$ref": "#/$defs/member",
    }
