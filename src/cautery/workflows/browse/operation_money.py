"""What a desk's records hold of money, and the page of its operation: for its own people alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from cautery.evidence.manifest import NOTE
from cautery.messages import in_language, language
from cautery.model import ExhibitKind, Instrument, InstrumentKind
from cautery.model.records import Entry, MoneyTraced
from cautery.operation.register import Line
from cautery.pages.operation import render_page
from cautery.pages.room.register import (
    DraftRow,
    MoneyPageView,
    MovedRow,
    TracedRow,
    WorthRow,
)
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import Operations
from cautery.workflows.browse.register import moved_rows, register_at, row_of
from cautery.workflows.case.manifest import signed_file
from cautery.workflows.operation.close_desk import PAGE
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.page_view import page_view

_MOST_PAGE = 64 << 20
_MOST_TRACED = 60
_MONEY = frozenset((ExhibitKind.CASH, ExhibitKind.BANK_ACCOUNT, ExhibitKind.WALLET))


def money_view(cases: Cases, operations: Operations, id: str, *, seat: str | None) -> MoneyPageView:
    """Return what a desk's records hold of money.

    A trace names people's accounts, so it is sealed: its record has sums, and these are shown.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks, or who asks is of another agency.
    """
    with operations.table(cases, id, seat) as table:
        table.refuse_seat()
        return MoneyPageView(head=table.head, **table.desk.once(_money))


def operation_page(cases: Cases, operations: Operations, id: str, *, seat: str | None) -> bytes:
    """Return the page of an operation: of a closed case the signed file, else one made now.

    The signed file is in the language in which it was signed, the other one in the language in use.
    It has the strictest marking of all that it rests on, so it is for the desk's own people.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks, or who asks is of another agency.
    EvidenceError
        If the signed page is not what was signed.
    """
    with operations.table(cases, id, seat) as table:
        table.refuse_seat()
        case = table.desk.case
        if case.store.exists(case.path, NOTE):
            signed = signed_file(case.path, PAGE, store=case.store, limit=_MOST_PAGE)
            if signed is not None:
                return signed
        return table.desk.once(_page_in(language()))


@cache
def _page_in(spoken: str) -> Callable[[Desk], bytes]:
    """Return what makes the page in a language: a desk keeps what each such function made."""

    def page(desk: Desk) -> bytes:
        with in_language(spoken):
            drawn = render_page(page_view(desk, made_at=desk.case.clock.now()))
        return drawn.encode("utf-8", "backslashreplace")

    return page


def _money(desk: Desk) -> dict[str, Any]:
    """Return the members of the view that are the same for everybody who may look."""
    lines = register_at(desk).lines.values()
    moves: list[MovedRow] = []
    by_currency: dict[str, Decimal] = {}
    for line in lines:
        moves += moved_rows(line)
        value = line.exhibit.value
        if value is not None:
            by_currency[value.currency] = by_currency.get(value.currency, Decimal(0)) + value.amount
    return {
        "by_currency": tuple(sorted(by_currency.items())),
        "worth": tuple(_worth(line) for line in lines if line.exhibit.kind in _MONEY),
        "moves": tuple(moves),
        "traces": tuple(_traced(*pair) for pair in desk.contents(MoneyTraced))[::-1],
        "drafts": tuple(
            _draft(*pair)
            for pair in desk.contents(Instrument)
            if pair[1].kind is not InstrumentKind.JIT
        )[::-1],
    }


def _worth(line: Line) -> WorthRow:
    details = line.exhibit.details
    is_wallet = line.exhibit.kind is ExhibitKind.WALLET
    account = details.get("address") if is_wallet else details.get("iban_masked")
    return WorthRow(
        row=row_of(line),
        asset=str(details.get("asset", "")) if is_wallet else "",
        amount=Decimal(str(details["amount"])) if is_wallet else None,
        account=str(account or ""),
    )


def _traced(entry: Entry, traced: MoneyTraced) -> TracedRow:
    return TracedRow(
        record=entry.index,
        at=entry.record.at,
        method=traced.method,
        hops=traced.hops,
        entered=tuple(traced.entered.items()),
        holdings=tuple(
            (holding.place, holding.asset, holding.tainted, holding.balance, holding.addresses)
            for holding in traced.holdings[:_MOST_TRACED]
        ),
        endings=tuple(
            (ending.place, ending.asset, ending.amount, ending.ask or "")
            for ending in traced.endings[:_MOST_TRACED]
        ),
        more=len(traced.holdings[_MOST_TRACED:]) + len(traced.endings[_MOST_TRACED:]),
    )


def _draft(entry: Entry, draft: Instrument) -> DraftRow:
    return DraftRow(
        record=entry.index,
        kind=draft.kind,
        addressee=draft.addressee.partition(":")[2] or draft.addressee,
        country=draft.country,
        holds=draft.holds,
        basis=draft.basis,
        drafted_at=draft.drafted_at,
        due_at=draft.due_at,
    )
