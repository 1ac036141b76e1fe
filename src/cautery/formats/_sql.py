"""SQL dumps to rows, statement by statement, in the memory of one row.

Read are the ways in which dump tools write tables: ``INSERT`` and ``REPLACE`` with one row or many
(mysqldump, mariadb-dump, phpMyAdmin, pg_dump --inserts, SQLite), and ``COPY ... FROM stdin``
(pg_dump). Everything else is skipped, its strings and comments minded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from cautery.errors import SourceError
from cautery.formats._buffer import Buffer
from cautery.formats._seized import unread
from cautery.formats._sql_values import BEGINS, DIALECTS, Dialect, copied, names_in, plain
from cautery.formats._tally import Tally
from cautery.formats._text import begin
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model.message import Message

ROW_BYTES = 1 << 20
"""The longest row that is kept; MySQL's max_allowed_packet bounds whole statements, not rows."""
_HEAD_BYTES = 65_536
_TABLE_BYTES = 262_144
_MOST_BEFORE = 16 << 20
_IDENT = rb'(?:`[^`\n]{1,128}`|"[^"\n]{1,128}"|\[[^\]\n]{1,128}\]|[\w$]{1,128})'
_NAME = rb"((?:" + _IDENT + rb"\s*\.\s*){0,2}" + _IDENT + rb")"
_LIST = rb"(?:\s*\(\s*(" + _IDENT + rb"(?:\s*,\s*" + _IDENT + rb"){0,999})\s*\))?"
_INSERT = re.compile(
    rb"(?i)(?:INSERT|REPLACE)\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s+){0,3}"
    rb"(?:INTO\s+)?" + _NAME + _LIST + rb"\s*(?:OVERRIDING\s+\w{1,10}\s+VALUE\s+)?VALUES?(?=[\s(])"
)
_COPY = re.compile(rb"(?i)COPY\s+" + _NAME + _LIST + rb"\s+FROM\s+stdin[^;\n]{0,200};[ \t\r]*\n")
_CREATE = re.compile(
    rb"(?i)CREATE\s+(?:TEMPORARY\s+|UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    + _NAME
    + rb"\s*(?=\()"
)
_DELIMITER = re.compile(rb"(?i)DELIMITER[ \t]+(\S{1,16})[^\n]{0,100}(?:\n|$)")
# Possessive: a match that fails is not tried again with each blank less.
_SPACE = re.compile(rb"[\s;]*+")
_NEWLINE = re.compile(rb"\n")
_COMMENT_END = re.compile(rb"\*/")
_HEADER = re.compile(rb"-- (?:MySQL|MariaDB) dump|-- PostgreSQL database dump\s*$", re.MULTILINE)
_FOOTER = re.compile(rb"-- (?:Dump completed|PostgreSQL database dump complete)")

P = TypeVar("P")


class Chosen(NamedTuple, Generic[P]):
    """What to do with a table's rows: whose they are, and which of their columns to decode."""

    plan: P
    places: tuple[int, ...]


class SqlRow(NamedTuple, Generic[P]):
    """One row: the plan of its table, and the wanted values in the plan's order.

    Without a plan it is a row of a table that nobody asked for, to be counted.
    """

    plan: P | None
    values: tuple[str | None, ...]


Choose = Callable[[str, Sequence[str] | None], Chosen[P] | None]


def read_sql(chunks: Iterable[bytes], choose: Choose[P]) -> Iterator[SqlRow[P] | ReadWarning]:
    """Yield the rows of a dump.

    Parameters
    ----------
    choose : callable
        ``choose(table, columns)``: asked for each statement; ``columns`` is ``None`` where the
        dump does not say them.

    Raises
    ------
    SourceError
        If it is no SQL dump.
    """
    head, stream = begin(chunks, expected_format="an SQL dump")
    yield from _Reading(stream, choose, DIALECTS[b"PostgreSQL" in head or b"PRAGMA" in head]).rows()


