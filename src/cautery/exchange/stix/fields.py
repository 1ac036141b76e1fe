"""The fields of an object of anybody's, each of the type that it must have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId

_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,30}))?Z")
_HEX = re.compile(r"[0-9a-f]{64}")
_MOST_REFERENCES = 20_000
EXHIBIT = "cautery-exhibit"
"""Name of the source of an external reference to an exhibit."""
Thing = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)


def names(words: str) -> frozenset[str]:
    """Return the names that stand in a text, each apart by a space."""
    return frozenset(words.split())


def text_in(thing: Thing, name: str) -> str | None:
    """Return a text; ``None``: the object does not have it."""
    value = thing.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{name} is no text")
    return value


def word_in(thing: Thing, name: str, words: type[Word]) -> Word | None:
    """Return one of some words; ``None``: the object does not have it."""
    value = text_in(thing, name)
    if value is None:
        return None
    try:
        return words(value)
    except ValueError as error:
        raise InputError(f"{name} is {ascii(value)[:80]}, not one of {', '.join(words)}") from error


def flag_in(thing: Thing, name: str, *, default: bool = False) -> bool:
    """Return whether something holds."""
    value = thing.get(name, default)
    if not isinstance(value, bool):
        raise InputError(f"{name} is neither true nor false")
    return value


def number_in(thing: Thing, name: str) -> float | None:
    """Return a finite number; ``None``: the object does not have it."""
    value = thing.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise InputError(f"{name} is no finite number")
    return number


def whole_in(thing: Thing, name: str) -> int | None:
    """Return a whole number; ``None``: the object does not have it."""
    value = thing.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InputError(f"{name} is no whole number")
    return value


def moment_in(thing: Thing, name: str) -> datetime | None:
    """Return a time in UTC; ``None``: the object does not have it.

    STIX writes each time with a ``Z``: another offset is refused, so no time is shifted.
    """
    value = text_in(thing, name)
    if value is None:
        return None
    try:
        return _moment(value)
    except ValueError as error:
        raise InputError(f"{name}: {ascii(value)[:60]} is no time of STIX: {error}") from error


@lru_cache(maxsize=4096)
def _moment(value: str) -> datetime:
    parts = _TIME.fullmatch(value)
    if parts is None:
        raise ValueError("it must be like 2026-11-30T12:00:00Z")
    micros = int((parts[2] or "")[:6].ljust(6, "0"))
    return datetime.fromisoformat(parts[1]).replace(microsecond=micros, tzinfo=UTC)


def ref_in(thing: Thing, name: str) -> str:
    """Return an id that an object must refer to."""
    value = text_in(thing, name)
    if value is None:
        raise InputError(f"{name} is missing")
    return value


def exhibits_in(thing: Thing) -> tuple[ExhibitId, ...]:
    """Return the digests of the exhibits that an object refers to, sorted."""
    references = thing.get("external_references", [])
    if not isinstance(references, list) or len(references) > _MOST_REFERENCES:
        raise InputError(f"external_references is no list of at most {_MOST_REFERENCES}")
    exhibits = set()
    for reference in references:
        if not isinstance(reference, dict):
            raise InputError("an external reference is no object")
        if reference.get("source_name") == EXHIBIT:
            exhibits.add(_digest(reference))
    return tuple(sorted(exhibits))


def other_references(thing: Thing) -> bool:
    """Tell whether an object refers to anything that is no exhibit."""
    references = thing.get("external_references", [])
    return any(reference.get("source_name") != EXHIBIT for reference in references)


def _digest(reference: Thing) -> ExhibitId:
    hashes = reference.get("hashes")
    digest = hashes.get("SHA-256") if isinstance(hashes, dict) else None
    if not isinstance(digest, str) or not _HEX.fullmatch(digest):
        raise InputError("a reference to an exhibit has no SHA-256 of 64 hex digits")
    if reference.get("external_id", f"sha256:{digest}") != f"sha256:{digest}":
        raise InputError(f"a reference to an exhibit has two digests, one is {digest}")
    return ExhibitId(f"sha256:{digest}")
