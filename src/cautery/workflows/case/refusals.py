"""An approver refuses a referral or a notice, as it was shown, with a reason."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import ApprovalError, InputError
from cautery.model import Digest, Notice, Referral, digest
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    CaseOpened,
    ListSent,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeWithdrawn,
    ReferralPublished,
)
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.notices import notices_of, refuse_withdrawn
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import approver_named, filed_referral
from cautery.workflows.case.refusing import refusal_in, refuse_refused
from cautery.workflows.case.unseen import refuse_unseen

LONGEST_WHY = 2_000
_GOES_ON = (
    *(CaseOpened, Referral, Notice, ActRefused, ApprovalGiven, NoticeApproved),
    *(ReferralPublished, ListSent, NoticeSending, NoticeSent, NoticeWithdrawn),
)


@again_if_passed
def refuse_act(
    ledger: Ledger,
    act: str,
    *,
    shown: Digest | None,
    name: str,
    why: str,
    now: datetime,
    seen: int | None = None,
) -> ActRefused:
    """Record that an approver refuses an act that has not left.

    Parameters
    ----------
    act : str
        Id of a referral or a notice.
    shown : Digest or None
        The digest of what the person was shown; ``None``: as it is.
    seen : int, optional
        The newest record about it that the person saw: what came since stops the refusal.

    Raises
    ------
    InputError
        If there is no such act or approver, or no reason.
    ApprovalError
        If it is refused, withdrawn, replaced, published or sent already, is not what was shown, or
        has gone on since the person saw it.
    """
    size = ledger.size()
    reason = why.strip()
    if not 0 < len(reason) <= LONGEST_WHY:
        raise InputError(f"a refusal gives a reason, in at most {LONGEST_WHY} letters")
    mandate = opening_of(ledger).mandate
    approver = approver_named(mandate, name)
    subject = _notice(ledger, act) if act.startswith("N-") else _referral(ledger, act)
    refuse_refused(refusal_in(ledger, act, mandate=mandate, subject=subject))
    if shown not in (None, subject):
        raise ApprovalError(f"{act} differs from what was shown: its digest is {subject}")
    refuse_unseen(ledger, act, seen=seen, but=(ApprovalGiven, NoticeApproved))
    refusal = ActRefused(id=act, subject=subject, by=approver.name, why=reason, at=now)
    append(ledger, refusal, at=now, if_unchanged_since=size, unless=_GOES_ON)
    return refusal


def _referral(ledger: Ledger, id: str) -> Digest:
    filed = filed_referral(ledger, id)
    if filed.published_to:
        raise ApprovalError(
            f"referral {id} is published",
            hint="Its block ends with its time, or by a complaint that is granted.",
        )
    return filed.digest


def _notice(ledger: Ledger, id: str) -> Digest:
    case = notices_of(ledger)
    notice = case.draft(id)
    refuse_withdrawn(case, notice)
    if id in case.notices.sent or id in case.notices.sending:
        how = "has been" if id in case.notices.sent else "is being"
        raise ApprovalError(f"notice {id} {how} sent", hint="cautery notice withdraw CASE ID")
    return digest(notice)
