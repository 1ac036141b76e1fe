"""The ledger's tables in SQLite and PostgreSQL, and SQLite's way into WAL and out of it.

Reaches what :mod:`cautery.adapters.ledger_sql` opened, on the same lawful basis and as politely.
Format: docs/reference/case-format.md; sqlite.org/wal.html.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

SQLITE_SCHEMA = {
    "entries": (
        "entries (idx INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, leaf BLOB NOT NULL)"
    ),
    "checkpoints": (
        "checkpoints (number INTEGER PRIMARY KEY NOT NULL, size INTEGER NOT NULL,"
        " at TEXT NOT NULL, note TEXT NOT NULL)"
    ),
}
POSTGRESQL_SCHEMA = {
    "entries": "entries (idx BIGINT PRIMARY KEY, kind TEXT NOT NULL, leaf BYTEA NOT NULL)",
    "checkpoints": (
        "checkpoints (number BIGINT PRIMARY KEY, size BIGINT NOT NULL,"
        " at TEXT NOT NULL, note TEXT NOT NULL)"
    ),
}
LOCK_WRITERS = "LOCK TABLE entries IN SHARE ROW EXCLUSIVE MODE"  # readers go on
LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(7165918)"  # two first openings at once


def enter_wal(connection: sqlite3.Connection, *, patience_s: float) -> None:
    """Switch to WAL; SQLite gives up at once, not after its timeout, if another does the same."""
    limit = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not _busy(error) or time.monotonic() > limit:
                raise
            time.sleep(0.01)


def leave_wal(connection: Any) -> bool:
    """Leave one plain file; tell whether that could be done, or another process has it open."""
    assert isinstance(connection, sqlite3.Connection)
    (wait_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    try:
        connection.execute("PRAGMA busy_timeout=0")
        return bool(connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",))
    except sqlite3.OperationalError as error:
        if _busy(error):
            return False
        raise
    finally:
        connection.execute(f"PRAGMA busy_timeout={wait_ms}")


def _busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
