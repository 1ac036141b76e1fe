"""A referral as access providers receive it, and what approvers sign of it.

Format: docs/reference/block-list.md (ADR 0041).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from cautery.act.jurisdictions import profile_of
from cautery.canonical import canonical
from cautery.errors import InputError
from cautery.model import BlockEntry, CourtOrder, Digest, Lever, Referral, digest, digest_of, iso

REFERRAL_TYPE = "cautery/referral/1"
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LONGEST_NAME = 253
"""255 octets on the wire, with a length before each label and a root (RFC 1035, 2.3.4)."""


def referral_text(referral: Referral, order: CourtOrder) -> str:
    """Return the one text of a referral for access providers, in the form of RFC 8785.

    It states each target and its end, and the digest of the whole referral as the grounds.

    Raises
    ------
    InputError
        If the order is another one's, or an access provider cannot block a target.
    """
    if order.id != referral.order:
        raise InputError(f"referral {referral.id} is under order {referral.order}, not {order.id}")
    entries = sorted(referral.entries, key=lambda entry: (entry.lever.value, entry.target))
    return canonical(
        {
            "type": REFERRAL_TYPE,
            "referral": referral.id,
            "order": order.id,
            "authority": order.authority,
            "territory": referral.territory.upper(),
            "end": iso(referral.window.end),
            "grounds": digest(referral),
            "entries": [_entry(entry, order) for entry in entries],
        }
    ).decode()


def list_subject(referral: Referral, order: CourtOrder) -> Digest:
    """Return what approvers sign of a referral: the digest of its text for access providers."""
    return digest_of(referral_text(referral, order).encode())


def is_target(lever: str, target: str) -> bool:
    """Tell whether a list can have this target: one name or one address, in its one spelling."""
    if lever == Lever.NAME:
        is_name = len(target) <= _LONGEST_NAME and _NAME.fullmatch(target) is not None
        return is_name and not target.rpartition(".")[2].isdigit()  # RFC 1123, section 2.1
    try:
        address = ipaddress.ip_address(target)
    except ValueError:
        return False
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return lever == Lever.ADDRESS and str(address) == target and "%" not in target and not mapped


def _entry(entry: BlockEntry, order: CourtOrder) -> dict[str, Any]:
    if not is_target(entry.lever, entry.target):
        raise InputError(
            f"{entry.lever.value} {entry.target[:80]!r} cannot be on a list of an access provider"
        )
    return {
        "lever": entry.lever.value,
        "target": entry.target,
        "end": iso(entry.valid_until),
        "max_stale_s": profile_of(order.territory).max_stale_s(order.kind, entry.lever),
    }
