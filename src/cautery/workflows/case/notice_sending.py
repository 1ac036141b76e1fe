"""Send an approved notice, once, and reminders of it.

That it is about to leave is on record before it leaves. Who is cut off in between, or gets no
answer, leaves a sending that is not settled: it is never repeated before a person has found out
whether it arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cautery.act import Approved, approve_notice, require_approvable_notice
from cautery.act.confirmed import confirmed_by
from cautery.act.notice_mail import checked, notice_mail, report_bytes, xarf_reports
from cautery.act.ports import Postbox, ReportApi
from cautery.errors import ApprovalError, CauteryError, InputError, UnansweredError
from cautery.model import Approval, ExhibitId, Notice, RuleConfirmation
from cautery.model.records import (
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    SendMeans,
    kinds_of,
)
from cautery.projections.decoys import Decoys
from cautery.projections.notices import REMIND_AFTER
from cautery.workflows.case.journal import Journal, journal_of
from cautery.workflows.case.notices import CaseNotices, notices_of, refuse_withdrawn
from cautery.workflows.case.open import Case
from cautery.workflows.case.refusing import refuse_refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A notice that may leave now.

    Parameters
    ----------
    approved : Approved
        The notice.
    first_id : str or None
        Message-ID of its first mail; ``None``: this is the first, and no reminder.
    confirmed : mapping of str to str
        Rule ids that the sender confirms now, each with the source that was read.
    """

    approved: Approved[Notice]
    first_id: str | None
    confirmed: Mapping[str, str]


def ready_to_send(
    case: Case,
    notice_id: str,
    *,
    remind: bool,
    confirmed: Mapping[str, str],
) -> Sending:
    """Check that a notice of a case may leave now.

    Parameters
    ----------
    remind : bool
        It was sent before, and shows no effect.
    confirmed : mapping of str to str
        Rule ids that a person confirmed, each with the source that they read.

    Raises
    ------
    InputError
        If there is no such notice.
    ApprovalError
        If it was sent already, is not due for a reminder, or anything is missing.
    UnaskedError
        If decoys are planned, and their keeper has not answered for it.
    """
    filed, notice = _sendable(case, notice_id, remind=remind)
    sendings = filed.notices.sent.get(notice_id, [])
    return Sending(
        approved=_approved(case, filed, notice, remind=remind, confirmed=confirmed),
        first_id=sendings[0].message_id if sendings else None,
        confirmed=confirmed,
    )


def approved_to_ask(
    case: Case, notice_id: str, *, remind: bool, confirmed: Mapping[str, str]
) -> tuple[Notice, tuple[Approval, ...]]:
    """Return a notice that may leave but for its decoys, with the approvals that count.

    Parameters
    ----------
    remind, confirmed
        As for :func:`ready_to_send`.

    Raises
    ------
    CauteryError
        As :func:`ready_to_send` does.
    """
    filed, notice = _sendable(case, notice_id, remind=remind)
    counted = require_approvable_notice(
        notice,
        filed.approvals(notice),
        basis=filed.basis(case.clock.now()),
        signed_for=filed.opening.signed_for,
        now=case.clock.now(),
        reminder=remind,
        confirmed=_confirmed(case, filed, confirmed),
    )
    return notice, tuple(counted)


def _sendable(case: Case, notice_id: str, *, remind: bool) -> tuple[CaseNotices, Notice]:
    """Return a notice that was neither refused nor sent, or is due for a reminder."""
    filed = notices_of(case.ledger)
    notice, now = filed.draft(notice_id), case.clock.now()
    refuse_withdrawn(filed, notice)
    refuse_refused(filed.refusal(notice))
    _refuse_unsettled(filed, notice)
    sendings = filed.notices.sent.get(notice_id, [])
    if sendings and not remind:
        raise ApprovalError(
            f"notice {notice_id} has been sent",
            hint="Give --remind to send a reminder, once it is due.",
        )
    if remind and not filed.notices.is_due(notice_id, now):
        raise ApprovalError(
            f"notice {notice_id} is not due for a reminder",
            hint=f"It is {REMIND_AFTER} after it was sent last, while a URL is still there and "
            "nobody has read in a reply that it is rejected.",
        )
    return filed, notice


