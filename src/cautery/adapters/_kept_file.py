"""A file of tables in a reader's cache, made from ledgers: opened, read, and thrown away freely.

Reaches files in one folder of the reader's cache, on the lawful basis of who asks.
Manners: short transactions; whoever reads waits for nobody.
Format: docs/reference/kept-lists.md; sqlite.org/wal.html.

A file that is damaged, foreign or of another version is never mended: the next one, under the next
number, takes its place. No name is used twice, since SQLite removes the files beside a database by
their names when the last who has it open lets go.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from urllib.parse import quote

from cautery.adapters._files import PRIVATE, make_folders
from cautery.adapters._kept_questions import LONGEST_S
from cautery.adapters._sqlite_limits import Limited, connected
from cautery.errors import StorageError
from cautery.evidence.leaf import MAX_LEAF_BYTES
from cautery.projections.kept import SpoiltListsError

_WAIT_S = 10.0
"""How long to wait for another process that keeps the same lists. Judgement."""
_STEPS = 2_000
"""Of SQLite's machine, a tenth of a millisecond, between two looks at what a question has cost."""
_MOST_SPOILT = 20
_CACHE_KIB = 64 << 10
_WAL_PAGES = 16_000
"""64 MB of 4 kB pages before they go from the WAL into the file; SQLite's default is 4 MB."""
_OF_THE_DISK = frozenset(
    (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
     sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_INTERRUPT)
)  # fmt: skip
"""Codes that say nothing against what the tables hold; all others do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file of tables has to be.

    Parameters
    ----------
    version : callable
        Returns what made the tables: others are not read.
    statements : tuple of str
        Make the tables.
    is_schema : callable
        Tells whether what a file has is these tables, and no view or trigger besides.
    begin : callable
        Fills new tables.
    check : callable
        Raises SpoiltListsError or ``sqlite3.Error`` where tables cannot be read.
    """

    version: Callable[[], str]
    statements: tuple[str, ...]
    is_schema: Callable[[Sequence[tuple[str, str | None]]], bool]
    begin: Callable[[sqlite3.Connection], None]
    check: Callable[[sqlite3.Connection], object]


class KeptFile:
    """Tables in one folder.

    Parameters
    ----------
    folder : Path
        Of these tables alone; it is made if it is absent.

    Raises
    ------
    StorageError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder, self._layout = folder, layout
        self._lock = RLock()
        self._idle: list[Limited] = []
        try:
            make_folders(folder)
        except OSError as error:
            raise StorageError(f"{folder}: {error.strerror}") from error
        self._generation, self._writer = self._opened(self._newest())

    def name(self) -> str:
        """Return what these lists are called, until they are thrown away."""
        with self._lock:
            return self._path(self._generation).stem

    def forget(self) -> None:
        """Throw everything away: the tables begin anew."""
        with self._lock:
            self._close()
            old = self._path(self._generation)
            # The next file first: its number must never fall back to that of a file in use.
            self._generation, self._writer = self._opened(max(self._generation + 1, self._newest()))
            _remove(old)

    def close(self) -> None:
        """Let go of the tables."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        for connection in (*self._idle, self._writer):
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._idle.clear()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Limited]:
        """Lend a connection that reads what stands at one moment."""
        with self._lock:
            generation = self._generation
            connection = self._idle.pop() if self._idle else None
        with self._failures():
            connection = connection or self._connected(self._path(generation), read_only=True)
            try:
                connection.allow(LONGEST_S)
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
                with self._lock:
                    if generation == self._generation:
                        self._idle.append(connection)
                    else:
                        connection.close()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            # The low byte is the primary code (sqlite.org/rescode.html).
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_DISK:
                raise StorageError(f"{self._folder}: {error}", hint="") from error
            raise SpoiltListsError(str(error)) from error
        except (ValueError, OverflowError) as error:  # a row that no list has
            raise SpoiltListsError(str(error)) from error

    def _path(self, generation: int) -> Path:
        return self._folder / f"{self._layout.version()}-{generation}.sqlite"

    def _newest(self) -> int:
        numbers = [0]
        for path in self._folder.glob(f"{self._layout.version()}-*.sqlite"):
            number = path.stem.partition("-")[2]
            if number.isascii() and number.isdigit() and len(number) < 10:
                numbers.append(int(number))
        return max(numbers)

    def _opened(self, generation: int) -> tuple[int, Limited]:
        """Open the file of a number, or the next one where that is not ours."""
        spoilt: list[Path] = []
        try:
            while True:
                try:
                    with self._failures():
                        return generation, self._made(self._path(generation))
                except SpoiltListsError as error:
                    spoilt.append(self._path(generation))
                    generation += 1
                    if len(spoilt) == _MOST_SPOILT:  # no file that we make here is ours
                        raise StorageError(f"{self._folder}: {error}", hint="") from error
        finally:
            for path in spoilt:
                _remove(path)

    def _made(self, path: Path) -> Limited:
        try:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        if path.is_symlink() or not path.is_file():
            raise SpoiltListsError(f"{path}: no regular file")
        connection = self._connected(path, read_only=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            # A power cut may take the newest rows, which are then made again; it harms no file.
            connection.execute("PRAGMA synchronous=NORMAL")
            # Records come in no order of the indexes: their pages are written again and again.
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
            connection.execute("BEGIN IMMEDIATE")
            rows = connection.execute("SELECT name, sql FROM sqlite_master LIMIT 60").fetchall()
            if not rows:
                for statement in self._layout.statements:
                    connection.execute(statement)
                self._layout.begin(connection)
            else:
                _require_ours(self._layout, rows)
            connection.execute("COMMIT")
            self._layout.check(connection)
        except sqlite3.Error as error:
            connection.close()
            if connection.spent():
                raise SpoiltListsError(f"{path}: its tables never end") from error
            raise
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self, path: Path, *, read_only: bool) -> Limited:
        uri = f"file:{quote(str(path.absolute()))}?mode={'ro' if read_only else 'rw'}"
        return connected(uri, steps=_STEPS, longest=MAX_LEAF_BYTES, wait_s=_WAIT_S)


def _require_ours(layout: Layout, rows: Sequence[tuple[str, str | None]]) -> None:
    if not layout.is_schema(rows):
        raise SpoiltListsError("these are not the tables of our lists")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()
