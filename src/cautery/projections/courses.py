"""How the line of an act goes on: a referral, a list, a notice or a complaint, record by record.

No signature is checked here: who shows a line as approved reads the approvals and checks them. A
refusal counts as everywhere: in the name of an approver, of this very text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from cautery.act.approval import NEEDED
from cautery.act.complaint import is_number
from cautery.act.lint_notice import STALE
from cautery.model import (
    MISSHAPEN,
    Acknowledgement,
    Effect,
    Entry,
    Mandate,
    Notice,
    Referral,
    has_own_id,
    notice_id,
)
from cautery.model.records import (
    ActRefused,
    AnswerKind,
    ApprovalGiven,
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    EntryExpired,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    NoticeAnswered,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    ReferralPublished,
)
from cautery.projections.lines import ActKind, ActLine, Waits
from cautery.projections.notices import REMIND_AFTER
from cautery.projections.refusals import counts, text_signed
from cautery.projections.words import kept_text

ANSWERED_WITHIN = timedelta(minutes=30)
"""From a sending to the answer of an access provider. Judgement: Italy's law gives 30 minutes for
the block itself, and no other source that we know gives a time."""
_MOST_ABOUT = 200
"""Characters of an act's targets that its line shows. Judgement."""
_MOST_NAMES = 16
"""Signers, and intermediaries that have not answered, which a line keeps; the board of a case shows
fewer. Judgement."""
OF_ACTS: tuple[type, ...] = (
    Acknowledgement,
    ActRefused,
    ApprovalGiven,
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    EntryExpired,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    Notice,
    NoticeAnswered,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    Referral,
    ReferralPublished,
)
"""Types of the records that begin an act or take one further."""
_LIST = re.compile(r"L-[0-9a-f]{12}")


def begun(entry: Entry, *, mandate: Callable[[], Mandate | None] = lambda: None) -> ActLine | None:
    """Return the line of the act that a record begins.

    ``None``: it begins none, or one under an id that its content does not have.

    Parameters
    ----------
    mandate : callable
        Returns the case's mandate, if it is known.
    """
    match entry.content:
        case Referral() as referral if _is_own(referral):
            ends = [entry.valid_until for entry in referral.entries]
            verdicts = [entry.guard.valid_until for entry in referral.entries]
            return _line(
                entry,
                referral.id,
                ActKind.REFERRAL,
                ", ".join(item.target for item in referral.entries[:_MOST_ABOUT]),
                waits=Waits.APPROVAL,
                due_at=min([referral.window.end, *ends, *verdicts]),
                until=max(ends, default=referral.window.end),
                subject=text_signed(referral, mandate()),
            )
        case Notice() as notice if _is_own(notice):
            captured = min((url.captured_at for url in notice.urls), default=None)
            return _line(
                entry,
                notice.id,
                ActKind.NOTICE,
                notice.addressee.name,
                waits=Waits.APPROVAL,
                due_at=None if captured is None else captured + STALE,
                subject=text_signed(notice, mandate()),
            )
        case ComplaintFiled() as filed if is_number(filed.complaint):
            line = _line(
                entry,
                filed.complaint,
                ActKind.COMPLAINT,
                filed.target or "",
                waits=Waits.DECISION,
                due_at=filed.due_at,
            )
            if filed.rule is not None:
                _end(line, entry)
            return line
        case ListSent() as sent if _LIST.fullmatch(sent.list):
            line = _line(
                entry, sent.list, ActKind.LIST, sent.intermediary, waits=Waits.ANSWER, due_at=None
            )
            _list(line, sent, entry)
            return line
    return None


def acts_of(content: object) -> Iterator[str]:
    """Yield the ids of the acts that a record may take further."""
    match content:
        case Notice(replaces=str(id)):
            yield id
        case (
            ActRefused(id=id)
            | ApprovalGiven(referral=id)
            | ReferralPublished(referral=id)
            | Acknowledgement(referral=id)
            | EntryExpired(referral=id)
            | EntryWithdrawn(referral=id)
            | NoticeApproved(notice=id)
            | NoticeSending(notice=id)
            | NoticeSent(notice=id)
            | NoticeUnsent(notice=id)
            | NoticeAnswered(notice=str(id))
            | NoticeWithdrawn(notice=id)
            | ComplaintDecided(complaint=id)
            | ComplaintAnswered(complaint=id)
            | ListSent(list=id)
            | ListAnswered(list=id)
        ):
            yield id


def go_on(line: ActLine, entry: Entry, *, mandate: Callable[[], Mandate | None]) -> None:
    """Take a record up into the line of an act that was begun before it.

    Parameters
    ----------
    mandate : callable
        Returns the case's mandate, if it is known: only its approvers refuse.
    """
    content = entry.content
    line.last = entry.index
    match line.kind:
        case _ if isinstance(content, ActRefused):
            if line.sent_at is None and counts(content, mandate=mandate(), subject=line.subject):
                _refuse(line, entry)
        case ActKind.REFERRAL:
            _referral(line, content, entry)
        case ActKind.NOTICE:
            _notice(line, content, entry)
        case ActKind.COMPLAINT:
            _complaint(line, content, entry)
        case ActKind.LIST:
            _list(line, content, entry)


