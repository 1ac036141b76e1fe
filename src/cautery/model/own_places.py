"""The organisation's own names and address ranges, as its mandate lists them for blind tests.

A decoy takes its host and its addresses out of every act. So where decoys may stand is not for the
planner to say: two people sign it (ADR 0079).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from cautery.errors import CauteryError, MandateError
from cautery.model.decoys import Decoy
from cautery.model.host_names import addresses_in, ascii_name, host_of, literal

MOST_OWN = 200
WIDEST = {4: 24, 6: 48}
"""By version, the shortest prefix of a range: whoever has more lists several."""
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


def own_place(text: str) -> str:
    """Return an own name or range in its one spelling.

    Raises
    ------
    MandateError
        If it is neither, is wider than an organisation's servers are, or is a public suffix, below
        which everybody has names.
    """
    shown = f"own: {text[:60]!a}"
    place = text.strip()
    if "/" in place or ":" in place or _is_address(place):
        try:
            network = ipaddress.ip_network(place)
        except ValueError as error:
            raise MandateError(f"{shown} is not a range of addresses ({error})") from error
        if network.prefixlen < WIDEST[network.version]:
            raise MandateError(
                f"{shown} is wider than /{WIDEST[network.version]}: it has others' servers, too",
                hint="List the ranges of your own servers, or each of their addresses.",
            )
        return str(network)
    try:
        name = ascii_name(place).rstrip(".")
    except UnicodeError as error:
        raise MandateError(f"{shown} is not a name of a host ({error})") from error
    if _NAME.fullmatch(name) is None or host_of(f"//{name}") != name:
        raise MandateError(
            f"{shown} is not a name of a host",
            hint='Write "own.example", which holds all names below it, or "192.0.2.0/28".',
        )
    if _suffixes().privatesuffix(name) is None:
        raise MandateError(
            f"{shown} is a public suffix: everybody may have a name below it",
            hint="Name your own domain.",
        )
    return name


def covers(own_places: Sequence[str], place: str) -> bool:
    """Tell whether a host name or address is among own names and ranges.

    An address that leads to another one is own if both are.

    Examples
    --------
    >>> own = "own.example", "192.0.2.0/28"
    >>> [covers(own, place) for place in ("tv1.own.example", "192.0.2.7", "notown.example")]
    [True, True, False]
    """
    addresses = addresses_in(place)
    if not addresses:
        return any(f".{place}".endswith(f".{name}") for name in own_places if not _range(name))
    ranges = [network for network in map(_range, own_places) if network is not None]
    return all(
        any(ipaddress.ip_address(address) in network for network in ranges) for address in addresses
    )


def stands_on(decoy: Decoy, own_places: Sequence[str]) -> bool:
    """Tell whether a decoy's host and all its addresses are the organisation's own."""
    return all(covers(own_places, place) for place in (decoy.host, *decoy.addresses))


def _range(place: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(place)
    except ValueError:
        return None


def _is_address(place: str) -> bool:
    try:
        return literal(place) is not None
    except CauteryError:  # it looks like one, and is none
        return True


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - heavy: 50 ms of CPU

    return PublicSuffixList()
