"""A ledger's database in PostgreSQL: transactions of one writer at a time.

Reaches what :mod:`cautery.adapters.ledger_sql` opened, on the same lawful basis and as politely.
Format: docs/reference/case-format.md; postgresql.org/docs, "Explicit Locking".

Writers take turns by an advisory lock. A lock on the table would do as well, were it not that
``VACUUM`` takes one too: a writer would wait for it to end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import import_module
from threading import RLock
from typing import Any

from cautery.adapters._ledger_tables import POSTGRESQL_INDEX, POSTGRESQL_TABLES
from cautery.errors import InputError

_LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(7165918)"  # two first openings at once
_BEGIN_WRITING = (
    "SELECT set_config('synchronous_commit', 'on', true), set_config('lock_timeout', %s, true),"
    " pg_advisory_xact_lock((7165918::bigint << 32) | 'entries'::regclass::oid::bigint)"
)


class PostgresqlDatabase:
    """One database, or one schema of it, and this process's connection to it.

    Parameters
    ----------
    url : str
        As libpq takes it.
    read_only : bool
        Write nothing, make nothing.
    patience_s : float
        How long to wait for other processes.
    """

    size_of_leaf = "length(leaf)"

    def __init__(self, url: str, *, read_only: bool, patience_s: float) -> None:
        try:
            self._psycopg = import_module("psycopg")
        except ModuleNotFoundError as error:
            raise InputError(
                "PostgreSQL needs the package psycopg, which is not installed",
                hint="pip install 'cautery[postgresql]'",
            ) from error
        self._url = url
        self._patience_ms = f"{patience_s * 1000:.0f}"
        self._lock = RLock()
        self._connection = self._connected()
        if not read_only:
            try:
                self._make_schema()
            except BaseException:
                self._connection.close()
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[Any]:
        """Lend a cursor for what stands at one moment."""
        with self._lock, self._alive() as connection, connection.cursor() as cursor:
            yield _Cursor(cursor)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """Lend a cursor that alone may write; what it wrote is on disk at the end, or undone."""
        with self._lock, self._alive() as connection, connection.cursor() as cursor:
            cursor.execute(_BEGIN_WRITING, [self._patience_ms])
            yield _Cursor(cursor)

    def insert(self, cursor: Any, rows: list[tuple[int, str, bytes]]) -> None:
        """Insert entries."""
        indexes, kinds, leaves = zip(*rows, strict=True)
        cursor.raw.execute(
            "INSERT INTO entries (idx, kind, leaf)"
            " SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bytea[])",
            [list(indexes), list(kinds), list(leaves)],
        )

    def prove_index(self, cursor: Any) -> None:
        """Do nothing: the organisation runs the server itself."""

    def settle(self) -> None:
        """Nothing: there is no file."""

    def refuse_writers(self) -> None:
        """Nothing: there is no file to settle."""

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            self._connection.close()

    def _connected(self) -> Any:
        return self._psycopg.connect(self._url, autocommit=True, connect_timeout=10)

    @contextlib.contextmanager
    def _alive(self) -> Iterator[Any]:
        """Lend the connection in a transaction, or a new one if the server hung up."""
        if self._connection.closed:
            self._connection = self._connected()
        with self._connection.transaction():
            yield self._connection

    def _make_schema(self) -> None:
        statements = POSTGRESQL_TABLES | POSTGRESQL_INDEX
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(_LOCK_SCHEMA)
            for name, statement in statements.items():
                # CREATE ... IF NOT EXISTS would lock the table before it looks.
                if cursor.execute("SELECT to_regclass(%s)", [name]).fetchone() == (None,):
                    cursor.execute(statement)


class _Cursor:
    """A cursor whose statements mark their values by ``?``, as those of SQLite do."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def execute(self, statement: str, values: Any = ()) -> Any:
        # No statement of this package has a question mark or a percent sign of its own.
        return self.raw.execute(statement.replace("?", "%s"), values)
