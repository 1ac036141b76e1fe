"""The supply graph: who feeds, hosts, sells and pays for what; and the networks behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.times import require_utc


class Role(StrEnum):
    """What an asset does in the supply (docs/reference/sources.md, F1)."""

    SOURCE = "source"
    ENCODER = "encoder"
    ORIGIN = "origin"
    EDGE = "edge"
    PANEL = "panel"
    SUPER_RESELLER = "super-reseller"
    RESELLER = "reseller"
    STOREFRONT = "storefront"
    PAYMENT = "payment"
    PLAYLIST = "playlist"
    SHARED = "shared-infrastructure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One node: a host, an address, a certificate, a payment end.

    ``kind`` is ``host``, ``address``, ``certificate``, ``service``, ``payment``, ``as`` ...;
    ``id`` is ``kind:value``. ``shared`` says why it joins nobody (a CDN, a default certificate).
    ``marks`` are what it was seen to show: ports, shapes of paths, its certificate's kind.
    """

    kind: str
    value: str
    role: Role = Role.UNKNOWN
    country: str | None = None
    shared: str | None = None
    marks: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """``kind:value``."""
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A dated, typed statement that a subject bears a value, with the evidence that shows it.

    Parameters
    ----------
    subject : str
        A host.
    kind : str
        ``address``, ``certificate``, ``analytics``, ``payment``, ``contact``, ``favicon``,
        ``panel``, ``registrant``, ``redirect``, ``feed-delay``, ``catalogue-order`` ...
    value : str
        What two subjects may have in common.
    exhibit : str or None
        Sealed bytes that show it.
    records : tuple of int
        Ledger records that it rests on, by index.
    said : str or None
        What was seen of this subject, in words, where the value alone does not say it.
    """

    subject: str
    kind: str
    value: str
    first_seen: datetime
    last_seen: datetime
    source: str
    exhibit: ExhibitId | None = None
    records: tuple[int, ...] = ()
    said: str | None = None

    def __post_init__(self) -> None:
        require_utc("first_seen", self.first_seen)
        require_utc("last_seen", self.last_seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A brand as sold to viewers."""

    name: str
    storefronts: tuple[str, ...] = ()
    prices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Why a host is held to belong to a network: probability, and what speaks for it."""

    host: str
    probability: float
    why: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InputError(f"{self.host}: {self.probability} is no probability")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriminalNetwork:
    """Those behind one or many services: a hypothesis, never a finding of fact."""

    id: str
    members: tuple[Membership, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A directed relation between two assets: ``serves``, ``resolves-to``, ``sells`` ..."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyGraph:
    """The typed graph of assets, their relations, and the networks found in it."""

    assets: tuple[Asset, ...] = ()
    edges: tuple[Edge, ...] = ()
    networks: tuple[CriminalNetwork, ...] = field(default=())
