"""A ledger's database in PostgreSQL: transactions of one writer at a time.

Reaches what :mod:`cautery.adapters.ledger_sql` opened, on the same lawful basis and as politely.
Format: docs/reference/case-format.md; postgresql.org/docs, "Explicit Locking".

Writers take turns by an advisory lock. A lock on the table would do as well, were it not that
``VACUUM`` takes one too: a writer would wait for it to end.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from cautery.adapters._ledger_tables import POSTGRESQL_INDEX, POSTGRESQL_TABLES
from cautery.adapters._servers import connected, is_of_psycopg
from cautery.errors import LeaseError, StorageError

_AGAIN_S = 0.2
_LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(7165918)"  # two first openings at once
BEGIN_WRITING = (
    "SELECT set_config('synchronous_commit', 'on', true), set_config('lock_timeout', %s, true),"
    # A writer that was stopped in its turn keeps all others out no longer than this, in ms.
    " set_config('idle_in_transaction_session_timeout', '10000', true),"
    " pg_advisory_xact_lock((7165918::bigint << 32) | 'entries'::regclass::oid::bigint)"
)
_STANDING = (
    "SELECT state, epoch, driver FROM cautery.cases LEFT JOIN cautery.drivers ON case_id = id"
    " WHERE id = %s"
)
SILENCE_S = 6
"""A connection of a driver is over when the other side took nothing for so long. Judgement."""


def driver_of(case: str) -> str:
    """Return what the connections of whoever drives a case are called in the server."""
    return f"cautery driver {case}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPlace:
    """Where a ledger lies in a server.

    Parameters
    ----------
    url : str
        As libpq takes it; it may have a password.
    name : str
        What may be shown.
    schema : str
        Its tables lie there; empty: where the URL leads.
    case : str
        Its id in the registry of cases; empty: it is in none.
    state : str
        How that case must stand for a record to be added.
    epoch : int
        Of the lease under which records are added; 0: none is needed, as for a person's act.
    """

    url: str = field(repr=False)
    name: str
    schema: str = ""
    case: str = ""
    state: str = "open"
    epoch: int = 0


class PostgresqlDatabase:
    """One database, or one schema of it, and this process's connection to it.

    Parameters
    ----------
    place : LedgerPlace
        Where.
    read_only : bool
        Write nothing, make nothing.
    patience_s : float
        How long to wait for other processes, and for a server that starts again.
    """

    size_of_leaf = "length(leaf)"

    def __init__(self, place: LedgerPlace, *, read_only: bool, patience_s: float) -> None:
        self._place = place
        self._patience_s = patience_s
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
        with self._lock, self._alive(BEGIN_WRITING) as connection, connection.cursor() as cursor:
            self._refuse_other_state(cursor)
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
        """Let nobody else write to a case of the registry."""
        if self._place.case:
            with self.writing() as cursor:
                cursor.raw.execute(
                    "UPDATE cautery.cases SET state = 'closing' WHERE id = %s", [self._place.case]
                )
            self._place = replace(self._place, state="closing")

    def hung_up(self) -> bool:
        """Tell whether the server ended the connection, and not its use."""
        return bool(self._connection.closed)

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _alive(self, begin: str = "") -> Iterator[Any]:
        """Lend the connection in a transaction that has begun, or a new one if the server hung up.

        Nothing was written until then, so that it can begin again.
        """
        limit = time.monotonic() + self._patience_s
        while True:
            with contextlib.ExitStack() as undo:
                try:
                    if self._connection.closed:
                        self._connection = self._connected()
                    undo.enter_context(self._connection.transaction())
                    if begin:
                        self._connection.execute(begin, [f"{self._patience_s * 1000:.0f}"])
                except Exception as error:
                    hung_up = self._connection.closed and is_of_psycopg(error, "OperationalError")
                    if not hung_up or time.monotonic() > limit:
                        raise
                else:
                    yield self._connection
                    return
            time.sleep(_AGAIN_S)

    def _connected(self) -> Any:
        place = self._place
        if not place.epoch:
            return connected(place.url, schema=place.schema)
        return connected(
            place.url, schema=place.schema, silence_s=SILENCE_S, called=driver_of(place.case)
        )

    def _refuse_other_state(self, cursor: Any) -> None:
        # Under the lock of writers, so that nothing comes after the last record of a closed case,
        # and nothing of an earlier driver after the first record of a later one.
        place = self._place
        if not place.case:
            return
        row = cursor.execute(_STANDING, [place.case]).fetchone()
        if row is None or row[0] != place.state:
            raise StorageError(
                f"{place.name}: this case was closed or moved meanwhile",
                hint="What was recorded until then is kept. List the cases: cautery cases server:",
            )
        if place.epoch and row[1] != place.epoch:
            raise LeaseError(f"{place.name}: {row[2]} drives this case now; nothing was written")

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
