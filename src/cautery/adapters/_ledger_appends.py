"""What is appended to a ledger together, and whether it stands.

Reaches nothing itself; for :mod:`cautery.adapters.ledger_sql`, on whose lawful basis and with
whose manners. Format: docs/reference/case-format.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cautery.adapters._ledger_batches import marks
from cautery.adapters._ledger_reading import Database, size_of
from cautery.errors import ConflictError
from cautery.model.evidence import Json
from cautery.model.records import Entry, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records that are appended together, and what must not have come before them."""

    records: Sequence[tuple[str, Json, datetime]]
    leaves: Sequence[bytes]
    since: int | None
    kinds: tuple[str, ...]


def append_batches(
    cursor: Any, database: Database, name: str, batches: Sequence[Batch]
) -> list[tuple[Entry, ...] | Exception]:
    """Append what several threads wait for; return what became of each.

    Parameters
    ----------
    name : str
        Of the ledger, for messages.
    """
    appended: list[tuple[Entry, ...] | Exception] = []
    rows: list[tuple[int, str, bytes]] = []
    size = size_of(cursor)
    for batch in batches:
        if batch.since is not None:
            _insert(cursor, database, rows)  # earlier batches of this group came before it, too
            rows = []
            if (conflict := _conflict(cursor, name, batch)) is not None:
                appended.append(conflict)
                continue
        entries = tuple(
            Entry(index=index, record=Record(kind=kind, at=at, body=body), leaf=leaf)
            for index, ((kind, body, at), leaf) in enumerate(
                zip(batch.records, batch.leaves, strict=True), start=size
            )
        )
        rows += [(entry.index, entry.record.kind, entry.leaf) for entry in entries]
        size += len(entries)
        appended.append(entries)
    _insert(cursor, database, rows)
    return appended


def stand(cursor: Any, appended: Sequence[tuple[Entry, ...] | Exception]) -> bool:
    """Tell whether all that was appended stands in the ledger, under its numbers."""
    entries = [entry for batch in appended if isinstance(batch, tuple) for entry in batch]
    # One transaction wrote them all, or none.
    return all(
        (row := cursor.execute("SELECT leaf FROM entries WHERE idx = ?", (entry.index,)).fetchone())
        is not None
        and bytes(row[0]) == entry.leaf
        for entry in (*entries[:1], *entries[-1:])
    )


def _insert(cursor: Any, database: Database, rows: list[tuple[int, str, bytes]]) -> None:
    if rows:
        database.insert(cursor, rows)


def _conflict(cursor: Any, name: str, batch: Batch) -> ConflictError | None:
    where = f" AND kind IN ({marks(batch.kinds)})" if batch.kinds else ""
    row = cursor.execute(
        f"SELECT idx, kind FROM entries WHERE idx >= ?{where} ORDER BY idx LIMIT 1",  # noqa: S608 - bound
        (batch.since, *batch.kinds),
    ).fetchone()
    if row is None:
        return None
    return ConflictError(f"{name}: another process appended record {row[0]} ({row[1]}) meanwhile")
