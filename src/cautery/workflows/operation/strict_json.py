"""Read JSON of other agencies strictly: no duplicate members, no NaN or infinity, limited depth."""

from __future__ import annotations

from typing import Any

from cautery.json_text import parsed_json


def strictly_parsed(raw: bytes) -> Any:
    """Parse JSON that has one meaning only.

    Raises
    ------
    ValueError
        If it is no JSON, holds a ``NaN`` or an infinity, a member stands twice in an object, or it
        is nested beyond what can be parsed at all.
    """
    return parsed_json(raw, parse_constant=_refused, object_pairs_hook=_members)


def is_deeper(told: Any, most: int) -> bool:
    """Tell whether objects and lists are nested deeper than ``most``."""
    level = [told]
    for _ in range(most):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same member twice")
    return members


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not valid JSON")
