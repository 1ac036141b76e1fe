"""A ledger as it is read: records by number or kind, checkpoints, and what comes in.

Reaches nothing itself; for :mod:`cautery.adapters.ledger_sql`, on whose lawful basis and with
whose manners. Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import Any

from cautery.adapters._ledger_batches import Pages
from cautery.adapters._ledger_failures import failures
from cautery.adapters._ledger_postgresql import LedgerPlace, PostgresqlDatabase
from cautery.adapters._ledger_sqlite import SqliteDatabase
from cautery.adapters._servers import server_name
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.covered_rows import CoveredRows
from cautery.evidence.leaf import record_of
from cautery.evidence.merkle import leaf_hash
from cautery.model.records import Entry

_KEPT_BYTES = 4 << 20
"""Of leaves whose records are kept as they were read: a desk reads its thousands again and again.
Judgement."""
_LOOK_S = 0.05
"""How often one who follows the ledger looks for more: no eye notices. Judgement."""

Database = SqliteDatabase | PostgresqlDatabase


class _Newest:
    """The entries that were picked last: a page asks for the same ones again. Safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._bytes = 0

    def get(self, index: int, leaf: bytes) -> Entry | None:
        """Return an entry as it was read; ``None``: it is not here, or another leaf is."""
        with self._lock:
            entry = self._entries.get(index)
            if entry is None or entry.leaf != leaf:
                return None
            self._entries.move_to_end(index)
            return entry

    def keep(self, entry: Entry) -> None:
        """Keep an entry in place of those that nobody asked for for longest."""
        if len(entry.leaf) > _KEPT_BYTES // 16:
            return
        with self._lock:
            before = self._entries.pop(entry.index, None)
            self._bytes += len(entry.leaf) - (0 if before is None else len(before.leaf))
            self._entries[entry.index] = entry
            while self._bytes > _KEPT_BYTES:
                self._bytes -= len(self._entries.popitem(last=False)[1].leaf)