def _referral(line: ActLine, content: object, entry: Entry) -> None:
    match content:
        case ApprovalGiven(approver=name):
            _sign(line, name, entry, needed=NEEDED)
        case ReferralPublished(intermediary=name, at=at):
            line.sent_at = line.sent_at or at
            line.owing = _with(line.owing, name)
            _wait(line, Waits.ANSWER)
            if line.waits is Waits.ANSWER:
                line.due_at = at + ANSWERED_WITHIN
        case Acknowledgement(intermediary=name, effect=effect, received_at=at):
            line.answered_at = line.answered_at or at
            if effect is Effect.APPLIED:
                line.owing = tuple(item for item in line.owing if item != kept_text(name))
                if not line.owing:
                    _wait(line, Waits.END)
                    line.due_at = line.until
        case EntryExpired(at=at):
            line.ended_at = line.ended_at or at
            if line.until is None or at >= line.until:
                line.waits, line.due_at = Waits.NOTHING, None


def _notice(line: ActLine, content: object, entry: Entry) -> None:
    match content:
        case Notice():
            line.next = line.next or entry.index
            _end(line, entry)
        case NoticeApproved(approver=name):
            _sign(line, name, entry, needed=1)
        case NoticeSending():
            _wait(line, Waits.SENDING)
        case NoticeSent(at=at):
            line.sent_at = line.sent_at or at
            _wait(line, Waits.ANSWER)
            line.due_at = at + REMIND_AFTER
        case NoticeAnswered(at=at, what=what, by=by):
            line.answered_at = line.answered_at or at
            if by is not None and what is AnswerKind.ACTED:
                _wait(line, Waits.END)  # a claim: our own probes see whether its URLs are gone
                line.due_at = None
        case NoticeWithdrawn():
            _end(line, entry)


def _complaint(line: ActLine, content: object, entry: Entry) -> None:
    match content:
        case ComplaintDecided():
            _end(line, entry)
        case ComplaintAnswered(at=at):
            line.answered_at = line.answered_at or at


def _list(line: ActLine, content: object, entry: Entry) -> None:
    match content:
        case ListSent(at=at, version=version, effect=effect):
            line.sent, line.sent_at, line.version = entry.index, at, version
            line.answered_at = None
            _answered(line, effect is Effect.APPLIED, entry)
        case ListAnswered(version=int(version), effect=effect) if version >= (line.version or 0):
            _answered(line, effect is Effect.APPLIED, entry)


def _answered(line: ActLine, applied: bool, entry: Entry) -> None:  # noqa: FBT001
    """Note whether an access provider says that it applies the newest version."""
    if applied:
        line.answered_at = line.answered_at or entry.record.at
        line.waits, line.due_at = Waits.NOTHING, None
    else:
        line.waits = Waits.ANSWER
        line.due_at = None if line.sent_at is None else line.sent_at + ANSWERED_WITHIN


def _sign(line: ActLine, name: str, entry: Entry, *, needed: int) -> None:
    name = kept_text(name)
    line.approvals += 1
    other_signatures = tuple(signed for signed in line.signed if signed[1] != name)
    line.signed = (*other_signatures, (entry.index, name))[-_MOST_NAMES:]
    if len(line.signed) >= needed and line.waits is Waits.APPROVAL:
        line.waits = Waits.SENDING


def _wait(line: ActLine, what: Waits) -> None:
    """Wait for something, unless the act is over."""
    if not line.waits.is_over:
        line.waits = what


def _refuse(line: ActLine, entry: Entry) -> None:
    if not line.waits.is_over:
        _end(line, entry)
        line.waits = Waits.REFUSED


def _end(line: ActLine, entry: Entry) -> None:
    line.waits, line.due_at = Waits.NOTHING, None
    line.ended_at = line.ended_at or entry.record.at


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    name = kept_text(name)
    return (*(item for item in names if item != name), name)[-_MOST_NAMES:]


def _line(entry: Entry, id: str, kind: ActKind, about: str, **rest: object) -> ActLine:
    return ActLine(
        id=id,
        kind=kind,
        drafted=entry.index,
        drafted_at=entry.record.at,
        last=entry.index,
        about=kept_text(about[:_MOST_ABOUT]),
        **rest,  # type: ignore[arg-type]
    )


def _is_own(draft: Referral | Notice) -> bool:
    try:
        return has_own_id(draft) if isinstance(draft, Referral) else notice_id(draft) == draft.id
    except MISSHAPEN:  # a text in it has no canonical JSON, so nothing has its id
        return False
