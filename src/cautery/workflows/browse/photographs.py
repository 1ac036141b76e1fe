"""Photographs that are sent to the room: of which exhibit somebody may send one, and see one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cautery.errors import AbsentError, InputError
from cautery.messages import tr
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import Operations
from cautery.workflows.browse.register import line_at
from cautery.workflows.browse.waiting import waiting_at
from cautery.workflows.people.tray import Subject, Tray, Waiting


def subject_of(
    cases: Cases, operations: Operations, id: str, key: str, *, seat: str | None
) -> Subject:
    """Return the exhibit of which somebody sends a photograph.

    Raises
    ------
    AbsentError
        If there is none with this key for who asks.
    InputError
        If nothing can be added to the case any more.
    """
    with operations.table(cases, id, seat) as table:
        line = line_at(table, key)
        if table.closed:
            raise InputError(tr("The case is closed: no photograph can be added to it."))
        return Subject(
            desk=table.desk.opening.key,
            case=id,
            number=line.first.number,
            exhibit=line.digest,
            agency=table.desk.agency.id if table.seat is None else table.seat.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPhoto:
    """The bytes of a photograph that waits, to be sent."""

    size: int
    media_type: str
    item: Waiting
    tray: Tray

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range of them, once all are known to be those that came."""
        return self.tray.pieces(self.item, start, stop)


def photo_of(
    cases: Cases,
    operations: Operations,
    id: str,
    key: str,
    sha256: str,
    *,
    tray: Tray,
    seat: str | None,
) -> WaitingPhoto:
    """Return a photograph that waits.

    Raises
    ------
    AbsentError
        If none waits there that who asks may see.
    """
    with operations.table(cases, id, seat) as table:
        line_at(table, key)
        waiting = [*waiting_at(table, tray, key)]
    for item in waiting:
        if item.sha256 == sha256 and item.photograph is not None and not item.fault:
            about = item.photograph
            return WaitingPhoto(size=about.size, media_type=about.media_type, item=item, tray=tray)
    raise AbsentError(tr("This photograph does not wait here; it may be filed by now."))
