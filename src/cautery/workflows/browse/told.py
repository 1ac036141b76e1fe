"""What partners told a case, for the page of the room."""

from __future__ import annotations

from cautery.errors import AbsentError
from cautery.messages import tr
from cautery.pages.room.told import ToldPage
from cautery.pages.told import ToldLine
from cautery.projections.told import told_in
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases
from cautery.workflows.case.told import told_rows, told_view

LINES_A_PAGE = 500
LONGEST_ASKED = 253
"""Characters of a host's name (RFC 1035)."""


def told_page(cases: Cases, id: str, *, about: str = "", source: str = "") -> ToldPage:
    """Return what partners told a case; what is under TLP:RED, and persons, nobody sees here.

    Parameters
    ----------
    about : str
        Only items about this host, or below it; empty: all.
    source : str
        Only of this partner; empty: of all.

    Raises
    ------
    AbsentError
        If there is no such case, or nobody told it anything.
    """
    about, now = about.strip()[:LONGEST_ASKED], cases.clock.now()
    with cases.case(id) as case:
        head = head_of(case, now=now)
        told = told_in(case.ledger)
        view = told_view(told)
        if view is None:
            raise AbsentError(tr("No file of a partner was imported into this case."))
        found = told_rows(told, case.vault.read, about=about, source=source, most=LINES_A_PAGE)
    return ToldPage(
        head=head,
        told=view,
        lines=tuple(
            ToldLine(
                source=row.source,
                record=row.record,
                kind=row.item.kind,
                id="" if row.item.is_hidden else row.item.id,
                by=row.item.by,
                marking=row.item.marking,
                evaluation=row.evaluation,
                state=row.state(now),
                role=row.item.role or "",
                valid_until=row.item.valid_until,
                probability=row.item.probability,
            )
            for row in found.rows
        ),
        about=about,
        source=source,
        total=found.total,
        unread=found.unread,
    )
