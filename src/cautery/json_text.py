"""JSON of anybody's: what cannot be read is a ``ValueError``, however it is broken or packed."""

from __future__ import annotations

import json
from typing import Any

ALWAYS_READ = 16 << 20
"""Bytes of a text that is read whatever it holds: in memory it takes half a gigabyte at most."""
_MOST_MEMORY = 800_000_000
"""Bytes that the values of a longer text may take, by what stands below."""
_MEMORY = ((",", 72), ("[", 64), ("{", 120), ('":', 64))
"""What a sign announces, and the bytes that CPython takes for it: a value with its place in a list,
a list, a table with its first member, a name with its place in a table."""


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
        len(text) > ALWAYS_READ
        and sum(size * _count(text, sign) for sign, size in _MEMORY) > _MOST_MEMORY
    ):
        raise ValueError("the JSON has too many values")
    try:
        return json.loads(text, **how)  # noqa: TID251 - the one place
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def values_in(text: str | bytes | bytearray) -> int:
    """Return how many values a JSON text has at most; it is not read."""
    return 1 + sum(_count(text, sign) for sign in ",[{")


def _count(text: str | bytes | bytearray, sign: str) -> int:
    return text.count(sign) if isinstance(text, str) else text.count(sign.encode())
