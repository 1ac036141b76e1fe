"""A referral as a DNS response policy zone, for a provider's resolver (BIND, Unbound, Knot).

Format: draft-vixie-dnsop-dns-rpz. ``CNAME .`` answers NXDOMAIN. A name is listed alone: the
wildcard below it takes names that nobody looked at, so it is written only when asked for.
Addresses go in as ``rpz-ip`` triggers. URLs cannot be said in DNS: they are counted in a
comment, and left out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from cautery.errors import InputError
from cautery.model import BlockEntry, Lever, Referral, iso, require_utc

_LABEL = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
SHORTEST_TTL_S = 30


def rpz_zone(
    referral: Referral, *, zone: str, serial: int, at: datetime, wildcards: bool = False
) -> str:
    """Write the entries that hold at a moment as a zone file.

    Parameters
    ----------
    zone : str
        The zone's own name, as the provider configured it.
    serial : int
        SOA serial, 32 bits, to grow with each list.
    at : datetime
        Entries that have ended are left out. Records live at most until the next entry ends.
    wildcards : bool
        Also list ``*.name``.

    Raises
    ------
    InputError
        If a name, the zone or the serial cannot be written in a zone file.
    """
    require_utc("at", at)
    if not 0 <= serial < 2**32:
        raise InputError(f"serial {serial} does not fit 32 bits")
    zone = owner_name(zone)
    entries = [entry for entry in referral.entries if entry.valid_until > at]
    ttl = _ttl(entries, at)
    lines = [
        f"; referral {_comment(referral.id)} under order {_comment(referral.order)}",
        f"; territory {_comment(referral.territory)}, ends {iso(referral.window.end)}",
        "; the consumer's own allow list comes first",
        f"$TTL {ttl}",
        f"$ORIGIN {zone}.",
        f"@ IN SOA localhost. hostmaster.localhost. ( {serial} {ttl} {ttl} 3600 {ttl} )",
        "@ IN NS localhost.",
    ]
    left_out = 0
    for entry in sorted(entries, key=lambda entry: (entry.lever, entry.target)):
        if entry.lever is Lever.URL:
            left_out += 1
            continue
        owner = _trigger(entry)
        lines.append(f"; until {iso(entry.valid_until)}")
        lines.append(f"{owner} CNAME .")
        if wildcards and entry.lever is Lever.NAME:
            lines.append(f"*.{owner} CNAME .")
    if left_out:
        lines.append(f"; {left_out} URL(s) cannot be said in DNS and are left out")
    return "\n".join(lines) + "\n"


def owner_name(name: str) -> str:
    """Return a name as it may stand in a zone file, without a trailing dot.

    Raises
    ------
    InputError
        If it holds anything but labels: a zone file is code to its reader.
    """
    plain = name.rstrip(".").lower()
    if len(plain) > 253 or not all(_LABEL.match(label) for label in plain.split(".")):
        raise InputError(f"{name[:80]!r} cannot be written in a zone file")
    return plain


def _trigger(entry: BlockEntry) -> str:
    if entry.lever is Lever.NAME:
        return owner_name(entry.target)
    try:
        address = ipaddress.ip_address(entry.target)
    except ValueError as error:
        raise InputError(f"{entry.target!r} is not a single address") from error
    if isinstance(address, ipaddress.IPv4Address):
        return ".".join(["32", *reversed(str(address).split(".")), "rpz-ip"])
    return ".".join(["128", *reversed(_v6_words(address)), "rpz-ip"])


def _v6_words(address: ipaddress.IPv6Address) -> list[str]:
    """Return the eight words, the longest run of two or more zeros as ``zz``."""
    words = [format(int(word, 16), "x") for word in address.exploded.split(":")]
    best, start = 0, 0
    for first in range(8):
        run = 0
        while first + run < 8 and words[first + run] == "0":
            run += 1
        if run > best:
            best, start = run, first
    if best < 2:
        return words
    return [*words[:start], "zz", *words[start + best :]]


def _ttl(entries: Sequence[BlockEntry], at: datetime) -> int:
    left = min((entry.valid_until - at for entry in entries), default=timedelta(seconds=300))
    return int(min(300.0, max(float(SHORTEST_TTL_S), left.total_seconds())))


def _comment(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", text)[:200]
