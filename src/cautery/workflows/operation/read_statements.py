"""Read an agency's own statements from JSON lines; one without a marking is refused."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.model import Statement, from_json, iso

MAX_BYTES = 256 << 20
"""A file; 200,000 statements of a kilobyte."""
MAX_LINE_BYTES = 1 << 16
MAX_STATEMENTS = 200_000

_KEYS = frozenset(
    {"subject", "about", "text", "kind", "marking", "at", "to", "exhibits", "details"}
)
_NEEDED = ("subject", "about", "text", "kind")
_MARKING = frozenset({"tlp", "pap", "handling", "h3_text", "source", "accuracy"})
_MAX_DEPTH = 12


def read_statements(path: Path, *, by: str, now: datetime) -> tuple[Statement, ...]:
    """Read statements, one JSON object a line.

    Parameters
    ----------
    by : str
        The agency that states them.
    now : datetime
        When a statement was made that does not say.

    Returns
    -------
    tuple of Statement
        Under ids that stand for nothing yet: recording them gives them their own.

    Raises
    ------
    InputError
        Naming file, line and the rule that is broken.
    """
    found: list[Statement] = []
    for number, line in enumerate(_lines_of(path), 1):
        if not line.strip():
            continue
        if len(found) == MAX_STATEMENTS:
            raise InputError(f"{path}, line {number}: more than {MAX_STATEMENTS} statements")
        try:
            found.append(_statement(line, by, now))
        except InputError as error:
            raise InputError(f"{path}, line {number}: {error}", hint=error.hint) from error
    if not found:
        raise InputError(f"{path}: no statement in it")
    return tuple(found)


def _lines_of(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({why})") from error
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path}: over {MAX_BYTES:,} bytes")
    return raw.split(b"\n")


def _statement(line: bytes, by: str, now: datetime) -> Statement:
    if len(line) > MAX_LINE_BYTES:
        raise InputError(f"a statement of over {MAX_LINE_BYTES} bytes: it is one sentence")
    try:
        told = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON: {str(error)[:200]}") from error
    if not isinstance(told, dict):
        raise InputError("a statement is a JSON object")
    if told.pop("by", by) != by:
        raise InputError(f"said by another agency than {by}: each states in its own case")
    for key in _NEEDED:
        if key not in told:
            raise InputError(f"{key!r} is missing")
    marking = told.get("marking")
    if not isinstance(marking, dict) or not {"tlp", "pap"} <= marking.keys():
        raise InputError(
            "a statement without TLP and PAP is refused",
            hint='Add "marking": {"tlp": "TLP:AMBER", "pap": "PAP:RED", "handling": ["H1"]}',
        )
    strangers = sorted((told.keys() - _KEYS) | (marking.keys() - _MARKING))
    if strangers:
        raise InputError(f"{strangers[0][:80]!r} is not known here", hint="Ids are given by us.")
    _check_depth(told)
    return from_json(Statement, {"at": iso(now), **told, "id": "new", "by": by})


def _check_depth(told: Any) -> None:
    level = [told]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise InputError(f"nested deeper than {_MAX_DEPTH}")


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
