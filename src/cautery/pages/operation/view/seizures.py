"""What was taken: nodes of the supply graph, exhibits, and the way of the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cautery.model import Role


class Fate(StrEnum):
    """What the day did to a node of the supply graph."""

    REMOVED = "removed"
    """Taken by a step of the day."""
    DARK = "dark"
    """Not touched, but nothing it needs is left: it serves nobody."""
    SERVING = "serving"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyNode:
    """A node of the supply graph; ``id`` is unique in the view."""

    id: str
    label: str
    role: Role
    fate: Fate = Fate.SERVING
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyLink:
    """``source`` feeds (or is needed by) ``target``: drawn from left to right."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyView:
    """Section 5: the shared picture before the day, and what it left.

    ``served_before`` and ``served_after`` are shares of demand, 0 to 1; ``bound`` is the least
    share that any allowed plan of this cost could have left, when the cut proved one.
    """

    nodes: tuple[SupplyNode, ...] = ()
    links: tuple[SupplyLink, ...] = ()
    served_before: float = 1.0
    served_after: float = 1.0
    bound: float | None = None
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitLine:
    """Section 6: exhibits of one kind in one country: entries in the register, things in them."""

    kind: str
    country: str
    exhibits: int
    things: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """The total of one currency or coin, by the register and by the manifest.

    ``eur`` is its worth at the day's recorded rate, when there is one.
    """

    currency: str
    exhibits: int
    register: Decimal
    manifest: Decimal
    eur: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A link to another crime (laundering, drugs, arms, cybercrime), with what shows it."""

    crime: str
    text: str
    exhibits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitsView:
    """Section 6: the seizures. Totals by kind must equal the sum of ``lines``."""

    lines: tuple[ExhibitLine, ...] = ()
    totals: tuple[CurrencyTotal, ...] = ()
    debits: int | None = None
    """Entries on the debit side of the double entry; equal to ``credits`` or something is wrong."""
    credits: int | None = None
    custody_entries: int | None = None
    custody_gaps: int | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyNode:
    """A place that money went through.

    ``kind`` is one of ``purchase``, ``descriptor``, ``psp``, ``account``, ``wallet``, ``service``
    (an exchange or other service that knows its customer), ``cash``, ``unknown``.
    """

    id: str
    label: str
    kind: str
    country: str = ""
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFlow:
    """Money seen between two nodes: a share known by taint or by the books."""

    source: str
    target: str
    amount: Decimal
    currency: str
    eur: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a wallet or account holds, and how certain its owner is."""

    label: str
    kind: str
    currency: str
    amount: Decimal
    eur: Decimal | None = None
    certainty: str = ""
    addresses: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezingProposal:
    """A drafted order with what it would hold; a person issues it, Cautery never does."""

    instrument: str
    addressee: str
    country: str
    holds: str
    basis: str
    amount: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyView:
    """Section 7: from the recorded test purchases to wallets.

    ``followed`` is the sentence that says whose coins were followed. ``instead`` is said in the
    drawing's place where a trace is there and cannot be shown.
    """

    nodes: tuple[MoneyNode, ...] = ()
    flows: tuple[MoneyFlow, ...] = ()
    holdings: tuple[Holding, ...] = ()
    proposals: tuple[FreezingProposal, ...] = ()
    method: str = ""
    followed: str = ""
    instead: str = ""
