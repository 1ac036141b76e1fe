"""JSON of anybody's: what cannot be read is a ``ValueError``, however it is broken or packed."""

from __future__ import annotations

import json
import sys
from typing import Any

ALWAYS_READ = 8 << 20
"""Bytes of a text that is read whatever it holds: in memory it takes half a gigabyte at most."""
_MOST_MEMORY = 800_000_000
"""Bytes that a longer text and its values may take, by what stands below."""
_MEMORY = ((",", 72), ("[", 96), ("{", 120), ('":', 64))
"""What a sign announces, and the bytes that CPython takes for it: a value with its place in a list,
a list with its first four places, a table with its first member, a name with its place in a
table."""


def parsed_json(text: str | bytes | bytearray, *, most: int | None = None, **how: Any) -> Any:
    """Return the value of a JSON text.

    Seven bytes of it (``{"":0},``) can become two hundred in memory: what a text would take is
    counted before it is read.

    Parameters
    ----------
    most : int or None
        Most values that it may have, as :func:`values_in` counts them; ``None``: any number.
    **how
        As for :func:`json.loads`.

    Raises
    ------
    ValueError
        If it is none, has too many values, or is nested more deeply than Python can hold:
        ``json.loads`` raises ``RecursionError`` then, which whoever catches what is wrong with a
        text forgets.
    """
    if (most is not None and values_in(text) > most) or (
        len(text) > ALWAYS_READ and _memory(text) > _MOST_MEMORY
    ):
        raise ValueError("the JSON has too many values")
    try:
        return json.loads(text, **how)  # noqa: TID251 - the one place
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def values_in(text: str | bytes | bytearray) -> int:
    """Return how many values a JSON text has at most; it is not read."""
    return 1 + sum(_count(text, sign) for sign in ",[{")


def _memory(text: str | bytes | bytearray) -> int:
    """Return about how many bytes a text takes while it is read: itself, its words, its values."""
    letters = len(text) * _width(text)
    return 2 * letters + sum(size * _count(text, sign) for sign, size in _MEMORY)


def _width(text: str | bytes | bytearray) -> int:
    """Return how many bytes CPython takes for each letter of a text: the rarest letter decides."""
    if isinstance(text, str):
        return max(1, sys.getsizeof(text) // max(1, len(text)))
    if text.isascii():
        return 1
    return 4 if any(text.count(lead) for lead in range(0xF0, 0xF5)) else 2


def _count(text: str | bytes | bytearray, sign: str) -> int:
    return text.count(sign) if isinstance(text, str) else text.count(sign.encode())
