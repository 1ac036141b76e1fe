"""JSON that has one meaning: strict in what it reads, and canonical where a signature covers it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from cautery_provider.rules import refuse

MOST_NUMBER = 2**53 - 1  # RFC 8785, section 3.2.2.3: what every reader of JSON holds exactly
MOST_PARTS = 1_000_000  # objects and arrays of one text: what parsing it may cost in memory
MOST_MEMBERS = 2_500_000  # commas and colons: 250,000 entries, in whose times colons stand too


def canonical(text: object, where: str) -> Any:
    """Parse a text and check that it is the only spelling of what it says (RFC 8785).

    Without floats, and with keys in ASCII, `json.dumps` writes the form of RFC 8785.

    Raises
    ------
    Refused
        By the rule `form`.
    """
    if not isinstance(text, str):
        refuse(where, "not a text")
    value = parsed(text, where)
    if written(value) != text:
        refuse(where, "not in the canonical form of RFC 8785")
    return value


def written(value: Any) -> str:
    """Return a value in the form of RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def parsed(text: str, where: str) -> Any:
    """Parse a text without repeated keys, floats and numbers that some readers round.

    Raises
    ------
    Refused
        By the rule `form`.
    """
    if text.count("{") + text.count("[") > MOST_PARTS:
        refuse(where, f"more than {MOST_PARTS} objects and arrays")
    if text.count(",") + text.count(":") > MOST_MEMBERS:
        refuse(where, f"more than {MOST_MEMBERS} commas and colons")
    try:
        text.encode()  # half of a surrogate pair has no bytes that could be signed
        return json.loads(
            text,
            object_pairs_hook=_without_repetition,
            parse_int=_short_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:
        refuse(where, f"not strict JSON: {str(error)[:100]}")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _short_integer(digits: str) -> int:
    if len(digits) > len(str(MOST_NUMBER)):
        raise ValueError("a number is too large")
    return int(digits)


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is not an integer")
