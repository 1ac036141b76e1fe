"""The boards of a case: what people draft, sign, send, answer and decide, by their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from cautery.act import check_signature, refuse_drafter, subjects_of
from cautery.act.approval import NEEDED
from cautery.drawing.formatting import DASH, both
from cautery.errors import CauteryError
from cautery.messages import tr
from cautery.model import (
    MISSHAPEN,
    Decision,
    Entry,
    GuardVerdict,
    Mandate,
    Notice,
    Referral,
    digest,
)
from cautery.model.notice import as_signed
from cautery.model.records import (
    ApprovalGiven,
    ComplaintDecided,
    ComplaintFiled,
    ListSent,
    NoticeApproved,
)
from cautery.pages.room.orders import ActRow, OrdersView
from cautery.pages.room.view import CaseHead, CaseState
from cautery.projections.kept import Asked
from cautery.projections.lines import ActKind, ActLine, Waits
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.case.opening import Opening, opening_in
from cautery.workflows.case.referral import FiledReferral
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.tickets import tickets_of

Kind = ActKind
"""Which acts a board shows."""
OVERDUE_SHOWN, RUNNING_SHOWN, ACTS_A_PAGE = 10, 15, 20
LONGEST_SEARCH = 200
_HEAVIEST = (Decision.REFUSE, Decision.NARROW, Decision.ALLOW)


def orders_view(
    cases: Cases,
    id: str,
    *,
    kind: ActKind | None = None,
    search: str = "",
    before: int | None = None,
    after: int | None = None,
) -> OrdersView:
    """Return the board of a case.

    Parameters
    ----------
    kind : ActKind or None
        These acts alone; ``None``: all.
    search : str
        Of the list of all: those with this text in their id, or in what they are about.
    before, after : int or None
        Of that list: the acts drafted before this record, or after it.
    """
    with cases.case(id) as case:
        head = head_of(case, now=cases.clock.now())
        lists = case.lists()
        now = moment_of(head, cases.clock.now())
        kinds = tuple(ActKind) if kind is None else (kind,)
        clocks = lists.clocks(kinds, at=now, limit=max(OVERDUE_SHOWN, RUNNING_SHOWN))
        page = lists.acts(
            Asked(
                text=search[:LONGEST_SEARCH],
                kinds=() if kind is None else (kind,),
                before=before,
                after=after,
                limit=ACTS_A_PAGE,
            )
        )
        overdue, running = clocks.overdue[:OVERDUE_SHOWN], clocks.running[:RUNNING_SHOWN]
        rows = rows_of(case, (*overdue, *running, *page.rows), now=now)
        counts = {(str(one), str(waits)): n for (one, waits), n in lists.counts().by_waits.items()}
    first, second = len(overdue), len(overdue) + len(running)
    return OrdersView(
        head=head,
        now=now,
        writable=is_writable(head),
        kind="" if kind is None else str(kind),
        search=search[:LONGEST_SEARCH],
        counts=counts,
        overdue=rows[:first],
        running=rows[first:second],
        overdue_count=clocks.overdue_count,
        running_count=clocks.running_count,
        rows=rows[second:],
        newer=page.newer,
        older=page.older,
    )


def moment_of(head: CaseHead, now: datetime) -> datetime:
    """Return when clocks are read: of a case that is closed, at its last record."""
    return head.last_at if head.state is CaseState.CLOSED and head.last_at is not None else now


def is_writable(head: CaseHead) -> bool:
    """Tell whether anything can still be added to a case."""
    return head.state not in (CaseState.CLOSED, CaseState.UNREADABLE)


def rows_of(case: Kept, lines: Sequence[ActLine], *, now: datetime) -> tuple[ActRow, ...]:
    """Return acts as a board shows them: from their own records, with signatures that hold."""
    numbers = {line.drafted for line in lines}
    numbers |= {record for line in lines for record, _ in line.signed}
    numbers |= {line.sent for line in lines if line.sent is not None}
    entries = case.lists().of_acts(numbers)
    first = case.in_force().opening
    opening = None
    if first is not None:
        try:
            opening = opening_in(first)
        except CauteryError:  # a case whose mandate nobody can read: no signature holds in it
            opening = None
    rows: dict[str, ActRow] = {}
    mandate = case.in_force().mandate
    for line in lines:  # a board shows one act by its clock and again in the list of all
        if line.id not in rows:
            papers = papers_of(line, entries, opening, mandate, now=now)
            rows[line.id] = replace(_row(line, entries, opening, now=now), papers=papers)
    return tuple(rows[line.id] for line in lines)


def _row(
    line: ActLine, entries: Mapping[int, Entry], opening: Opening | None, *, now: datetime
) -> ActRow:
    entry = entries[line.sent if line.sent is not None else line.drafted]
    content = entry.content
    signed_by = () if opening is None else _signers(opening, entry, line, entries)
    guards = guards_of(content)
    heaviest = max(guards, key=_weight, default=None)
    return ActRow(
        id=line.id,
        kind=str(line.kind),
        about=line.about,
        place=_place(content),
        waits=str(line.waits),
        due_at=line.due_at,
        overdue=line.due_at is not None and line.due_at <= now,
        decisions=tuple(
            decision.value
            for decision in _HEAVIEST
            if any(guard.decision is decision for guard in guards)
        ),
        reason=heaviest.reasons[0].text if heaviest is not None else None,
        overridden=any(guard.override is not None for guard in guards),
        drafted_by=_drafter(content),
        drafted_at=line.drafted_at,
        signed_by=signed_by,
        lacks=_lacks(line, signed_by, now=now),
    )


def papers_of(
    line: ActLine,
    entries: Mapping[int, Entry],
    opening: Opening | None,
    mandate: Mandate | None,
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Return how many fields the papers lack that a referral becomes, while it is to be signed."""
    referral = entries[line.drafted].content
    if opening is None or mandate is None or line.waits is not Waits.APPROVAL:
        return ()
    if not isinstance(referral, Referral):
        return ()
    filed = FiledReferral(
        referral=referral,
        digest=subjects_of(referral, opening.mandate)[0],
        approvals=(),
        published_to=(),
    )
    tickets = tickets_of(filed, opening, mandate, drafted=line.drafted, about=About(at=now))
    return tuple(ticket.brief for ticket in tickets)


