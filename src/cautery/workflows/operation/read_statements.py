"""Read an agency's own statements from JSON lines; one without a marking is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rfc8785

from cautery.errors import InputError
from cautery.json_text import values_in
from cautery.model import Statement, from_json, iso
from cautery.model.ids import is_pseudonym
from cautery.operation.targets import normalise
from cautery.packed import lines_in, small_file
from cautery.workflows.operation.strict_json import is_deeper, strictly_parsed

MAX_BYTES = 32 << 20
"""A file; 40,000 statements of 800 bytes."""
MAX_LINE_BYTES = 1 << 16
MAX_STATEMENTS = 40_000
"""Of a file: to check them takes four seconds, before the first is recorded."""
MAX_VALUES = 1_500_000
"""Of all statements' JSON: half a microsecond each."""
_MOST_FOREIGN = 100_000
"""Letters of all subjects that are not in ASCII, which are looked up in punycode: a second."""

_KEYS = frozenset(
    {"subject", "about", "text", "kind", "marking", "at", "to", "exhibits", "details"}
)
_NEEDED = ("subject", "about", "text", "kind")
_MARKING = frozenset({"tlp", "pap", "handling", "h3_text", "source", "accuracy"})
_MOST_LINES = 2 * MAX_STATEMENTS
"""Every second one may be empty."""
_MAX_DEPTH = 12
_KIND_AND_VALUE = re.compile(r"[a-z][a-z0-9-]{0,31}:.*\S")
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before the Web; an older date is a slip."""
_CLOCKS_DISAGREE = timedelta(days=1)
"""A statement of tomorrow is a slip; one of tonight may be written in another time zone."""


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
    statements: list[Statement] = []
    foreign = 0
    content = small_file(path, most=MAX_BYTES, of="a file of statements")
    if values_in(content) > MAX_VALUES:
        raise InputError(f"{path}: more than {MAX_VALUES:,} values, the limit for statements")
    for number, line in enumerate(_lines_in(path, content), 1):
        if not line.strip():
            continue
        if len(statements) == MAX_STATEMENTS:
            raise InputError(f"{path}, line {number}: more than {MAX_STATEMENTS} statements")
        try:
            statements.append(_statement(line, by, now))
        except InputError as error:
            raise InputError(f"{path}, line {number}: {error}", hint=error.hint) from error
        subject = statements[-1].subject
        foreign += 0 if subject.isascii() else len(subject)
        if foreign > _MOST_FOREIGN:
            raise InputError(
                f"{path}, line {number}: more than {_MOST_FOREIGN:,} letters of subjects that are "
                "not ASCII",
                hint="Write hosts in punycode (xn--...), or give fewer statements at once.",
            )
    if not statements:
        raise InputError(f"{path}: the file has no statement")
    return tuple(statements)


def _lines_in(path: Path, content: bytes) -> Iterator[bytes]:
    try:
        yield from lines_in(content, most=_MOST_LINES, of="a file of statements")
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _statement(line: bytes, by: str, now: datetime) -> Statement:
    if len(line) > MAX_LINE_BYTES:
        raise InputError(f"a statement may have at most {MAX_LINE_BYTES} bytes")
    try:
        fields = strictly_parsed(line)
    except ValueError as error:
        raise InputError(f"not valid JSON: {str(error)[:200]}") from error
    if not isinstance(fields, dict):
        raise InputError("a statement must be a JSON object")
    if fields.pop("by", by) != by:
        raise InputError(
            f"the statement is by another agency than {by}; each agency makes its "
            "statements in its own case"
        )
    for key in _NEEDED:
        if key not in fields:
            raise InputError(f"{key!r} is missing")
    marking = fields.get("marking")
    if not isinstance(marking, dict) or not {"tlp", "pap"} <= marking.keys():
        raise InputError(
            "a statement without TLP and PAP is refused",
            hint='Add "marking": {"tlp": "TLP:AMBER", "pap": "PAP:RED", "handling": ["H1"]}',
        )
    strangers = sorted((fields.keys() - _KEYS) | (marking.keys() - _MARKING))
    if strangers:
        raise InputError(
            f"{strangers[0][:80]!r} is not known here",
            hint=("Leave ids out: Cautery assigns them."),
        )
    if is_deeper(fields, _MAX_DEPTH):
        raise InputError(f"nested deeper than {_MAX_DEPTH}")
    _check_form(fields)
    statement = from_json(Statement, {"at": iso(now), **fields, "id": "new", "by": by})
    _check_subject(statement)
    if not _OLDEST <= statement.at <= now + _CLOCKS_DISAGREE:
        raise InputError(f"at: {statement.at.date()} cannot be the date of this statement")
    return statement


def _check_form(fields: dict[str, Any]) -> None:
    """Refuse what could not be written down again: huge numbers, halves of letters."""
    try:
        rfc8785.dumps(fields)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise InputError(f"not JSON that other programs can read: {str(error)[:200]}") from error
    for name, kind in (("at", str), ("accuracy", int)):
        value = {**fields, **fields["marking"]}.get(name)
        if value is not None and type(value) is not kind:
            raise InputError(f"{name}: {str(value)[:40]!r} must be {_WORDS[kind]}")


def _check_subject(statement: Statement) -> None:
    """Refuse a subject that is no name, or a person's own."""
    subject = statement.subject
    if statement.about == "asset":
        if not _KIND_AND_VALUE.fullmatch(subject):
            raise InputError(
                f"subject: {subject[:60]!r} is not a valid asset",
                hint=(
                    "Write an asset as kind:value, such as host:shop.example, "
                    "address:192.0.2.7, wallet:..."
                ),
            )
        normalise(subject)
    if statement.about == "person" and not is_pseudonym(subject):
        raise InputError(
            "subject: a person must be named by a pseudonym, in one word",
            hint=(
                "Get a pseudonym with: cautery operation person add. A person's name may not be "
                "in a statement."
            ),
        )


_WORDS = {str: "text", int: "a whole number"}
