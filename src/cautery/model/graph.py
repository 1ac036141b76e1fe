"""The supply graph: who feeds, hosts, sells and pays for what; and the networks behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.message import Message
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

    Parameters
    ----------
    kind : str
        ``host``, ``address``, ``certificate``, ``service``, ``payment``, ``as`` ...; the asset's
        id is ``kind:value``.
    value : str
        The name, address or digest of this asset.
    role : Role
        What it does in the supply.
    country : str or None
        Country, ISO 3166-1 alpha-2; ``None``: unknown.
    shared : Message or None
        Why it ties nobody together: a CDN, a default certificate; ``None``: it is not shared.
    marks : tuple of str
        What it was seen to show: ports, shapes of paths, the kind of its certificate.
    """

    kind: str
    value: str
    role: Role = Role.UNKNOWN
    country: str | None = None
    shared: Message | None = None
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
        The host that bears the value.
    kind : str
        ``address``, ``certificate``, ``analytics``, ``payment``, ``contact``, ``favicon``,
        ``panel``, ``registrant``, ``redirect``, ``feed-delay``, ``catalogue-order`` ...
    value : str
        The value, which two subjects may have in common.
    first_seen : datetime
        When it was first seen, in UTC.
    last_seen : datetime
        When it was last seen, in UTC.
    source : str
        Where it was seen, such as ``page`` or ``watch``.
    exhibit : ExhibitId or None
        The sealed bytes that show it; ``None``: no bytes were sealed.
    records : tuple of int
        Numbers of the ledger's records that it rests on.
    said : Message or None
        What was seen of this subject; ``None``: the value says it all.
    """

    subject: str
    kind: str
    value: str
    first_seen: datetime
    last_seen: datetime
    source: str
    exhibit: ExhibitId | None = None
    records: tuple[int, ...] = ()
    said: Message | None = None

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
    """Why a host is held to belong to a network: the probability, and what speaks for it.

    Parameters
    ----------
    host : str
        The host's name or address.
    probability : float
        Probability that it belongs to the network, 0 to 1.
    why : tuple of Message
        What speaks for it.
    """

    host: str
    probability: float
    why: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InputError(f"{self.host}: {self.probability} is not a probability (0 to 1)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriminalNetwork:
    """The people behind one or many services: a hypothesis, never a finding of fact.

    Parameters
    ----------
    id : str
        Id of the network in this graph.
    members : tuple of Membership
        The hosts that are held to belong to it.
    services : tuple of str
        Names of the services that it sells.
    """

    id: str
    members: tuple[Membership, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A directed relation between two assets.

    Parameters
    ----------
    source : str
        Id of the asset that the relation starts from.
    relation : str
        ``serves``, ``resolves-to``, ``sells`` ...
    target : str
        Id of the asset that the relation leads to.
    """

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyGraph:
    """The typed graph of assets, their relations, and the networks found in it.

    Parameters
    ----------
    assets : tuple of Asset
        The nodes.
    edges : tuple of Edge
        The relations between them.
    networks : tuple of CriminalNetwork
        The networks found in it, each a hypothesis.
    """

    assets: tuple[Asset, ...] = ()
    edges: tuple[Edge, ...] = ()
    networks: tuple[CriminalNetwork, ...] = field(default=())
