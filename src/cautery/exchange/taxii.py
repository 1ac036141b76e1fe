"""TAXII 2.1 (OASIS, 10 June 2021): what a collection holds, and what a question asks of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cautery.errors import InputError
from cautery.model.times import require_utc

MEDIA_TYPE = "application/taxii+json;version=2.1"
STIX_MEDIA_TYPE = "application/stix+json;version=2.1"
MOST_ROWS = 1_000
"""Objects of a page."""
MOST_PAGE_BYTES = 8 << 20
"""Of the objects of a page; the first one is on it, however long it is."""
_MOST_VALUES = 100
"""Values of one filter."""
_MATCHES = ("id", "type", "version", "spec_version")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z", re.ASCII
)
_START = re.compile(r"[0-9]{1,17}", re.ASCII)
_ALL_VERSIONS = frozenset(("first", "last", "all"))
"""Of each object one version is held, the newest: it is the first and the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Objects of one case and one level of marking.

    Parameters
    ----------
    id : str
        A UUID, the same for the same case and marking.
    title : str
        The marking, in words.
    """

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a question asks of a collection.

    Parameters
    ----------
    after : datetime or None
        Objects that were added later; ``None``: all.
    ids, types : tuple of str
        One of these; empty: any.
    versions : tuple of datetime or None
        One of these; ``None``: the newest.
    is_of_21 : bool
        Whether objects of STIX 2.1 are asked for: there are no others.
    limit : int
        Most objects of the page.
    start : datetime or None
        Objects added later than this, as the page before says by ``next``; ``None``: the first
        page.
    """

    after: datetime | None = None
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    versions: tuple[datetime, ...] | None = None
    is_of_21: bool = True
    limit: int = MOST_ROWS
    start: datetime | None = None

    @property
    def later_than(self) -> datetime | None:
        """The later one of what the question and its page say."""
        moments = [moment for moment in (self.after, self.start) if moment is not None]
        return max(moments, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An object of a collection.

    Parameters
    ----------
    version : datetime
        When it was modified last; of what has no versions, when it was made, or added.
    added : datetime
        When its newest version came into the collection; of two objects, never the same.
    content : bytes
        Its JSON.
    """

    id: str
    version: datetime
    added: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A page of a collection, by the time at which the objects were added.

    Parameters
    ----------
    more : bool
        There are others after it.
    """

    rows: tuple[Row, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Of which state of a ledger the objects of a shelf are made.

    Parameters
    ----------
    state : str
        Names the code, the ledger's size and its newest record.
    size : int
        Records of the ledger.
    at : datetime
        When the newest record was made, in UTC.
    """

    state: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A collection that a partner's server offers.

    Parameters
    ----------
    can_read : bool
        Whether we may read it.
    """

    id: str
    title: str
    can_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An object that a partner's server sent.

    Parameters
    ----------
    id : str
        Its id; empty: it has none.
    needs : frozenset of str
        Ids of the objects without which it cannot be read.
    content : bytes
        Its JSON.
    """

    id: str
    needs: frozenset[str]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A page of a partner's collection.

    Parameters
    ----------
    objects : tuple of Received
        Its objects.
    more : bool
        There are others.
    next : str or None
        What asks for them; ``None``: the server does not say.
    newest : datetime or None
        When the last of the objects was added; ``None``: the server does not say.
    """

    objects: tuple[Received, ...]
    more: bool
    next: str | None = None
    newest: datetime | None = None


class Shelf(Protocol):
    """The collections of one case for one marking, as they are kept."""

    def state(self) -> str:
        """Return of which state of the ledger it is made; empty: of none."""
        ...

    def fill(self, objects: Iterable[tuple[str, Mapping[str, Any]]], *, filling: Filling) -> None:
        """Take up all objects, each with its collection's id, and revoke what is gone."""
        ...

    def call(self, collections: Iterable[Collection]) -> None:
        """Note what collections are called."""
        ...

    def collections(self) -> tuple[Collection, ...]:
        """Return the collections, by title."""
        ...

    def rows(self, collection: str, filters: Filters) -> Rows:
        """Return a page of a collection."""
        ...

    def has(self, collection: str, id: str) -> bool:
        """Tell whether a collection has an object, whatever its version."""
        ...


def filters_of(query: Iterable[tuple[str, str]]) -> Filters:
    """Return what the query of an address asks for; what TAXII does not know is passed over.

    Raises
    ------
    InputError
        If a filter cannot be understood, or stands there twice.

    Examples
    --------
    >>> filters_of([("match[type]", "indicator,relationship"), ("limit", "5")]).types
    ('indicator', 'relationship')
    """
    filters: dict[str, str] = {}
    for name, value in query:
        if name in filters:
            raise InputError(f"{name[:80]} stands in the question twice")
        if name.startswith("match[") and name not in {f"match[{match}]" for match in _MATCHES}:
            raise InputError(f"{name[:80]} is no filter of this server")
        filters[name] = value
    versions = _values(filters, "match[version]")
    spec_versions = _values(filters, "match[spec_version]")
    limit = filters.get("limit", str(MOST_ROWS))
    if not (limit.isascii() and limit.isdigit() and 1 <= len(limit) <= 9 and int(limit)):
        raise InputError("limit: write a number from 1 on")
    start = filters.get("next")
    return Filters(
        after=moment("added_after", filters["added_after"]) if "added_after" in filters else None,
        ids=_values(filters, "match[id]"),
        types=_values(filters, "match[type]"),
        versions=None
        if not versions or _ALL_VERSIONS & set(versions)
        else tuple(moment("match[version]", version) for version in versions),
        is_of_21=not spec_versions or "2.1" in spec_versions,
        limit=min(int(limit), MOST_ROWS),
        start=None if start is None else _started(start),
    )


def next_of(row: Row) -> str:
    """Return what asks for the page after a row."""
    return str(microseconds(row.added))


def moment(name: str, text: str) -> datetime:
    """Return a time as TAXII and STIX write it: RFC 3339 in UTC; digits below 1 µs are cut.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> moment("added_after", "2026-11-24T20:00:00.5Z").microsecond
    500000
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise _no_moment(name, text)
    try:
        part = (match[2] or "").ljust(6, "0")[:6]
        return datetime.fromisoformat(f"{match[1]}.{part}+00:00")
    except ValueError:
        raise _no_moment(name, text) from None


def _no_moment(name: str, text: str) -> InputError:
    return InputError(
        f"{name}: {text[:40]!r} is no time", hint="Write it like this: 2026-11-24T20:00:00Z"
    )


def microseconds(at: datetime) -> int:
    """Return the microseconds of a moment since 1970."""
    require_utc("at", at)
    return (at - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _EPOCH + number * _MICROSECOND


def _started(text: str) -> datetime:
    if _START.fullmatch(text) is None:
        raise InputError("next: this is not what a page of this server gave")
    return moment_of(int(text))


def _values(filters: Mapping[str, str], name: str) -> tuple[str, ...]:
    if name not in filters:
        return ()
    values = tuple(filters[name].split(","))
    if len(values) > _MOST_VALUES or not all(values):
        raise InputError(f"{name}: write 1 to {_MOST_VALUES} values with commas between them")
    return values
