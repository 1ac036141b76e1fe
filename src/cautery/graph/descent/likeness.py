"""How alike two names of sites, two price lists or two catalogues are: the same, near, or not."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from cautery.graph.catalogues import in_order, plain_title
from cautery.graph.mirrors.names import GENERIC, brand, plain, skeleton
from cautery.model.brands import brand_of_host
from cautery.model.descent import TraitKind

SAME, NEAR = 0, 1
NEAR_NAME = 0.6
"""Dice's share of common letter pairs from which on two names are near; judgement, between one
changed letter in eight (.7) and two made-up words that end alike (.4)."""
_SHORTEST_NAME = 5
NEAR_PRICE = 0.1
"""Part by which prices of near lists may differ; judgement."""
SAME_ORDER, NEAR_ORDER = 0.95, 0.7
"""Part of the common titles in one order; two orders of 40 titles agree in .3 by chance (Logan and
Shepp 1977)."""
LEAST_TITLES = 15
_MOST_TITLES = 300
_MOST_TERMS = 24
_NAME_ENDS = re.compile(
    r"(?:ip|smart|premium)?tv$|4k$|u?hd$|streams?$|streaming$|box$|play$|live$|online$|shop$|store$"
)
_PRICE = re.compile(r"(\d{1,4}[dwmy])=(\d{1,6}(?:\.\d{1,2})?)([A-Z]{3})")

Form = TypeVar("Form")
Prices = Mapping[str, float]
"""Amounts by term and currency: ``1m EUR``."""
Order = Mapping[str, int]
"""Places of plain titles."""


class Likeness(Protocol):
    """Finds the values of struck networks that a value is like."""

    def add(self, value: str) -> None:
        """Look for a value from now on."""

    def found(self, value: str) -> dict[str, int]:
        """Return the values that one is like, each with :data:`SAME` or :data:`NEAR`."""


class _Indexed(ABC, Generic[Form]):
    """Values in a form that can be compared, found by the features that they have in common."""

    LEAST_COMMON: float
    """Part of the features of the one with fewer that two must have in common to be compared."""

    def __init__(self) -> None:
        self._forms: dict[str, Form] = {}
        self._sizes: dict[str, int] = {}
        self._by_feature: defaultdict[object, list[str]] = defaultdict(list)

    def add(self, value: str) -> None:
        """Look for a value from now on."""
        form = self._form(value)
        if form is not None and value not in self._forms:
            self._forms[value] = form
            features = set(self._features(form))
            self._sizes[value] = len(features)
            for feature in features:
                self._by_feature[feature].append(value)

    def found(self, value: str) -> dict[str, int]:
        """Return the values that one is like, each with :data:`SAME` or :data:`NEAR`."""
        form = self._form(value)
        if form is None:
            return {}
        common: Counter[str] = Counter()
        features = set(self._features(form))
        for feature in features:
            common.update(self._by_feature.get(feature, ()))
        alike = {}
        for value_known, count in common.items():
            sizes = (len(features), self._sizes[value_known])
            if count < self.LEAST_COMMON * min(sizes):
                continue
            level = self._level(form, self._forms[value_known], count, sizes)
            if level is not None:
                alike[value_known] = level
        return alike

    @abstractmethod
    def _form(self, value: str) -> Form | None: ...

    @abstractmethod
    def _features(self, form: Form) -> Iterable[object]: ...

    @abstractmethod
    def _level(
        self, form: Form, target: Form, common: int, sizes: tuple[int, int]
    ) -> int | None: ...


class Names(_Indexed[str]):
    """Names of sites, as :func:`core_name` gives them."""

    LEAST_COMMON = NEAR_NAME

    def _form(self, value: str) -> str | None:
        return value if len(value) >= _SHORTEST_NAME and value not in GENERIC else None

    def _features(self, form: str) -> Iterable[object]:
        text = f"^{form}$"
        return (text[at : at + 2] for at in range(len(text) - 1))

    def _level(self, form: str, target: str, common: int, sizes: tuple[int, int]) -> int | None:
        if form == target:
            return SAME
        is_longer = form.startswith(target) or target.startswith(form)
        return NEAR if is_longer or 2 * common >= NEAR_NAME * sum(sizes) else None


class PriceLists(_Indexed[Prices]):
    """Price lists: the same terms at the same or nearly the same prices."""

    LEAST_COMMON = 0.6

    def _form(self, value: str) -> Prices | None:
        prices = {
            f"{term} {currency}": float(amount)
            for term, amount, currency in _PRICE.findall(value)[:_MOST_TERMS]
            if float(amount) > 0
        }
        return prices or None

    def _features(self, form: Prices) -> Iterable[object]:
        return form

    def _level(
        self, form: Prices, target: Prices, common: int, sizes: tuple[int, int]
    ) -> int | None:
        if form == target:
            return SAME
        if common < max(2, self.LEAST_COMMON * max(sizes)):
            return None
        terms = form.keys() & target.keys()
        is_near = all(
            abs(form[term] - target[term]) <= NEAR_PRICE * max(form[term], target[term])
            for term in terms
        )
        equal = sum(form[term] == target[term] for term in terms)
        return NEAR if is_near and 2 * equal >= len(terms) else None


class Catalogues(_Indexed[Order]):
    """Catalogues: the same channels in the same order."""

    LEAST_COMMON = 0.1

    def _form(self, value: str) -> Order | None:
        titles = map(_plain, value.split("|", _MOST_TITLES)[:_MOST_TITLES])
        order = {name: at for at, name in enumerate(dict.fromkeys(filter(None, titles)))}
        if len(order) < LEAST_TITLES:
            return None
        alphabet = {name: at for at, name in enumerate(sorted(order))}
        return None if in_order(order, alphabet) >= NEAR_ORDER else order

    def _features(self, form: Order) -> Iterable[object]:
        names = list(form)
        return pairwise(names)

    def _level(
        self, form: Order, target: Order, _common: int, _sizes: tuple[int, int]
    ) -> int | None:
        shared = len(form.keys() & target.keys())
        if shared < max(LEAST_TITLES, 0.5 * min(len(form), len(target))):
            return None
        share = in_order(form, target)
        if share >= SAME_ORDER and shared >= SAME_ORDER * max(len(form), len(target)):
            return SAME
        return NEAR if share >= NEAR_ORDER else None


FUZZY: Mapping[TraitKind, type[_Indexed[str] | _Indexed[Prices] | _Indexed[Order]]] = {
    TraitKind.SITE_NAME: Names,
    TraitKind.PRICE_LIST: PriceLists,
    TraitKind.CATALOGUE_ORDER: Catalogues,
}
"""Kinds whose values may be alike without being equal."""


@lru_cache(maxsize=65_536)
def core_name(value: str) -> str:
    """Return a site's brand as people hear it: no suffix, numbers or endings of the trade.

    Examples
    --------
    >>> core_name("Korel1vor-IPTV2"), core_name("www.korelivor-tv.example")
    ('koreivor', 'koreivor')
    """
    text = value[:253].lower()
    name = brand_of_host(text) if "." in text and " " not in text else brand(plain(text))
    while (shorter := _NAME_ENDS.sub("", name)) != name and len(shorter) >= _SHORTEST_NAME:
        name = shorter
    return skeleton(name)


@lru_cache(maxsize=65_536)
def _plain(title: str) -> str:
    return plain_title(title[:200])
