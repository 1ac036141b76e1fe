"""What must stay up: places that carry what nobody complains of, each in its one spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from yarl import URL

from cautery.model import Lever
from cautery.plan.guard.targets import (
    Address,
    Network,
    NoTargetError,
    Target,
    embedded_ranges,
    parse_target,
    plain_address,
)

_PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtmps": 443, "rtsp": 554}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lawful:
    """Places that must stay up.

    Parameters
    ----------
    urls : frozenset of str
        Exact URLs.
    hosts : frozenset of str
        Names and addresses of which nothing may be blocked, no URL either.
    above : dict of str to str
        Each name that carries something lawful, and each name above one, with the place: many
        resolvers block a name together with all below it.
    zones : frozenset of str
        Names of which all that lies below must stay up (``*.name``).
    networks : tuple of IPv4Network or IPv6Network
        Ranges that carry something lawful.
    addresses : frozenset of str
        Addresses that do.
    """

    urls: frozenset[str]
    hosts: frozenset[str]
    above: dict[str, str]
    zones: frozenset[str]
    networks: tuple[Network, ...]
    addresses: frozenset[str]

    @classmethod
    def whole(cls, places: Iterable[str]) -> Lawful:
        """Return places as a person names them: of a name or an address all must stay up.

        Raises
        ------
        InputError
            If one is no URL, name, address or range in one certain reading.
        """
        targets = [lawful_place(place) for place in places]
        return _of(targets, whole=True)

    @classmethod
    def carrying(cls, places: Iterable[str]) -> Lawful:
        """Return places on which something lawful was seen: other URLs there may be blocked.

        What is no place in one certain reading, as a list of a stranger may have it, is left out.

        See Also
        --------
        of_streams : With the addresses that hosts resolved to.
        """
        targets = []
        for place in places:
            try:
                targets.append(lawful_place(place))
            except NoTargetError:
                continue
        return _of(targets, whole=False)

    @classmethod
    def of_streams(cls, streams: Mapping[str, Iterable[str]]) -> Lawful:
        """Return streams and names that must go on, with the addresses that they resolved to.

        Other URLs there may be blocked, as for :meth:`carrying`.

        Raises
        ------
        InputError
            If an address is none.
        """
        addresses = {plain_address(address) for at in streams.values() for address in at}
        return cls.carrying([*streams, *sorted(addresses)])

    def of_url(self, target: Target) -> bool:
        """Tell whether a URL must stay up."""
        return (
            not self.urls.isdisjoint(_spelt(target))
            or not self.hosts.isdisjoint(_hosts(target))
            or self._zone(target.host) is not None
            or any(self._ranged(address, whole=True) for address in _addresses(target))
        )

    def by_name(self, name: str) -> str | None:
        """Return a place that would go down with a name; ``None``: none would."""
        return self.above.get(name) or self._zone(name)

    def on_address(self, address: str) -> bool:
        """Tell whether an address, in its one spelling, carries something lawful."""
        return address in self.addresses or self._ranged(ip_address(address))

    def _zone(self, name: str) -> str | None:
        while "." in name:
            name = name.partition(".")[2]
            if name in self.zones:
                return f"*.{name}"
        return None

    def _ranged(self, address: Address, *, whole: bool = False) -> bool:
        return any(
            address.version == network.version
            and address in network
            and (not whole or str(network) in self.hosts)
            for network in self.networks
        )


def lawful_place(text: str) -> Target:
    """Return a place that must stay up.

    A host with a port or a path and without a scheme, as people write it, is the whole host.

    Raises
    ------
    NoTargetError
        If it is no URL, name, address or range in one certain reading.
    """
    try:
        return parse_target(text)
    except NoTargetError:
        if "://" in text:
            raise
        return parse_target(f"http://{text.partition('/')[0]}")


def _of(targets: Iterable[Target], *, whole: bool) -> Lawful:
    """Put places together.

    Parameters
    ----------
    whole : bool
        Whether of a name, an address or a range all must stay up.
    """
    places = tuple(targets)
    urls, hosts, addresses = set[str](), set[str](), set[str]()
    networks, above = list[Network](), dict[str, str]()
    for target in places:
        if target.lever is Lever.URL:
            urls.update(_spelt(target))
        elif whole:
            hosts.update(_hosts(target))
        if target.network is not None:
            networks += [target.network, *embedded_ranges(target.network)]
        elif target.address is not None:
            addresses.update(map(str, _addresses(target)))
        else:
            name = target.host
            while name:
                above.setdefault(name, target.text)
                name = name.partition(".")[2]
    return Lawful(
        urls=frozenset(urls), hosts=frozenset(hosts), above=above, networks=tuple(networks),
        addresses=frozenset(addresses),
        zones=frozenset(target.host for target in places if target.wildcard),
    )  # fmt: skip


def _addresses(target: Target) -> tuple[Address, ...]:
    """Return the address that a target is or lies on, and the one that leads to it by IPv6."""
    return tuple(one for one in (target.address, target.embedded) if one is not None)


def _hosts(target: Target) -> set[str]:
    """Return the host of a target in each of its spellings."""
    inner = () if target.network is None else embedded_ranges(target.network)
    return {target.host, *map(str, _addresses(target)), *map(str, inner)}


def _spelt(target: Target) -> set[str]:
    """Return a URL in its one spelling (RFC 3986, 6.2.2), at each address of its host."""
    parts = urlsplit(target.text)
    port = parts.port or _PORTS[parts.scheme]
    path = f"{parts.path or '/'}?{parts.query}"
    with suppress(ValueError):  # no other spelling of it is known
        path = URL(f"http://host{path}").raw_path_qs
    return {f"{parts.scheme}://{host}:{port}{path}" for host in _hosts(target)}
