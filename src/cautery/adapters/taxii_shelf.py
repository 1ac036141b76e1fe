"""What a case gives by TAXII, in tables of SQLite: each object, and when its version came in.

Reaches: files in one folder of the reader's cache, never the case.
Lawful basis: that of the case; the tables hold what its package holds, and go when it is gone.
Manners: one transaction for a new state; whoever reads meanwhile reads the old one.
Format: docs/reference/kept-lists.md; sqlite.org/wal.html.

The time at which an object was added is that of the ledger's newest record when its newest version
was first among what may leave, and a microsecond more for each object before it. So it only grows,
and no two objects share one. Where the tables are lost, everything is added again: whoever polls
gets an object twice, and misses none.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cautery.adapters._kept_file import KeptFile, Layout
from cautery.adapters._kept_schema import is_schema
from cautery.adapters._sqlite_limits import Limited, connected
from cautery.exchange.taxii import (
    MOST_PAGE_BYTES,
    Collection,
    Filling,
    Filters,
    Row,
    Rows,
    microseconds,
    moment,
    moment_of,
)
from cautery.json_text import parsed_json
from cautery.model.times import iso

_VERSION = "taxii1"
"""Of the tables; code that writes other objects adds them as new versions."""
_LONGEST = 64 << 20
"""Bytes of an object: a report names every other one."""
_FILL_S, _READ_S = 600.0, 5.0
"""CPU of a new state of 250,000 objects takes twenty seconds, of a page a hundredth."""
_STEPS, _WAIT_S = 2_000, 10.0
_AT_A_TIME = 1_000
_TABLES = {
    "standing": (
        "CREATE TABLE standing (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL,"
        " newest INTEGER NOT NULL) STRICT"
    ),
    "collections": (
        "CREATE TABLE collections (id TEXT PRIMARY KEY, title TEXT NOT NULL) STRICT, WITHOUT ROWID"
    ),
    "objects": (
        "CREATE TABLE objects (number INTEGER PRIMARY KEY, collection TEXT NOT NULL,"
        " id TEXT NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL, added INTEGER NOT NULL,"
        " versioned INTEGER NOT NULL, revoked INTEGER NOT NULL, digest BLOB NOT NULL,"
        " content BLOB NOT NULL,"
        " UNIQUE (collection, id)) STRICT"
    ),
}
_INDEXES = {"objects_by_time": "CREATE INDEX objects_by_time ON objects (collection, added)"}


class SqliteShelf(KeptFile):
    """One case's collections for one marking (port :class:`~cautery.exchange.taxii.Shelf`).

    Parameters
    ----------
    folder : Path
        Of this case and marking alone; it is made if it is absent.

    Raises
    ------
    StorageError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            Layout(
                version=lambda: _VERSION,
                statements=tuple((_TABLES | _INDEXES).values()),
                is_schema=lambda rows: is_schema(rows, _TABLES | _INDEXES),
                begin=lambda do: _note(do, "", 0),
                check=lambda do: do.execute("SELECT state, newest FROM standing").fetchone(),
            ),
        )

    def state(self) -> str:
        """Return of which state of the ledger it is made; empty: of none."""
        with self._reading() as connection:
            return str(connection.execute("SELECT state FROM standing").fetchone()[0])

    def fill(self, objects: Iterable[tuple[str, Mapping[str, Any]]], *, filling: Filling) -> None:
        """Take up all objects, or none if one of them cannot be made.

        What was there and is not among them is revoked, if it is of a kind that can be.
        """
        with self._lock, self._failures():
            connection = self._writer
            connection.allow(_FILL_S)
            connection.execute("BEGIN IMMEDIATE")
            try:
                newest = connection.execute("SELECT newest FROM standing").fetchone()[0]
                taking = _Taking(connection, max(newest + 1, microseconds(filling.at)))
                for collection, content in objects:
                    taking.take(collection, content)
                taking.revoke_others()
                _note(connection, filling.state, max(newest, taking.next_added - 1))
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def call(self, collections: Iterable[Collection]) -> None:
        """Note what collections are called."""
        with self._lock, self._failures():
            self._writer.allow(_READ_S)
            self._writer.executemany(
                "INSERT OR REPLACE INTO collections VALUES (?, ?)",
                [(collection.id, collection.title) for collection in collections],
            )

    def collections(self) -> tuple[Collection, ...]:
        """Return the collections, by title."""
        with self._reading() as connection:
            rows = connection.execute("SELECT id, title FROM collections ORDER BY title, id")
            return tuple(Collection(id=name, title=title) for name, title in rows)

    def rows(self, collection: str, filters: Filters) -> Rows:
        """Return a page of a collection, by the time at which the objects were added."""
        if not filters.is_of_21:
            return Rows(rows=())
        where, values = _asked(collection, filters)
        page: list[Row] = []
        with self._reading() as connection:
            connection.allow(_READ_S)
            size = 0
            # One more than is shown tells whether there are others.
            for name, version, added, content in connection.execute(
                f"SELECT id, version, added, content FROM objects WHERE {where}"  # noqa: S608
                " ORDER BY added LIMIT ?",
                (*values, filters.limit + 1),
            ):
                size += len(content)
                if len(page) == filters.limit or (page and size > MOST_PAGE_BYTES):
                    return Rows(rows=tuple(page), more=True)
                page.append(
                    Row(
                        id=name,
                        version=moment_of(version),
                        added=moment_of(added),
                        content=bytes(content),
                    )
                )
        return Rows(rows=tuple(page))

    def has(self, collection: str, id: str) -> bool:
        """Tell whether a collection has an object, whatever its version."""
        with self._reading() as connection:
            question = "SELECT 1 FROM objects WHERE collection = ? AND id = ?"
            return connection.execute(question, (collection, id)).fetchone() is not None

    def _connected(self, path: Path, *, read_only: bool) -> Limited:
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
        return connected(uri, steps=_STEPS, longest=_LONGEST, wait_s=_WAIT_S)