def _approved(
    case: Case,
    filed: CaseNotices,
    notice: Notice,
    *,
    remind: bool,
    confirmed: Mapping[str, str],
) -> Approved[Notice]:
    now = case.clock.now()
    return approve_notice(
        notice,
        filed.approvals(notice),
        basis=filed.basis(now),
        signed_for=filed.opening.signed_for,
        now=now,
        reminder=remind,
        confirmed=_confirmed(case, filed, confirmed),
        gate=Decoys().read_on(case.ledger),
    )


def _confirmed(case: Case, filed: CaseNotices, confirmed: Mapping[str, str]) -> Mapping[str, str]:
    records = (entry.content for entry in case.ledger.read(kinds=kinds_of(RuleConfirmation)))
    return {**confirmed_by(records, filed.mandate), **confirmed}


def _refuse_now(case: Case, sending: Sending) -> None:
    """Raise if a notice may not leave any more: tries go on for minutes, in which people act.

    Raises
    ------
    ApprovalError
        If it was withdrawn or refused meanwhile, or anything is missing by now.
    """
    filed, notice = notices_of(case.ledger), checked(sending.approved)
    refuse_withdrawn(filed, notice)
    refuse_refused(filed.refusal(notice))
    _approved(case, filed, notice, remind=sending.first_id is not None, confirmed=sending.confirmed)


def _refuse_unsettled(filed: CaseNotices, notice: Notice) -> None:
    sending = filed.notices.sending.get(notice.id)
    if sending is None:
        return
    is_answered = any(
        answer.names_message and answer.at >= sending.at
        for answer in filed.notices.answers.get(notice.id, ())
    )
    arrived = " A reply names it, so it has arrived." if is_answered else ""
    raise ApprovalError(
        f"notice {notice.id} may have been sent to {sending.to} at {sending.at:%Y-%m-%d %H:%M:%SZ} "
        f"by {sending.by} as {sending.message_id}: no record says how that ended.{arrived}",
        hint="Look for that id in the log of your mail server, or ask the addressee. Then: cautery "
        f"notice settle CASE {notice.id} --sent (or --unsent) --as NAME",
    )


def settle_sending(
    case: Case, notice_id: str, *, arrived: bool, name: str
) -> NoticeSent | NoticeUnsent:
    """Record what a person has found out of a sending that was cut off.

    Raises
    ------
    InputError
        If there is no such notice, no sending of it that is not settled, or no name.
    """
    filed = notices_of(case.ledger)
    notice = filed.draft(notice_id)
    sending = filed.notices.sending.get(notice.id)
    if sending is None:
        raise InputError(
            f"no sending of notice {notice_id} waits to be settled", hint="cautery notice list CASE"
        )
    if not name.strip():
        raise InputError("who has found it out?", hint="Give --as NAME.")
    journal = journal_of(case)
    if not arrived:
        unsent = NoticeUnsent(
            notice=notice.id, message_id=sending.message_id, by=name, at=journal.now()
        )
        journal.write(unsent)
        return unsent
    notice_sent = _sent(sending, at=sending.at, settled_by=name)
    journal.write(notice_sent)
    return notice_sent


def _sent(
    sending: NoticeSending, *, at: datetime, tries: int = 1, settled_by: str | None = None
) -> NoticeSent:
    return NoticeSent(
        notice=sending.notice,
        means=sending.means,
        to=sending.to,
        message_id=sending.message_id,
        by=sending.by,
        exhibit=sending.exhibit,
        reminder=sending.reminder,
        tries=tries,
        settled_by=settled_by,
        at=at,
    )


async def send_mail(
    case: Case,
    sending: Sending,
    *,
    postbox: Postbox,
    check: Callable[[bytes], None],
    name: str,
    token: str,
) -> NoticeSent:
    """Send a notice by mail and record that.

    Parameters
    ----------
    check : callable
        Raises if an XARF report does not fit its schema.
    token : str
        32 hex digits that nobody can guess: the mail's Message-ID has them.

    Raises
    ------
    CauteryError
        If it is not accepted; that is recorded too.
    UnansweredError
        If nobody knows whether it was accepted: a person has to settle it.
    """
    notice = checked(sending.approved)
    mail, message_id = mail_of(
        sending, postbox=postbox, check=check, token=token, at=case.clock.now()
    )
    journal = journal_of(case)
    to = str(notice.addressee.contact)
    about = _announced(
        journal,
        sending,
        means=SendMeans.MAIL,
        to=to,
        message_id=message_id,
        name=name,
        exhibit=_sealed(case, journal, mail, "message/rfc822"),
    )
    with _settled(journal, about):
        delivery = await postbox.send(mail, to=to, before=partial(_refuse_now, case, sending))
    return _record(journal, about, tries=delivery.tries)


