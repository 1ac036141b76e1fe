"""The table of an operation: its agencies, what each may be told, and the course so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from cautery.drawing.templates import said
from cautery.messages import tr, tr_n
from cautery.model import Agency, DayPlan, Statement
from cautery.model.records import (
    AgencyJoined,
    BundleReceived,
    BundleRefused,
    BundleShared,
    CutChosen,
    DeconflictionResult,
    Entry,
    GrewBack,
    NodesProbedDark,
    OutsideEvent,
)
from cautery.operation.sharing import releasable
from cautery.pages.room.operation import AgencyRow, Happened, TableView
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import AtTable, Operations, day_at
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import HOLDINGS, permissions_of, standing
from cautery.workflows.operation.released import released, told_to

MOST_HAPPENED = 200
MOST_JUDGED = 1_000_000
"""Pairs of a statement and an agency that are judged for a page: a second. Judgement."""
_SENT = (BundleShared, BundleReceived, BundleRefused)
_TOLD = (AgencyJoined, *_SENT, DeconflictionResult, CutChosen, DayPlan, NodesProbedDark)
_ALL = (*_TOLD, GrewBack, OutsideEvent)


def table_view(cases: Cases, operations: Operations, id: str, *, seat: str | None) -> TableView:
    """Return the agencies and the course of an operation, as somebody may see them.

    Parameters
    ----------
    seat : str or None
        The agency that looks; ``None``: people of the desk's own.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks.
    """
    with operations.table(cases, id, seat) as table:
        course = [*_course(table)]
        course.sort(key=lambda moment: moment.at, reverse=True)
        agencies = table.desk.operation.agencies
        too_many = len(agencies) * len(standing(table.desk)) > MOST_JUDGED
        day = day_at(table)
        return TableView(
            head=table.head,
            agencies=tuple(_agency(table, agency, judged=not too_many) for agency in agencies),
            course=tuple(course[:MOST_HAPPENED]),
            more=len(course[MOST_HAPPENED:]),
            moment=None if day is None or not _has_part(table, day) else day.moment,
            too_many=too_many and table.seat is None,
        )


def _has_part(table: AtTable, day: DayPlan) -> bool:
    """Tell whether who looks has a step in a day: others are not told of it."""
    seat = table.seat
    rows = (*day.steps, *day.dropped)
    return seat is None or any(row.step.agency == seat.id for row in rows)


def _agency(table: AtTable, agency: Agency, *, judged: bool) -> AgencyRow:
    desk, seat = table.desk, table.seat
    agency_row = AgencyRow(
        id=agency.id,
        name=agency.name,
        country=agency.country,
        role=agency.role,
        competence=tuple(sorted(agency.competence)),
        contact=agency.contact,
        zone=agency.zone,
    )
    if seat is not None:
        return _own_row(desk, agency_row) if agency.id == seat.id else agency_row
    told_statements = told_to(desk).get(agency.id, frozenset())
    may, withheld = (None, ()) if not judged else releases(desk).get(agency.id, (None, ()))
    return replace(
        agency_row,
        joined_at=_joined(desk).get(agency.id),
        statements=desk.once(_said, *HOLDINGS)[agency.id],
        told=None if agency.id == desk.agency.id else len(told_statements),
        may=may,
        withheld=withheld,
    )


def _own_row(desk: Desk, agency_row: AgencyRow) -> AgencyRow:
    rows = released(desk, desk.operation.agency(agency_row.id))
    own_count = sum(row.statement.by == agency_row.id for row in rows)
    return replace(
        agency_row,
        joined_at=_joined(desk).get(agency_row.id),
        statements=own_count,
        told=len(rows) - own_count,
    )


def releases(desk: Desk) -> dict[str, tuple[int, tuple[tuple[str, int], ...]]]:
    """Return, by agency, how many statements it may still be sent, and may not, by marking."""
    return desk.once(_releases, *HOLDINGS, BundleShared)


@dataclass(slots=True)
class _Judged:
    """By a statement's object: it, who may be sent it without a permission, its marking's words.

    Each is judged once: neither it nor the table ever changes.
    """

    of: dict[int, tuple[Statement, frozenset[str], str]] = field(default_factory=dict)


def _releases(desk: Desk) -> dict[str, tuple[int, tuple[tuple[str, int], ...]]]:
    permitted, told_by_agency, judged = permissions_of(desk), told_to(desk), desk.keeper(_Judged).of
    other_agencies = [agency for agency in desk.operation.agencies if agency.id != desk.agency.id]
    told_of = [(to, told_by_agency.get(to.id, frozenset())) for to in other_agencies]
    may, withheld = Counter[str](), {to.id: Counter[str]() for to in other_agencies}
    for statement in (row.statement for row in standing(desk)):
        if id(statement) not in judged:
            free = frozenset(to.id for to in other_agencies if _is_releasable(desk, statement, to))
            judged[id(statement)] = statement, free, statement.marking.words
        _, free, marking = judged[id(statement)]
        key = statement.by, statement.id
        for to, told_statements in told_of:
            if statement.by == to.id or key in told_statements:
                continue
            if to.id in free or (
                (*key, to.id) in permitted and _is_releasable(desk, statement, to, permitted=True)
            ):
                may[to.id] += 1
            else:
                withheld[to.id][marking] += 1
    return {
        name: (may[name], tuple(sorted(markings.items()))) for name, markings in withheld.items()
    }


def _is_releasable(
    desk: Desk, statement: Statement, agency: Agency, *, permitted: bool = False
) -> bool:
    return releasable(
        statement, to=agency, operation=desk.operation, by=desk.agency.id, permitted=permitted
    )


def _joined(desk: Desk) -> dict[str, datetime]:
    """Return when each agency joined first."""
    return desk.once(_first_joined, AgencyJoined)


def _first_joined(desk: Desk) -> dict[str, datetime]:
    joined: dict[str, datetime] = {}
    for _, record in desk.contents(AgencyJoined):
        joined.setdefault(record.agency, record.at)
    return joined


def _said(desk: Desk) -> Counter[str]:
    """Return how many standing statements there are of each agency."""
    return Counter(row.statement.by for row in standing(desk))


def _course(table: AtTable) -> Iterator[Happened]:
    desk, seat = table.desk, table.seat
    names = {agency.id: agency.name for agency in desk.operation.agencies}
    for entry, content in desk.contents(*_ALL):
        about = _about(content)
        if seat is not None and about != seat.id:
            continue
        yield Happened(
            at=getattr(content, "at", None) or entry.record.at,
            what=_words(entry, content, names, own=seat is None),
            agency=about if about in names else "",
            record=entry.index if seat is None else None,
        )


def _about(content: object) -> str:
    """Return the other agency that a record is about; empty: none."""
    match content:
        case AgencyJoined(agency=agency):
            return agency
        case BundleShared(to=agency):
            return agency
        case BundleReceived(from_=agency) | DeconflictionResult(with_=agency):
            return agency
    return ""


def _words(entry: Entry, content: object, names: dict[str, str], *, own: bool) -> str:
    """Say what a record tells; ``own``: to the desk's own people."""

    def name(agency: str | None) -> str:
        return names.get(agency or "", agency or tr("somebody"))

    match content:
        case AgencyJoined(agency=agency):
            return tr("%(agency)s joins", agency=name(agency))
        case BundleShared(to=agency, statements=statements, why=why):
            words = tr_n(
                "%(count)s statement was sent to %(agency)s",
                "%(count)s statements were sent to %(agency)s",
                len(statements),
                str,
                agency=name(agency),
            )
            return f"{words}: {why}" if own else words
        case BundleReceived(from_=agency, refused=refused):
            words = tr("a bundle of %(agency)s was filed", agency=name(agency))
            if not own or not refused:
                return words
            return f"{words}; " + tr_n(
                "%(count)s statement in it was refused",
                "%(count)s statements in it were refused",
                len(refused),
                str,
            )
        case BundleRefused(from_=agency, why=why):
            return tr(
                "a bundle of %(agency)s was refused: %(why)s", agency=name(agency), why=said(why)
            )
        case DeconflictionResult(with_=agency, shared=shared):
            return tr_n(
                "%(count)s target in common with %(agency)s",
                "%(count)s targets in common with %(agency)s",
                len(shared),
                str,
                agency=name(agency),
            )
        case CutChosen(chosen=chosen):
            return tr_n(
                "the cut is chosen: %(count)s act",
                "the cut is chosen: %(count)s acts",
                len(chosen),
                str,
            )
        case DayPlan(steps=steps, replanned_at=None):
            return tr_n(
                "the action day is planned: %(count)s step",
                "the action day is planned: %(count)s steps",
                len(steps),
                str,
            )
        case DayPlan():
            return tr("the action day is planned anew")
        case NodesProbedDark(dark=dark):
            return tr_n(
                "our probes saw %(count)s node dark",
                "our probes saw %(count)s nodes dark",
                len(dark),
                str,
            )
        case GrewBack(asset=asset, like=like):
            return tr("%(asset)s grew back, like %(other)s", asset=asset, other=like)
        case OutsideEvent(text=text):
            return said(text)
    return entry.record.kind
