"""Send an approved notice, once, and reminders of it; file what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from cautery.act import Approved, approve_notice
from cautery.act.notice_mail import checked, notice_mail, report_bytes, xarf_reports
from cautery.act.notice_replies import Reply, notice_in, read_reply
from cautery.act.ports import Postbox, ReportApi
from cautery.errors import ApprovalError, CauteryError, InputError
from cautery.model import ExhibitId, Notice, digest_of
from cautery.model.records import AnswerKind, NoticeAnswered, NoticeSent, SendMeans
from cautery.projections.notices import REMIND_AFTER
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.notices import CaseNotices, notices_of, refuse_withdrawn
from cautery.workflows.case.open import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A notice that may leave now.

    Parameters
    ----------
    approved : Approved
        The notice.
    first_id : str or None
        Message-ID of its first mail; ``None``: this is the first, and no reminder.
    """

    approved: Approved[Notice]
    first_id: str | None


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
    """
    filed = notices_of(case.ledger)
    notice, now = filed.draft(notice_id), case.clock.now()
    refuse_withdrawn(filed, notice)
    sent = filed.notices.sent.get(notice_id, [])
    if sent and not remind:
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
    approved = approve_notice(
        notice,
        filed.approvals(notice),
        basis=filed.basis,
        signed_for=filed.opening.signed_for,
        now=now,
        reminder=remind,
        confirmed=confirmed,
    )
    return Sending(approved=approved, first_id=sent[0].message_id if sent else None)


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
    """
    notice = checked(sending.approved)
    for report in xarf_reports(sending.approved):
        check(report_bytes(report))
    message_id = f"<{notice.id}.{token}@{postbox.sender.rpartition('@')[2]}>"
    mail = postbox.signed(
        notice_mail(
            sending.approved,
            sender=postbox.sender,
            message_id=message_id,
            at=case.clock.now(),
            first_id=sending.first_id,
        )
    )
    journal = _journal(case)
    # Sealed first: killed in between, an exhibit lies there that no record calls sent.
    exhibit = _sealed(case, journal, mail, "message/rfc822")
    to = str(notice.addressee.contact)
    with _recorded(journal, notice):
        delivery = await postbox.send(mail, to=to)
    return _record(
        journal,
        notice,
        sending,
        means=SendMeans.MAIL,
        to=to,
        message_id=message_id,
        name=name,
        exhibit=exhibit,
        tries=delivery.tries,
    )


async def hand_in(case: Case, sending: Sending, *, api: ReportApi, name: str) -> NoticeSent:
    """Hand the XARF reports of a notice in to an API and record that.

    Raises
    ------
    CauteryError
        If one is not accepted; that is recorded too.
    """
    notice = checked(sending.approved)
    reports = [report_bytes(report) for report in xarf_reports(sending.approved)]
    journal = _journal(case)
    exhibit = _sealed(case, journal, b"[" + b",".join(reports) + b"]", "application/json")
    tries = 0
    with _recorded(journal, notice):
        for report in reports:
            tries = max(tries, (await api.hand_in(report)).tries)
    first = next(xarf_reports(sending.approved))
    return _record(
        journal,
        notice,
        sending,
        means=SendMeans.API,
        to=api.host,
        message_id=str(first["report_id"]),
        name=name,
        exhibit=exhibit,
        tries=tries,
    )


def _journal(case: Case) -> Journal:
    return Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)


def _sealed(case: Case, journal: Journal, data: bytes, media_type: str) -> ExhibitId:
    return journal.seal(data, what="notice", media_type=media_type, at=case.clock.now())


@contextmanager
def _recorded(journal: Journal, notice: Notice) -> Iterator[None]:
    """Record what fails."""
    try:
        yield
    except CauteryError as error:
        journal.fail("notice", notice.id, error)
        raise


def _record(
    journal: Journal,
    notice: Notice,
    sending: Sending,
    *,
    means: SendMeans,
    to: str,
    message_id: str,
    name: str,
    exhibit: ExhibitId,
    tries: int,
) -> NoticeSent:
    sent = NoticeSent(
        notice=notice.id,
        means=means,
        to=to,
        message_id=message_id,
        by=name,
        exhibit=exhibit,
        reminder=sending.first_id is not None,
        tries=tries,
        at=journal.now(),
    )
    journal.write(sent)
    return sent


# -- what comes back ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReplies:
    """What was filed.

    Parameters
    ----------
    filed : tuple of NoticeAnswered
        The records that were made.
    known : int
        Mails that were filed before.
    refused : tuple of str
        Why others were not: too long, no mail.
    """

    filed: tuple[NoticeAnswered, ...]
    known: int
    refused: tuple[str, ...]


def file_replies(
    case: Case,
    mails: Iterable[bytes],
    *,
    what: AnswerKind | None = None,
    name: str | None = None,
) -> FiledReplies:
    """Seal each mail encrypted and record which notice it names; none closes a notice.

    Parameters
    ----------
    what : AnswerKind or None
        What the person ``name`` has read in them; ``None``: their form alone is looked at.

    Raises
    ------
    InputError
        If what was read names no person.
    """
    if what is not None and not (name or "").strip():
        raise InputError("who read the reply?", hint="Give --as NAME with --what.")
    filed, journal = notices_of(case.ledger), _journal(case)
    answers: list[NoticeAnswered] = []
    refused: list[str] = []
    before = {
        (answer.mail, answer.by)
        for answer in chain(filed.notices.unknown, *filed.notices.answers.values())
    }
    known = 0
    for number, mail in enumerate(mails, start=1):
        try:
            reply = read_reply(mail)
        except InputError as error:
            refused.append(f"mail {number}: {error}")
            continue
        key = journal.pseudonym(str(digest_of(mail)))
        reader = name if what is not None else None
        if (key, reader) in before:
            known += 1
            continue
        before.add((key, reader))
        answers.append(_answer(journal, filed, mail, reply=reply, key=key, what=what, name=reader))
    return FiledReplies(filed=tuple(answers), known=known, refused=tuple(refused))


def _answer(
    journal: Journal,
    filed: CaseNotices,
    mail: bytes,
    *,
    reply: Reply,
    key: str,
    what: AnswerKind | None,
    name: str | None,
) -> NoticeAnswered:
    sent = {each.message_id for sent in filed.notices.sent.values() for each in sent}
    named = [message_id for message_id in reply.message_ids if message_id in sent]
    notice = notice_in(named[0]) if named else reply.tag
    exhibit = journal.seal(
        mail, what="reply", media_type="message/rfc822", at=journal.now(), confidential=True
    )
    answer = NoticeAnswered(
        notice=notice if notice in filed.notices.sent else None,
        what=what or reply.what,
        by=name,
        domain=reply.domain,
        names_message=bool(named),
        mail=key,
        exhibit=exhibit,
        at=journal.now(),
    )
    journal.write(answer)
    return answer
