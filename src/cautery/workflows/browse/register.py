"""What an operation seized: the register, one exhibit, and labels, as somebody may see them.

The desk's own people see all of it. Another agency sees the things that it seized itself, or that
it answers for now: as they were first entered, with their chain up to where it gave them away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from urllib.parse import quote

from cautery.drawing.formatting import DASH
from cautery.drawing.templates import said
from cautery.errors import AbsentError, EvidenceError
from cautery.messages import tr, word
from cautery.model import Agency, CustodyEntry, StatementKind
from cautery.operation.labels import ACROSS, DOWN, code_of, key_of
from cautery.operation.register import Line, Register, coins_moved
from cautery.operation.totals import Amounts, journal, totals
from cautery.pages.room.register import (
    CorrectionRow,
    FindingRow,
    LabelRow,
    LabelsView,
    LinkRow,
    MovedRow,
    PhotographRow,
    RegisterView,
    SumRow,
    TakenRow,
    TakenView,
    WaitingRow,
)
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import AtTable, Operations
from cautery.workflows.browse.waiting import waiting_at, waiting_rows
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.record_findings import findings_of
from cautery.workflows.operation.register_book import Book
from cautery.workflows.people.tray import Tray

A_PAGE = 50
A_SHEET = ACROSS * DOWN
_SHEETS = 4
"""Sheets of labels on one page. Judgement."""
_CODE = re.compile(r"(?:cautery:exhibit:.*:|https://.*/exhibits/)([0-9a-f]{16})")
"""What a telephone reads from a label, with the key of its exhibit."""
_LONGEST_CODE = 150
"""Letters of a code; a longer one has modules too small for a label."""
_ENDED = {"returned": "returned", "destroyed": "destroyed", "state-wallet": "state", "fee": "fee"}


def register_view(
    cases: Cases,
    operations: Operations,
    id: str,
    *,
    seat: str | None,
    search: str = "",
    after: str = "",
    tray: Tray | None = None,
) -> RegisterView:
    """Return a page of the register, as somebody may see it.

    Parameters
    ----------
    seat : str or None
        The agency that looks; ``None``: people of the desk's own.
    search : str
        A part of what a row shows, or what a telephone read from a label.
    after : str
        Key of the last exhibit of the page before.
    tray : Tray or None
        Where photographs wait; ``None``: the room has no people.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks.
    """
    with operations.table(cases, id, seat) as table:
        rows = [*_found(table, search)]
        page, next_key = _page(rows, after, A_PAGE)
        view = RegisterView(
            head=table.head,
            rows=tuple(row for _, row in page),
            found=len(rows),
            search=search,
            after=next_key,
            waiting=frozenset(photograph.key for photograph in waiting_at(table, tray)),
        )
        return view if table.seat is not None else _with_sums(table.desk, view)


def taken_view(
    cases: Cases,
    operations: Operations,
    id: str,
    key: str,
    *,
    seat: str | None,
    tray: Tray | None = None,
) -> TakenView:
    """Return the page of one exhibit.

    Parameters
    ----------
    tray : Tray or None
        Where photographs wait; ``None``: the room has no people.

    Raises
    ------
    AbsentError
        If there is none with this key for who asks.
    """
    with operations.table(cases, id, seat) as table:
        return _taken(table, line_at(table, key), waiting_rows(table, tray, key))


def line_at(table: AtTable, key: str) -> Line:
    """Return the line of an exhibit at a desk that is lent.

    Raises
    ------
    AbsentError
        If there is none with this key for who asks.
    """
    for line in _visible(table):
        if key_of(line) == key:
            return line
    raise AbsentError(tr("There is no exhibit of this operation that you may see here."))


def labels_view(
    cases: Cases,
    operations: Operations,
    id: str,
    *,
    seat: str | None,
    search: str = "",
    only: str = "",
    skip: int = 0,
    after: str = "",
    address: str = "",
) -> LabelsView:
    """Return labels to print, as many as stand on a few sheets.

    Parameters
    ----------
    only : str
        Key of the only exhibit; empty: all that the search finds.
    skip : int
        Stickers that are gone from the first sheet.
    address : str
        Where people reach the room: a label then leads to the page of its exhibit.

    Raises
    ------
    AbsentError
        If there is no such operation, or no such exhibit, for who asks.
    InputError
        If the operation's id cannot stand on a label.
    """
    with operations.table(cases, id, seat) as table:
        rows = [pair for pair in _found(table, search) if only in ("", pair[1].key)]
        if only and not rows:
            raise AbsentError(tr("There is no exhibit of this operation that you may see here."))
        page, next_key = _page(rows, after, _SHEETS * A_SHEET - skip)
        return LabelsView(
            head=table.head,
            labels=tuple(
                LabelRow(row=row, digest=line.digest[7:], code=_code(table, line, address))
                for line, row in page
            ),
            found=len(rows),
            search=search,
            only=only,
            skip=skip,
            after=next_key,
        )


def register_at(desk: Desk) -> Register:
    """Return the register of a desk that is lent."""
    return desk.once(_read)[0]


def row_of(line: Line, seat: Agency | None = None) -> TakenRow:
    """Return the row of an exhibit, as an agency or the desk's own people see it."""
    entry = line.exhibit if seat is None else line.first
    holds_it = seat is None or line.agency == seat.id
    last = line.chain[-1] if seat is None or holds_it else _told(line, seat)[-1]
    return TakenRow(
        key=key_of(line),
        number=entry.number,
        kind=entry.kind,
        count=entry.count,
        description=entry.description,
        agency=entry.agency,
        place=entry.place,
        finder=entry.finder,
        seized_at=entry.seized_at,
        seal=last.seal,
        state=line.state if holds_it else "passed-on",
        holder=line.holder if holds_it else "",
        holds_for=line.agency if holds_it else (last.to_agency or ""),
        value=entry.value if seat is None else None,
        corrected=bool(line.corrections) and seat is None,
        photographed=entry.photo is not None and seat is None,
    )


