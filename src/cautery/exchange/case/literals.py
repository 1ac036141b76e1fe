"""Values in a graph: typed literals and references, and how each is read again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cautery.errors import InputError
from cautery.model.times import iso, to_utc

_LONGEST_TIME = 40


def ref(node: str) -> dict[str, str]:
    """Return a reference to a node."""
    return {"@id": node}


def typed(kind: str, value: str) -> dict[str, str]:
    """Return a literal of a type of XML Schema."""
    return {"@type": f"xsd:{kind}", "@value": value}


def time_literal(moment: datetime) -> dict[str, str]:
    """Return a moment in UTC with its microseconds."""
    return typed("dateTime", iso(moment))


def number_literal(number: float) -> dict[str, str]:
    """Return a finite number such that it is read again as the same one.

    Examples
    --------
    >>> number_literal(0.1)
    {'@type': 'xsd:double', '@value': '0.1'}
    """
    return typed("double", repr(float(number)))


def plain(value: object) -> object:
    """Return the value of a literal without its type; the reader of a property knows that."""
    if isinstance(value, dict) and "@value" in value:
        return value["@value"]
    return value


def text_of(value: object) -> str:
    """Read a text.

    Raises
    ------
    InputError
        If it is none.
    """
    value = plain(value)
    if not isinstance(value, str):
        raise InputError("expected a text")
    return value


def time_of(value: object) -> datetime:
    """Read a moment.

    Raises
    ------
    InputError
        If it is none, or without a zone, or outside of the calendar in UTC.
    """
    text = text_of(value)
    try:
        moment = datetime.fromisoformat(text[:_LONGEST_TIME])
    except ValueError as error:
        raise InputError(f"{text[:60]!r} is not a time; write 2026-01-31T12:00:00Z") from error
    return to_utc("time", moment)


def number_of(value: object) -> float:
    """Read a number.

    Raises
    ------
    InputError
        If it is none.
    """
    value = plain(value)
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{str(value)[:60]!r} is not a number")


def whole_of(value: object) -> int:
    """Read a whole number of a few digits.

    Raises
    ------
    InputError
        If it is none.
    """
    number = number_of(value)
    if not -1e9 < number < 1e9 or number != int(number):
        raise InputError(f"{str(plain(value))[:60]!r} is not a small whole number")
    return int(number)


def flag_of(value: object) -> bool:
    """Read yes or no.

    Raises
    ------
    InputError
        If it is neither.
    """
    value = plain(value)
    if value in (True, "true", "1"):
        return True
    if value in (False, "false", "0"):
        return False
    raise InputError(f"{str(value)[:60]!r} is neither true nor false")


def node_of(value: object) -> str:
    """Read a reference: the id of a node that is named, or written in its place.

    Raises
    ------
    InputError
        If it is none.
    """
    name = value.get("@id") if isinstance(value, dict) else value
    if not isinstance(name, str):
        raise InputError("expected the @id of an object")
    return name


def all_of(value: object) -> list[object]:
    """Return the values of a property, one or several."""
    return value if isinstance(value, list) else [] if value is None else [value]


def kinds_of(node: Mapping[str, object]) -> list[str]:
    """Return the classes of an object."""
    return [str(kind) for kind in all_of(node.get("@type"))]
