"""What may be blocked: one host name, or one address, each in its only spelling."""

from __future__ import annotations

import ipaddress
import re

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def is_host_name(target: str) -> bool:
    """Tell whether a text is a host name in lower case and A-labels, without a final dot."""
    labels = target.split(".")
    return (
        len(target) <= 253  # RFC 1035, section 3.1: 255 octets with lengths and root
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()  # RFC 1123, section 2.1: else 192.0.2.1 is a name, too
    )


def is_address(target: str) -> bool:
    """Tell whether a text is one address in the spelling of RFC 5952.

    An IPv4 address written as IPv6 is refused: a filter of IPv6 never meets it on the wire.
    """
    try:
        address = ipaddress.ip_address(target)
    except ValueError:
        return False
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return str(address) == target and "%" not in target and not mapped
