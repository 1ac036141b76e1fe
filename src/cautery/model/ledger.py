"""Typed records in and out of a ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from cautery.model.evidence import Json
from cautery.model.ports import Ledger
from cautery.model.pseudonyms import Pseudonyms
from cautery.model.records.entry import Entry
from cautery.model.records.kinds import UnknownRecord, kind_of, kinds_of
from cautery.model.wire import to_json

T = TypeVar("T")


def contents(ledger: Ledger, *shapes: type[T], since: int = 0) -> Iterator[tuple[Entry, T]]:
    """Yield the records of some types in order, each with its entry.

    A record that does not have the shape of its kind is passed over: anybody who has the case's
    file can append one, and it costs itself alone.
    """
    for entry in ledger.read(since=since, kinds=kinds_of(*shapes)):
        content = entry.content
        if isinstance(content, shapes):
            yield entry, content


def filed(content: object, pseudonyms: Pseudonyms | None = None) -> tuple[str, Json]:
    """Return the kind and the JSON under which a typed record is appended.

    Parameters
    ----------
    pseudonyms : Pseudonyms or None
        Those of the case: what is hidden in the record stands under them.

    Raises
    ------
    InputError
        If no kind of record has this type, or something in it has no JSON form.
    """
    body = content.body if isinstance(content, UnknownRecord) else to_json(content, pseudonyms)
    return kind_of(content), body


def append(
    ledger: Ledger,
    content: object,
    *,
    at: datetime,
    if_unchanged_since: int | None = None,
    unless: Sequence[type] = (),
) -> Entry:
    """Append a typed record durably.

    Parameters
    ----------
    if_unchanged_since : int, optional
        A size that this ledger had: append only if nothing came in since.
    unless : sequence of type
        With it: only records of these types count, or all.

    Raises
    ------
    ConflictError
        If one came in since; nothing is written then.
    StorageError
        If it cannot be written; nothing is half-written then.
    """
    kind, body = filed(content)
    return ledger.append(
        kind, body, at=at, if_unchanged_since=if_unchanged_since, kinds=kinds_of(*unless)
    )
