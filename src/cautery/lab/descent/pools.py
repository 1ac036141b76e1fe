"""What services of this trade use: popular values that many share, and values of one's own."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field

import numpy as np

from cautery.lab.descent.chance import Chance, zipf
from cautery.lab.operations.titles import channel_names, words
from cautery.model.descent import TraitKind as K

POPULAR = {
    K.STREAM_FAULT: 80,
    K.PANEL: 60,
    K.GUIDE_QUIRK: 50,
    K.CATALOGUE_ORDER: 30,
    K.PRICE_LIST: 40,
    K.PAYMENT_SERVICE: 25,
    K.HOSTER: 300,
    K.TEMPLATE: 120,
    K.NAME_SERVER: 150,
    K.MIDDLEWARE: 30,
    K.CERTIFICATE: 10,
}
"""Values of a kind that many share, drawn by Zipf; judgement after F79."""
OWN_SHARES = {
    K.STREAM_FAULT: 0.65,
    K.PANEL: 0.35,
    K.GUIDE_QUIRK: 0.45,
    K.CATALOGUE_ORDER: 0.5,
    K.PRICE_LIST: 0.4,
    K.PAYMENT_END: 1.0,
    K.PAYMENT_SERVICE: 0.0,
    K.HOSTER: 0.0,
    K.TEMPLATE: 0.4,
    K.SITE_NAME: 1.0,
    K.CERTIFICATE: 0.92,
    K.NAME_SERVER: 0.15,
    K.MIDDLEWARE: 0.1,
    K.ANALYTICS: 1.0,
}
"""How often a service has a value of its own rather than a popular one; judgement."""
TITLES = 40
_UNIVERSE = 80
_MONTHS = (1, 3, 6, 12)
_NAME_ENDS = ("", "", "tv", "iptv", "-tv", "4k", "stream", "-iptv", "play", "box")


@dataclass
class Pools:
    """The popular values of a world, and the makers of new ones."""

    chance: Chance
    seed: int
    _shares: dict[K, tuple[float, ...]] = field(default_factory=dict)
    _popular: dict[K, list[str]] = field(default_factory=dict)
    _titles: tuple[str, ...] = ()
    _brands: list[str] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 2_025])
        self._titles = channel_names(rng, _UNIVERSE)
        self._brands = words(rng, 60_000)[::-1]
        for kind, count in POPULAR.items():
            self._shares[kind] = zipf(count)
            self._popular[kind] = [self.own(kind) for _ in range(count)]

    def drawn(self, kind: K) -> str:
        """Return a value as some service has one: popular, or its own."""
        if self.chance.happens(OWN_SHARES[kind]):
            return self.own(kind)
        return self.popular(kind)

    def popular(self, kind: K) -> str:
        """Return a value that many have, the more often the more popular it is."""
        shares = self._shares[kind]
        return self._popular[kind][min(bisect(shares, self.chance.uniform()), len(shares) - 1)]

    def is_popular(self, kind: K, value: str) -> bool:
        """Tell whether a value is one that many have."""
        return value in self._popular.get(kind, ())

    def own(self, kind: K) -> str:
        """Return a value that nobody has had."""
        chance = self.chance
        self._count += 1
        match kind:
            case K.SITE_NAME:
                return self._brands.pop()
            case K.HOSTER:
                return f"as{64_512 + self._count % 900_000}"
            case K.PRICE_LIST:
                month = 5 + chance.below(40) * 0.5
                prices = [
                    (months, round(month * months ** (0.75 + 0.2 * chance.uniform()), 2))
                    for months in _MONTHS
                ]
                return price_list(prices)
            case K.CATALOGUE_ORDER:
                own_order = list(self._titles)
                for n in range(TITLES):
                    exchanged = n + chance.below(len(own_order) - n)
                    own_order[n], own_order[exchanged] = own_order[exchanged], own_order[n]
                return "|".join(own_order[:TITLES])
            case K.CERTIFICATE:
                return "sha256-" + chance.token(24)
            case _:
                return f"{kind.value} {chance.token(12)}"

    def host_label(self, brand: str) -> str:
        """Return a label of a host's name for a brand."""
        return brand + self.chance.pick(_NAME_ENDS)

    def edited_catalogue(self, value: str, share: float) -> str:
        """Return a catalogue in nearly the same order: some titles gone, moved, or added."""
        titles = value.split("|")
        for _ in range(int(share * len(titles) * self.chance.uniform())):
            at = self.chance.below(len(titles))
            title = titles.pop(at)
            what = self.chance.below(3)
            if what == 0:
                titles.insert(self.chance.below(len(titles) + 1), title)
            elif what == 1:
                added = self.chance.pick(self._titles)
                if added not in titles:
                    titles.insert(at, added)
        return "|".join(titles)

    def edited_prices(self, value: str) -> str:
        """Return a price list with one or two prices a little changed."""
        prices = [
            (int(term), float(amount))
            for term, amount in (word.removesuffix("EUR").split("m=") for word in value.split())
        ]
        at = self.chance.below(len(prices))
        months, amount = prices[at]
        prices[at] = (months, round(amount * (0.95 + 0.1 * self.chance.uniform()), 2))
        return price_list(prices)

    def near_name(self, brand: str) -> str:
        """Return a name that reads like a brand: a letter changed, or a word put to it."""
        at = 1 + self.chance.below(len(brand) - 1)
        letter = "abcdefghijklmnoprstuvz"[self.chance.below(22)]
        return self.chance.pick(
            (
                brand[:at] + letter + brand[at:],
                brand[:at] + letter + brand[at + 1 :],
                brand + self.chance.pick(("max", "gold", "star", "sport")),
            )
        )


def price_list(prices: list[tuple[int, float]]) -> str:
    """Return a price list's value: terms in months, and prices.

    >>> price_list([(1, 9.99), (12, 69.0)])
    '1m=9.99EUR 12m=69EUR'
    """
    return " ".join(f"{months}m={amount:g}EUR" for months, amount in prices)