class _Taking:
    """A new state, inside its transaction.

    Parameters
    ----------
    next_added : int
        When the next new version is added, in microseconds since 1970.
    """

    def __init__(self, connection: sqlite3.Connection, next_added: int) -> None:
        self._do, self.next_added = connection.execute, next_added
        # In memory, and of this connection alone: an object that did not change costs no writing.
        self._do("PRAGMA temp_store=MEMORY")
        self._do("CREATE TEMP TABLE IF NOT EXISTS taken (number INTEGER PRIMARY KEY)")
        self._do("DELETE FROM temp.taken")

    def take(self, collection: str, content: Mapping[str, Any]) -> None:
        """Take up an object: as a new version, if it is not as it was."""
        name, raw = str(content["id"]), _written(content)
        digest = hashlib.sha256(raw).digest()
        old = self._do(
            "SELECT number, version, digest FROM objects WHERE collection = ? AND id = ?",
            (collection, name),
        ).fetchone()
        if old is not None and old[2] == digest:
            self._do("INSERT OR IGNORE INTO temp.taken VALUES (?)", (old[0],))
            return
        version = _version(content)
        if old is not None and "modified" in content and version is not None and version <= old[1]:
            # Who polls would take it for what is held already: a new version is a later one.
            version = self.next_added
            raw = _written({**content, "modified": iso(moment_of(version))})
        new = _Version(
            collection,
            name,
            str(content["type"]),
            self.next_added if version is None else version,
            revoked=bool(content.get("revoked")),
            versioned="modified" in content,
        )
        self._put(new, digest, raw)

    def revoke_others(self) -> None:
        """Revoke what is gone; what bears another marking now is revoked nowhere, but leaves."""
        self._do(
            "DELETE FROM objects WHERE number NOT IN (SELECT number FROM temp.taken)"
            " AND (NOT versioned OR id IN (SELECT id FROM objects JOIN temp.taken USING (number)))"
        )
        while revocable := self._do(
            "SELECT collection, id, type, content FROM objects"
            " WHERE NOT revoked AND number NOT IN (SELECT number FROM temp.taken) LIMIT ?",
            (_AT_A_TIME,),
        ).fetchall():
            for collection, name, kind, content in revocable:
                revoked = {"revoked": True, "modified": iso(moment_of(self.next_added))}
                raw = _written({**parsed_json(content), **revoked})
                self._put(_Version(collection, name, kind, self.next_added, revoked=True), b"", raw)

    def _put(self, new: _Version, digest: bytes, content: bytes) -> None:
        (number,) = self._do(
            "INSERT INTO objects (collection, id, type, version, added, versioned, revoked, digest,"
            " content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (collection, id) DO UPDATE"
            " SET version = excluded.version, added = excluded.added, revoked = excluded.revoked,"
            " digest = excluded.digest, content = excluded.content RETURNING number",
            (
                *(new.collection, new.id, new.type, new.version, self.next_added),
                *(new.versioned, new.revoked, digest, content),
            ),
        ).fetchone()
        self._do("INSERT OR IGNORE INTO temp.taken VALUES (?)", (number,))
        self.next_added += 1


@dataclass(frozen=True, slots=True)
class _Version:
    """What the tables say of a new version of an object."""

    collection: str
    id: str
    type: str
    version: int
    revoked: bool
    versioned: bool = True


def _note(connection: sqlite3.Connection, state: str, newest: int) -> None:
    connection.execute("INSERT OR REPLACE INTO standing VALUES (1, ?, ?)", (state, newest))


def _written(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _version(content: Mapping[str, Any]) -> int | None:
    """Return when an object was modified, else made, in microseconds since 1970."""
    text = content.get("modified") or content.get("created")
    return None if text is None else microseconds(moment(str(content["id"]), str(text)))


def _asked(collection: str, filters: Filters) -> tuple[str, list[Any]]:
    """Return the condition of a question, and its values."""
    where, values = ["collection = ?"], list[Any]([collection])
    later_than: datetime | None = filters.later_than
    if later_than is not None:
        where.append("added > ?")
        values.append(microseconds(later_than))
    for column, choices in (
        ("id", filters.ids),
        ("type", filters.types),
        ("version", tuple(map(microseconds, filters.versions or ()))),
    ):
        if choices:
            where.append(f"{column} IN ({', '.join('?' * len(choices))})")
            values += choices
    return " AND ".join(where), values
