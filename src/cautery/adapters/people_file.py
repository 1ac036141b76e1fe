"""Accounts of the operations room in one SQLite file.

Reaches: one folder, which its owner alone may enter.
Lawful basis: that of :mod:`cautery.adapters.people_sql`.
Manners: those of :mod:`cautery.adapters.people_sql`; what is erased is overwritten.
Format: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_secure_delete.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

from cautery.adapters._files import PRIVATE
from cautery.adapters._key_files import private_folder
from cautery.adapters._people_tables import LATER, TABLES
from cautery.adapters.people_sql import Do, SqlPeople
from cautery.errors import EvidenceError, StorageError

NAME = "people.sqlite"
_WAIT_S = 5.0


class PeopleFile(SqlPeople):
    """The accounts of a room in a folder.

    Parameters
    ----------
    folder : Path
        Of the people; it is made if it is absent.

    Raises
    ------
    InputError
        If others may enter it.
    StorageError
        If it cannot be made or opened.
    EvidenceError
        If the file is no such file.
    """

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        super().__init__(PeopleTables(folder / NAME))


class PeopleTables:
    """A SQLite file with accounts (:class:`~cautery.adapters.people_sql.PeopleDatabase`).

    Parameters
    ----------
    alone : bool
        Let no other process have it open until it is closed.

    Raises
    ------
    StorageError
        If it cannot be made or opened, or another process has it open.
    EvidenceError
        If it is no such file.
    """

    share = skip = ""  # one writes at a time

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self._path, self._lock = path, RLock()
        with self._failures():
            self._path.touch(PRIVATE)
            self._connection = sqlite3.connect(
                self._path,
                timeout=0 if alone else _WAIT_S,
                isolation_level=None,
                check_same_thread=False,
            )
            if alone:
                self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            # A file in WAL mode goes out of it only while no other process has it open.
            mode = "DELETE" if alone else "WAL"
            for pragma in (f"journal_mode={mode}", "foreign_keys=ON", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            with self._connection:
                self._connection.execute("BEGIN EXCLUSIVE" if alone else "BEGIN IMMEDIATE")
                tables = dict(
                    self._connection.execute(
                        "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"
                    )
                )
                missing = TABLES if not tables else TABLES.keys() & LATER - tables.keys()
                for name in missing:
                    self._connection.execute(TABLES[name])
                    tables[name] = TABLES[name]
        if tables != TABLES:
            self._connection.close()
            raise EvidenceError(f"{self._path}: these are not the accounts of an operations room")

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._lock, self._failures():
            return self._connection.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Do]:
        """Lend what executes statements in one transaction."""
        with self._lock, self._failures(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield lambda statement, *values: self._connection.execute(statement, values)

    def forget(self) -> None:
        """Overwrite what was erased in the write-ahead log as well."""
        with self._lock, contextlib.suppress(sqlite3.Error):  # a reader keeps it for a moment
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if type(error) is sqlite3.DatabaseError:  # exactly: it is malformed, or no database
                raise EvidenceError(f"{self._path}: {error}") from error
            raise StorageError(f"{self._path}: {error}") from error
