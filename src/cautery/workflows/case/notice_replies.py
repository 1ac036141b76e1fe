"""File what comes back on notices: each mail sealed encrypted, a claim that closes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from cautery.act.notice_replies import Reply, notice_in, read_reply
from cautery.errors import InputError
from cautery.model import digest_of
from cautery.model.records import AnswerKind, NoticeAnswered
from cautery.workflows.case.journal import Journal, journal_of
from cautery.workflows.case.notices import CaseNotices, notices_of
from cautery.workflows.case.open import Case


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
    filed, journal = notices_of(case.ledger), journal_of(case)
    answers: list[NoticeAnswered] = []
    refused: list[str] = []
    before = {
        (answer.mail, answer.by)
        for answer in chain(filed.notices.unknown, *filed.notices.answers.values())
    }
    already_filed = 0
    for number, mail in enumerate(mails, start=1):
        try:
            reply = read_reply(mail)
        except InputError as error:
            refused.append(f"mail {number}: {error}")
            continue
        key = journal.pseudonym(str(digest_of(mail)))
        reader = name if what is not None else None
        if (key, reader) in before:
            already_filed += 1
            continue
        before.add((key, reader))
        answers.append(_answer(journal, filed, mail, reply=reply, key=key, what=what, name=reader))
    return FiledReplies(filed=tuple(answers), known=already_filed, refused=tuple(refused))


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
    message_ids = {
        sending.message_id for sendings in filed.notices.sent.values() for sending in sendings
    }
    message_ids |= {sending.message_id for sending in filed.notices.sending.values()}
    answered_ids = [message_id for message_id in reply.message_ids if message_id in message_ids]
    notice = notice_in(answered_ids[0]) if answered_ids else reply.tag
    exhibit = journal.seal(
        mail, what="reply", media_type="message/rfc822", at=journal.now(), confidential=True
    )
    answer = NoticeAnswered(
        notice=notice if notice in filed.notices.sent or notice in filed.notices.sending else None,
        what=what or reply.what,
        by=name,
        domain=reply.domain,
        names_message=bool(answered_ids),
        mail=key,
        exhibit=exhibit,
        at=journal.now(),
    )
    journal.write(answer)
    return answer
