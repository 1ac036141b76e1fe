"""What sources say of a network's size: counts of users, never users; and claims to reconcile.

Every count belongs to a country (ISO 3166-1 alpha-2) and a period. The bias of each kind of
source stands with its reader in :mod:`cautery.estimate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cautery.errors import InputError
from cautery.model.estimate import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCount:
    """Lines of one country in one seized panel's dump, by state.

    ``traffic_share`` is the panel's share of the network's traffic, seen at edges, 0 to 1;
    ``None`` when nobody measured it. ``active`` of the paid-looking lines were in use in the last
    month before; ``None`` when the panel kept no log of it.
    """

    panel: str
    country: str
    on: date
    paid: int
    trial: int
    expired: int
    traffic_share: float | None = None
    active: int | None = None

    def __post_init__(self) -> None:
        _counts(self.panel, self.paid, self.trial, self.expired, self.active or 0)
        if self.active is not None and self.active > self.paid:
            raise InputError(
                f"{self.panel}: {self.active} active lines, but only {self.paid} paid ones"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecaptureCount:
    """Distinct active lines seen on two looks at one peak evening, in one country.

    ``first`` and ``second`` lines in each look, ``both`` in both. ``coverage`` is the share of
    the network's edges that were looked at.
    """

    country: str
    on: date
    first: int
    second: int
    both: int
    coverage: float

    def __post_init__(self) -> None:
        _counts(self.country, self.first, self.second, self.both)
        if self.both > min(self.first, self.second):
            raise InputError(f"{self.country}: more lines were seen twice than once")
        if not 0 < self.coverage <= 1:
            raise InputError(f"{self.country}: {self.coverage} is not a valid coverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCount:
    """Payments of one month into known accounts, by country of the payer."""

    country: str
    month: date
    channel: str
    """``card``, ``wallet-service``, ``bank``, ``crypto``."""
    payments: int
    total: Money

    def __post_init__(self) -> None:
        _counts(self.country, self.payments)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseCount:
    """Recorded test purchases: how many there were, and how many ended in a known account."""

    channel: str
    purchases: int
    known: int

    def __post_init__(self) -> None:
        _counts(self.channel, self.purchases, self.known)
        if self.known > self.purchases:
            raise InputError(f"{self.channel}: more known purchases than purchases")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSample:
    """Households of a sampled access provider that looked up the service's names in a month."""

    country: str
    month: date
    households: int
    sampled: int
    hits: int

    def __post_init__(self) -> None:
        _counts(self.country, self.households, self.sampled, self.hits)
        if self.hits > self.sampled or self.sampled > self.households:
            raise InputError(
                f"{self.country}: hits <= sampled <= households must hold, got {self.hits}, "
                f"{self.sampled}, {self.households}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswer:
    """People asked in one country whether they use such a service, and how many said yes.

    ``paying`` of those who said yes said that they pay for it themselves; ``None`` when nobody
    asked.
    """

    country: str
    on: date
    asked: int
    yes: int
    households: int
    paying: int | None = None

    def __post_init__(self) -> None:
        _counts(self.country, self.asked, self.yes, self.households, self.paying or 0)
        if self.paying is not None and self.paying > self.yes:
            raise InputError(f"{self.country}: {self.paying} pay, but only {self.yes} said yes")
        if self.yes > self.asked:
            raise InputError(f"{self.country}: {self.yes} said yes, but {self.asked} were asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingAnswer:
    """Payers of one country who said that so many people watch on their line.

    ``people`` watch, the payer among them, in ``households`` households; ``answers`` payers said
    so.
    """

    country: str
    on: date
    people: int
    households: int
    answers: int

    def __post_init__(self) -> None:
        _counts(self.country, self.answers)
        if not 1 <= self.households <= self.people <= MOST_PEOPLE:
            raise InputError(
                f"{self.country}: {self.people} people in {self.households} households on one line",
                hint=f"1 <= households <= people <= {MOST_PEOPLE} must hold; the payer counts.",
            )


MOST_PEOPLE = 1000
"""On one line: beyond it is resale, or a slip of the pen. Judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCount:
    """Visits to storefronts in a month (sales, not use)."""

    country: str
    month: date
    visits: int

    def __post_init__(self) -> None:
        _counts(self.country, self.visits)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeen:
    """A price page: what a term of some months costs.

    ``sales`` is how often it was paid in the month, where a shop's orders are known.
    """

    storefront: str
    on: date
    months: int
    price: Money
    sales: int | None = None

    def __post_init__(self) -> None:
        _counts(self.storefront, self.sales or 0)
        if self.months < 1 or self.price.amount <= 0:
            raise InputError(
                f"{self.storefront}: {self.price.amount} for {self.months} months is not a valid "
                "price"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingSources:
    """Everything that speaks of one network's size. Any part may be empty.

    Parameters
    ----------
    rates : dict of str to float
        EUR for one unit of each currency that is not EUR.
    month : date
        The first day of the month that is sized.
    """

    month: date
    panels: tuple[PanelCount, ...] = ()
    recaptures: tuple[RecaptureCount, ...] = ()
    payments: tuple[PaymentCount, ...] = ()
    purchases: tuple[PurchaseCount, ...] = ()
    names: tuple[NameSample, ...] = ()
    surveys: tuple[SurveyAnswer, ...] = ()
    sharing: tuple[SharingAnswer, ...] = ()
    visits: tuple[VisitCount, ...] = ()
    prices: tuple[PriceSeen, ...] = ()
    rates: dict[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A published number: ``22e6 users``, ``250e6 EUR/month``.

    ``quantity`` is ``users``, ``payers`` or ``revenue``; money has a currency and a period.
    """

    text: str
    quantity: str
    value: float
    currency: str | None = None
    period: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise InputError(f"claim {self.text!r}: {self.value:g} is not a valid size")
        if self.quantity == "revenue" and (self.currency is None or self.period is None):
            raise InputError(
                f"claim {self.text!r}: money needs a currency and a period",
                hint="Write it like this: 250e6 EUR/month",
            )


def _counts(whose: str, *counts: int) -> None:
    if any(count < 0 for count in counts):
        raise InputError(f"{whose}: a count must not be negative")