class LedgerReader:
    """Reads a ledger.

    Parameters
    ----------
    database : SqliteDatabase or PostgresqlDatabase
        Open.
    name : str
        Of the ledger, for messages.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._closed = False
        self._pages = Pages(database, name, reading=self._reading)
        self._picked = _Newest()
        self._kept: dict[int, Entry] = {}
        self._room_bytes = _KEPT_BYTES
        self._covered = CoveredRows()

    def keep_to(self, covered: CoveredRows) -> None:
        """From now on, refuse to read other rows in the place of those that roots covered."""
        self._covered = covered

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield the entries that stand now, ``index >= since``, all kinds or the given ones.

        Raises
        ------
        EvidenceError
            If a leaf is no record, or its row says another kind.
        """
        yield from self._read(since, self.size(), tuple(kinds))

    def follow(
        self,
        *,
        since: int = 0,
        kinds: Sequence[str] = (),
        stop: Event | None = None,
        patience_s: float | None = None,
    ) -> Iterator[Entry]:
        """Yield the entries that stand and then those that any process appends, as they come.

        Parameters
        ----------
        stop : Event, optional
            Set by another thread to end it, once what stands has been yielded.
        patience_s : float, optional
            End it when no more has come for so long.

        Raises
        ------
        EvidenceError
            As :meth:`read`.
        """
        stop = stop or Event()
        heard_at = time.monotonic()
        while True:
            # ``stop`` is read before the size: what was appended before it was set is still
            # yielded.
            over, size = stop.is_set(), self.size()
            for entry in self._read(since, size, tuple(kinds)):
                yield entry
                heard_at = time.monotonic()
            since = max(since, size)
            if over or (patience_s is not None and time.monotonic() - heard_at >= patience_s):
                return
            stop.wait(_LOOK_S)

    def pick(self, indexes: Sequence[int]) -> tuple[Entry, ...]:
        """Return the entries of some numbers, in rising order; a number that has none is left out.

        Parameters
        ----------
        indexes : sequence of int
            At most as many as a page of a list has.

        Raises
        ------
        EvidenceError
            As :meth:`read`.
        """
        return tuple(
            self._read_entry(index, kind, leaf, self._picked)
            for index, kind, leaf in self._pages.pick(indexes)
        )

    def leaves(
        self, *, since: int = 0, until: int | None = None
    ) -> Iterator[tuple[int, str, bytes]]:
        """Yield index, kind as filed, and leaf of every record, or of some, unread."""
        return self._pages.rows(since, self.size() if until is None else until, ())

    def size(self) -> int:
        """Return the number of entries."""
        with self._reading() as cursor:
            return size_of(cursor)

    def checkpoint_times(self) -> Iterator[tuple[int, str]]:
        """Yield size and time (RFC 3339) of each checkpoint; no signature covers the time."""
        return self._pages.checkpoint_times()

    def checkpoints(self) -> Iterator[str]:
        """Yield the checkpoints' notes in the order in which they were made."""
        return self._pages.checkpoints()

    def newest_checkpoint(self) -> str | None:
        """Return the note of the checkpoint that was made last; ``None``: there is none."""
        return self._pages.newest_checkpoint()

    def filed_checkpoints(self) -> Iterator[tuple[int, int, str, str]]:
        """Yield number, size, time and note of each checkpoint, as they are filed."""
        return self._pages.filed_checkpoints()

    def _read(self, since: int, until: int, kinds: tuple[str, ...]) -> Iterator[Entry]:
        due = self._covered.numbers(since, kinds)
        expected = next(due, None)
        for index, kind, leaf in self._pages.rows(since, until, kinds):
            if expected is not None or self._covered.holds(index):
                self._require_covered(expected, index)
                expected = next(due, None)
            entry = self._read_entry(index, kind, leaf)
            if not kinds or entry.record.kind in kinds:
                yield entry
        self._require_covered(expected, None)

    def _require_covered(self, expected: int | None, index: int | None) -> None:
        """Refuse a row that roots did not cover so, or one that is hidden."""
        if expected != index:
            raise EvidenceError(
                f"{self._name}: record {index if expected is None else expected} is not as it was "
                "when its case was compared with the signed roots"
            )

    def _read_entry(
        self, index: int, kind: str, leaf: bytes, picked: _Newest | None = None
    ) -> Entry:
        if self._covered.holds(index) and not self._covered.is_same(index, leaf_hash(leaf)):
            self._require_covered(index, None)
        kind, leaf = self._right(index, kind, leaf)
        entry = None if picked is None else picked.get(index, leaf)
        if entry is None:
            entry = self._entry(index, leaf)
            if picked is not None:
                picked.keep(entry)
        if entry.record.kind != kind:
            raise EvidenceError(
                f"{self._name}: record {index}: filed as {kind}, but it is {entry.record.kind}"
            )
        return entry

    def _entry(self, index: int, leaf: bytes) -> Entry:
        cached = self._kept.get(index)
        if cached is not None and cached.leaf == leaf:
            return cached
        try:
            record = record_of(leaf, canonical=False)
        except EvidenceError as error:
            raise EvidenceError(f"{self._name}: record {index}: {error}") from error
        entry = Entry(index=index, record=record, leaf=leaf)
        if cached is None and len(leaf) <= self._room_bytes:
            # Not locked: two threads may keep a little more than there is room for.
            self._room_bytes -= len(leaf)
            self._kept[index] = entry
        return entry

    def _right(self, index: int, kind: str, leaf: bytes) -> tuple[str, bytes]:  # noqa: ARG002
        """Return a row as it is; who writes may put a record in its place."""
        return kind, leaf

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._failures("read"), self._database.reading() as cursor:
            yield cursor

    @contextlib.contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Speak of the database's failures in the analyst's words."""
        if self._closed:
            raise StorageError(f"{self._name}: it is closed", hint="")
        with failures(self._name, what):
            yield


def size_of(cursor: Any) -> int:
    """Return the number of entries."""
    (size,) = cursor.execute("SELECT COALESCE(MAX(idx) + 1, 0) FROM entries").fetchone()
    return int(size)


def place_of(url: str) -> Path | LedgerPlace:
    """Return the place of a ledger's database that a URL means.

    Raises
    ------
    InputError
        If it means none.
    """
    if url.startswith("sqlite://"):
        return Path(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        return LedgerPlace(url=url, name=server_name(url))
    raise InputError(
        f"{url[:80]!r} is not the place of a ledger's database",
        hint="Write sqlite:///PATH or postgresql://USER@HOST/DATABASE.",
    )
