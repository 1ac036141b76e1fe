"""Values in SQL dumps to text, by the dialect's escapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cautery.formats._text import decode_line

_ESCAPES = {
    b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a",
}  # fmt: skip
"""MySQL reference manual, 9.1.1: any other escaped letter stands for itself."""
_COPY_ESCAPES = {
    b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
}  # fmt: skip
"""PostgreSQL, COPY, text format."""
_ESCAPED = re.compile(rb"\\(.)|(''|\"\")", re.DOTALL)
_IDENT = re.compile(rb'`([^`]*)`|"([^"]*)"|\[([^\]]*)\]|([\w$]+)')
_NO_COLUMN = re.compile(
    rb"(?i)(?:PRIMARY|KEY|UNIQUE|CONSTRAINT|INDEX|FULLTEXT|SPATIAL|FOREIGN|CHECK|EXCLUDE|PERIOD)$"
)
_STATEMENT = rb"(?:INSERT|REPLACE|CREATE|COPY|DROP|LOCK|UNLOCK|ALTER)[ \t]"
BEGINS = rb"\n(?=" + _STATEMENT + rb")"
"""Dump tools write a line's end inside a string as an escape: a statement at the beginning of a
line begins anew whatever was broken before it."""
_MOST_COLUMNS = 2_000
_COLUMN_BYTES = 4_096
"""The longest column of a CREATE TABLE; a broken one is looked at no further."""
_BEFORE_E = rb"[\s,()'\"`]"
"""What stands before the E of E'...'; DATE'...' is not such a string."""

Value = tuple[bytes | None, bytes | None, bytes | None, bytes | None]
"""A letter before a string (``x``, ``b``, ``_binary``), '...', "...", or bare words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How strings are written.

    Parameters
    ----------
    row : pattern
        A row in parentheses; its group is what stands inside.
    opening : bytes
        A pattern of what opens a string, with the letters that say how it is written.
    structure : pattern
        What is to be looked for in a row that cannot be read. It takes the same things for strings
        as ``row`` does: else it would stop short, and ``row`` look at the same bytes again.
    string_end : mapping
        By what opens a string, what is to be looked for inside it: its end, an escape, or a
        statement that begins in a new line because the string was never closed.
    """

    backslash: bool
    row: re.Pattern[bytes]
    value: re.Pattern[bytes]
    column: re.Pattern[bytes]
    opening: bytes
    structure: re.Pattern[bytes]
    string_end: Mapping[bytes, re.Pattern[bytes]]

    def string_end_after(self, opening: bytes) -> re.Pattern[bytes]:
        """Return what is to be looked for inside a string that is opened so."""
        return self.string_end.get(opening) or self.string_end[opening[-1:]]

    def values(self, inside: bytes) -> list[Value] | None:
        """Split what stands inside a row's parentheses; ``None`` if it cannot be."""
        values: list[Value] = []
        end = 0
        # Not finditer: what cannot be split here would be tried again at each letter after it.
        while end < len(inside) and (match := self.value.match(inside, end)) is not None:
            groups = match.groups()
            values.append(groups[1:] if groups[0] is None else (groups[0], *groups[2:]))  # type: ignore[arg-type]
            end = match.end()
        return values if end == len(inside) else None

    def columns(self, data: bytes, at: int) -> tuple[tuple[str, ...], int]:
        """Return the columns of a CREATE TABLE whose ``(`` stands at ``at``, and where it ends."""
        names: list[str] = []
        at += 1
        while len(names) < _MOST_COLUMNS:
            match = self.column.match(data, at, at + _COLUMN_BYTES)
            if match is None:
                break
            at = match.end()
            if not _NO_COLUMN.match(match[1]):
                names.append(names_in(match[1])[-1].lower())
            if match[2] == b")":
                break
        return tuple(names), at


