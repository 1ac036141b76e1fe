"""Where the names of decoys' hosts lead: an act on any of their addresses would hit a decoy.

The watch looks up all addresses of a name and may propose each. So the plan holds all of them, and
a keeper serves no name that leads elsewhere than its plan says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cautery.errors import InputError, SourceError
from cautery.model.host_names import literal
from cautery.model.ports import Names
from cautery.workflows.decoys.programme import OwnHost, Programme, is_own

MOST_ADDRESSES = 8
"""Of one host: each takes something out of acts."""


async def addresses_of(hosts: Iterable[OwnHost], names: Names) -> dict[str, tuple[str, ...]]:
    """Return to which addresses the names of hosts lead; a name that leads nowhere is not there."""
    to_ask = sorted({host.name for host in hosts if literal(host.name) is None})

    async def looked_up(name: str) -> tuple[str, ...]:
        try:
            return await names.resolve(name)
        except SourceError:
            return ()

    answers = await asyncio.gather(*map(looked_up, to_ask))
    return {name: answer for name, answer in zip(to_ask, answers, strict=True) if answer}


def with_addresses(programme: Programme, by_name: Mapping[str, tuple[str, ...]]) -> Programme:
    """Return a programme whose hosts have all addresses to which their names lead.

    Parameters
    ----------
    by_name : mapping
        Addresses by name, of :func:`addresses_of`.

    Raises
    ------
    InputError
        If a name does not lead to the address that the programme names, leads to a stranger's, or
        has more than eight addresses.
    """
    return replace(
        programme, hosts=tuple(_whole(host, by_name, programme) for host in programme.hosts)
    )


def require_as_planned(hosts: Iterable[OwnHost], by_name: Mapping[str, tuple[str, ...]]) -> None:
    """Raise if the name of a host leads elsewhere than the plan says.

    Raises
    ------
    InputError
        If so: a decoy could be hit by an address of which the gate does not know.
    """
    for host in hosts:
        if strange := [each for each in by_name.get(host.name, ()) if each not in host.addresses]:
            raise InputError(
                f"{host.name} leads to {', '.join(strange[:MOST_ADDRESSES])}, and the plan "
                "does not say so",
                hint="Let the name lead where it did when the night was planned.",
            )


def _whole(host: OwnHost, by_name: Mapping[str, tuple[str, ...]], programme: Programme) -> OwnHost:
    addresses = by_name.get(host.name, (host.address,))
    if host.address not in addresses:
        raise InputError(
            f"programme: {host.name} leads to {', '.join(addresses[:MOST_ADDRESSES])}, not to "
            f"{host.address}"
        )
    if len(addresses) > MOST_ADDRESSES:
        raise InputError(
            f"programme: {host.name} has {len(addresses)} addresses; a decoy's host has at most "
            f"{MOST_ADDRESSES}"
        )
    for address in addresses:
        if not is_own(address, programme.own_places):
            raise InputError(
                f"programme: {host.name} leads to {address}, which is none of your own addresses",
                hint="List your own domains and address ranges under own.",
            )
    further = tuple(address for address in addresses if address != host.address)
    return replace(host, further=further)
