"""A ledger's database as one SQLite file: transactions, its way into WAL, and out of it.

Reaches what :mod:`cautery.adapters.ledger_sql` opened, on the same lawful basis and as politely.
Format: docs/reference/case-format.md; sqlite.org/wal.html.

Settling leaves one plain file. SQLite leaves WAL only when nobody else has the file open, so where
somebody reads, the file is replaced by a copy of itself, page by page, out of WAL. A crash between
the steps harms nothing: until the copy has the file's name nothing has changed, and from then on a
``-wal`` that is still there holds the very pages of the copy. Who reads goes on with the old file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any
from urllib.parse import quote

from cautery.adapters._files import PRIVATE, TEMPORARY, sync_folder
from cautery.adapters._ledger_locks import LedgerLocks
from cautery.adapters._ledger_tables import SQLITE_INDEX, SQLITE_TABLES
from cautery.adapters._sqlite_limits import Limited, connected, cpu_s
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.leaf import MAX_LEAF_BYTES

_LONGEST_VALUE = MAX_LEAF_BYTES + 1024
_STEPS = 50_000
"""Of SQLite's machine, some milliseconds, between two looks at what a question has cost."""
_LEAST_CPU_S = 3.0
"""What one question may take, beside what its file's bytes may: it takes milliseconds."""


