"""What of a case is searched across cases: titles, hosts, brands and payment ends, through time.

People are none of it, and neither is what stands under a key of the case: a keyed hash means
nothing in another case (ADR 0002). Nor are statements of agencies: each has a marking of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from cautery.errors import InputError
from cautery.model import Entry, Finding, SupplyGraph, Verdict
from cautery.model.brands import brand_of_host
from cautery.model.records import AssetFacts, ProbeDone, PurchaseRecorded, StreamAppeared
from cautery.payments.addresses import check_address, spelled, supported
from cautery.projections.words import kept_text

LONGEST_KEY = 300
"""Characters of a thing that is searched; a title is shorter. Judgement."""
MOST_MONTHS = 240
"""Months of one thing in one case; whoever writes records may date them as they like. Judgement."""
_SHORTEST_BRAND = 3
_HIDDEN = re.compile("~[0-9a-f]{16}")
"""A keyed hash of the case: another case has another one for the same, so it joins nothing."""
_LONGEST_PAYMENT = 160


class ThingKind(StrEnum):
    """What can be searched across cases."""

    TITLE = "title"
    """Of a stream, as a source names it."""
    HOST = "host"
    """A name or an address of a server."""
    BRAND = "brand"
    """Of a host's domain, or of a service as it is sold."""
    PAYMENT = "payment"
    """An address of a coin to which a seller's page asks everybody to pay, its checksum right."""


class Thing(NamedTuple):
    """Something with a name."""

    kind: ThingKind
    text: str

    @property
    def key(self) -> str:
        """Its name as it is compared; empty: it has none."""
        if self.kind is ThingKind.PAYMENT:  # letters of one case and the other are two addresses
            coin, _, address = self.text.partition(":")
            return f"{coin}:{spelled(address)}"
        return key_of(self.text)


@dataclass(slots=True, kw_only=True)
class ThingLine:
    """What one case says of one thing.

    Parameters
    ----------
    key : str
        Its name as it is compared: see :attr:`Thing.key`.
    text : str
        Its name as the first record spells it.
    first, named, last : int
        The first and the newest record that name it, and the newest one that saw it.
    first_at, last_at : datetime
        The earliest and the latest of the times of all records that saw it.
    stream : int or None
        Number of the newest stream that has it; ``None``: it was seen without a stream.
    months : dict of int to int
        By month (:func:`month_of`), how many records saw it.
    """

    kind: ThingKind
    key: str
    text: str
    first: int
    first_at: datetime
    named: int
    last: int
    last_at: datetime
    stream: int | None = None
    months: dict[int, int] = field(default_factory=dict)

    def see(self, entry: Entry) -> None:
        """Count one record more that saw it."""
        at = entry.record.at
        self.last = entry.index
        self.first_at, self.last_at = min(self.first_at, at), max(self.last_at, at)
        month = month_of(at)
        if month in self.months or len(self.months) < MOST_MONTHS:
            self.months[month] = self.months.get(month, 0) + 1


def month_of(at: datetime) -> int:
    """Return the number of a month: in UTC, since the year 0.

    Examples
    --------
    >>> month_of(datetime(2026, 11, 29, tzinfo=UTC)), month_of(datetime(2026, 12, 1, tzinfo=UTC))
    (24322, 24323)
    """
    return at.year * 12 + at.month - 1