def moved_rows(line: Line) -> Iterator[MovedRow]:
    """Yield what went from a wallet to wallets of the state."""
    for move in coins_moved(line):
        yield MovedRow(
            number=move.number,
            key=key_of(line),
            at=move.at,
            asset=move.asset,
            amount=move.amount,
            fee=move.fee,
            to=move.to,
            transfer=move.transfer,
            by=move.by,
        )


def _read(desk: Desk) -> tuple[Register, tuple[tuple[int, str], ...]]:
    book = Book(desk)
    register = book.register
    return register, tuple(book.void)


def _visible(table: AtTable) -> Iterator[Line]:
    seat = table.seat
    for line in register_at(table.desk).lines.values():
        if seat is None or seat.id in (line.first.agency, line.agency):
            yield line


def _found(table: AtTable, search: str) -> Iterator[tuple[Line, TakenRow]]:
    match = _CODE.fullmatch(search)
    folded_search = search.casefold()
    for line in _visible(table):
        row = row_of(line, table.seat)
        if (row.key == match[1]) if match else (not folded_search or _contains(row, folded_search)):
            yield line, row


def _contains(row: TakenRow, folded_search: str) -> bool:
    texts = (row.number, row.description, row.place, row.seal, row.agency, row.finder, row.holder)
    return any(folded_search in text.casefold() for text in (*texts, row.key, word(row.kind)))


def _code(table: AtTable, line: Line, address: str) -> str:
    place = f"{address}/operations/{quote(table.id, safe='+~')}/exhibits/{key_of(line)}"
    if address and len(place) <= _LONGEST_CODE:
        return place
    return code_of(table.desk.operation.id, line)


def _page(
    rows: list[tuple[Line, TakenRow]], after: str, row_limit: int
) -> tuple[list[tuple[Line, TakenRow]], str]:
    """Return a page of rows, and the key after which the next one begins; empty: there is none."""
    keys = [row.key for _, row in rows]
    begin = keys.index(after) + 1 if after in keys else 0
    page = rows[begin : begin + row_limit]
    return page, page[-1][1].key if len(rows) > begin + row_limit else ""


