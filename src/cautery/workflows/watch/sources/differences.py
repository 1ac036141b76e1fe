"""What differs between two readings of one source, as records and a table."""

from __future__ import annotations

from cautery.formats.diff import Changes
from cautery.model.records import SourceChanged, StreamMoved
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal

MOST_SINGLE = 1_000
"""So many changes of one reading are records; of more, one record names a table of them all."""
MOST_HOSTS = 50
"""Pairs of hosts that a record names; the table has all that moved."""


def record_changes(
    source: str, changes: Changes, *, journal: Journal, streams: bool = True
) -> None:
    """Record what differs, if anything does.

    Parameters
    ----------
    streams : bool
        Whether what has moved are streams: each is a record of its own, up to a number.
    """
    if not changes:
        return
    now = journal.now()
    single = streams and len(changes.moved) <= MOST_SINGLE
    for move in changes.moved if single else ():
        journal.write(
            StreamMoved(
                was=move.was.place,
                url=move.now.place,
                title=move.now.title,
                why=move.why,
                source=source,
                at=now,
            )
        )
    table = journal.seal(
        table_of(changes, journal), what="table", media_type=tables.MEDIA_TYPE, at=now
    )
    journal.write(
        SourceChanged(
            source=source,
            at=now,
            appeared=len(changes.appeared),
            vanished=len(changes.vanished),
            moved=len(changes.moved),
            renamed=len(changes.renamed),
            kept=changes.kept,
            hosts=changes.hosts[:MOST_HOSTS],
            table=table,
        )
    )


def table_of(changes: Changes, journal: Journal) -> bytes:
    """Return all that differs as one Parquet table: change, url, title, was, was_title, why."""
    rows: list[tuple[str | None, ...]] = [
        ("appeared", entry.place, entry.title, None, None, None) for entry in changes.appeared
    ]
    rows += [("vanished", None, None, entry.place, entry.title, None) for entry in changes.vanished]
    for name, moves in (("moved", changes.moved), ("renamed", changes.renamed)):
        rows += [
            (name, move.now.place, move.now.title, move.was.place, move.was.title, move.why.value)
            for move in moves
        ]
    names = ("change", "url", "title", "was", "was_title", "why")
    return tables.parquet(
        {name: [row[at] for row in rows] for at, name in enumerate(names)},
        scrubbed=journal.scrubbed,
    )
