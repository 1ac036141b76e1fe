"""The ledger in SQLite or PostgreSQL.

Reaches: one database file, or one server that we run.
Lawful basis: it keeps what the mandate's own watch saw; personal data stand in no record in clear.
Manners: one connection, short transactions, a writer waits at most half a minute for another.
Format: docs/reference/case-format.md; leaves are RFC 8785 JSON, checkpoints C2SP signed notes.

An append is on disk on return: SQLite runs in WAL with ``synchronous=FULL`` and takes its write
lock before it reads the size (``BEGIN IMMEDIATE``); PostgreSQL locks the table for its writers.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from cautery.adapters._files import PRIVATE
from cautery.adapters._ledger_tables import (
    LOCK_SCHEMA,
    LOCK_WRITERS,
    POSTGRESQL_SCHEMA,
    SQLITE_SCHEMA,
    enter_wal,
    leave_wal,
)
from cautery.errors import CauteryError, EvidenceError, InputError, StorageError
from cautery.evidence.leaf import MAX_LEAF_BYTES, leaf_of, record_of
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import MAX_NOTE_BYTES, NoteSigner, checkpoint_text
from cautery.model.evidence import Checkpoint, Entry, Json, Record
from cautery.model.times import iso

_PAGE = 256  # entries read in one short transaction, or fewer when they are large
_PAGE_BYTES = MAX_LEAF_BYTES
_LONGEST_VALUE = MAX_LEAF_BYTES + 1024  # a file from elsewhere may claim more
_WAIT_S = 30.0


class SqlLedger:
    """The append-only log of records (port :class:`~cautery.model.ports.Ledger`).

    Parameters
    ----------
    url : str
        ``sqlite:///path`` or ``postgresql://user@host/database``; for a file also see :meth:`at`.
    read_only : bool
        Write nothing, make nothing: a settled SQLite ledger gets no ``-wal`` nor ``-shm`` beside.
    immutable : bool
        Nobody writes any more, so take no lock either, and heed no file beside (SQLite).

    Raises
    ------
    InputError
        If the URL names no database that a ledger can live in.
    StorageError
        If it cannot be opened.
    EvidenceError
        If the file is no ledger.
    """

    def __init__(self, url: str, *, read_only: bool = False, immutable: bool = False) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise InputError(f"{url[:80]!r} is no database URL") from error
        self._read_only = read_only or immutable
        self._immutable = immutable
        self._lock = Lock()
        self._closed = False
        self._frontier = Frontier()
        self._sqlite = parsed.get_backend_name() == "sqlite"
        self._file = Path(parsed.database) if self._sqlite and parsed.database else None
        self._name = str(self._file or parsed.render_as_string(hide_password=True))
        self._engine = self._opened(parsed)
        try:
            with self._failures("open"):
                self._prepare()
        except CauteryError:
            self._engine.dispose()
            raise

    @classmethod
    def at(cls, path: Path, *, read_only: bool = False, immutable: bool = False) -> SqlLedger:
        """Open a SQLite ledger by its path, whatever characters that has."""
        url = URL.create("sqlite", database=str(path))
        return cls(url.render_as_string(), read_only=read_only, immutable=immutable)

    def append(self, kind: str, body: Json, *, at: datetime) -> Entry:
        """Append one record durably (it is on disk on return).

        Raises
        ------
        StorageError
            If it cannot be written; nothing is half-written then.
        InputError
            If the record has no RFC 8785 form.
        """
        return self.append_all([(kind, body, at)])[0]

    def append_all(self, records: Sequence[tuple[str, Json, datetime]]) -> tuple[Entry, ...]:
        """Append several records in one transaction, for the price of one flush.

        Raises
        ------
        StorageError
            If they cannot be written; none of them is then.
        InputError
            If one has no RFC 8785 form; none is written then.
        """
        leaves = [leaf_of(kind, body, at) for kind, body, at in records]
        if not leaves:
            return ()
        with self._failures("append to"), self._writing() as connection:
            first = _size(connection)
            connection.execute(
                text("INSERT INTO entries (idx, kind, leaf) VALUES (:idx, :kind, :leaf)"),
                [
                    {"idx": first + place, "kind": record[0], "leaf": leaf}
                    for place, (record, leaf) in enumerate(zip(records, leaves, strict=True))
                ],
            )
        with self._lock:
            if self._frontier.size == first:
                self._frontier = self._frontier.extend(map(leaf_hash, leaves))
        return tuple(
            Entry(index=first + place, record=Record(kind=kind, at=at, body=body), leaf=leaf)
            for place, ((kind, body, at), leaf) in enumerate(zip(records, leaves, strict=True))
        )

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield the entries that stand now, ``index >= since``, all kinds or the given ones.

        Raises
        ------
        EvidenceError
            If a leaf is no record, or its row says another kind.
        """
        for index, kind, leaf in self._rows(since, self.size(), tuple(kinds)):
            try:
                record = record_of(leaf, canonical=False)
            except EvidenceError as error:
                raise EvidenceError(f"{self._name}: record {index}: {error}") from error
            if record.kind != kind:
                raise EvidenceError(
                    f"{self._name}: record {index}: filed as {kind}, but it is {record.kind}"
                )
            yield Entry(index=index, record=record, leaf=leaf)

    def size(self) -> int:
        """Return the number of entries."""
        with self._failures("read"), self._engine.begin() as connection:
            return _size(connection)

    def checkpoint(self, signer: NoteSigner, *, at: datetime) -> Checkpoint:
        """Sign the ledger's size and root and keep the note.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._lock:
            size = self.size()
            hashes = (leaf_hash(leaf) for _, _, leaf in self._rows(self._frontier.size, size, ()))
            self._frontier = frontier = self._frontier.extend(hashes)
        root = frontier.root()
        note = signer.sign(checkpoint_text(signer.name, frontier.size, root))
        with self._failures("append to"), self._writing() as connection:
            # Another process may have signed a longer log since; checkpoints stand by size.
            number, longest = connection.execute(
                text("SELECT COALESCE(MAX(number) + 1, 0), COALESCE(MAX(size), 0) FROM checkpoints")
            ).one()
            if frontier.size >= longest:
                connection.execute(
                    text("INSERT INTO checkpoints VALUES (:number, :size, :at, :note)"),
                    {"number": number, "size": frontier.size, "at": iso(at), "note": note},
                )
        return Checkpoint(origin=signer.name, size=frontier.size, root=root, note=note)

    def checkpoints(self) -> Iterator[str]:
        """Yield the checkpoints' notes in the order in which they were made."""
        query = text(
            "SELECT number, substr(note, 1, :most) FROM checkpoints"
            " WHERE number > :last ORDER BY number LIMIT :page"
        )
        last = -1
        while True:
            with self._failures("read"), self._engine.begin() as connection:
                rows = connection.execute(
                    query, {"last": last, "page": _PAGE, "most": MAX_NOTE_BYTES + 1}
                ).all()
            for last, note in rows:  # noqa: B007 - the last one tells where to go on
                if not isinstance(note, str):
                    raise EvidenceError(f"{self._name}: a checkpoint is no text")
                yield note
            if len(rows) < _PAGE:
                return

    def settle(self, *, patience_s: float = 10.0) -> None:
        """Take SQLite out of WAL: one plain file that reads from a read-only disk.

        Raises
        ------
        StorageError
            If another process holds the ledger open all the time, or the disk is full.
        """
        limit = time.monotonic() + patience_s
        while not self._leave_wal():
            if time.monotonic() > limit:
                raise StorageError(f"{self._name}: another process has it open", hint="")
            time.sleep(0.05)

    def close(self) -> None:
        """Let go of the database; the last process to do so takes SQLite out of WAL."""
        if self._closed:
            return
        with contextlib.suppress(StorageError):  # another process goes on writing: it will settle
            self._leave_wal()
        self._closed = True
        self._engine.dispose()

    def _leave_wal(self) -> bool:
        if not self._sqlite or self._read_only or self._file is None:
            return True
        with self._failures("settle"):
            borrowed = self._engine.raw_connection()
            try:
                return leave_wal(borrowed.driver_connection)
            finally:
                borrowed.close()

    def _opened(self, url: URL) -> Engine:
        if self._sqlite:
            engine = create_engine(
                url, creator=self._connect, pool_size=1, max_overflow=0, pool_timeout=_WAIT_S * 2
            )
        elif url.get_backend_name() == "postgresql":
            engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_size=2)
        else:
            raise InputError(f"{self._name}: a ledger lives in SQLite or PostgreSQL")
        if self._sqlite:
            # The driver's own transactions begin too late, at the first INSERT: then two
            # writers read the same size.
            @event.listens_for(engine, "begin")
            def _begin(connection: Connection) -> None:
                writes = connection.get_execution_options().get("writes", False)
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def _connect(self) -> sqlite3.Connection:
        target = ":memory:" if self._file is None else f"file:{quote(str(self._file.absolute()))}"
        if self._read_only and self._file is not None:
            target += "?mode=ro&immutable=1" if self._immutable else "?mode=ro"
        elif self._file is not None:  # SQLite gives its files beside the mode of this one
            with contextlib.suppress(OSError):  # it is there already, or SQLite says why not
                os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
        connection = sqlite3.connect(
            target, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
            connection.execute("PRAGMA trusted_schema=OFF")
            if not self._read_only:
                connection.execute("PRAGMA synchronous=FULL")
                enter_wal(connection, patience_s=_WAIT_S)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        if self._sqlite and self._read_only:
            self._check_schema()
        if self._read_only:
            return
        with self._engine.connect() as connection:
            bound = connection.execution_options(writes=True)
            with bound.begin():
                if not self._sqlite:
                    bound.execute(text(LOCK_SCHEMA))
                for table in (SQLITE_SCHEMA if self._sqlite else POSTGRESQL_SCHEMA).values():
                    bound.execute(text(f"CREATE TABLE IF NOT EXISTS {table}"))
        if self._sqlite:
            self._check_schema()

    def _check_schema(self) -> None:
        """Refuse a file whose tables are not ours: a view there could compute for ever."""
        with self._engine.begin() as connection:
            rows = connection.execute(text("SELECT name, sql FROM sqlite_master LIMIT 9")).all()
        if dict(rows) != {name: f"CREATE TABLE {rest}" for name, rest in SQLITE_SCHEMA.items()}:
            raise EvidenceError(f"{self._name}: its tables are not those of a ledger")

    def _rows(
        self, since: int, until: int, kinds: tuple[str, ...]
    ) -> Iterator[tuple[int, str, bytes]]:
        wanted = [f":kind{place}" for place in range(len(kinds))]
        where = "idx >= :since AND idx < :until"
        where += f" AND kind IN ({', '.join(wanted)})" if kinds else ""
        bytes_of = "CASE typeof(leaf) WHEN 'blob' THEN length(leaf) END"
        plan = text(
            f"SELECT idx, {bytes_of if self._sqlite else 'length(leaf)'} FROM entries"  # noqa: S608 - bound
            f" WHERE {where} ORDER BY idx LIMIT {_PAGE}"
        )
        query = text(f"SELECT idx, kind, leaf FROM entries WHERE {where} ORDER BY idx")  # noqa: S608 - bound
        bound: dict[str, Any] = {f"kind{place}": kind for place, kind in enumerate(kinds)}
        while since < until:
            with self._failures("read"), self._engine.begin() as connection:
                sizes = connection.execute(plan, bound | {"since": since, "until": until}).all()
                if not sizes:
                    return
                stop = self._page_end([(index, size) for index, size in sizes])
                rows = connection.execute(query, bound | {"since": since, "until": stop}).all()
            for index, kind, leaf in rows:
                yield index, kind, bytes(leaf)
            since = stop

    def _page_end(self, sizes: Sequence[tuple[int, int | None]]) -> int:
        """Return the index before which a page ends, so that it fits in memory."""
        total = 0
        for index, size in sizes:
            if size is None:
                raise EvidenceError(f"{self._name}: record {index}: its leaf is not bytes")
            if size > MAX_LEAF_BYTES:
                raise EvidenceError(f"{self._name}: record {index}: larger than any record")
            total += size
            if total >= _PAGE_BYTES:
                return index + 1
        return sizes[-1][0] + 1

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._read_only:
            raise StorageError(f"{self._name} was opened to be read only", hint="")
        with self._engine.connect() as connection:
            bound = connection.execution_options(writes=True)
            with bound.begin():
                if not self._sqlite:
                    bound.execute(text("SET LOCAL synchronous_commit = on"))
                    bound.execute(text(LOCK_WRITERS))
                yield bound

    @contextlib.contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Speak of the database's failures in the analyst's words."""
        if self._closed:
            raise StorageError(f"{self._name}: it was closed", hint="")
        try:
            yield
        except UnicodeDecodeError as error:
            raise EvidenceError(f"{self._name}: cannot {what} it: {error}") from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            said = " ".join(str(cause).split())
            # Exactly DatabaseError: SQLite says it of files that are malformed or no database;
            # DataError: of a value that is longer than any of ours.
            if type(cause) in {sqlite3.DatabaseError, sqlite3.DataError}:
                raise EvidenceError(f"{self._name}: cannot {what} it: {said}") from error
            raise StorageError(f"{self._name}: cannot {what} it: {said}") from error


def _size(connection: Connection) -> int:
    found = connection.execute(text("SELECT COALESCE(MAX(idx) + 1, 0) FROM entries"))
    return int(found.scalar_one())
