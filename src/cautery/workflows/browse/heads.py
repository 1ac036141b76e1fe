"""How cases stand: what is said above each page of a case, and the list of all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime

from cautery.drawing.formatting import both
from cautery.errors import ApprovalError, CauteryError, InputError
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.messages import tr
from cautery.model import Entry, Mandate
from cautery.model.records import (
    CaseOpened,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    kind_of_type,
)
from cautery.pages.room.view import CaseHead, CaseState, CasesView, CheckView
from cautery.workflows.browse.kept import Cases, Kept, Place
from cautery.workflows.case.opening import opening_in

CASES_A_PAGE = 50
_LAST_LOOKED_AT = 64
"""Records from the end among which a watch says that it stopped: what people approve or withdraw
afterwards is few."""
_MAPPED = "graph.mapped"
_SIGN = 2
"""People who sign a mandate."""


def cases_view(cases: Cases, checks: Mapping[str, CheckView], *, after: str = "") -> CasesView:
    """Return a page of the list of cases; one that cannot be read says why, and costs itself."""
    places = [place for place in cases.places() if place.id > after]
    page = places[:CASES_A_PAGE]
    return CasesView(
        folder=str(cases.folder),
        cases=tuple(_head_at(place, cases.store, now=cases.clock.now()) for place in page),
        checks=checks,
        after=page[-1].id if len(places) > len(page) else None,
    )


def head_of(kept: Kept, *, now: datetime) -> CaseHead:
    """Return what stands above each page of a case that is lent.

    Where its lists cannot be had, or not yet, the first record says what there is to say: the page
    that checks a case must show one that has a broken record.
    """
    mandate, has_map = None, False
    with contextlib.suppress(CauteryError):
        mandate = kept.in_force().mandate
        has_map = _MAPPED in kept.lists().counts().by_kind
    return _head(
        Place(kept.id, kept.path),
        kept.ledger,
        kept.store,
        now=now,
        mandate=mandate,
        has_map=has_map,
    )


def _head_at(place: Place, store: CaseStore, *, now: datetime) -> CaseHead:
    try:
        if not store.exists(place.path, LEDGER):
            raise InputError(tr("it has just been removed"))
        ledger = store.ledger(place.path, read_only=True)
        try:
            return _head(place, ledger, store, now=now)
        finally:
            ledger.close()
    except CauteryError as error:
        return CaseHead(
            id=place.id, title=place.id, state=CaseState.UNREADABLE, why=f"{error} {error.hint}"
        )


def _head(
    place: Place,
    ledger: CaseLedger,
    store: CaseStore,
    *,
    now: datetime,
    mandate: Mandate | None = None,
    has_map: bool = False,
) -> CaseHead:
    size = ledger.size()
    ends = ledger.pick((0, size - 1)) if size else ()
    first, last = (ends[0], ends[-1]) if ends else (None, None)
    opened = first.content if first and isinstance(first.content, CaseOpened) else None
    signed, standing = ("", "") if first is None or opened is None else _signed(first)
    mandate = mandate or (None if opened is None else opened.mandate)
    return CaseHead(
        id=place.id,
        title=_title(mandate) or place.id,
        state=_state(place, ledger, store, mandate, now=now),
        mandate=mandate,
        signed=signed,
        standing=standing,
        lab=opened is not None and (opened.lab or opened.mandate.lab),
        records=size,
        first_at=None if first is None else first.record.at,
        last_at=None if last is None else last.record.at,
        has_map=has_map,
    )


def _state(
    place: Place, ledger: CaseLedger, store: CaseStore, mandate: Mandate | None, *, now: datetime
) -> CaseState:
    if store.exists(place.path, NOTE):
        return CaseState.CLOSED
    if mandate is None:
        return CaseState.DESK
    if now < mandate.window.start:
        return CaseState.AHEAD
    if now >= mandate.window.end:
        return CaseState.LEFT_OPEN
    return CaseState.STOPPED if _has_stopped(ledger) else CaseState.WATCHED


def _has_stopped(ledger: CaseLedger) -> bool:
    size = ledger.size()
    begins = {kind_of_type(WatchStarted), kind_of_type(WatchResumed)}
    for entry in reversed(ledger.pick(range(max(0, size - _LAST_LOOKED_AT), size))):
        if entry.record.kind in begins:
            return False
        if isinstance(entry.content, WatchStopped):
            return True
    return False


def _title(mandate: Mandate | None) -> str:
    if mandate is None:
        return ""
    return (
        "; ".join(event.name for event in mandate.events)
        or ", ".join(channel.names[0] for channel in mandate.channels if channel.names)
        or ", ".join(work.title for work in mandate.works)
        or mandate.id
    )


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
    with cases.case(id) as kept:
        return head_of(kept, now=cases.clock.now())
