"""What a ledger's database holds, read a page at a time, so that it fits in memory.

Reaches nothing itself; for :mod:`cautery.adapters.ledger_sql`, on whose lawful basis and with
whose manners. Format: docs/reference/case-format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from cautery.adapters._ledger_postgresql import PostgresqlDatabase
from cautery.adapters._ledger_sqlite import SqliteDatabase
from cautery.errors import EvidenceError
from cautery.evidence.leaf import MAX_LEAF_BYTES
from cautery.evidence.note import MAX_NOTE_BYTES

_PAGE = 256  # entries read in one short transaction, or fewer when they are large
_PAGE_BYTES = MAX_LEAF_BYTES


class Pages:
    """Reads records and checkpoints as they are filed.

    Parameters
    ----------
    name : str
        Of the ledger, named in errors.
    reading : callable
        Begins a short transaction that reads.
    """

    def __init__(
        self,
        database: SqliteDatabase | PostgresqlDatabase,
        name: str,
        *,
        reading: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._database = database
        self._name = name
        self._reading = reading

    def rows(
        self, since: int, until: int, kinds: tuple[str, ...]
    ) -> Iterator[tuple[int, str, bytes]]:
        """Yield index, kind as filed, and leaf of each record, all kinds or the given ones."""
        if since == 0 and not kinds:
            with self._reading() as cursor:
                self._refuse_before_first(cursor, "record", "SELECT MIN(idx) FROM entries")
        while since < until:
            with self._reading() as cursor:
                if kinds:
                    self._database.prove_index(cursor)
                sizes = self._sizes(cursor, since, until, kinds)
                if not sizes:
                    return
                page = self._page(sizes)
                rows = _rows(cursor, page)
            yield from rows
            since = page[-1] + 1

    def pick(self, indexes: Sequence[int]) -> Iterator[tuple[int, str, bytes]]:
        """Yield the same of some records, in rising order; a number that has none is left out."""
        indexes_left = sorted(set(indexes))
        while indexes_left:
            with self._reading() as cursor:
                sizes = cursor.execute(
                    f"SELECT idx, {self._database.size_of_leaf} FROM entries"  # noqa: S608 - bound
                    f" WHERE idx IN ({marks(indexes_left[:_PAGE])}) ORDER BY idx",
                    indexes_left[:_PAGE],
                ).fetchall()
                page = self._page(sizes)
                rows = _rows(cursor, page)
            yield from rows
            last_index = page[-1] if len(page) < len(sizes) else indexes_left[:_PAGE][-1]
            indexes_left = [index for index in indexes_left if index > last_index]

    def checkpoint_times(self) -> Iterator[tuple[int, str]]:
        """Yield size and time (RFC 3339) of each checkpoint; no signature covers the time."""
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT size, substr(at, 1, 40) FROM checkpoints ORDER BY number"
            ).fetchall()
        for size, at in rows:
            if not isinstance(size, int):
                raise EvidenceError(
                    f"{self._name}: a checkpoint is filed under no number of records"
                )
            yield size, str(at)

    def filed_checkpoints(self) -> Iterator[tuple[int, int, str, str]]:
        """Yield number, size, time and note of each checkpoint, as they are filed."""
        last = -1
        while True:
            with self._reading() as cursor:
                rows = cursor.execute(
                    f"SELECT number, size, at, note FROM checkpoints WHERE number > ?"  # noqa: S608 - a number
                    f" ORDER BY number LIMIT {_PAGE}",
                    (last,),
                ).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    def newest_checkpoint(self) -> str | None:
        """Return the note of the checkpoint that was made last."""
        with self._reading() as cursor:
            row = cursor.execute(
                f"SELECT substr(note, 1, {MAX_NOTE_BYTES + 1}) FROM checkpoints"  # noqa: S608 - a number
                " ORDER BY number DESC LIMIT 1"
            ).fetchone()
        if row is not None and not isinstance(row[0], str):
            raise EvidenceError(f"{self._name}: its newest checkpoint is no text")
        return None if row is None else str(row[0])

    def checkpoints(self) -> Iterator[str]:
        """Yield the checkpoints' notes in the order in which they were made."""
        with self._reading() as cursor:
            self._refuse_before_first(cursor, "checkpoint", "SELECT MIN(number) FROM checkpoints")
        query = (
            f"SELECT number, substr(note, 1, {MAX_NOTE_BYTES + 1}) FROM checkpoints"  # noqa: S608 - numbers
            f" WHERE number > ? ORDER BY number LIMIT {_PAGE}"
        )
        last = -1
        while True:
            with self._reading() as cursor:
                rows = cursor.execute(query, (last,)).fetchall()
            for number, note in rows:
                if not isinstance(number, int) or number <= last or not isinstance(note, str):
                    raise EvidenceError(f"{self._name}: its checkpoints are not in rising order")
                last = number
                yield note
            if len(rows) < _PAGE:
                return

    def _refuse_before_first(self, cursor: Any, what: str, query: str) -> None:
        """Refuse a row under a negative number: what counts from 0 would pass over it."""
        (lowest,) = cursor.execute(query).fetchone()
        if lowest is not None and lowest < 0:
            raise EvidenceError(f"{self._name}: {what} {lowest} stands before the first")

    def _sizes(
        self, cursor: Any, since: int, until: int, kinds: tuple[str, ...]
    ) -> list[tuple[int, int | None]]:
        """Return indexes and sizes of a page's leaves, before any of them is read into memory."""
        select = (
            f"SELECT idx, {self._database.size_of_leaf} FROM entries WHERE idx >= ? AND idx < ?"  # noqa: S608 - bound
        )
        ordered = f" ORDER BY idx LIMIT {_PAGE}"
        if not kinds:
            rows = cursor.execute(select + ordered, (since, until)).fetchall()
        else:  # each kind comes from the index in order, and the database merges them
            per_kind = select + " AND kind = ?"
            values = [value for kind in kinds for value in (since, until, kind)]
            rows = cursor.execute(
                " UNION ALL ".join([per_kind] * len(kinds)) + ordered, values
            ).fetchall()
        return [(int(index), size) for index, size in rows]

    def _page(self, sizes: Sequence[tuple[int, int | None]]) -> list[int]:
        """Return the indexes of a page that fits in memory."""
        total, page = 0, []
        for index, size in sizes:
            if size is None:
                raise EvidenceError(f"{self._name}: record {index}: its leaf is not bytes")
            if size > MAX_LEAF_BYTES:
                raise EvidenceError(f"{self._name}: record {index}: larger than a record can be")
            total += size
            page.append(index)
            if total >= _PAGE_BYTES:
                break
        return page


def _rows(cursor: Any, page: Sequence[int]) -> list[tuple[int, str, bytes]]:
    rows = cursor.execute(
        "SELECT idx, kind, leaf FROM entries"  # noqa: S608 - bound
        f" WHERE idx IN ({marks(page)}) ORDER BY idx",
        page,
    ).fetchall()
    # SQLite keeps bytes as a kind, which is then none.
    return [
        (index, kind if isinstance(kind, str) else repr(kind), leaf) for index, kind, leaf in rows
    ]


def marks(values: Sequence[object]) -> str:
    """Return a place holder for each value."""
    return ", ".join("?" * len(values))
