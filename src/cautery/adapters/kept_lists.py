"""The lists of a case that a reader keeps: tables in SQLite, made from records, thrown away freely.

Reaches: files in one folder of the reader's cache, never the case.
Lawful basis: that of the case; they hold what its ledger holds, and go when the case is gone.
Manners: short transactions; whoever reads waits for nobody; a search ends after its time.
Format: docs/reference/kept-lists.md; sqlite.org/wal.html, sqlite.org/fts5.html.

A file that is damaged, foreign or of another version is never mended: the next one, under the next
number, takes its place. No name is used twice, since SQLite removes the files beside a database by
their names when the last who has it open lets go.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import RLock
from urllib.parse import quote

from cautery.adapters._files import PRIVATE, make_folders
from cautery.adapters._kept_night import wall_in
from cautery.adapters._kept_questions import LONGEST_S, Questions
from cautery.adapters._kept_rows import Recalled, stand, standing_in, write
from cautery.adapters._kept_schema import INDEXES, TABLES, is_schema, version
from cautery.adapters._sqlite_limits import Limited, connected
from cautery.errors import StorageError
from cautery.evidence.leaf import MAX_LEAF_BYTES
from cautery.model import Entry, Finding
from cautery.model.records import ExhibitSealed, kind_of_type
from cautery.projections.kept import Asked, Clocks, Counts, Found, SpoiltListsError, Standing
from cautery.projections.lines import ActKind, ActLine, HostLine, StreamLine, Waits
from cautery.projections.listing import Lines
from cautery.projections.night import Wall, WallAsked

_WAIT_S = 10.0
"""How long to wait for another process that keeps the same lists. Judgement."""
_TAKE_S, _TAKE_EACH_S = 10.0, 0.02
"""What taking up records may cost, and each of them: it takes a tenth of a millisecond."""
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
_SEALED = kind_of_type(ExhibitSealed)
_MOST_KINDS = 500
"""Kinds of records; there are about a hundred, and somebody may make up more."""


class SqliteLists:
    """Lists in one folder (port :class:`~cautery.projections.kept.KeptLists`).

    Parameters
    ----------
    folder : Path
        Of this case's lists alone; it is made if it is absent.

    Raises
    ------
    StorageError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = RLock()
        self._idle: list[Limited] = []
        try:
            make_folders(folder)
        except OSError as error:
            raise StorageError(f"{folder}: {error.strerror}") from error
        self._generation, self._writer = self._opened(self._newest())

    def standing(self) -> Standing:
        """Return how far the lists have come."""
        with self._reading() as connection:
            return standing_in(connection)

    def take(self, entries: Sequence[Entry], *, since: Standing) -> bool:
        """Take up the records after ``since``, all or none; tell whether nobody was faster."""
        with self._lock, self._failures():
            connection = self._writer
            connection.allow(_TAKE_S + _TAKE_EACH_S * len(entries))
            connection.execute("BEGIN IMMEDIATE")
            try:
                if standing_in(connection) != since:
                    return False
                heard = Lines(recalled=Recalled(connection))
                for entry in entries:
                    heard.hear(entry)
                write(connection, heard)
                stand(connection, since, *since.after(entries))
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        return True

    def forget(self) -> None:
        """Throw everything away: the lists begin again with the first record."""
        with self._lock:
            self._close()
            old = self._path(self._generation)
            # The next file first: its number must never fall back to that of a file in use.
            self._generation, self._writer = self._opened(max(self._generation + 1, self._newest()))
            _remove(old)

    def records(self, question: Asked) -> Found:
        """Return the numbers of records."""
        with self._asking() as questions:
            return questions.records(question)

    def streams(self, question: Asked) -> Found:
        """Return lines of streams."""
        with self._asking() as questions:
            return questions.streams(question)

    def hosts(self, question: Asked) -> Found:
        """Return lines of hosts."""
        with self._asking() as questions:
            return questions.hosts(question)

    def acts(self, question: Asked) -> Found:
        """Return lines of acts."""
        with self._asking() as questions:
            return questions.acts(question)

    def clocks(self, kinds: Sequence[ActKind], *, at: datetime, limit: int) -> Clocks:
        """Return the acts of some kinds that wait, at most ``limit`` of each sort."""
        with self._asking() as questions:
            return questions.clocks(kinds, at=at, limit=limit)

    def stream(self, url: str) -> StreamLine | None:
        """Return one stream's line."""
        with self._reading() as connection:
            return Recalled(connection).stream(url)

    def streams_of(self, urls: Sequence[str]) -> tuple[StreamLine | None, ...]:
        """Return the lines of some streams."""
        with self._reading() as connection:
            return tuple(map(Recalled(connection).stream, urls))

    def stream_at(self, number: int) -> StreamLine | None:
        """Return the line of the stream that was mentioned as the so-manyth."""
        with self._reading() as connection:
            return Recalled(connection).stream_at(number)

    def wall(self, question: WallAsked) -> Wall:
        """Return the wall of a night, as it stands at one moment."""
        with self._reading() as connection:
            return wall_in(connection, question)

    def naming(self, exhibit: str, *, most: int) -> tuple[tuple[int, ...], int]:
        """Return the first records that name an exhibit, and how many there are: at most 10,000."""
        with self._asking() as questions:
            return questions.naming(exhibit, most)

    def sealings(self, exhibit: str, *, first: bool) -> tuple[int, ...]:
        """Return some first or newest records that seal an exhibit."""
        with self._asking() as questions:
            return questions.sealings(exhibit, first=first)

    def host(self, name: str) -> HostLine | None:
        """Return one host's line."""
        with self._reading() as connection:
            return Recalled(connection).host(name)

    def act(self, id: str) -> ActLine | None:
        """Return one act's line."""
        with self._reading() as connection:
            return Recalled(connection).act(id)

    def counts(self) -> Counts:
        """Return how many there are of what."""
        with self._reading() as connection:
            numbers: dict[str, int] = dict(
                connection.execute(
                    "SELECT what, number FROM counts WHERE what < 'error:'"
                    " OR what >= 'error;' AND what < 'kind:' OR what >= 'kind;'"
                )
            )
            kinds: dict[str, int] = dict(
                connection.execute(
                    "SELECT what, number FROM counts WHERE what >= 'kind:' AND what < 'kind;'"
                    " ORDER BY number DESC LIMIT ?",
                    (_MOST_KINDS,),
                )
            )
            size = standing_in(connection).size
        by_kind = _of(kinds, "kind:")
        return Counts(
            records=size,
            by_kind=by_kind,
            by_finding={Finding(name): number for name, number in _of(numbers, "finding:").items()},
            by_waits={
                (ActKind(kind), Waits(waits)): number
                for name, number in _of(numbers, "waits:").items()
                for kind, _, waits in (name.partition(":"),)
            },
            streams=numbers.get("streams", 0),
            hosts=numbers.get("hosts", 0),
            acts=numbers.get("acts", 0),
            exhibits=by_kind.get(_SEALED, 0),
            probes=numbers.get("probes", 0),
            dark=numbers.get("dark", 0),
        )

    def tiles(self, since: int, until: int) -> list[bytes]:
        """Return the roots of some tiles of the ledger's tree."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT root FROM tiles WHERE number >= ? AND number < ? ORDER BY number",
                (since, until),
            )
            return [root for (root,) in rows]

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
    def _asking(self) -> Iterator[Questions]:
        with self._reading() as connection:

            def allow(seconds: float) -> Callable[[], bool]:
                connection.allow(seconds)
                return connection.spent

            yield Questions(connection, allow)

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
        return self._folder / f"{version()}-{generation}.sqlite"

    def _newest(self) -> int:
        numbers = [0]
        for path in self._folder.glob(f"{version()}-*.sqlite"):
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
            rows = connection.execute("SELECT name, sql FROM sqlite_master LIMIT 40").fetchall()
            if not rows:
                for statement in (TABLES | INDEXES).values():
                    connection.execute(statement)
                stand(connection, Standing(), Standing(), [])
            else:
                _require_ours(rows)
            connection.execute("COMMIT")
            standing_in(connection)
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


def _require_ours(rows: Sequence[tuple[str, str | None]]) -> None:
    if not is_schema(rows):
        raise SpoiltListsError("these are not the tables of our lists")


def _of(numbers: Mapping[str, int], begin: str) -> dict[str, int]:
    return {
        what.removeprefix(begin): number
        for what, number in numbers.items()
        if what.startswith(begin) and number
    }


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()
