"""How cases stand: what is said above each page of a case, and the list of all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from cautery.drawing.formatting import both
from cautery.errors import ApprovalError, CauteryError, InputError
from cautery.messages import tr
from cautery.model import ActionPlan, Entry, Mandate, SupplyGraph
from cautery.model.records import (
    CaseOpened,
    DecoysPlanned,
    ExchangeImported,
    FollowBegun,
    PersonRegistered,
    kind_of_type,
)
from cautery.pages.room.view import CaseHead, CaseState, CasesView, CheckView
from cautery.workflows.browse.ends import Ends, ends_of
from cautery.workflows.browse.kept import Cases, Kept, Place
from cautery.workflows.case.opening import opening_in
from cautery.workflows.case.registry import title_of

CASES_A_PAGE = 50
_MAPPED, _PLANNED = kind_of_type(SupplyGraph), kind_of_type(ActionPlan)
_PERSON, _DECOYS = kind_of_type(PersonRegistered), kind_of_type(DecoysPlanned)
_FOLLOWS, _TOLD = kind_of_type(FollowBegun), kind_of_type(ExchangeImported)
_SIGN = 2
"""People who sign a mandate."""


def cases_view(
    cases: Cases,
    checks: Mapping[str, CheckView],
    *,
    after: str = "",
    among: Callable[[str], bool] = lambda _: True,
) -> CasesView:
    """Return a page of the list of cases; one that cannot be read says why, and costs itself.

    Parameters
    ----------
    among : callable
        Tells by its name whether a case may be seen.
    """
    places = [place for place in cases.places() if place.id > after and among(place.id)]
    page, now = places[:CASES_A_PAGE], cases.clock.now()
    ends = cases.ends.read(place.path for place in page)
    return CasesView(
        folder=str(cases.folder),
        cases=tuple(_head_at(*read, now=now) for read in zip(page, ends, strict=True)),
        checks=checks,
        after=page[-1].id if len(places) > len(page) else None,
    )


def heads_of(cases: Cases) -> tuple[CaseHead, ...]:
    """Return how all cases stand, in the order of their names."""
    places, now = cases.places(), cases.clock.now()
    ends = cases.ends.read(place.path for place in places)
    return tuple(_head_at(*read, now=now) for read in zip(places, ends, strict=True))


def head_of(case: Kept, *, now: datetime) -> CaseHead:
    """Return what stands above each page of a case that is lent.

    Where its lists cannot be had, or not yet, the first record says what there is to say: the page
    that checks a case must show one that has a broken record.
    """
    mandate, kinds_there = None, frozenset[str]()
    with contextlib.suppress(CauteryError):
        mandate = case.in_force().mandate
        kinds_there = frozenset(case.lists().counts().by_kind)
    return _head(
        case.id,
        ends_of(case.path, case.ledger, case.store),
        now=now,
        mandate=mandate,
        kinds_there=kinds_there,
        behind=case.behind,
    )


def _head_at(place: Place, ends: Ends | CauteryError, *, now: datetime) -> CaseHead:
    if isinstance(ends, CauteryError):
        return CaseHead(
            id=place.id, title=place.id, state=CaseState.UNREADABLE, why=f"{ends} {ends.hint}"
        )
    return _head(place.id, ends, now=now)


def _head(
    id: str,
    ends: Ends,
    *,
    now: datetime,
    mandate: Mandate | None = None,
    kinds_there: Collection[str] = (),
    behind: int = 0,
) -> CaseHead:
    first, last = ends.first, ends.last
    opened = first.content if first and isinstance(first.content, CaseOpened) else None
    signed, standing = ("", "") if first is None or opened is None else _signed(first)
    mandate = mandate or (None if opened is None else opened.mandate)
    return CaseHead(
        id=id,
        title=id if mandate is None else title_of(mandate),
        state=_state(ends, mandate, now=now),
        mandate=mandate,
        signed=signed,
        standing=standing,
        lab=opened is not None and (opened.lab or opened.mandate.lab),
        records=ends.records,
        first_at=None if first is None else first.record.at,
        last_at=None if last is None else last.record.at,
        has_map=_MAPPED in kinds_there,
        has_plan=_PLANNED in kinds_there,
        has_persons=_PERSON in kinds_there,
        has_decoys=_DECOYS in kinds_there,
        has_following=_FOLLOWS in kinds_there,
        has_told=_TOLD in kinds_there,
        behind=behind,
    )


def _state(ends: Ends, mandate: Mandate | None, *, now: datetime) -> CaseState:
    if ends.closed:
        return CaseState.CLOSED
    if mandate is None:
        return CaseState.DESK
    if now < mandate.window.start:
        return CaseState.AHEAD
    if now >= mandate.window.end:
        return CaseState.LEFT_OPEN
    return CaseState.STOPPED if ends.stopped else CaseState.WATCHED


def _signed(first: Entry) -> tuple[str, str]:
    """Return who signed the mandate of a case, by name, and with all that is known of it."""
    try:
        opening = opening_in(first)
        words = opening.standing().words
    except ApprovalError as error:
        broken = tr("BROKEN: %(detail)s", detail=str(error))
        return broken, broken
    except InputError as error:
        return str(error), str(error)
    names = list(dict.fromkeys(one.name for one in opening.mandate.signatures))
    if len(names) < _SIGN:
        return tr("not signed by two people"), words
    return tr("signed by %(names)s", names=both(names)), words


def head_by_id(cases: Cases, id: str) -> CaseHead:
    """Return what stands above each page of a case.

    Raises
    ------
    AbsentError
        If there is no such case.
    """
    with cases.case(id) as case:
        return head_of(case, now=cases.clock.now())
