"""What a world of an operation is made of: its truth, supply, table, money and day, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cautery.lab.operations.fact_sheet import FactSheet
from cautery.model import (
    AddressTag,
    Agency,
    CoTenant,
    ExhibitKind,
    Json,
    LedCategory,
    Money,
    PurchaseCount,
    Statement,
    SupplyGraph,
    Transfer,
)
from cautery.model.message import Message
from cautery.plan import Node

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A drawn parameter of the card, with the range and the basis of its distribution."""

    name: str
    value: float
    drawn_from: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """The truth that no source shows. Counts of people and households, never persons.

    Parameters
    ----------
    users : ndarray, shape (months, countries), int64
        People who watch: of paying households, of those who share a line, and on trials.
    payers : ndarray, shape (months, countries), int64
        Households with a paid line in the month.
    revenue_eur : ndarray, shape (months, countries), float64
        What end customers pay in the month, EUR.
    claimed_users, claimed_revenue_eur_month : float or None
        As published for the shape; ``None``: nobody published one.
    operator : mapping of node id to pseudonym
        Who runs each node.
    owner : mapping of address or account to str
        Whose each coin address and account is: a node id, a pseudonym, ``service:...``.
    """

    users: IntArray
    payers: IntArray
    revenue_eur: FloatArray
    claimed_users: float | None
    claimed_revenue_eur_month: float | None
    operator: dict[str, str]
    owner: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPerson:
    """A person of the world: the name is invented, the pseudonym is what statements bear."""

    pseudonym: str
    name: str
    role: str
    country: str
    category: LedCategory
    runs: tuple[str, ...] = ()
    arrested: bool = False
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A recorded test purchase, from the storefront's till to where its money ended.

    ``known`` tells whether it ended in an account that was known before. ``transfer`` brought the
    money to ``wallet`` or ``account``; a card's way to the provider comes before it.
    """

    id: str
    agency: str
    at: datetime
    storefront: str
    channel: str
    price: Money
    descriptor: str
    provider: str
    account: str | None
    wallet: str | None
    transfer: str
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlace:
    """Premises that are searched on the day: whose, where, and whom to find there."""

    id: str
    agency: str
    place: str
    country: str
    targets: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """What one search would find; ``delay_min`` after the search began."""

    search: str
    agency: str
    kind: ExhibitKind
    description: str
    delay_min: int
    count: int = 1
    value: Money | None = None
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened in the world, before or after the day."""

    at: datetime
    kind: str
    country: str
    text: Message
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Descendant:
    """A new asset of somebody who was seized from: ``like`` the old one, by shared ``traits``."""

    at: datetime
    asset: str
    like: str
    role: str
    country: str
    traits: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Biases:
    """The world's draws from the priors of :mod:`cautery.estimate.priors`; the truth of each bias.

    Arrays are by country, by panel (and country) or by payment channel, as named.
    """

    by_name: dict[str, float]
    by_country: dict[str, FloatArray]
    panel_share: FloatArray
    panel_mix: FloatArray
    panel_traffic: FloatArray
    channel_mix: dict[str, float]
    channel_coverage: dict[str, float]
    channel_known: dict[str, float]
    households: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class OperationWorld:
    """A network at full size with its truth, and all that an operation against it would meet.

    Everything follows from ``like``, ``seed`` and ``scale``. ``nodes`` is the supply with its
    requirement groups (:class:`cautery.plan.Node`), the same as ``supply`` tells in edges: an edge
    runs from what is needed to what needs it. ``traits`` are what a host shows of itself.
    """

    like: str
    seed: int
    scale: float
    sheet: FactSheet | None
    card: tuple[Drawn, ...]
    countries: tuple[str, ...]
    months: tuple[date, ...]
    moment: datetime
    truth: Truth
    biases: Biases
    supply: SupplyGraph
    nodes: tuple[Node, ...]
    costs: dict[str, float]
    place_of: dict[str, str]
    collateral: dict[str, int]
    untouchable: dict[str, str]
    traits: dict[str, dict[str, str]]
    co_tenants: tuple[CoTenant, ...]
    channels: tuple[str, ...]
    works: tuple[str, ...]
    agencies: tuple[Agency, ...]
    persons: tuple[WorldPerson, ...]
    intelligence: tuple[Statement, ...]
    transfers: tuple[Transfer, ...]
    tags: tuple[AddressTag, ...]
    purchases: tuple[Purchase, ...]
    purchase_counts: tuple[PurchaseCount, ...]
    searches: tuple[SearchPlace, ...]
    finds: tuple[Find, ...]
    step_failures: tuple[str, ...]
    interventions: tuple[Happening, ...]
    timeline: tuple[Happening, ...]
    served_truth: FloatArray
    descendants: tuple[Descendant, ...]
    rates: dict[str, float]
    seized_panels: tuple[str, ...]
    lab: bool = True

    @property
    def lead(self) -> Agency:
        """The agency that leads."""
        return next(agency for agency in self.agencies if agency.role == "lead")

    def sizes(self) -> dict[str, int]:
        """Return how many of each the world has."""
        roles: dict[str, int] = {}
        for asset in self.supply.assets:
            roles[asset.role.value] = roles.get(asset.role.value, 0) + 1
        tiers = roles.get("super-reseller", 0) + roles.get("reseller", 0)
        return {
            "channels": len(self.channels),
            "works": len(self.works),
            "resellers": tiers,
            "panels": roles.get("panel", 0),
            "signal servers": roles.get("origin", 0),
            "servers": roles.get("origin", 0) + roles.get("edge", 0),
            "domains": roles.get("storefront", 0),
            "devices": roles.get("source", 0),
            "countries": len(self.countries),
            "months": len(self.months),
            "agencies": len(self.agencies),
            "persons": len(self.persons),
            "statements": len(self.intelligence),
            "transfers": len(self.transfers),
        }


def amount(value: float) -> Decimal:
    """Return money to the cent."""
    return Decimal(f"{value:.2f}")
