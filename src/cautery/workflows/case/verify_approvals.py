"""Which approvals of a case hold, checked again offline: by key files and by passkeys."""

from __future__ import annotations

from cautery.act import check_signature
from cautery.errors import InputError
from cautery.model import MISSHAPEN, Approval
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import (
    ApprovalGiven,
    NoticeApproved,
    OverrideGiven,
    OverrideSigned,
)
from cautery.workflows.case.opening import Opening, opening_of


def void_approvals(ledger: Ledger) -> tuple[str, ...]:
    """Return a sentence for each approval of a case that counts for nothing, with the reason.

    Whether what it names is the act that stands beside it, each reader of that act checks as well.
    """
    try:
        opening = opening_of(ledger)
    except InputError:
        return ()
    notes = []
    for entry, content in contents(
        ledger, ApprovalGiven, NoticeApproved, OverrideSigned, OverrideGiven
    ):
        for approval in _approvals(content):
            why = _fault(approval, opening)
            if why:
                notes.append(
                    f"record {entry.index}: the approval does not hold and counts for nothing: "
                    f"{why}"
                )
    return tuple(notes)


def _approvals(content: object) -> tuple[Approval, ...]:
    match content:
        case ApprovalGiven() | NoticeApproved() | OverrideSigned():
            return (content.approval,)
        case OverrideGiven():
            return content.approvals
    return ()


def _fault(approval: Approval, opening: Opening) -> str:
    try:
        check_signature(
            approval,
            what="it",
            subject=approval.subject,
            mandate=opening.mandate,
            signed_for=opening.signed_for,
        )
    except MISSHAPEN as error:
        return str(error)
    return ""