def guards_of(content: object) -> tuple[GuardVerdict, ...]:
    """Return the guard's verdicts that are signed with an act."""
    if not isinstance(content, Referral):
        return ()
    return tuple(entry.guard for entry in content.entries)


def _weight(guard: GuardVerdict) -> tuple[bool, int]:
    collateral = guard.collateral
    return guard.override is not None, max(collateral.low, collateral.high or 0)


def _place(content: object) -> str:
    match content:
        case Referral():
            return f"{content.territory}, {content.order}"
        case Notice():
            return content.addressee.contact or ""
        case ListSent():
            return tr("version %(version)s", version=str(content.version))
        case ComplaintFiled():
            return content.means.value
    return ""


def _drafter(content: object) -> str:
    match content:
        case Notice():
            return content.drafted_by
        case Referral():
            return "watch"
    return ""


def _signers(
    opening: Opening, draft: Entry, line: ActLine, entries: Mapping[int, Entry]
) -> tuple[str, ...]:
    names = []
    for record, _ in line.signed:
        approval = entries.get(record)
        if approval is None:
            continue
        name = _signer(_Leaf(opening.entry, opening), _Leaf(draft), _Leaf(approval))
        if name is not None:
            names.append(name)
    return tuple(dict.fromkeys(names))


class _Leaf:
    """An entry that is the same as another one with the same bytes: a signature is checked once."""

    __slots__ = ("entry", "opening")

    def __init__(self, entry: Entry, opening: Opening | None = None) -> None:
        self.entry, self.opening = entry, opening

    def __hash__(self) -> int:
        return hash(self.entry.leaf)

    def __eq__(self, value: object) -> bool:
        return isinstance(value, _Leaf) and self.entry.leaf == value.entry.leaf


@lru_cache(maxsize=4_096)
def _signer(first: _Leaf, draft: _Leaf, approval: _Leaf) -> str | None:
    """Return who signed a draft, if the signature holds."""
    assert first.opening is not None
    given, subject = approval.entry.content, draft.entry.content
    try:
        return signer_of(first.opening, subject, given)
    except MISSHAPEN:
        return None


def signer_of(opening: Opening, draft: object, approval: object) -> str | None:
    """Return who signed a draft; ``None``: this record is no signature under it.

    Raises
    ------
    CauteryError
        If it is one, and does not hold.
    """
    if isinstance(draft, Referral) and isinstance(approval, ApprovalGiven):
        subject = subjects_of(draft, opening.mandate)[0]
    elif isinstance(draft, Notice) and isinstance(approval, NoticeApproved):
        subject = digest(as_signed(draft))
        refuse_drafter(draft, approval.approver)
    else:
        return None
    return check_signature(
        approval.approval,
        what=draft.id,
        subject=subject,
        mandate=opening.mandate,
        signed_for=opening.signed_for,
    ).name


def _lacks(line: ActLine, signed_by: Sequence[str], *, now: datetime) -> str:
    """Return what has to happen next with an act."""
    late = line.due_at is not None and line.due_at <= now
    match line.kind, line.waits:
        case _, Waits.NOTHING:
            return ""
        case ActKind.REFERRAL, Waits.APPROVAL | Waits.SENDING if len(signed_by) < NEEDED:
            if late:
                return tr("its time is over: a new draft, with the guard asked again")
            return tr("signatures: %(given)s of %(needed)s", given=len(signed_by), needed=NEEDED)
        case ActKind.NOTICE, Waits.APPROVAL | Waits.SENDING if not signed_by:
            return tr("the review of a second person")
        case ActKind.REFERRAL, Waits.SENDING:
            return tr("a running watch publishes it")
        case ActKind.NOTICE, Waits.SENDING:
            return tr("somebody sends it")
        case ActKind.REFERRAL, Waits.ANSWER:
            return tr("the answer of %(names)s", names=both(line.owing[:4]) if line.owing else DASH)
        case ActKind.LIST, Waits.ANSWER:
            return tr("the answer of %(names)s", names=line.about)
        case ActKind.NOTICE, Waits.ANSWER:
            return tr("a reminder") if late else tr("an effect that our own probes see")
        case _, Waits.DECISION:
            return tr("the decision of one person")
        case ActKind.NOTICE, Waits.END:
            return tr("an effect that our own probes see")
    return tr("a watch that sees it end") if late else ""


def decided_in(entries: Iterable[Entry]) -> ComplaintDecided | None:
    """Return the newest decision among some records."""
    decisions = [entry.content for entry in entries]
    return next((each for each in reversed(decisions) if isinstance(each, ComplaintDecided)), None)
