"""Answer complaints by mail: a receipt for each mail, and each decision.

An address is read from what is sealed encrypted, used, and kept nowhere else. A decision goes to
whoever wrote by mail, or gave an address on the form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cautery.act.complaint import read_complaint
from cautery.act.complaint_mail import decision_mail, receipt_mail, sender_of
from cautery.act.ports import Postbox
from cautery.errors import CauteryError, EvidenceError, InputError, RefusedError
from cautery.model.records import (
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    ComplaintReceipted,
    ComplaintUnreachable,
    Failure,
    kinds_of,
)
from cautery.workflows.case.complaints import WHAT, complaints_of, keeps_secrets
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.case.referral import mandate_of

RECEIPT_WITHIN = timedelta(days=1)
"""A receipt that could not be sent for so long is sent no more."""
ANSWER_WITHIN = timedelta(days=14)
"""So is a decision. Judgement: later, the page of the complaint has said it for long."""
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=2)
"""After a mail that failed, doubled by each failure: two rounds of the guide, then more."""
_MAIL = "mail"


async def send_mails(
    case: Case,
    journal: Journal,
    box: Postbox,
    *,
    tokens: Mapping[str, str],
    url: str | None,
    random: Callable[[], str],
) -> None:
    """Send the receipts and decisions that are due.

    An address that a server refuses for good costs its own mails alone. If it is refused for now,
    or the server cannot be reached, that is on record and the rest waits for the next time, when
    this address comes not first again: each failure doubles its pause.

    Parameters
    ----------
    tokens : mapping of str to str
        By number, the token of what was filed just now: it is kept nowhere.
    url : str or None
        Where the public pages are; ``None``: no mail names one.
    random : callable
        Returns 32 hex digits that nobody can guess.
    """
    complaints, now = complaints_of(case.ledger), case.clock.now()
    secret, put_off = keeps_secrets(mandate_of(case.ledger)), _put_off(case, now)
    domain = box.sender.rpartition("@")[2]
    for number, filed in complaints.filed.items():
        decided = complaints.decided.get(number)
        receipt = (
            filed.means is ComplaintMeans.MAIL
            and number not in complaints.receipted
            and now - filed.at <= RECEIPT_WITHIN
        )
        answer = (
            decided is not None
            and complaints.answered.get(number) != decided.granted
            and now - decided.at <= ANSWER_WITHIN
        )
        if not (receipt or answer) or number in complaints.unreachable or number in put_off:
            continue
        to = _address(journal, filed)
        # Mail to the box itself would be taken as a complaint, and acknowledged again.
        if to is None or to.casefold() == box.sender.casefold():
            continue
        try:
            if receipt:
                token = tokens.get(number)
                mail = receipt_mail(
                    sender=box.sender,
                    to=to,
                    number=number,
                    message_id=f"<{random()}@{domain}>",
                    at=now,
                    due=filed.due_at,
                    due_confirmed=not filed.unconfirmed,
                    page=None if not (url and token) else f"{url.rstrip('/')}/complaint/{token}",
                    secret=secret,
                )
                await box.send(box.signed(mail), to=to)
                journal.write(ComplaintReceipted(complaint=number, at=case.clock.now()))
            if answer and decided is not None:
                mail = _decision(box.sender, to, decided, f"<{random()}@{domain}>", now)
                await box.send(box.signed(mail), to=to)
                journal.write(
                    ComplaintAnswered(
                        complaint=number, granted=decided.granted, at=case.clock.now()
                    )
                )
        except RefusedError:  # its words may repeat the address
            journal.write(ComplaintUnreachable(complaint=number, at=case.clock.now()))
        except CauteryError as error:
            journal.fail(_MAIL, number, error)
            return


def _put_off(case: Case, now: datetime) -> set[str]:
    """Return the complaints whose mails are not tried now: each failure doubles the pause."""
    failed: dict[str, tuple[int, datetime]] = {}
    for entry in case.ledger.read(kinds=kinds_of(Failure)):
        failure = entry.content
        if isinstance(failure, Failure) and failure.what == _MAIL and failure.at is not None:
            count, _ = failed.get(failure.where, (0, now))
            failed[failure.where] = count + 1, failure.at
    return {
        number
        for number, (count, at) in failed.items()
        # 20 doublings are far beyond the longest pause; many more would overflow a timedelta.
        if now < at + min(_PAUSE * 2 ** min(count, 20), _LONGEST_PAUSE)
    }


def _decision(
    sender: str, to: str, decided: ComplaintDecided, message_id: str, at: datetime
) -> bytes:
    return decision_mail(
        sender=sender,
        to=to,
        number=decided.complaint,
        message_id=message_id,
        at=at,
        granted=decided.granted,
        target=decided.target,
        why=decided.why,
    )


def _address(journal: Journal, filed: ComplaintFiled) -> str | None:
    """Return where the person who complained wants an answer; ``None``: nowhere, or erased."""
    try:
        sent_in = journal.unseal(filed.exhibit, what=WHAT)
    except EvidenceError:
        return None
    if filed.means is ComplaintMeans.MAIL:
        return sender_of(sent_in)
    try:
        return read_complaint(sent_in).mail
    except InputError:  # a record of somebody else names something else as a complaint
        return None
