"""The records that a dossier shows, as a ledger that is only read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from threading import Event
from typing import Never

from cautery.errors import EvidenceError, StorageError
from cautery.evidence.leaf import record_of
from cautery.model import Entry, Json


class ShownLedger:
    """Some records of a ledger under their own numbers; what is not shown is not in it.

    Parameters
    ----------
    leaves : iterable of (int, bytes)
        Number and leaf of each record, in order; one that nobody can read is left out.
    """

    def __init__(self, leaves: Iterable[tuple[int, bytes]]) -> None:
        self._entries: list[Entry] = []
        for index, leaf in leaves:
            with suppress(EvidenceError):
                record = record_of(leaf, canonical=False)
                self._entries.append(Entry(index=index, record=record, leaf=leaf))

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries with ``index >= since`` in order, all kinds or the given ones."""
        start = bisect_left(self._entries, since, key=attrgetter("index"))
        for entry in self._entries[start:]:
            if not kinds or entry.record.kind in kinds:
                yield entry

    def follow(
        self,
        *,
        since: int = 0,
        kinds: Sequence[str] = (),
        stop: Event | None = None,
        patience_s: float | None = None,
    ) -> Iterator[Entry]:
        """Yield what is there: no more will come."""
        del stop, patience_s
        return self.read(since=since, kinds=kinds)

    def size(self) -> int:
        """Return the number behind the last record."""
        return self._entries[-1].index + 1 if self._entries else 0

    def append(
        self,
        kind: str,
        body: Json,
        *,
        at: datetime,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Never:
        """Refuse: it is only read."""
        del body, at, if_unchanged_since, kinds
        raise StorageError(f"{kind}: the records of a dossier are only read")

    def append_all(
        self,
        records: Sequence[tuple[str, Json, datetime]],
        *,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Never:
        """Refuse: it is only read."""
        del records, if_unchanged_since, kinds
        raise StorageError("the records of a dossier are only read")
