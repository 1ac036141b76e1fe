"""The operations among the cases of a room, each as its agency's desk has it, and for whom."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, RLock

from cautery.errors import AbsentError, CauteryError, InputError
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.messages import tr
from cautery.model import Agency, DayPlan, Entry
from cautery.model.records import OperationOpened
from cautery.pages.room.operation import OperationHead, OperationRow, OperationsView
from cautery.workflows.browse.kept import Cases, Place
from cautery.workflows.operation.desk import Desk, open_desk

MOST_KEPT = 4
"""Desks that are kept open at a time, each with what was made of its records. Judgement."""
_A_PAGE = 50


@dataclass(slots=True)
class _Lent:
    """A desk that people look at, one at a time."""

    place: Place
    desk: Desk
    lock: RLock = field(default_factory=RLock)
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTable:
    """A desk of an operation that is lent, and who looks at it.

    Parameters
    ----------
    id : str
        Name of the case.
    seat : Agency or None
        The agency that looks at it; ``None``: people of the desk's own.
    closed : bool
        Nothing can be added to it.
    """

    id: str
    desk: Desk
    seat: Agency | None
    closed: bool

    @property
    def head(self) -> OperationHead:
        """What stands above each of its pages."""
        operation = self.desk.operation
        return OperationHead(
            id=self.id,
            name=operation.name,
            code=operation.id,
            agency=self.desk.agency.id,
            agency_name=self.desk.agency.name,
            lead=operation.lead.name,
            legal_basis=operation.legal_basis,
            lab=operation.lab,
            closed=self.closed,
            seat="" if self.seat is None else self.seat.id,
            seat_name="" if self.seat is None else self.seat.name,
        )

    def refuse_seat(self) -> None:
        """Raise where another agency asks for what nobody shared with it.

        Raises
        ------
        AbsentError
            As for what is not there.
        """
        if self.seat is not None:
            raise AbsentError(tr("No page of the room has this address."))


class Operations:
    """Desks of operations, opened to be read."""

    def __init__(self) -> None:
        self._lent: OrderedDict[str, _Lent] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def table(self, cases: Cases, id: str, seat: str | None) -> Iterator[AtTable]:
        """Lend a desk; others who ask for the same one wait.

        Parameters
        ----------
        seat : str or None
            Id of the agency that looks; ``None``: people of the desk's own.

        Raises
        ------
        AbsentError
            If there is no such operation, or the agency has no seat at its table.
        """
        while True:
            lent = self._taken(cases, cases.place(id))
            with lent.lock:
                if lent.closed:  # it made room for another one just now
                    continue
                yield AtTable(
                    id=id,
                    desk=lent.desk,
                    seat=None if seat is None else _seat(lent.desk, id, seat),
                    closed=cases.store.exists(lent.place.path, NOTE),
                )
                return

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            lent, self._lent = [*self._lent.values()], OrderedDict()
        for table in lent:
            _leave(table)

    def _taken(self, cases: Cases, place: Place) -> _Lent:
        with self._lock:
            lent = self._lent.get(place.id)
            if lent is None or lent.closed or lent.place.path != place.path:
                if not cases.store.exists(place.path, LEDGER) or not is_operation(cases, place.id):
                    raise _no_operation(place.id)
                try:
                    desk = open_desk(
                        place.path, store=cases.store, clock=cases.clock, read_only=True
                    )
                except InputError as error:
                    raise _no_operation(place.id) from error
                lent = self._lent[place.id] = _Lent(place, desk)
            self._lent.move_to_end(place.id)
            spare = [self._lent.popitem(last=False)[1] for _ in range(len(self._lent) - MOST_KEPT)]
        for old in spare:
            _leave(old)
        return lent


def _leave(lent: _Lent) -> None:
    with lent.lock:
        lent.closed = True
        lent.desk.leave()


def _seat(desk: Desk, id: str, seat: str) -> Agency:
    for agency in desk.operation.agencies:
        # The desk's own people are given the case by its name.
        if agency.id == seat and agency.id != desk.agency.id:
            return agency
    raise _no_operation(id)


def _no_operation(id: str) -> AbsentError:
    return AbsentError(tr("There is no operation %(case)s that you may see.", case=id))


def is_operation(cases: Cases, id: str) -> bool:
    """Tell whether a case is the desk of an operation, or cannot be read and may be one."""
    try:
        place = cases.place(id)
    except AbsentError:
        return False
    try:
        ledger = cases.store.ledger(place.path, read_only=True)
        try:
            first = next(iter(ledger.pick((0,))), None)
        finally:
            ledger.close()
    except CauteryError:
        return True
    return _opened_by(first) is not None


def operations_view(
    cases: Cases,
    *,
    sees: Callable[[str], bool],
    seat: Callable[[str], str | None],
    after: str = "",
) -> OperationsView:
    """Return a page of the list of operations, as somebody may see them.

    Parameters
    ----------
    sees : callable
        Tells by its name whether an operation may be seen.
    seat : callable
        Returns the agency for which the person sits there; ``None``: the desk's own.
    """
    rows: list[OperationRow] = []
    more = None
    places = [place for place in cases.places() if place.id > after and sees(place.id)]
    all_ends = cases.ends.read(place.path for place in places)
    for place, ends in zip(places, all_ends, strict=True):
        opening = None if isinstance(ends, CauteryError) else _opened_by(ends.first)
        if opening is None:
            continue
        agency = seat(place.id)
        known = {member.id for member in opening.operation.agencies} - {opening.agency}
        if agency is not None and agency not in known:
            continue
        if len(rows) == _A_PAGE:
            more = rows[-1].id
            break
        rows.append(_row(cases, place, opening, agency))
    return OperationsView(rows=tuple(rows), after=more)


def _row(cases: Cases, place: Place, opening: OperationOpened, seat: str | None) -> OperationRow:
    operation = opening.operation
    return OperationRow(
        id=place.id,
        name=operation.name,
        code=operation.id,
        agency=operation.agency(opening.agency).name,
        lead=operation.lead.name,
        seat="" if seat is None else operation.agency(seat).name,
        agencies=len(operation.agencies),
        lab=operation.lab,
        closed=cases.store.exists(place.path, NOTE),
    )


def _opened_by(first: Entry | None) -> OperationOpened | None:
    """Return the record that opened a desk; ``None``: it is the first one of another case."""
    content = None if first is None else first.content
    return content if isinstance(content, OperationOpened) else None


def day_at(table: AtTable) -> DayPlan | None:
    """Return the newest plan of the action day; ``None``: none was made."""
    return table.desk.once(_newest_day, DayPlan)


def _newest_day(desk: Desk) -> DayPlan | None:
    plan = None
    for _, plan in desk.contents(DayPlan):  # noqa: B007 - the last one is wanted
        pass
    return plan
