"""The ledger's tables in SQLite and PostgreSQL.

Reaches what :mod:`cautery.adapters.ledger_sql` opened, on the same lawful basis and as politely.
Format: docs/reference/case-format.md.

Ledgers made before there was an index on the kind are read as they are, and get it as soon as
they are opened for writing.
"""

from __future__ import annotations

INDEX = "entries_by_kind"

SQLITE_TABLES = {
    "entries": (
        "CREATE TABLE entries"
        " (idx INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, leaf BLOB NOT NULL)"
    ),
    "checkpoints": (
        "CREATE TABLE checkpoints (number INTEGER PRIMARY KEY NOT NULL, size INTEGER NOT NULL,"
        " at TEXT NOT NULL, note TEXT NOT NULL)"
    ),
}
SQLITE_INDEX = {INDEX: f"CREATE INDEX {INDEX} ON entries (kind)"}
POSTGRESQL_TABLES = {
    "entries": (
        "CREATE TABLE entries (idx BIGINT PRIMARY KEY, kind TEXT NOT NULL, leaf BYTEA NOT NULL)"
    ),
    "checkpoints": (
        "CREATE TABLE checkpoints (number BIGINT PRIMARY KEY, size BIGINT NOT NULL,"
        " at TEXT NOT NULL, note TEXT NOT NULL)"
    ),
}
POSTGRESQL_INDEX = {INDEX: f"CREATE INDEX {INDEX} ON entries (kind, idx)"}
