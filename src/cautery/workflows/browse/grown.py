"""What grew back after which act: of one case that follows, and of all of them."""

from __future__ import annotations

from collections.abc import Callable

from cautery.errors import AbsentError, CauteryError
from cautery.messages import tr
from cautery.model.records import DescentState, FollowBegun, kind_of_type
from cautery.pages.grown import GrownView
from cautery.pages.room.grown import AllGrownView, GrownCaseView, GrownLine
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.case.grown import grown_in

_BEGUN = kind_of_type(FollowBegun)
MOST_CASES = 200
"""Cases that follow, on the page of all; each is read. Judgement."""


def grown_view(cases: Cases, id: str) -> GrownCaseView:
    """Return what grew back, as one case that follows has it.

    Raises
    ------
    AbsentError
        If there is no such case, or it follows nothing.
    """
    with cases.case(id) as case:
        head = head_of(case, now=cases.clock.now())
        grown = _grown(cases, case)
    if grown is None:
        raise AbsentError(tr("This case follows no other."))
    return GrownCaseView(head=head, grown=grown)


def all_grown(cases: Cases, *, among: Callable[[str], bool] = lambda _: True) -> AllGrownView:
    """Return what grew back after each act that is followed; the newest act first.

    Parameters
    ----------
    among : callable
        Tells by its name whether a case may be seen.
    """
    lines: list[GrownLine] = []
    unread = 0
    for place in cases.places():
        if not among(place.id):
            continue
        try:
            with cases.case(place.id) as case:
                if not case.lists().counts().by_kind.get(_BEGUN):
                    continue
                grown = _grown(cases, case)
        except CauteryError:  # its own page says why
            unread += 1
            continue
        if grown is not None:
            lines.append(_line(place.id, grown))
    lines.sort(key=lambda line: (line.acted_on, line.id), reverse=True)
    return AllGrownView(lines=tuple(lines[:MOST_CASES]), total=len(lines), unread=unread)


def _grown(cases: Cases, case: Kept) -> GrownView | None:
    return grown_in(case.ledger, today=cases.clock.now().date())


def _line(id: str, grown: GrownView) -> GrownLine:
    standing = [row for row in grown.rows if row.state is not DescentState.REJECTED]
    return GrownLine(
        id=id,
        name=grown.name,
        case=grown.case,
        act=grown.act,
        acted_on=grown.acted_on,
        states=grown.states,
        first_after_days=min((row.after_days for row in standing), default=None),
        last_day=grown.last_day,
        review_due=grown.review_due,
        is_overdue=grown.is_overdue,
    )
