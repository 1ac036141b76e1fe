"""What waits in the tray of the room for an operation, as somebody at its table may see it.

Another agency sees what its own people sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from cautery.pages.room.register import WaitingRow
from cautery.workflows.browse.operations import AtTable
from cautery.workflows.people.tray import Tray, Waiting


def waiting_at(table: AtTable, tray: Tray | None, key: str = "") -> Iterator[Waiting]:
    """Yield what waits for a desk that is lent.

    Parameters
    ----------
    tray : Tray or None
        ``None``: the room has no people, so nobody sends anything.
    key : str
        Of the only exhibit; empty: of all.
    """
    desk = table.desk.opening.key
    for item in () if tray is None else tray.waiting(key):
        photograph = item.photograph
        own = photograph is not None and photograph.desk == desk
        told = table.seat is None or (own and not item.fault and _is_of(item, table.seat.id))
        if told and (own or (photograph is None and key)):
            yield item


def waiting_rows(table: AtTable, tray: Tray | None, key: str) -> tuple[WaitingRow, ...]:
    """Return the rows of what waits at an exhibit, in the order in which it came."""
    rows = [
        WaitingRow(
            sha256=item.sha256,
            by="" if item.photograph is None else item.photograph.by,
            agency="" if item.photograph is None else item.photograph.agency,
            at=None if item.photograph is None else item.photograph.at,
            note="" if item.photograph is None else item.photograph.note,
            fault=item.fault,
        )
        for item in waiting_at(table, tray, key)
    ]
    return tuple(sorted(rows, key=lambda row: (row.at is None, str(row.at), row.sha256)))


def _is_of(item: Waiting, agency: str) -> bool:
    return item.photograph is not None and item.photograph.agency == agency
