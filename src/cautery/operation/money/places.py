"""Find the place of an address: a service, a provider, an account, or an owner's cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext

import numpy as np

from cautery.model import AddressTag
from cautery.operation.money.cluster import Clusters, names_of
from cautery.operation.money.flows import FlowTable, plain
from cautery.operation.money.trail import Purchase
from cautery.operation.tags import is_service
from cautery.payments.addresses import spelled, supported

_UNCHECKED_COINS = frozenset({"XRP", "ADA", "DOT", "XLM", "TON", "BNB", "EOS", "XTZ", "NEO"})
"""Coins whose addresses are not checked and whose three letters look like a currency's."""


def is_currency(asset: str) -> bool:
    """Tell whether an asset is money at banks, by its ISO 4217 code, and no coin."""
    return (
        len(asset) == 3
        and asset.isascii()
        and asset.isupper()
        and not supported(asset)
        and asset not in _UNCHECKED_COINS
    )


def end_of(purchase: Purchase) -> str:
    """Return the wallet or account that a purchase was paid into."""
    end = purchase.wallet or purchase.account
    assert end is not None
    return spelled(end)


def assets_by_address(table: FlowTable, addresses: set[str]) -> dict[str, tuple[str, ...]]:
    """Return which assets each of some addresses took or gave, by their first appearance."""
    selected = np.array([address in addresses for address in table.addresses], dtype=np.bool_)
    seen_assets: dict[str, dict[str, None]] = {}
    for row in np.flatnonzero(selected[table.address]).tolist():
        address = table.addresses[int(table.address[row])]
        seen_assets.setdefault(address, {})[table.assets[int(table.tx[row])]] = None
    return {address: tuple(assets) for address, assets in seen_assets.items()}


class Places:
    """Which place an address belongs to: a service, a provider, an account, or a cluster."""

    def __init__(
        self, groups: Clusters, tags: Mapping[str, AddressTag], providers: set[str]
    ) -> None:
        self.groups, self.tags, self.providers = groups, tags, providers
        self._names: dict[int, str] = {}
        self._kinds: dict[str, str] = {}
        self._places: dict[tuple[str, str], str] = {}

    def of(self, address: str, asset: str) -> str:
        """Return the place's id."""
        place = self._places.get((address, asset))
        if place is None:
            place = self._places[address, asset] = self._found(address, asset)
        return place

    def _found(self, address: str, asset: str) -> str:
        tag = self.tags.get(address)
        if tag is not None and is_service(tag):
            place, kind = f"service:{tag.label}", "service"
        elif address in self.providers:
            place, kind = address, "psp"
        elif is_currency(asset):
            place, kind = address, "account"
        else:
            place, kind = self._name(self.groups.of(address)), "wallet"
        self._kinds.setdefault(place, kind)
        return place

    def kind(self, place: str) -> str:
        """Return the kind of a place that was asked for before."""
        return self._kinds.get(place, "wallet")

    def tag_of(self, place: str) -> AddressTag | None:
        """Return the tag of a place, if one is known."""
        if place.startswith("service:"):
            label = place.removeprefix("service:")
            return next((tag for tag in self.tags.values() if tag.label == label), None)
        return self.tags.get(place)

    def _name(self, label: int) -> str:
        if label not in self._names:
            self._names |= names_of(self.groups, [label])
        return self._names[label]


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum, without an exponent."""
    # Amounts have up to 38 digits, and the usual context rounds a sum to 28.
    with localcontext(prec=60):
        return plain(sum(amounts, Decimal(0)))
