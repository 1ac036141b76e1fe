"""The things of all cases of one regime, in tables of SQLite that a reader keeps.

Reaches: files in one folder of the reader's cache, never a case.
Lawful basis: that of the cases; the tables hold what their ledgers hold. A case that is gone goes
from them as well, with all that it alone said.
Manners: short transactions; whoever reads waits for nobody; a search ends after its time.
Format: docs/reference/kept-lists.md; sqlite.org/wal.html, sqlite.org/fts5.html.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.adapters._kept_file import KeptFile, Layout
from cautery.adapters._kept_questions import COUNTING_S, LONGEST_S, Questions
from cautery.adapters._kept_schema import is_schema, moment, number_at
from cautery.adapters._sqlite_limits import Limited
from cautery.model import Regime
from cautery.projections import across, things
from cautery.projections.across import FoundThing, FoundThings, Gathered, SeenIn, Words
from cautery.projections.kept import MOST_FOUND, SpoiltListsError
from cautery.projections.things import ThingKind, ThingLine

_TAKE_S = 60.0
"""CPU for the things of one case: those of a million records take five seconds."""
_TABLES = {
    "about": (
        "CREATE TABLE about (one INTEGER PRIMARY KEY CHECK (one = 1), regime TEXT NOT NULL) STRICT"
    ),
    "cases": (
        "CREATE TABLE cases (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        " identity TEXT NOT NULL, stamp TEXT NOT NULL, lists TEXT NOT NULL,"
        " taken INTEGER NOT NULL, has_map INTEGER NOT NULL) STRICT"
    ),
    "things": (
        "CREATE TABLE things (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL,"
        " UNIQUE (kind, key)) STRICT"
    ),
    "seen": (
        "CREATE TABLE seen (thing INTEGER NOT NULL, at_case INTEGER NOT NULL, text TEXT NOT NULL,"
        " first INTEGER NOT NULL, first_at INTEGER NOT NULL, named INTEGER NOT NULL,"
        " last INTEGER NOT NULL, last_at INTEGER NOT NULL, stream INTEGER,"
        " PRIMARY KEY (thing, at_case)) STRICT, WITHOUT ROWID"
    ),
    "months": (
        "CREATE TABLE months (thing INTEGER NOT NULL, at_case INTEGER NOT NULL,"
        " month INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (thing, at_case, month))"
        " STRICT, WITHOUT ROWID"
    ),
    "found": "CREATE VIRTUAL TABLE found USING fts5(words, content='', columnsize=0, prefix='3')",
}
_INDEXES = {"seen_by_case": "CREATE INDEX seen_by_case ON seen (at_case)"}
_OF_CASES = "at_case IN (SELECT value FROM json_each(?2))"
_SEEN = "name, text, first, first_at, named, last, last_at, stream, has_map"


@cache
def _version() -> str:
    digest = hashlib.sha256(__version__.encode())
    for statement in (_TABLES | _INDEXES).values():
        digest.update(statement.encode())
    for module in (across, things):
        assert module.__file__ is not None
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:16]


class SqliteAcross(KeptFile):
    """Things in one folder (port :class:`~cautery.projections.across.AcrossLists`).

    Parameters
    ----------
    folder : Path
        Of the things of these cases alone; it is made if it is absent.
    regime : Regime
        Of all these cases. What holds the things of another regime is thrown away, unread.

    Raises
    ------
    StorageError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path, regime: Regime) -> None:
        def begin(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO about (one, regime) VALUES (1, ?)", (regime.value,))

        def check(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT regime FROM about").fetchall() != [(regime.value,)]:
                raise SpoiltListsError("these are not the things of this regime")

        super().__init__(
            folder,
            Layout(
                version=_version,
                statements=tuple((_TABLES | _INDEXES).values()),
                is_schema=lambda rows: is_schema(rows, _TABLES | _INDEXES),
                begin=begin,
                check=check,
            ),
        )

    def gathered(self) -> Mapping[str, Gathered]:
        """Return the cases that were gathered, by name."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT identity, name, stamp, lists, taken, has_map FROM cases"
            )
            return {
                row[1]: Gathered(
                    identity=row[0],
                    name=row[1],
                    stamp=row[2],
                    lists=row[3],
                    taken=row[4],
                    has_map=bool(row[5]),
                )
                for row in rows
            }

    def take(self, case: Gathered, pages: Iterable[Sequence[ThingLine]], *, anew: bool) -> None:
        """Take up what a case says of things, all or none."""

        def write(connection: Limited) -> None:
            if anew:
                _drop(connection, case.name)
            (number,) = connection.execute(
                "INSERT INTO cases (name, identity, stamp, lists, taken, has_map)"
                " VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET identity = excluded.identity,"
                " stamp = excluded.stamp, lists = excluded.lists, taken = excluded.taken,"
                " has_map = excluded.has_map"
                " RETURNING number",
                (case.name, case.identity, case.stamp, case.lists, case.taken, case.has_map),
            ).fetchone()
            for page in pages:
                for line in page:
                    _see(connection, int(number), line)

        self._writing(write)

    def drop(self, names: Collection[str]) -> None:
        """Forget some cases, and what they alone said."""

        def write(connection: Limited) -> None:
            for name in names:
                _drop(connection, name)

        self._writing(write)

    def find(self, words: Words, cases: Collection[str]) -> FoundThings:
        """Return things by words, as some cases know them."""
        with self._reading() as connection:

            def allow(seconds: float) -> Callable[[], bool]:
                connection.allow(seconds)
                return connection.spent

            questions = Questions(connection, allow)
            match = questions.match(words.text)
            if not match:
                return FoundThings(found=0)
            numbers = _numbers(connection, cases)
            wanted = (
                " FROM found CROSS JOIN things ON number = -found.rowid WHERE found MATCH ?"
                " AND (?2 IS NULL OR kind = ?2) AND found.rowid > ?3"
                " AND (?4 IS NULL OR EXISTS (SELECT 1 FROM seen WHERE thing = things.number"
                " AND at_case IN (SELECT value FROM json_each(?4))))"
            )
            since = -(1 << 62) if words.before is None else -words.before
            values = (match, words.kind, since, numbers)
            rows: list[Sequence[Any]] = []
            complete = questions.fetch(
                f"SELECT number, kind, key{wanted} ORDER BY found.rowid LIMIT ?5",
                (*values, words.limit + 1),
                rows,
                allow(LONGEST_S),
            )
            count: list[Sequence[Any]] = []
            if words.before is None:
                inner = f"SELECT 1{wanted} LIMIT ?5"
                questions.fetch(
                    f"SELECT count(*) FROM ({inner})",  # noqa: S608 - our own words
                    (*values, MOST_FOUND + 1),
                    count,
                    allow(COUNTING_S),
                )
            allow(LONGEST_S)
            page_rows = rows[: words.limit]
            number = count[0][0] if count else None
            return FoundThings(
                things=tuple(
                    _thing(connection, row, numbers, most=words.cases) for row in page_rows
                ),
                older=page_rows[-1][0] if len(rows) > words.limit else None,
                found=None if number is None else min(number, MOST_FOUND),
                found_more=number is not None and number > MOST_FOUND,
                complete=complete,
            )

    def history(
        self, kind: ThingKind, key: str, cases: Collection[str], *, after: str, limit: int
    ) -> tuple[FoundThing | None, tuple[SeenIn, ...]]:
        """Return a thing, and the cases whose name comes after one."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT number, kind, key FROM things WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
            numbers = _numbers(connection, cases)
            if row is None or not _is_in(connection, row[0], numbers):
                return None, ()
            rows = connection.execute(
                f"SELECT {_SEEN}, at_case FROM seen JOIN cases ON number = at_case"  # noqa: S608
                f" WHERE {_where(numbers)} AND name > ?3 ORDER BY name LIMIT ?4",
                (row[0], numbers, after, limit + 1),
            ).fetchall()
            months = "SELECT month, number FROM months WHERE thing = ? AND at_case = ?"
            return _thing(connection, row, numbers, most=0), tuple(
                _seen_in(line, dict(connection.execute(months, (row[0], line[-1]))))
                for line in rows
            )

    def _writing(self, write: Callable[[Limited], None]) -> None:
        with self._lock, self._failures():
            connection = self._writer
            connection.allow(_TAKE_S)
            connection.execute("BEGIN IMMEDIATE")
            try:
                write(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


def _see(connection: sqlite3.Connection, case: int, line: ThingLine) -> None:
    row = connection.execute(
        "SELECT number FROM things WHERE kind = ? AND key = ?", (line.kind, line.key)
    ).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO things (kind, key) VALUES (?, ?) RETURNING number", (line.kind, line.key)
        ).fetchone()
        # The newest thing comes first: FTS5 reads forwards several times as fast as backwards.
        connection.execute("INSERT INTO found (rowid, words) VALUES (?, ?)", (-row[0], line.key))
    connection.execute(
        "INSERT OR REPLACE INTO seen (thing, at_case, text, first, first_at, named, last, last_at,"
        " stream) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row[0],
            case,
            line.text,
            line.first,
            number_at(line.first_at),
            line.named,
            line.last,
            number_at(line.last_at),
            line.stream,
        ),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO months (thing, at_case, month, number) VALUES (?, ?, ?, ?)",
        [(row[0], case, month, number) for month, number in line.months.items()],
    )


def _drop(connection: sqlite3.Connection, name: str) -> None:
    row = connection.execute("SELECT number FROM cases WHERE name = ?", (name,)).fetchone()
    if row is None:
        return
    connection.execute(
        "DELETE FROM months WHERE at_case = ?1"
        " AND thing IN (SELECT thing FROM seen WHERE at_case = ?1)",
        row,
    )
    rows = connection.execute(
        "SELECT number, key FROM things WHERE number IN (SELECT thing FROM seen WHERE at_case = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM seen WHERE thing = number AND at_case <> ?1)",
        row,
    ).fetchall()
    connection.executemany(
        "INSERT INTO found (found, rowid, words) VALUES ('delete', ?, ?)",
        [(-number, key) for number, key in rows],
    )
    connection.executemany("DELETE FROM things WHERE number = ?", [(number,) for number, _ in rows])
    connection.execute("DELETE FROM seen WHERE at_case = ?", row)
    connection.execute("DELETE FROM cases WHERE number = ?", row)


def _numbers(connection: sqlite3.Connection, cases: Collection[str]) -> str | None:
    """Return the numbers of cases, as JSON; ``None``: these are all that there are."""
    names = {name for (name,) in connection.execute("SELECT name FROM cases")}
    if names <= {*cases}:
        return None
    rows = connection.execute(
        "SELECT number FROM cases WHERE name IN (SELECT value FROM json_each(?))",
        (json.dumps([*cases]),),
    )
    return json.dumps([number for (number,) in rows])


def _where(numbers: str | None) -> str:
    """Return the condition for a thing, the first value, in cases, the second."""
    return "thing = ?1 AND ?2 IS NULL" if numbers is None else f"thing = ?1 AND {_OF_CASES}"


def _is_in(connection: sqlite3.Connection, thing: int, numbers: str | None) -> bool:
    statement = f"SELECT 1 FROM seen WHERE {_where(numbers)}"  # noqa: S608
    return connection.execute(statement, (thing, numbers)).fetchone() is not None


def _thing(
    connection: sqlite3.Connection, row: Sequence[Any], numbers: str | None, *, most: int
) -> FoundThing:
    number, kind, key = row
    of_cases = f"WHERE {_where(numbers)}"
    first, last, count = connection.execute(
        f"SELECT min(first_at), max(last_at), count(*) FROM seen {of_cases}",  # noqa: S608
        (number, numbers),
    ).fetchone()
    months = connection.execute(
        f"SELECT month, sum(number) FROM months {of_cases} GROUP BY month",  # noqa: S608
        (number, numbers),
    )
    newest = connection.execute(
        f"SELECT {_SEEN} FROM seen JOIN cases ON number = at_case {of_cases}"  # noqa: S608
        " ORDER BY last_at DESC, name LIMIT ?3",
        (number, numbers, most),
    )
    first_at, last_at = moment(first), moment(last)
    if first_at is None or last_at is None:
        raise SpoiltListsError("a thing that no case has")
    return FoundThing(
        kind=ThingKind(kind),
        key=key,
        first_at=first_at,
        last_at=last_at,
        months=dict(sorted(months)),
        in_cases=count,
        newest=tuple(_seen_in(line, {}) for line in newest),
    )


def _seen_in(row: Sequence[Any], months: Mapping[int, int]) -> SeenIn:
    first_at, last_at = moment(row[3]), moment(row[6])
    assert first_at is not None
    assert last_at is not None
    return SeenIn(
        case=row[0],
        text=row[1],
        first=row[2],
        first_at=first_at,
        named=row[4],
        last=row[5],
        last_at=last_at,
        stream=row[7],
        has_map=bool(row[8]),
        months=months,
    )
