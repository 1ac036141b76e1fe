"""TOML from outside, within bounds that the parser does not have."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

MOST_PARTS = 8
"""Of a dotted key: the parser goes through the header's parts and the key's for each part of a key;
the files that Cautery reads have three."""
MOST_SIGNS = 400_000
"""Lines, values and tables of a document: the parser takes up to twenty microseconds for each."""
MOST_LETTERS = 16_000_000
"""Of a document: the parser goes through each."""
_SIGNS = "\n=,[{"
_LONG_KEY = re.compile(
    rf"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}[\w\"'-]"
)


def parsed_toml(text: str) -> dict[str, Any]:
    """Parse a TOML document.

    Raises
    ------
    tomllib.TOMLDecodeError
        If it is not valid TOML, has a key of more than 8 parts, or more lines, values or letters
        than the parser reads in ten seconds.
    ValueError, RecursionError
        If a number has thousands of digits, or it is nested as deep: the parser says no place.

    Examples
    --------
    >>> parsed_toml("a.b = 1")
    {'a': {'b': 1}}
    """
    if len(text) > MOST_LETTERS or sum(map(text.count, _SIGNS)) > MOST_SIGNS:
        raise tomllib.TOMLDecodeError(
            f"More than {MOST_SIGNS:,} lines and values, or {MOST_LETTERS:,} letters"
        )
    if text.count(".") >= MOST_PARTS and (match := _LONG_KEY.search(text)) is not None:
        before = text[: match.start()]
        line, column = before.count("\n") + 1, match.start() - before.rfind("\n")
        raise tomllib.TOMLDecodeError(
            f"A key of more than {MOST_PARTS} parts (at line {line}, column {column})"
        )
    return tomllib.loads(text)


def simple_toml(text: str) -> dict[str, Any]:
    """Parse a TOML document as :func:`parsed_toml` does, for those who say only that it is none.

    Raises
    ------
    ValueError
        Whatever is wrong with it.
    """
    try:
        return parsed_toml(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def toml_string(text: str) -> str:
    """Return a text as TOML spells it: as JSON does, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
