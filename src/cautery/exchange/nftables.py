"""A referral's addresses as nftables sets whose elements end by themselves.

Format: nft(8), named sets with ``flags timeout``. Only single addresses are written; names and
URLs belong to a resolver and to the host.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime

from cautery.errors import InputError
from cautery.model import Lever, Referral, iso, require_utc

_WORD = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,30}$")


def nftables_set(referral: Referral, *, at: datetime, table: str = "cautery") -> str:
    """Write the addresses that hold at a moment, each with its own timeout.

    The sets are ``blocked4`` and ``blocked6`` of an ``inet`` table, flushed and filled in one
    transaction by ``nft -f``; no chain is written, since where to match is the provider's choice.

    Raises
    ------
    InputError
        If the table's name or an address cannot stand in a rule set.
    """
    require_utc("at", at)
    if not _WORD.match(table):
        raise InputError(f"{table!r} is not a valid name of an nftables table")
    elements: dict[int, list[str]] = {4: [], 6: []}
    for entry in sorted(referral.entries, key=lambda entry: entry.target):
        left = int((entry.valid_until - at).total_seconds())
        if entry.lever is not Lever.ADDRESS or left <= 0:
            continue
        try:
            address = ipaddress.ip_address(entry.target)
        except ValueError as error:
            raise InputError(f"{entry.target!r} is not a single address") from error
        elements[address.version].append(f"{address} timeout {left}s")
    name = re.sub(r"[^\x20-\x7e]", "?", referral.id)[:200]
    lines = [f"# referral {name}, ends {iso(referral.window.end)}", f"table inet {table} {{"]
    for version in (4, 6):
        lines += [
            f"    set blocked{version} {{",
            f"        type ipv{version}_addr",
            "        flags timeout",
            "    }",
        ]
    lines.append("}")
    for version, addresses in elements.items():
        lines.append(f"flush set inet {table} blocked{version}")
        if addresses:
            lines.append(f"add element inet {table} blocked{version} {{ {', '.join(addresses)} }}")
    return "\n".join(lines) + "\n"
