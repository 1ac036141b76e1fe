"""The shared picture of an operation, statement by statement, and the runs of deconfliction."""

from __future__ import annotations

from datetime import datetime

from cautery.model import Agency, Marking
from cautery.model.records import (
    DeconflictionForgotten,
    DeconflictionLetter,
    DeconflictionResult,
)
from cautery.operation.sharing import advises_only, releasable
from cautery.pages.room.operation import (
    Compared,
    DeconflictionView,
    PictureView,
    RunRow,
    StatementRow,
)
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import AtTable, Operations
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import HOLDINGS, Held, held, permissions_of
from cautery.workflows.operation.own_targets import compared_targets, targets_of
from cautery.workflows.operation.released import released, told_to

LONGEST_SEARCH = 200
_A_PAGE = 50
MOST_COMPARED = 200_000
"""Targets times agencies that are compared for a page. Judgement."""


def picture_view(
    cases: Cases,
    operations: Operations,
    id: str,
    *,
    seat: str | None,
    search: str = "",
    after: str = "",
) -> PictureView:
    """Return a page of what is said in an operation, newest first, as somebody may see it.

    Parameters
    ----------
    seat : str or None
        The agency that looks; ``None``: people of the desk's own.
    search : str
        A part of a subject, a text or an agency's id.
    after : str
        Provider and id of the last statement of the page before.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks.
    """
    with operations.table(cases, id, seat) as table:
        rows = [row for row in reversed(_visible(table)) if _contains(row, search)]
        keys = [_key(row) for row in rows]
        begin = keys.index(after) + 1 if after in keys else 0
        page = rows[begin : begin + _A_PAGE]
        more = len(rows) > begin + _A_PAGE
        return PictureView(
            head=table.head,
            rows=tuple(_row(table, row) for row in page),
            found=len(rows),
            search=search,
            after=_key(page[-1]) if more else "",
        )


def _visible(table: AtTable) -> tuple[Held, ...]:
    return (
        table.desk.once(_by_time, *HOLDINGS)
        if table.seat is None
        else released(table.desk, table.seat)
    )


def _by_time(desk: Desk) -> tuple[Held, ...]:
    return tuple(
        sorted(held(desk), key=lambda row: (row.statement.at, row.statement.by, row.statement.id))
    )


def _key(row: Held) -> str:
    named = ",".join(sorted(row.statement.to))
    return f"{row.statement.by}:{row.statement.id}:{named}"[:LONGEST_SEARCH]


def _contains(row: Held, search: str) -> bool:
    wanted = search.casefold()
    statement = row.statement
    return not wanted or any(
        wanted in text.casefold() for text in (statement.subject, statement.text, statement.by)
    )


def _row(table: AtTable, row: Held) -> StatementRow:
    statement, marking = row.statement, row.statement.marking
    own = table.seat is None
    sender = row.received_from or ""
    if not own:
        # What came here from others was sent on by this desk.
        here = table.desk.agency.id
        sender = "" if table.seat and statement.by == table.seat.id else here
    told, may = _recipients(table.desk, row) if own else ((), ())
    return StatementRow(
        id=statement.id,
        by=statement.by,
        sender="" if sender == statement.by else sender,
        signed=row.signed,
        subject=statement.subject,
        about=statement.about,
        text=statement.text,
        kind=statement.kind,
        marking=marking.words,
        h3=marking.h3_text or "",
        evaluation=_evaluation(marking),
        at=statement.at,
        corrected_by=row.corrected_by or "",
        withdrawn=bool(statement.details.get("withdrawn")),
        to=tuple(sorted(statement.to)) if own else (),
        told=told,
        may=may,
    )


def _evaluation(marking: Marking) -> str:
    return f"{marking.source or ''}{'' if marking.accuracy is None else marking.accuracy}"


def _recipients(desk: Desk, row: Held) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which agencies were sent a statement, and which may be and were not."""
    statement = row.statement
    key = (statement.by, statement.id)
    told = {agency for agency, keys in told_to(desk).items() if key in keys}
    permitted = permissions_of(desk)
    may = [
        agency.id
        for agency in desk.operation.agencies
        if agency.id not in told
        and row.corrected_by is None
        and row.signed
        and releasable(
            statement,
            to=agency,
            operation=desk.operation,
            by=desk.agency.id,
            permitted=(*key, agency.id) in permitted,
        )
    ]
    return tuple(sorted(told)), tuple(sorted(may))


def deconfliction_view(
    cases: Cases, operations: Operations, id: str, *, seat: str | None
) -> DeconflictionView:
    """Return the runs of deconfliction, and what is left out of the next ones.

    An agency sees the runs with itself; what a desk leaves out is for its own people.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks.
    """
    with operations.table(cases, id, seat) as table:
        runs = [
            run for run in _runs(table.desk) if table.seat is None or run.partner == table.seat.id
        ]
        return DeconflictionView(
            head=table.head,
            runs=tuple(sorted(runs, key=lambda run: run.began_at, reverse=True)),
            compared=table.desk.once(_compared) if table.seat is None else (),
        )


def _runs(desk: Desk) -> list[RunRow]:
    letters: dict[str, list[DeconflictionLetter]] = {}
    results: dict[str, tuple[DeconflictionResult, datetime]] = {}
    forgotten: set[str] = set()
    for entry, content in desk.contents(
        DeconflictionLetter, DeconflictionResult, DeconflictionForgotten
    ):
        if isinstance(content, DeconflictionLetter):
            letters.setdefault(content.session, []).append(content)
        elif isinstance(content, DeconflictionResult):
            results[content.session] = content, entry.record.at
        elif isinstance(content, DeconflictionForgotten):
            forgotten.add(content.session)
    rows = []
    for session, written in letters.items():
        result, ended_at = results.get(session, (None, None))
        rows.append(
            RunRow(
                session=session,
                partner=written[0].with_,
                size=written[0].size,
                letters=len({letter.step for letter in written}),
                began_at=written[0].at,
                ended_at=ended_at,
                shared=None if result is None else result.shared,
                contact="" if result is None else result.contact,
                forgotten=session in forgotten,
            )
        )
    return rows


def _compared(desk: Desk) -> tuple[Compared, ...]:
    """Return what would be compared with each agency now; none where that is too much work."""
    partners = [agency for agency in desk.operation.agencies if _compares(desk, agency)]
    if len(targets_of(desk)) * len(partners) > MOST_COMPARED:
        return ()
    rows = []
    for agency in partners:
        compared = compared_targets(desk, agency, None)
        rows.append(
            Compared(partner=agency.id, targets=len(compared.targets), left_out=compared.left_out)
        )
    return tuple(rows)


def _compares(desk: Desk, agency: Agency) -> bool:
    return agency.id != desk.agency.id and not advises_only(agency)