def mail_of(
    sending: Sending,
    *,
    postbox: Postbox,
    check: Callable[[bytes], None],
    token: str,
    at: datetime,
) -> tuple[bytes, str]:
    """Return the mail of a notice under our domain's signature, and its Message-ID.

    Raises
    ------
    CauteryError
        If it cannot be made, or a report in it does not fit its schema.
    """
    notice = checked(sending.approved)
    for report in xarf_reports(sending.approved):
        check(report_bytes(report))
    message_id = f"<{notice.id}.{token}@{postbox.sender.rpartition('@')[2]}>"
    mail = notice_mail(
        sending.approved,
        sender=postbox.sender,
        message_id=message_id,
        at=at,
        first_id=sending.first_id,
    )
    return postbox.signed(mail), message_id


async def hand_in(case: Case, sending: Sending, *, api: ReportApi, name: str) -> NoticeSent:
    """Hand the XARF reports of a notice in to an API and record that.

    Raises
    ------
    CauteryError
        If none is accepted; that is recorded too.
    UnansweredError
        If some were accepted, or nobody knows: a person has to settle it.
    """
    reports = [report_bytes(report) for report in xarf_reports(sending.approved)]
    journal = journal_of(case)
    first = next(xarf_reports(sending.approved))
    about = _announced(
        journal,
        sending,
        means=SendMeans.API,
        to=api.host,
        message_id=str(first["report_id"]),
        name=name,
        exhibit=_sealed(case, journal, b"[" + b",".join(reports) + b"]", "application/json"),
    )
    tries = 0
    with _settled(journal, about):
        for accepted, report in enumerate(reports):
            try:
                delivery = await api.hand_in(report, before=partial(_refuse_now, case, sending))
                tries = max(tries, delivery.tries)
            except CauteryError as error:
                # Nothing has left yet: that is a plain failure, and may be tried again.
                if not accepted:
                    raise
                raise UnansweredError(
                    f"{accepted} of {len(reports)} reports were taken, then: {error}"
                ) from error
    return _record(journal, about, tries=tries)


def _sealed(case: Case, journal: Journal, data: bytes, media_type: str) -> ExhibitId:
    return journal.seal(data, what="notice", media_type=media_type, at=case.clock.now())


def _announced(
    journal: Journal,
    sending: Sending,
    *,
    means: SendMeans,
    to: str,
    message_id: str,
    name: str,
    exhibit: ExhibitId,
) -> NoticeSending:
    """Record that a notice is about to leave; its exhibit is sealed already."""
    about = NoticeSending(
        notice=checked(sending.approved).id,
        means=means,
        to=to,
        message_id=message_id,
        by=name,
        exhibit=exhibit,
        reminder=sending.first_id is not None,
        confirmed=sending.confirmed,
        at=journal.now(),
    )
    # On disk before the first byte leaves: a kill between the two leaves a sending to be settled,
    # never a mail that nobody knows of.
    journal.write(about)
    return about


@contextmanager
def _settled(journal: Journal, about: NoticeSending) -> Iterator[None]:
    """Record what fails, and that the notice has not left, where that is known."""
    try:
        yield
    except UnansweredError as error:
        journal.fail("notice", about.notice, error)
        raise
    except CauteryError as error:
        journal.fail("notice", about.notice, error)
        journal.write(
            NoticeUnsent(notice=about.notice, message_id=about.message_id, at=journal.now())
        )
        raise


def _record(journal: Journal, about: NoticeSending, *, tries: int) -> NoticeSent:
    notice_sent = _sent(about, at=journal.now(), tries=tries)
    journal.write(notice_sent)
    return notice_sent
