"""Tags that attribute addresses: which are services, which conceal owners, whom to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cautery.model import AddressTag
from cautery.payments.addresses import spelled

SERVICES = frozenset(
    {
        "exchange",
        "market",
        "gambling",
        "hosting",
        "payment_processor",
        "payment-processor",
        "psp",
        "service",
        "wallet_service",
        "hosted_wallet",
        "merchant_services",
        "mixing_service",
        "mixer",
        "coinjoin",
        "defi",
        "defi_dex",
        "defi_lending",
        "bridge",
        "atm",
    }
)
"""Categories of many customers' money in one purse: the INTERPOL Dark Web and Virtual Assets
taxonomy as the GraphSense tag packs write it, and our words for payment services. Money that
reaches one is mixed with strangers', so neither clustering nor taint goes through it."""
CONCEALING = frozenset({"mixing_service", "mixer", "coinjoin"})
"""Those that exist to hide where money came from; they answer nobody."""
UNASKED = CONCEALING | {"defi", "defi_dex", "defi_lending", "bridge"}
"""Services with no operator who could answer a request, or none who would."""


def by_address(tags: Iterable[AddressTag]) -> Mapping[str, AddressTag]:
    """Return one tag an address: a service's before others, the first of equals.

    Keys are spelled as in supplied transactions, however the tags write them.
    """
    tag_of: dict[str, AddressTag] = {}
    for tag in tags:
        address = spelled(tag.address)
        current = tag_of.get(address)
        if current is None or (is_service(tag) and not is_service(current)):
            tag_of[address] = tag
    return tag_of


def is_service(tag: AddressTag | None) -> bool:
    """Tell whether a tag says that an address holds many customers' money."""
    return tag is not None and tag.category in SERVICES


def is_concealing(tag: AddressTag | None) -> bool:
    """Tell whether a tag says that an address is a mixer's."""
    return tag is not None and tag.category in CONCEALING
