"""What leaves a case for a partner's tool, and what comes from one: items and their relations.

Every format of exchange is a writer and a reader of packages (ADR 0088). An item says one thing of
one subject, with the marking, the times and the evaluation of its own; nothing of a package is
evidence by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from math import isfinite

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.ids import check_exhibit_id
from cautery.model.intervention import Lever
from cautery.model.marking import Marking
from cautery.model.operation import LedCategory, StatementKind
from cautery.model.times import require_utc
from cautery.model.verdict import Finding

LONGEST_ID = 4096
"""Characters of an item's id: the longest is a stream's URL."""
LONGEST_WORDS = 1 << 16
"""Characters of an item's text, as of a statement's."""
MOST_EXHIBITS = 10_000
"""Exhibits of one item."""
_HALF = re.compile("[\ud800-\udfff]")


class ItemKind(StrEnum):
    """What an item is about."""

    STREAM = "stream"
    """A URL that re-broadcasts, with the finding about it."""
    HOST = "host"
    ADDRESS = "address"
    PANEL = "panel"
    PLAYLIST = "playlist"
    FEED = "feed"
    """A source from which a service takes its channels: origin, encoder, subscription."""
    STOREFRONT = "storefront"
    RESELLER = "reseller"
    ASSET = "asset"
    """Any other thing of the supply; its id is ``kind:value``."""
    NETWORK = "network"
    """A criminal network: hosts that one hand runs, each with a probability."""
    PERSON = "person"
    """A person of interest under a pseudonym; never a viewer."""
    BLOCK = "block"
    """A target that an order has blocked, with its end."""
    ORDER = "order"
    """The court's or authority's order under which targets are blocked."""
    EXHIBIT = "exhibit"
    """Sealed bytes, by their digest; the bytes are not in the package."""
    ESTIMATE = "estimate"
    """A quantity with its interval and method."""
    STATEMENT = "statement"
    """What an agency of an operation states, where no other kind fits."""


class RelationKind(StrEnum):
    """How two items belong together."""

    SERVES = "serves"
    """A host or panel serves a stream or playlist."""
    RESOLVES_TO = "resolves-to"
    """A host has an address."""
    PART_OF = "part-of"
    """A host, panel or person belongs to a network."""
    FEEDS = "feeds"
    SELLS = "sells"
    SHARES = "shares"
    """Two hosts bear one value: the words say which."""
    BLOCKED_BY = "blocked-by"
    """A target is blocked under an order."""
    SHOWN_BY = "shown-by"
    """An exhibit shows it."""
    ABOUT = "about"
    """An estimate or statement is about an item."""
    RELATED_TO = "related-to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A quantity that is not known exactly.

    Parameters
    ----------
    low, mid, high : float
        Ends of the interval and its middle, in ``unit``.
    coverage : float
        Share of such intervals that hold the truth, 0 to 1.
    unit : str
        ``users``, ``EUR``, ``minutes`` ...
    method : str
        How it was estimated, in a word or sentence.
    """

    low: float
    mid: float
    high: float
    coverage: float
    unit: str
    method: str

    def __post_init__(self) -> None:
        ends = (self.low, self.mid, self.high)
        if not all(map(isfinite, ends)) or not self.low <= self.mid <= self.high:
            raise InputError(f"{self.low} to {self.mid} to {self.high} is not an interval")
        if not 0 < self.coverage < 1:
            raise InputError(f"{self.coverage} is not the coverage of an interval (0 to 1)")
        _check_letters("an interval", self.unit, self.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a package says, by one provider.

    Parameters
    ----------
    kind : ItemKind
        What it is about.
    id : str
        The subject: a redacted URL, a name, an address, ``kind:value``, a pseudonym, a digest; one
        printable line. A package has each :attr:`key` once.
    by : str
        Who says so: an agency's id, or the organisation of the case.
    marking : Marking
        What may be done with it, and its evaluation.
    text : str
        What is said, in words; may be empty.
    name : str or None
        What people call it; ``None``: it has no other name than its id.
    at : datetime
        When it was stated, in UTC.
    first_seen, last_seen : datetime or None
        When it was seen, in UTC; ``None``: nobody has seen it.
    valid_from, valid_until : datetime or None
        Between which moments it may be acted on, in UTC; a block has both.
    revoked : bool
        Whether it was taken back: withdrawn, released after a complaint, or corrected.
    statement : StatementKind
        Fact or assessment (Directive (EU) 2016/680, art. 7).
    role : str or None
        Its part in the supply, in the words of :class:`~cautery.model.Role`, or of a person.
    category : LedCategory or None
        Of a person (Directive (EU) 2016/680, art. 6).
    finding : Finding or None
        Of a stream.
    confidence : int or None
        0 to 100, as the provider states it; ``None``: not stated.
    probability : float or None
        0 to 1; ``None``: not estimated.
    log10_lr : float or None
        Base-10 logarithm of the likelihood ratio; ``None``: there is none.
    interval : Interval or None
        Of an estimate.
    lever : Lever or None
        Of a block: how wide it reaches.
    order : str or None
        Id of the order of a block.
    territory : str or None
        Of a block or order, ISO 3166-1 alpha-2.
    country : str or None
        Where it is, ISO 3166-1 alpha-2; ``None``: unknown.
    exhibits : tuple of ExhibitId
        Digests of what shows it, sorted.
    """

    kind: ItemKind
    id: str
    by: str
    marking: Marking
    at: datetime
    text: str = ""
    name: str | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False
    statement: StatementKind = StatementKind.ASSESSMENT
    role: str | None = None
    category: LedCategory | None = None
    finding: Finding | None = None
    confidence: int | None = None
    probability: float | None = None
    log10_lr: float | None = None
    interval: Interval | None = None
    lever: Lever | None = None
    order: str | None = None
    territory: str | None = None
    country: str | None = None
    exhibits: tuple[ExhibitId, ...] = ()

    def __post_init__(self) -> None:
        _check_words(self.kind, self.id, self.text, self.by)
        further = (self.name, self.role, self.order, self.territory, self.country)
        _check_letters(f"a {self.kind}", self.marking.h3_text, *further)
        for name in ("at", "first_seen", "last_seen", "valid_from", "valid_until"):
            moment = getattr(self, name)
            if moment is not None:
                require_utc(name, moment)
        _check_order(self.id, "valid_from", self.valid_from, "valid_until", self.valid_until)
        _check_order(self.id, "first_seen", self.first_seen, "last_seen", self.last_seen)
        _check_share(self.id, self.probability)
        _check_ratio(self.id, self.log10_lr)
        if self.confidence is not None and not 0 <= self.confidence <= 100:
            raise InputError(f"{self.id}: {self.confidence} is not a confidence (0 to 100)")
        if self.kind is ItemKind.BLOCK and self.valid_until is None:
            raise InputError(f"{self.id}: a block needs an end", hint="State its valid_until.")
        if self.kind is ItemKind.PERSON and self.category is None:
            raise InputError(
                f"{self.id}: a person needs a category (Directive (EU) 2016/680, art. 6)"
            )
        _check_exhibits(self.id, self.exhibits)

    @property
    def key(self) -> ItemKey:
        """What names the item in its package; of a block, its territory and order do so, too."""
        if self.kind is ItemKind.BLOCK:  # one target, blocked in two countries, has two ends
            place = " ".join(filter(None, (self.id, self.territory, self.order)))
            return ItemKey(self.kind, place, self.by)
        return ItemKey(self.kind, self.id, self.by)


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """What names an item in its package: its kind, its subject, and who says it."""

    kind: ItemKind
    id: str
    by: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id} by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One item belongs to another, by one provider.

    Parameters
    ----------
    kind : RelationKind
        How.
    source, target : ItemKey
        The two items; both are in the package.
    marking : Marking
        What may be done with it.
    at : datetime
        When it was stated, in UTC.
    text : str
        What is said, in words; may be empty.
    revoked : bool
        Whether it was taken back.
    probability : float or None
        0 to 1; ``None``: not estimated.
    log10_lr : float or None
        Base-10 logarithm of the likelihood ratio; ``None``: there is none.
    exhibits : tuple of ExhibitId
        Digests of what shows it, sorted.
    """

    kind: RelationKind
    source: ItemKey
    target: ItemKey
    marking: Marking
    at: datetime
    text: str = ""
    revoked: bool = False
    probability: float | None = None
    log10_lr: float | None = None
    exhibits: tuple[ExhibitId, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if len(self.text) > LONGEST_WORDS:
            raise InputError(f"{self.source}: a relation's text has over {LONGEST_WORDS} letters")
        _check_letters("a relation", self.text, self.marking.h3_text)
        _check_share(str(self.source), self.probability)
        _check_ratio(str(self.source), self.log10_lr)
        _check_exhibits(str(self.source), self.exhibits)

    @property
    def key(self) -> tuple[RelationKind, ItemKey, ItemKey]:
        """What names the relation in its package."""
        return self.kind, self.source, self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What leaves for a partner, or came from one; items and relations are sorted by their keys.

    Parameters
    ----------
    id : str
        Of the case, as its key names it: the same case makes the same ids.
    name : str
        What the case is called.
    by : str
        Who sends it: an agency's id, or the organisation of the case.
    made_at : datetime
        As of when it says what it says, in UTC.
    marking : Marking
        Of the package as a whole: none of its items is stricter.
    items : tuple of Item
        What it says.
    relations : tuple of Relation
        How its items belong together.

    Raises
    ------
    InputError
        If two items or relations have one key, or a relation names an item that is not there.
    """

    id: str
    name: str
    by: str
    made_at: datetime
    marking: Marking
    items: tuple[Item, ...]
    relations: tuple[Relation, ...] = ()

    def __post_init__(self) -> None:
        require_utc("made_at", self.made_at)
        _check_letters("a package", self.id, self.name, self.by, self.marking.h3_text)
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda item: item.key)))
        relations = tuple(sorted(self.relations, key=lambda relation: relation.key))
        object.__setattr__(self, "relations", relations)
        keys = frozenset(item.key for item in self.items)
        if len(keys) < len(self.items):
            twice = next(one for one, other in pairwise(self.items) if one.key == other.key)
            raise InputError(f"{twice.key} stands twice in the package")
        for relation in relations:
            for end in (relation.source, relation.target):
                if end not in keys:
                    raise InputError(f"a relation names {end}, which is not in the package")
        for one, other in pairwise(relations):
            if one.key == other.key:
                raise InputError(f"{one.source} {one.kind} {one.target.id} stands twice")


def _check_words(kind: ItemKind, name: str, text: str, by: str) -> None:
    if not name.strip() or not by.strip():
        raise InputError(f"a {kind} has no id, or nobody states it")
    _check_letters(f"a {kind}", name, text, by)
    if not name.isprintable():
        raise InputError(f"the id of a {kind} is not one printable line: {name[:80]!a}")
    if len(name) > LONGEST_ID:
        raise InputError(f"the id of a {kind} has over {LONGEST_ID} characters: {name[:80]}")
    if len(text) > LONGEST_WORDS:
        raise InputError(f"{name[:200]}: its text has over {LONGEST_WORDS} characters")


def _check_letters(noun: str, *words: str | None) -> None:
    """Refuse what is no text in UTF-8: no format could write it."""
    for text in words:
        if text is not None and not text.isascii() and _HALF.search(text):
            raise InputError(f"the words of {noun} hold half a character (a lone surrogate)")


def _check_order(
    name: str, first: str, begin: datetime | None, last: str, end: datetime | None
) -> None:
    if begin is not None and end is not None and end < begin:
        raise InputError(f"{name[:200]}: its {last} is before its {first}")


def _check_share(name: str, share: float | None) -> None:
    if share is not None and not 0 <= share <= 1:
        raise InputError(f"{name[:200]}: {share} is not a probability (0 to 1)")


def _check_ratio(name: str, log10_lr: float | None) -> None:
    if log10_lr is not None and not isfinite(log10_lr):
        raise InputError(f"{name[:200]}: {log10_lr} is not the logarithm of a likelihood ratio")


def _check_exhibits(name: str, exhibits: tuple[ExhibitId, ...]) -> None:
    if len(exhibits) > MOST_EXHIBITS:
        raise InputError(f"{name[:200]}: it has over {MOST_EXHIBITS} exhibits")
    for exhibit in exhibits:
        check_exhibit_id(exhibit)
    if list(exhibits) != sorted(set(exhibits)):
        raise InputError(f"{name[:200]}: its exhibits are not sorted, or one stands twice")