def _told(line: Line, seat: Agency) -> tuple[CustodyEntry, ...]:
    """Return the links that an agency knows: up to where it gave the thing away."""
    known_links, agency = 0, line.first.agency
    for place, link in enumerate(line.chain, 1):
        before, agency = agency, link.to_agency or agency
        if seat.id in (before, agency):
            known_links = place
    return line.chain[:known_links]


def _taken(table: AtTable, line: Line, waiting: tuple[WaitingRow, ...]) -> TakenView:
    is_own_desk = table.seat is None
    entry, pending = line.exhibit, line.pending
    awaited = ""
    if is_own_desk and pending is not None:
        gave = pending.stated_by == line.agency
        awaited = (pending.to_agency or "") if gave else line.agency
    chain = line.chain if table.seat is None else _told(line, table.seat)
    return TakenView(
        head=table.head,
        row=row_of(line, table.seat),
        digest=line.digest[7:],
        search=line.first.search,
        chain=tuple(map(_link, chain)),
        awaited=awaited,
        details=_texts(entry.details) if is_own_desk else (),
        valued_at=entry.valued_at if is_own_desk else None,
        photo=(entry.photo or "") if is_own_desk else "",
        corrections=tuple(
            CorrectionRow(
                at=correction.at,
                by=correction.by,
                reason=correction.reason,
                changes=_texts(correction.changes),
            )
            for correction in line.corrections
            if is_own_desk
        ),
        moves=tuple(moved_rows(line)) if is_own_desk else (),
        photographs=tuple(
            PhotographRow(
                exhibit=photograph.exhibit,
                sha256=photograph.digest[7:],
                by=photograph.by,
                agency=photograph.agency,
                at=photograph.at,
                note=photograph.note,
                filed_by=photograph.filed_by if is_own_desk else "",
                why=photograph.why if is_own_desk else "",
            )
            for photograph in line.photographs
            if table.seat is None or photograph.agency == table.seat.id
        ),
        waiting=waiting,
    )


def _link(link: CustodyEntry) -> LinkRow:
    return LinkRow(
        at=link.at,
        act=link.act,
        giver=link.giver,
        taker=link.taker if link.to_agency is None else f"{link.to_agency}: {link.taker}",
        place=link.place,
        reason=link.reason,
        seal=link.seal,
        opened_seal=link.opened_seal or "",
        result=link.result or "",
    )


def _texts(members: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the members of a record's part as texts; what is within one stands behind its name."""
    texts: list[tuple[str, str]] = []
    for name, value in members.items():
        if isinstance(value, Mapping):
            texts += [(f"{name}.{inner}", str(text)) for inner, text in value.items()]
        else:
            texts.append((name, DASH if value is None else str(value)))
    return tuple(texts)


def _with_sums(desk: Desk, view: RegisterView) -> RegisterView:
    register, void = desk.once(_read)
    by_number = {line.first.number: key_of(line) for line in register.lines.values()}
    findings = tuple(
        FindingRow(
            crime=word(finding.crime),
            text=finding.text,
            fact=finding.kind is StatementKind.FACT,
            exhibits=tuple((number, by_number.get(number, "")) for number in finding.numbers),
        )
        for finding in findings_of(desk)
    )
    view = replace(view, findings=findings, void=void)
    try:
        by_kind, by_holder, movements = desk.once(_sums)
    except EvidenceError as error:
        return replace(view, fault=said(str(error)))
    return replace(view, by_kind=by_kind, by_holder=by_holder, movements=movements)


def _sums(desk: Desk) -> tuple[tuple[SumRow, ...], tuple[SumRow, ...], int]:
    register = register_at(desk)
    added = totals(register)
    by_kind = tuple(
        SumRow(name=kind, amounts=_in_order(amounts)) for kind, amounts in added.by_kind.items()
    )
    return by_kind, tuple(_where(added.by_holder)), sum(1 for _ in journal(register))


def _where(groups: Mapping[str, Amounts]) -> Iterator[SumRow]:
    for label, amounts in groups.items():
        kind, _, name = label.partition(": ")
        ending = _ENDED.get(kind, "")
        yield SumRow(name=name if ending else label, amounts=_in_order(amounts), ending=ending)


def _in_order(amounts: Amounts) -> tuple[tuple[str, Decimal], ...]:
    return tuple(amounts.items())