class _Reading(Generic[P]):
    def __init__(self, stream: Iterable[bytes], choose: Choose[P], dialect: Dialect) -> None:
        self._buffer = Buffer(stream)
        self._choose = choose
        self._dialect = dialect
        self._tally = Tally()
        self._columns: dict[str, tuple[str, ...]] = {}
        self._delimiter = b";"
        self._statements = 0
        self._has_header = self._has_footer = self._broken_off = False

    def rows(self) -> Iterator[SqlRow[P] | ReadWarning]:
        buffer = self._buffer
        while self._next():
            if match := buffer.match(_INSERT):
                self._statements += 1
                yield from self._inserted(match)
            elif match := buffer.match(_COPY):
                self._statements += 1
                yield from self._copied(match)
            elif match := buffer.match(_CREATE):
                self._statements += 1
                self._created(match)
                yield from self._rest()
            elif match := buffer.match(_DELIMITER):
                self._delimiter = match[1]
            else:
                yield from self._rest()
            # Text without a table would be skipped statement by statement to its end.
            if not self._statements and buffer.passed > _MOST_BEFORE:
                break
        if not self._statements:
            raise SourceError("not an SQL dump: no table in it")
        if self._has_header and not self._has_footer and not self._broken_off:
            yield from self._warn(message("unread.maybe-cut-off"))
        yield from self._tally.rest()

    def _next(self) -> bool:
        """Go to the next statement, past blanks and comments."""
        buffer = self._buffer
        while True:
            buffer.at = _SPACE.match(buffer.data, buffer.at).end()  # type: ignore[union-attr]
            if len(buffer.data) - buffer.at < _HEAD_BYTES and buffer.more():
                continue
            start = buffer.data[buffer.at : buffer.at + 80]
            if not start:
                return False
            if start.startswith((b"--", b"#")):
                self._has_header = self._has_header or _HEADER.match(start) is not None
                self._has_footer = self._has_footer or _FOOTER.match(start) is not None
                buffer.seek(_NEWLINE, keep=0)
            elif start.startswith(b"/*"):
                buffer.seek(_COMMENT_END, keep=1)
            else:
                return True

    def _inserted(self, head: re.Match[bytes]) -> Iterator[SqlRow[P] | ReadWarning]:
        table, columns = self._named(head)
        choice = self._choose(table, columns)
        width = len(columns) if columns is not None else None
        buffer, dialect = self._buffer, self._dialect
        while True:
            buffer.past_blanks()
            match = buffer.match_more(dialect.row, most_bytes=ROW_BYTES)
            if match is None:
                going_on = yield from self._bad_row(head)
                if not going_on:
                    return
            else:
                values = None if choice is None else dialect.values(match[1])
                if choice is None:
                    yield SqlRow(None, ())
                elif values is None:
                    yield from self._warn(message("unread.broken-row"), match[0])
                elif width is not None and len(values) != width:
                    why = message("unread.width", values=len(values), columns=width)
                    yield from self._warn(why, match[0])
                else:
                    cells = tuple(plain(values[place], dialect) for place in choice.places)
                    yield SqlRow(choice.plan, cells)
            if buffer.past_blanks() != b",":
                break
            buffer.at += 1
        yield from self._rest()

    def _bad_row(self, head: re.Match[bytes]) -> Generator[ReadWarning, None, bool]:
        """Warn of what is no row, and return whether the statement goes on behind it."""
        buffer = self._buffer
        start = buffer.data[buffer.at : buffer.at + 120]
        if start.startswith(b"("):
            where, length = buffer.line, buffer.passed
            closed = self._skip_row()
            length = buffer.passed - length
            if not closed and buffer.ended and buffer.at >= len(buffer.data):
                self._broken_off = True
                why = message("unread.cut-row")
            elif length > ROW_BYTES:
                why = message("unread.long-row", most_bytes=ROW_BYTES)
            else:
                why = message("unread.broken-row")
            yield from unread(self._tally, where, why, start)
            return closed
        if not start:
            self._broken_off = True
            yield from self._warn(message("unread.cut-statement"), head[0])
            return False
        yield from self._warn(message("unread.missing-row"), start)
        yield from self._rest()
        return False

    def _skip_row(self) -> bool:
        """Go behind a row without keeping it; return False at a new statement, or at the end."""
        buffer, depth = self._buffer, 0
        while (match := buffer.seek(self._dialect.structure, keep=16)) is not None:
            mark = match[0]
            if mark.endswith((b"'", b'"')):
                if not self._skip_string(mark):
                    return False
            elif mark == b"(":
                depth += 1
            elif mark == b")":
                depth -= 1
                if depth <= 0:
                    return True
            else:
                return False
        return False

    def _skip_string(self, opening: bytes) -> bool:
        pattern = self._dialect.string_end_after(opening)
        while (match := self._buffer.seek(pattern, keep=16)) is not None:
            if match[0] == opening[-1:]:
                return True
            if match[0] == b"\n":
                return False
        return False

    def _rest(self) -> Iterator[ReadWarning]:
        """Skip to the end of a statement, or to the beginning of the next one."""
        buffer = self._buffer
        pattern = re.compile(
            self._dialect.opening
            + rb"|`|--[ \t]|/\*|"
            + re.escape(self._delimiter)
            + rb"|"
            + BEGINS
        )
        bare = True
        start = buffer.data[buffer.at : buffer.at + 80]
        while (match := buffer.seek(pattern, keep=16)) is not None:
            mark = match[0]
            if mark == b"`":
                bare = buffer.seek(re.compile(b"[`\n]"), keep=0) is not None
            elif mark.endswith((b"'", b'"')):
                if not self._skip_string(mark):
                    bare = buffer.at < len(buffer.data)
                    break
            elif mark == b"/*":
                buffer.seek(_COMMENT_END, keep=1)
            elif mark.startswith(b"--"):
                buffer.seek(_NEWLINE, keep=0)
            else:
                return
        if start.strip() and not (bare and buffer.at < len(buffer.data)):
            self._broken_off = True
            yield from self._warn(message("unread.cut-statement"), start)

    def _copied(self, head: re.Match[bytes]) -> Iterator[SqlRow[P] | ReadWarning]:
        table, columns = self._named(head)
        choice = self._choose(table, columns)
        while True:
            line = self._buffer.take_line(most_bytes=ROW_BYTES)
            if line is None:
                self._broken_off = True
                yield from self._warn(message("unread.cut-table"), head[0])
                return
            if line.rstrip(b"\r") == b"\\.":
                return
            if len(line) > ROW_BYTES:
                yield from self._warn(message("unread.long-row", most_bytes=ROW_BYTES), line[:120])
                continue
            values = line.split(b"\t")
            if choice is None:
                yield SqlRow(None, ())
            elif columns is not None and len(values) != len(columns):
                why = message("unread.width", values=len(values), columns=len(columns))
                yield from self._warn(why, line[:120])
            else:
                cells = tuple(copied(values[place]) for place in choice.places)
                yield SqlRow(choice.plan, cells)

    def _created(self, head: re.Match[bytes]) -> None:
        buffer = self._buffer
        while len(buffer.data) - buffer.at < _TABLE_BYTES and buffer.more():
            pass
        columns, end = self._dialect.columns(buffer.data, buffer.at)
        if columns:
            self._columns[names_in(head[1])[-1].lower()] = columns
        buffer.at = end

    def _named(self, head: re.Match[bytes]) -> tuple[str, tuple[str, ...] | None]:
        table = names_in(head[1])[-1].lower()
        if head[2]:
            return table, tuple(name.lower() for name in names_in(head[2]))
        return table, self._columns.get(table)

    def _warn(self, why: Message, what: bytes = b"") -> Iterator[ReadWarning]:
        return unread(self._tally, self._buffer.line, why, what)
