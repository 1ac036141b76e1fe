"""Nouns to JSON and back: the one spelling that records, reports and ``--json`` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import numpy as np

from cautery.canonical import canonical
from cautery.errors import CauteryError, InputError
from cautery.model.evidence import Digest, digest_of
from cautery.model.hidden import Hidden
from cautery.model.message import Message
from cautery.model.pseudonyms import Pseudonyms
from cautery.model.times import iso

MISSHAPEN = (
    CauteryError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,  # 1e400 is the JSON of infinity, and years have an end
    RecursionError,
)
"""What reading a record raises that has not the shape of its kind. Whoever has a case's file can
append one: it costs itself, never the reading of the others."""

MOST_VALUES = 2_000_000
"""Of one noun. A list of 60,000 entries with its verdicts has a million and a half; of three bytes
(``"",``) a message becomes 300 in memory."""

SPELLED_WITHOUT_UNDERSCORE = {"alias_generator": lambda name: name.rstrip("_")}
"""``__pydantic_config__`` of a noun with a field such as ``from_``, whose name Python keeps."""

T = TypeVar("T")
_AS_IT_IS = frozenset((str, int, bool, type(None)))
"""Types, not those derived from them, whose values are JSON already."""
_HOLDING = frozenset((dict, list, tuple))
_HELD = frozenset((type({}.values()), list, tuple))
_OF_MANY = frozenset(("list", "tuple", "set", "frozenset", "dict"))
"""Schemas whose values have as many parts as their sender likes."""
_NO_UTC = "expected a time in UTC, such as 2026-11-24T12:00:00Z"
_NO_SCHEMA = frozenset(("metadata", "default", "expected", "members", "serialization"))
"""Members of a schema that hold values, and no schemas."""


def to_json(
    value: Any,
    pseudonyms: Pseudonyms | None = None,
    *,
    words: Callable[[Message], str] | None = None,
) -> Any:
    """Return ``value`` as plain JSON: dataclasses as objects, times as RFC 3339 with Z.

    A span of time is a number of seconds, bytes are hexadecimal. What is hidden stands redacted. A
    field ``from_`` is spelled ``from``.

    Parameters
    ----------
    pseudonyms : Pseudonyms or None
        Those of a case, so that the same secret is the same in all its records.
    words : callable or None
        Writes a message as a sentence, for people; ``None``: it stays an id and its values.

    Raises
    ------
    InputError
        If something in it has no JSON form.
    """
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is tuple or kind is list:
        return [
            item if type(item) in _AS_IT_IS else to_json(item, pseudonyms, words=words)
            for item in value
        ]
    if isinstance(value, bool | int | str) and not isinstance(value, Enum):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Hidden):
        return value.shown(pseudonyms)
    if isinstance(value, Message):
        return _message(value, pseudonyms, words)
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            raise InputError(f"{value} cannot be written as JSON")
        return float(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        return {
            spelling: to_json(getattr(value, name), pseudonyms, words=words)
            for name, spelling in _members(type(value))
        }
    if isinstance(value, Mapping):
        return {str(name): to_json(item, pseudonyms, words=words) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item, pseudonyms, words=words) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_json(item, pseudonyms, words=words) for item in value)
    raise InputError(f"{type(value).__name__} cannot be written as JSON")


@cache
def _members(noun: type[Any]) -> tuple[tuple[str, str], ...]:
    """Return the fields of a noun, each with its name in JSON."""
    return tuple((field.name, field.name.rstrip("_")) for field in fields(noun))


def _message(
    message: Message, pseudonyms: Pseudonyms | None, words: Callable[[Message], str] | None
) -> Any:
    """Return a message's JSON; an older record's stays the text that it was, or digests change."""
    if words is not None:
        return words(message)
    text = message.plain()
    if text is not None:
        return text
    return {"id": message.id, "values": to_json(message.values, pseudonyms)}


def from_json(noun: type[T], body: Any, *, size: int | None = None) -> T:
    """Rebuild a noun from its JSON; the inverse of :func:`to_json`.

    A body of more than :data:`MOST_VALUES` values is refused before anything is built of it, and it
    stops at the first value of a list or a table that does not fit: whoever sends a million wrong
    values pays for all of them, and the reader for one.

    Parameters
    ----------
    size : int or None
        Bytes of the JSON text that it comes from: the values of a short one need no counting, and
        a ledger has millions of those. ``None``: it is not known.

    Raises
    ------
    InputError
        If the body does not fit the noun.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - heavy: 0.2 s of CPU

    if (size is None or size > MOST_VALUES) and not _has_at_most(MOST_VALUES, body):
        raise InputError(f"{noun.__name__}: it has more than {MOST_VALUES:,} values")
    try:
        return _validator(noun).validate_python(body)  # type: ignore[no-any-return, arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        said = _NO_UTC if first["type"].startswith("timezone") else first["msg"]
        raise InputError(f"{noun.__name__}.{where}: {said}") from error


def digest(subject: Any) -> Digest:
    """Return the SHA-256 of a noun's RFC 8785 JSON: what people sign, and anyone can redo."""
    return digest_of(canonical({"type": type(subject).__name__, "body": to_json(subject)}))


def _has_at_most(most: int, body: Any) -> bool:
    """Tell whether a body has at most so many values; it stops at the first one too many."""
    waiting = [body]
    while waiting:
        part = waiting.pop()
        values = part.values() if type(part) is dict else part
        if type(values) in _HELD:
            most -= len(values)
            if most < 0:
                return False
            waiting += [value for value in values if type(value) in _HOLDING]
    return True


@cache
def _validator(noun: Any) -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415 - heavy: 0.2 s of CPU
    from pydantic_core import SchemaValidator  # noqa: PLC0415 - as above

    return SchemaValidator(_strict(TypeAdapter(noun).core_schema))


def _strict(schema: Any) -> Any:
    """Return a schema whose times are in UTC, and whose lists and tables report one wrong value."""
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    parts = {name: part if name in _NO_SCHEMA else _strict(part) for name, part in schema.items()}
    if schema.get("type") == "datetime":
        return parts | {"tz_constraint": 0}
    return parts | {"fail_fast": True} if schema.get("type") in _OF_MANY else parts
