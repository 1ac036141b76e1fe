"""Find the neighbours of a blocked target: names that an intermediary must not touch."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from cautery.model import BlockEntry, CoHosted, Finding, Lever, Mandate, host_of
from cautery.model.ports import Facts
from cautery.plan.guard.targets import address_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.mapping.mapper import Mapper
from cautery.workflows.watch.streams import Stream

CURRENT = timedelta(days=30)
"""A name seen at an address within so long counts as being there, as the guard has it."""
NEAR = {4: 24, 6: 64}
"""Prefix lengths within which an address has neighbours: what is routed, and blocked, as one."""
MOST_NEAR = 200


def lawful_streams(
    streams: Mapping[str, Stream], mapper: Mapper, mandate: Mandate
) -> dict[str, tuple[str, ...]]:
    """List what must stay up, with its addresses.

    It is hosts that the mandate calls lawful, whatever a short link there leads to; partners'
    streams; those of hosts of which nothing was proven; and hosts that only send on to a place that
    the question names: whoever runs an open redirect is a bystander, with the hosts that it leads
    through first.

    Of a name that serves what is proven, another stream that shows nothing of ours says nothing:
    neither at the name itself nor below it, where whoever has the name decides what lies. Partners
    and lawful hosts below it must stay up all the same.
    """
    proven = [stream for stream in streams.values() if stream.proven]
    accused = {stream.host for stream in proven}.union(*(stream.sent_on for stream in proven))
    serving = {stream.host for stream in proven if not stream.open_redirect} | {*mapper.suspects()}
    own_names = {stream.host for stream in proven if not stream.open_redirect} | {
        *mapper.panels_of(stream.key for stream in proven)
    }
    # A pirate may run an open redirect beside its streams: that must not keep their address up.
    served_at = {address for host in serving for address in mapper.addresses(host)}
    bystanders = {
        host: tuple(address for address in mapper.addresses(host) if address not in served_at)
        for host in sorted(accused - serving)
    }
    return (
        {
            key: mapper.addresses(stream.host)
            for key, stream in streams.items()
            if stream.verdict is not None
            and (
                stream.verdict.finding is Finding.LICENSED
                or (
                    stream.verdict.finding is Finding.NOTHING
                    and stream.host not in accused
                    and own_names.isdisjoint(_upwards(stream.host))
                )
            )
        }
        | bystanders
        | {host: mapper.addresses(host) for host in _lawful(streams, mandate)}
    )


def _upwards(host: str) -> Iterator[str]:
    """Yield a host and the names above it; an address has none above."""
    yield host
    while address_of(host) is None and "." in host:
        host = host.partition(".")[2]
        yield host


def _lawful(streams: Mapping[str, Stream], mandate: Mandate) -> set[str]:
    """Return the hosts that the mandate calls lawful, and those below them on which streams lie."""
    lawful = set(mandate.lawful_hosts)
    hosts = {stream.host for stream in streams.values()}
    return lawful | {host for host in hosts if mandate.partner_on(host) is not None}


class Neighbours:
    """Finds canaries for an entry among the facts, the map and the lawful."""

    def __init__(
        self,
        mandate: Mandate,
        streams: Mapping[str, Stream],
        mapper: Mapper,
        *,
        facts: Callable[[], Facts],
        journal: Journal,
    ) -> None:
        self._mandate = mandate
        self._streams = streams
        self._mapper = mapper
        self._facts = facts
        self._journal = journal

    def beside(self, entry: BlockEntry) -> tuple[str, ...]:
        """Return names beside a target, then what is known to be lawful anywhere.

        Beside a name are those that share an address with it, beside an address its neighbours.
        """
        facts = self._facts()
        suspect = {
            facts.registered_domain(name) or name for name in (*self._accused(), entry.target)
        }
        names: dict[str, None] = {}
        for name in (*self._near(entry, facts), *self._known_lawful()):
            owner = facts.registered_domain(name) or name
            if owner not in suspect and address_of(name) is None:
                names[name] = None
        return tuple(names)

    def meant(self, target: str, name: str) -> bool:
        """Tell whether a block of ``target`` is meant to cut ``name``, too."""
        if name == target or name.endswith("." + target):
            return True
        if address_of(target) is None:
            return False
        addresses = {row.address for row in self._facts().addresses_of(name)}
        return target in addresses or target in self._mapper.addresses(name)

    def _near(self, entry: BlockEntry, facts: Facts) -> Iterator[str]:
        if entry.lever is Lever.ADDRESS:
            address = ipaddress.ip_address(entry.target)
            around = ipaddress.ip_network((address, NEAR[address.version]), strict=False)
            cohosted = facts.names_within(
                str(around.network_address), str(around.broadcast_address), most=MOST_NEAR
            )
            yield from (row.name for row in self._current(cohosted) if row.address != entry.target)
            return
        for text in self._mapper.addresses(entry.target):
            yield from (row.name for row in self._current(facts.names_on(text)))

    def _current(self, cohosted: tuple[CoHosted, ...]) -> Iterator[CoHosted]:
        horizon = self._journal.now() - CURRENT
        return (row for row in cohosted if row.last_seen >= horizon)

    def _known_lawful(self) -> Iterator[str]:
        lawful = lawful_streams(self._streams, self._mapper, self._mandate)
        yield from sorted(host_of(place) if "://" in place else place for place in lawful)

    def _accused(self) -> Iterator[str]:
        for stream in self._streams.values():
            if stream.proven:
                if not stream.open_redirect:
                    yield stream.host
                yield from stream.via - stream.sent_on
        yield from self._mapper.suspects()