def _dialect(*, backslash: bool) -> Dialect:
    # A new statement ends what was never closed at once, instead of at the longest row's end.
    line = rb"|\n(?!" + _STATEMENT + rb")"
    escaped = rb"[^'\\\n]++|\\.|''" + line
    inner = escaped if backslash else rb"[^'\n]++|''" + line
    double = (rb'[^"\\\n]++|\\.|""' if backslash else rb'[^"\n]++|""') + line
    single = rb"'(?:" + inner + rb")*+'"
    if not backslash:  # PostgreSQL escapes in E'...' alone
        e_before = _BEFORE_E + rb"[Ee])"
        single = (
            rb"(?:(?<=" + e_before + rb"'(?:" + escaped + rb")*+'|(?<!" + e_before + single + rb")"
        )
    quoted = rb'"(?:' + double + rb')*+"'
    nested = rb"\((?:[^'\"()]++|" + single + rb"|\([^'\"()]*+\))*+\)"
    escape = rb"\\." if backslash else b"(?!)"
    # Three letters are not an E'...': the first of them must not stand before an E.
    opening = rb"['\"]" if backslash else rb"[^" + _BEFORE_E[1:-1] + rb"]?[Ee]'|['\"]"
    escaped_end = re.compile(rb"\\.|''|'|" + BEGINS, re.DOTALL)
    return Dialect(
        backslash=backslash,
        row=re.compile(
            rb"\(((?:[^'\"()]++|" + single + rb"|" + quoted + rb"|" + nested + rb")*+)\)",
            re.DOTALL,
        ),
        value=re.compile(
            rb"\s*+(?:(?:([Ee])(?=')|(?![Ee]')(_?\w*+)\s*+)'((?:(?(1)(?:"
            + escaped
            + rb")|(?:"
            + inner
            + rb')))*+)\'(?:\s*+::[\w ]++)?+|"((?:'
            + double
            + rb")*+)\"|([^,'\"()]++(?:"
            + nested
            + rb")?+|"
            + nested
            + rb"))\s*+(?:,|$)",
            re.DOTALL,
        ),
        column=re.compile(
            rb'\s*+(`[^`]{1,128}`|"[^"]{1,128}"|\[[^\]]{1,128}\]|[\w$]{1,128})(?:[^\'"(),]++|'
            + single
            + rb'|"[^"]*+"|'
            + nested
            + rb")*+([,)])",
            re.DOTALL,
        ),
        opening=opening,
        structure=re.compile(opening + rb"|[()]|" + BEGINS),
        string_end={
            b"E'": escaped_end,
            b"e'": escaped_end,
            b"'": re.compile(escape + rb"|''|'|" + BEGINS, re.DOTALL),
            b'"': re.compile(escape + rb'|""|"|' + BEGINS, re.DOTALL),
        },
    )


DIALECTS = {False: _dialect(backslash=True), True: _dialect(backslash=False)}
"""By whether strings follow the standard: PostgreSQL and SQLite do, MySQL and MariaDB do not."""


def plain(value: Value, dialect: Dialect) -> str | None:
    """Return a value as text; ``None`` for NULL and for what only a server could work out."""
    letter, single, double, bare = value
    if bare is not None:
        return _bare(bare.strip())
    text = single if single is not None else double or b""
    if letter in (b"x", b"X"):
        return _hex(text)
    if dialect.backslash or letter in (b"E", b"e"):
        return decode_line(_unescaped(text, _ESCAPES, b"'" if single is not None else b'"'))
    quote = b"'" if single is not None else b'"'
    return decode_line(text.replace(quote + quote, quote))


def _bare(word: bytes) -> str | None:
    if word[:2] in (b"0x", b"0X"):
        return _hex(word[2:])
    upper = word.upper()
    if upper in (b"TRUE", b"FALSE"):
        return "1" if upper == b"TRUE" else "0"
    if upper == b"NULL" or not word[-1:].isdigit() or word.strip(b"+-.0123456789eE"):
        return None
    return word.decode("ascii")


def _hex(digits: bytes) -> str | None:
    try:
        return decode_line(bytes.fromhex(digits.decode("ascii", "replace")))
    except ValueError:
        return None


def copied(value: bytes) -> str | None:
    r"""Return a value of COPY's text format; ``\N`` is ``None``."""
    return None if value == b"\\N" else decode_line(_unescaped(value, _COPY_ESCAPES, b""))


def _unescaped(text: bytes, escapes: Mapping[bytes, bytes], quote: bytes) -> bytes:
    """Undo escapes and, inside quotes, their doubling."""

    def replacement(match: re.Match[bytes]) -> bytes:
        if match[2]:
            return quote if match[2] == quote * 2 else match[2]
        return escapes.get(match[1], match[1])

    return (
        _ESCAPED.sub(replacement, text) if b"\\" in text or (quote and quote * 2 in text) else text
    )


def names_in(text: bytes) -> list[str]:
    """Return the identifiers in a list or a dotted name, without their quotes."""
    return [
        next(group for group in match.groups() if group is not None).decode("utf-8", "replace")
        for match in _IDENT.finditer(text)
    ]
