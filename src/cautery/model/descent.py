"""What grows back: traits of services, the traits of a struck network, and proposed descendants.

A trait is one of infrastructure: how a stream is broken, how a panel answers, in which order a
catalogue stands. No trait names a person: contacts, telephone numbers and wallets are no kinds.

Examples
--------
>>> from datetime import date
>>> TraitSeen(entity="new-tv.example", kind=TraitKind.HOSTER, value="as64500",
...     day=date(2026, 3, 1), source="passive-dns").kind.value
'hoster'
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.ids import check_exhibit_id, check_id, check_kind

LONGEST_VALUE = 8_192
"""Characters of a trait's value; a catalogue of 300 titles has as many."""
MOST_TRAITS = 5_000
"""Traits of one struck network."""
MOST_MEMBERS = 100_000
"""Hosts and addresses that belonged to one struck network."""
_ENTITY = re.compile(r"[a-z0-9_][a-z0-9._:-]{0,252}")


class TraitKind(StrEnum):
    """What kind of trait an entity shows."""

    STREAM_FAULT = "stream-fault"
    PANEL = "panel-fingerprint"
    GUIDE_QUIRK = "guide-quirk"
    CATALOGUE_ORDER = "catalogue-order"
    PRICE_LIST = "price-list"
    PAYMENT_END = "payment-end"
    PAYMENT_SERVICE = "payment-service"
    HOSTER = "hoster"
    TEMPLATE = "template"
    SITE_NAME = "site-name"
    CERTIFICATE = "certificate"
    NAME_SERVER = "name-server"
    MIDDLEWARE = "middleware"
    ANALYTICS = "analytics"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitSeen:
    """A trait that an entity showed on a day.

    Parameters
    ----------
    entity : str
        Host, in lower-case punycode, or address of a service.
    kind : TraitKind
        What is shown.
    value : str
        As the kind has it: one printable line. A catalogue's order is its titles between ``|``; a
        price list is terms and prices, ``1m=9.99EUR 12m=69EUR``; a hoster is ``as`` and its number.
    day : date
        On which the source had it, UTC.
    source : str
        ``watch``, ``certificate-log``, ``passive-dns`` or ``playlist``; one word.
    exhibit : ExhibitId or None
        The sealed bytes that show it; ``None``: no bytes were sealed.

    Raises
    ------
    InputError
        If a field is not such.
    """

    entity: str
    kind: TraitKind
    value: str
    day: date
    source: str
    exhibit: ExhibitId | None = None

    def __post_init__(self) -> None:
        check_entity(self.entity)
        check_value(self.kind, self.value)
        check_kind("source", self.source)
        if self.exhibit is not None:
            check_exhibit_id(self.exhibit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A trait that a network had before the act.

    Parameters
    ----------
    kind : TraitKind
        What was shown.
    value : str
        As in :class:`TraitSeen`.
    times : int
        At how many of the network's entities it was seen, 1 or more.
    """

    kind: TraitKind
    value: str
    times: int = 1

    def __post_init__(self) -> None:
        check_value(self.kind, self.value)
        if not 1 <= self.times <= MOST_MEMBERS:
            raise InputError(f"times {self.times}: expected 1 to {MOST_MEMBERS:,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitSet:
    """What is looked for after an act: the traits of the network that was struck.

    Parameters
    ----------
    of : str
        Id of the case or network.
    acted_on : date
        The day of the act, UTC.
    traits : tuple of Trait
        Each kind and value once.
    members : tuple of str
        Hosts and addresses that belonged to it: they are not their own descendants, and do not make
        their traits common.
    """

    of: str
    acted_on: date
    traits: tuple[Trait, ...]
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_id("network", self.of)
        if not 1 <= len(self.traits) <= MOST_TRAITS:
            raise InputError(f"{self.of}: {len(self.traits)} traits; expected 1 to {MOST_TRAITS:,}")
        if len(self.members) > MOST_MEMBERS:
            raise InputError(f"{self.of}: {len(self.members)} members; at most {MOST_MEMBERS:,}")
        if len({(trait.kind, trait.value) for trait in self.traits}) < len(self.traits):
            raise InputError(f"{self.of}: a trait is given twice; count it in its times")
        for member in self.members:
            check_entity(member)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one trait says for a descent, or against it.

    Parameters
    ----------
    kind : TraitKind
        Of the trait.
    value : str
        The network's value that the entity shows; empty: it shows another one.
    weight : float
        By how much the log-odds would fall without this trait, nats; negative: it speaks against.
    """

    kind: TraitKind
    value: str
    weight: float

    def __post_init__(self) -> None:
        if self.value:
            check_value(self.kind, self.value)
        if not math.isfinite(self.weight):
            raise InputError(f"weight {self.weight}: expected a finite number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """That an entity descends from a struck network: a hypothesis, with its odds.

    Parameters
    ----------
    entity : str
        Host or address.
    of : str
        The network that it most likely descends from.
    log_odds : float
        Natural log-odds that it descends from ``of``, or from one of ``either``.
    reasons : tuple of Reason
        The weightiest first.
    first_knowable : date
        First day on which what was public then would have sufficed.
    proposed_on : date
        The day on which it was proposed.
    either : tuple of str
        Other struck networks that it may as well descend from.
    """

    entity: str
    of: str
    log_odds: float
    reasons: tuple[Reason, ...]
    first_knowable: date
    proposed_on: date
    either: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_entity(self.entity)
        for network in (self.of, *self.either):
            check_id("network", network)
        if not math.isfinite(self.log_odds):
            raise InputError(f"log-odds {self.log_odds}: expected a finite number")
        if self.first_knowable > self.proposed_on:
            raise InputError(f"{self.entity}: first knowable after it was proposed")

    @property
    def probability(self) -> float:
        """Probability of the descent, 0 to 1."""
        return probability(self.log_odds)


def probability(log_odds: float) -> float:
    """Return the probability of natural log-odds, 0 to 1."""
    return 1 / (1 + math.exp(-max(-700.0, log_odds)))


def check_entity(text: str) -> None:
    """Refuse what is neither a host in lower-case punycode nor an address.

    Raises
    ------
    InputError
        If it is not such.
    """
    if not _ENTITY.fullmatch(text):
        raise InputError(
            f"entity {text[:60]!a}: expected a host in lower-case punycode, or an address"
        )


def check_value(kind: TraitKind, text: str) -> None:
    """Refuse what is no value of a trait: one printable line, without blanks at its ends.

    Raises
    ------
    InputError
        If it is not such.
    """
    if not 0 < len(text) <= LONGEST_VALUE or not text.isprintable() or text != text.strip():
        raise InputError(
            f"{kind} {text[:60]!a}: expected one printable line of 1 to "
            f"{LONGEST_VALUE:,} characters"
        )