def first_day(month: int) -> datetime:
    """Return the first moment of a month, UTC.

    Examples
    --------
    >>> first_day(24322).date()
    datetime.date(2026, 11, 1)
    """
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def key_of(text: str) -> str:
    r"""Return a name in the one spelling in which it is compared.

    Widths, cases and spaces make no difference, and characters that nobody sees are dropped.

    Examples
    --------
    >>> key_of("  ARENA\u202e Sport\u00a01 "), key_of("\ud800")
    ('arena sport 1', '\ufffd')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", kept_text(text))
        text = "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Cs"))
    text = _HIDDEN.sub("~", text.replace("\0", " "))
    return " ".join(text.casefold().split())[:LONGEST_KEY].rstrip()


def things_named(content: object) -> Iterator[Thing]:
    """Yield what a record names that it saw."""
    match content:
        case StreamAppeared() as appeared:
            if appeared.title is not None:
                yield Thing(ThingKind.TITLE, appeared.title)
            yield from _host(appeared.host)
        case ProbeDone() as probe if probe.observation is not None:
            for host in probe.hosts:
                yield from _host(host)
        case AssetFacts() as facts if facts.addresses:
            yield from _host(facts.host)
        case SupplyGraph() as graph:
            for asset in graph.assets:
                if asset.kind == "host":
                    yield from _host(asset.value)
                elif asset.kind == "payment" and _is_everybodys(asset.value):
                    yield Thing(ThingKind.PAYMENT, asset.value)
            for network in graph.networks:
                for service in network.services:
                    yield Thing(ThingKind.BRAND, service)
        case PurchaseRecorded() as recorded:
            yield Thing(ThingKind.BRAND, recorded.purchase.service)


def _host(name: str) -> Iterator[Thing]:
    if name:
        yield Thing(ThingKind.HOST, name)
        brand = brand_of_host(name)
        if len(brand) >= _SHORTEST_BRAND:
            yield Thing(ThingKind.BRAND, brand)


@lru_cache(maxsize=4096)
def _is_everybodys(payment: str) -> bool:
    """Tell whether a payment end is a coin's address: an account's or a payee's name is personal.

    It stands as ``COIN:ADDRESS``; a payee stands as a keyed hash, a merchant as its bank names it.
    """
    coin, _, address = payment[:_LONGEST_PAYMENT].partition(":")
    if not coin.isupper() or not supported(coin):
        return False
    try:
        check_address(coin, address)
    except InputError:
        return False
    return True


class Things:
    """Hears records, and keeps what they say of things.

    Parameters
    ----------
    recall : callable
        Returns the line of a thing as the records before left it; ``None``: they do not have it.
    """

    def __init__(self, recall: Callable[[ThingKind, str], ThingLine | None]) -> None:
        self._recall = recall
        self.lines: dict[tuple[ThingKind, str], ThingLine] = {}

    def hear(self, entry: Entry, *, title: str | None = None, stream: int | None = None) -> None:
        """Take one entry up.

        Parameters
        ----------
        title : str or None
            Of the stream that the record is about.
        stream : int or None
            Its number.
        """
        content = entry.content
        names: dict[tuple[ThingKind, str], str] = {}
        for thing in things_named(content):
            if key := thing.key:
                names.setdefault((thing.kind, key), thing.text)
        is_map = isinstance(content, SupplyGraph)
        for (kind, key), text in names.items():
            if is_map and kind is ThingKind.HOST and self._is_known(kind, key):
                continue  # a map draws again what was seen before
            line = self._line(kind, key) or self._begin(kind, key, text, entry)
            line.named = entry.index
            line.stream = line.stream if stream is None else stream
            line.see(entry)
        if title is not None and _saw(content):
            key = key_of(title)
            line_of_title = self._line(ThingKind.TITLE, key) if key else None
            if line_of_title is not None:
                line_of_title.see(entry)

    def _is_known(self, kind: ThingKind, key: str) -> bool:
        return (kind, key) in self.lines or self._recall(kind, key) is not None

    def _line(self, kind: ThingKind, key: str) -> ThingLine | None:
        line = self.lines.get((kind, key))
        if line is None:
            line = self._recall(kind, key)
            if line is not None:
                self.lines[kind, key] = line
        return line

    def _begin(self, kind: ThingKind, key: str, text: str, entry: Entry) -> ThingLine:
        at = entry.record.at
        line = self.lines[kind, key] = ThingLine(
            kind=kind,
            key=key,
            text=_HIDDEN.sub("~", kept_text(text[:LONGEST_KEY])),
            first=entry.index,
            first_at=at,
            named=entry.index,
            last=entry.index,
            last_at=at,
        )
        return line


def _saw(content: object) -> bool:
    """Tell whether a record about a stream saw it."""
    if isinstance(content, Verdict):
        return content.finding is not Finding.UNREACHABLE
    return isinstance(content, ProbeDone) and content.observation is not None
