"""Relations that a watch saw between hosts (serves, sells, leads to), for a supply graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cautery.model import Role, host_of
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream


def roles(streams: Iterable[Stream], sightings: Seen) -> dict[str, tuple[Role, ...]]:
    """Return what each host was seen to be: a server, a shop with a page, a panel that answers."""
    roles_of: dict[str, tuple[Role, ...]] = {}
    for stream in streams:
        if stream.places:  # who only is said to serve is no edge yet
            for host in stream.via or {stream.host}:
                roles_of[host] = (Role.EDGE,)
    for host in sightings.pages:
        roles_of[host] = (*roles_of.get(host, ()), Role.STOREFRONT)
    for host in sightings.panels:
        roles_of[host] = (*roles_of.get(host, ()), Role.PANEL)
    return roles_of


def serves(streams: Iterable[Stream]) -> tuple[tuple[str, str], ...]:
    """Return hosts and the proven streams that they served."""
    return tuple(
        (host, stream.key)
        for stream in streams
        if stream.proven
        for host in sorted(stream.via or {stream.host})
    )


def sells(sightings: Seen, *, known: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return storefronts and the panels that their pages link to, of hosts that are known."""
    return tuple(
        (shop, panel)
        for shop, (page, _, _) in sightings.pages.items()
        for panel in sorted({host_of(link) for link in page.panel_links})
        if panel in known and panel != shop
    )


def leads(streams: Iterable[Stream]) -> tuple[tuple[str, str], ...]:
    """Return the redirects that probes followed: who was asked, and where that led."""
    return tuple(
        (stream.host, aim)
        for stream in streams
        if stream.host and not stream.open_redirect
        for aim in sorted(stream.via)
    )