class SqliteDatabase:
    """One SQLite file, and this process's connection to it.

    Parameters
    ----------
    path : Path or None
        ``None``: in memory.
    read_only : bool
        Write nothing.
    immutable : bool
        Nobody writes any more: take no lock, heed no file beside.
    patience_s : float
        How long to wait for other processes.
    """

    size_of_leaf = "CASE typeof(leaf) WHEN 'blob' THEN length(leaf) END"

    def __init__(
        self, path: Path | None, *, read_only: bool, immutable: bool, patience_s: float
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._immutable = immutable
        self._patience_s = patience_s
        self._lock = RLock()
        self._locks = (
            LedgerLocks(path.absolute(), patience_s=patience_s)
            if path is not None and not immutable
            else None
        )
        self._index_holds: bool | None = None
        try:
            if self._locks is not None and not read_only:
                self._locks.join()
            self._connection, self._inode = self._connected()
        except BaseException as error:
            self._forget_locks()
            if isinstance(error, OSError):
                raise StorageError(f"{path}: {error.strerror}") from error
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[Any]:
        """Lend a cursor for what stands at one moment."""
        with self._lock:
            self._follow_file()
            self._allow(self._connection)
            cursor = self._connection.cursor()
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                if self._connection.in_transaction:
                    cursor.execute("COMMIT")

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """Lend a cursor that alone may write; what it wrote is on disk at the end, or undone."""
        turn = self._locks.turn if self._locks is not None else contextlib.nullcontext
        # File locks belong to the open file, which the threads of a process share: between these
        # only ``_lock`` keeps order.
        with self._lock, turn():
            self._allow(self._connection)
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")  # before the size is read, not at the first INSERT
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # some failures have undone it already
                    cursor.execute("ROLLBACK")
                raise

    def insert(self, cursor: Any, rows: list[tuple[int, str, bytes]]) -> None:
        """Insert entries."""
        cursor.executemany("INSERT INTO entries (idx, kind, leaf) VALUES (?, ?, ?)", rows)

    def prove_index(self, cursor: Any) -> None:
        """Check once that no record is missing from the index, if there is one.

        Raises
        ------
        EvidenceError
            If a record is: whoever can write to the file could hide it so from all who ask for
            its kind, and the records' root would still be right.
        """
        if self._index_holds:
            return
        # ``quick_check`` does not compare an index with its table (sqlite.org/pragma.html).
        (verdict,) = cursor.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise EvidenceError(f"{self._path}: its pages contradict each other: {verdict}")
        self._index_holds = True

    def settle(self, *, step: Callable[[str], None] = lambda _: None) -> None:
        """Leave one plain file that reads from a read-only disk, whoever reads it now; close.

        Parameters
        ----------
        step : callable
            Called before each change to the disk.

        Raises
        ------
        StorageError
            If another process has it open for writing.
        """
        if self._path is None or self._read_only or self._locks is None:
            self.close()
            return
        with self._lock:
            self.refuse_writers()
            with self._locks.replacing():
                if not _leave_wal(self._connection):
                    self._replace(self._path, step)
                self._connection.close()
            self._locks.leave()

    def refuse_writers(self) -> None:
        """Make sure that nobody else writes, now and until this is closed.

        Raises
        ------
        StorageError
            If another process has it open for writing.
        """
        if self._locks is not None and not self._read_only and not self._locks.alone():
            raise StorageError(
                f"{self._path}: another process has it open for writing",
                hint="Wait until it is done.",
            )

    def hung_up(self) -> bool:
        """Return False: there is no server."""
        return False

    def close(self) -> None:
        """Let go of the file; the last one to do so takes it out of WAL."""
        with self._lock:
            if self._locks is not None and not self._read_only and self._locks.alone():
                with contextlib.suppress(sqlite3.Error, StorageError), self._locks.replacing():
                    _leave_wal(self._connection)
            self._connection.close()
            self._forget_locks()

    def _forget_locks(self) -> None:
        if self._locks is not None and not self._read_only:
            self._locks.leave()

    def _connected(self) -> tuple[Limited, int | None]:
        opening = self._locks.opening if self._locks is not None else contextlib.nullcontext
        if self._path is not None:
            _require_ordinary(self._path)
        with opening():
            if self._path is not None and not self._read_only:
                # SQLite gives its files beside the mode of this one.
                with contextlib.suppress(OSError):  # it is there already, or SQLite says why not
                    flags = os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                    os.close(os.open(self._path, flags, PRIVATE))
            connection = connected(
                self._target(), steps=_STEPS, longest=_LONGEST_VALUE, wait_s=self._patience_s
            )
            try:
                has_index = self._check_schema(connection)
                self._allow(connection)
                if not self._read_only:
                    # In WAL, NORMAL flushes at checkpoints alone: a power cut would take records
                    # that were reported as written.
                    connection.execute("PRAGMA synchronous=FULL")
                    _enter_wal(connection, patience_s=self._patience_s)
                    if not has_index:
                        self._make_schema(connection)
                elif not has_index:
                    self._index_holds = True
            except BaseException:
                connection.close()
                raise
            return connection, None if self._path is None else self._path.stat().st_ino

    def _allow(self, connection: Limited) -> None:
        """Let this thread's next question take what a file of this size may."""
        seconds = _LEAST_CPU_S
        if self._path is not None:
            with contextlib.suppress(OSError):
                seconds = cpu_s(self._path, least=_LEAST_CPU_S)
        connection.allow(seconds)

    def _target(self) -> str:
        if self._path is None:
            return ":memory:"
        target = f"file:{quote(os.fsencode(self._path.absolute()))}"
        if self._read_only:
            target += "?mode=ro&immutable=1" if self._immutable else "?mode=ro"
        return target

    def _check_schema(self, connection: sqlite3.Connection) -> bool:
        """Refuse tables that are not a ledger's: a view there could compute for ever.

        Returns
        -------
        bool
            Whether there is the index: a new file and an old one have none.
        """
        # A limit, since a file from elsewhere may name a million tables; a ledger has fewer than
        # nine entries there.
        rows = connection.execute("SELECT name, sql FROM sqlite_master LIMIT 9").fetchall()
        if _same(rows, SQLITE_TABLES | SQLITE_INDEX):
            return True
        if _same(rows, SQLITE_TABLES) or (not rows and not self._read_only):
            return False
        raise EvidenceError(f"{self._path}: its tables are not those of a ledger")

    def _make_schema(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not self._check_schema(connection):  # another process may have been faster
                stands = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
                for name, statement in (SQLITE_TABLES | SQLITE_INDEX).items():
                    if name not in stands:
                        connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _follow_file(self) -> None:
        """Open the file anew if it was replaced since: the old one gets no record any more."""
        if self._inode is None or self._immutable or not self._read_only:
            return
        assert self._path is not None
        try:
            if self._path.stat().st_ino == self._inode:
                return
        except OSError:
            return  # it was moved as a whole: what is open can still be read
        connection, self._inode = self._connected()
        self._connection.close()
        self._connection, self._index_holds = connection, None

    def _replace(self, path: Path, step: Callable[[str], None]) -> None:
        copy = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
        try:
            step("copy")
            copy.unlink(missing_ok=True)
            _write_copy(self._connection, copy, mode=path.stat().st_mode & 0o777)
            step("rename")
            copy.replace(path)
            self._connection.close()  # what it wrote from here on would be lost with the old file
            sync_folder(path.parent)
            # The index of the WAL goes first: a writer after a crash must not take it, with its
            # readers, for that of another WAL.
            for suffix in ("-shm", "-wal"):
                step(f"remove {suffix}")
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            step("flush")
            sync_folder(path.parent)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        finally:
            copy.unlink(missing_ok=True)


def _require_ordinary(path: Path) -> None:
    """Refuse a pipe or a device, which SQLite would wait for, in a file's place or beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = path.with_name(path.name + suffix)
        if file.exists() and not file.is_file():
            raise EvidenceError(f"{file}: not a regular file")


def _same(rows: Sequence[tuple[object, object]], schema: Mapping[str, str]) -> bool:
    """Tell whether these rows and no other are a schema; a trigger may bear a table's name."""
    return sorted(rows, key=repr) == sorted(schema.items(), key=repr)


def _write_copy(source: sqlite3.Connection, path: Path, *, mode: int) -> None:
    """Write the same pages to another file, out of WAL, on disk at the end."""
    target = sqlite3.connect(path, isolation_level=None)
    try:
        target.execute("PRAGMA synchronous=OFF")  # nobody relies on it until it is flushed below
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
    handle = os.open(path, os.O_RDWR)
    try:
        os.fchmod(handle, mode)
        os.fsync(handle)
    finally:
        os.close(handle)


def _enter_wal(connection: sqlite3.Connection, *, patience_s: float) -> None:
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


def _leave_wal(connection: sqlite3.Connection) -> bool:
    """Leave one plain file; tell whether that could be done, or another process has it open."""
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
    # The low byte is the primary code; the others say more of it (sqlite.org/rescode.html).
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
