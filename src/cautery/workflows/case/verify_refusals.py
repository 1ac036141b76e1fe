"""What left a case although an approver had refused it before."""

from __future__ import annotations

from cautery.model import Digest, Mandate, Notice, Referral
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import (
    ActRefused,
    CaseOpened,
    ListSent,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    ReferralPublished,
)
from cautery.projections.courses import begun
from cautery.projections.refusals import counts, mandate_opened, text_signed

_LEAVES = (ListSent, NoticeSending, NoticeSent, ReferralPublished)


def left_after_refusal(ledger: Ledger) -> tuple[str, ...]:
    """Return a sentence for each referral or notice that left after its refusal.

    A refusal is no signature, and stops nothing that has left: one that is recorded later is
    passed over. So is one that does not count (:mod:`cautery.projections.refusals`), and a sending
    of which another record says that it did not leave.
    """
    unsent = {about.message_id: entry.index for entry, about in contents(ledger, NoticeUnsent)}
    mandate: Mandate | None = None
    subjects: dict[str, Digest | None] = {}
    refused: dict[str, tuple[int, str]] = {}
    left: set[str] = set()
    findings = []
    for entry, content in contents(ledger, CaseOpened, Notice, Referral, ActRefused, *_LEAVES):
        match content:
            case CaseOpened():
                mandate = mandate_opened(entry) or mandate
                continue
            case Notice() | Referral():
                if (line := begun(entry)) is not None:
                    subjects.setdefault(line.id, text_signed(content, mandate))
                continue
            case ActRefused():
                if counts(content, mandate=mandate, subject=subjects.get(content.id)):
                    refused.setdefault(content.id, (entry.index, content.by))
                continue
            case NoticeSending() if unsent.get(content.message_id, -1) > entry.index:
                continue
        acts, how = _leaving(content)
        for act in acts:
            if act in refused and act not in left:
                index, by = refused[act]
                findings.append(
                    f"record {entry.index}: {act} {how}, although record {index} says that {by} "
                    "had refused it before"
                )
            left.add(act)
    return tuple(findings)


def _leaving(content: object) -> tuple[tuple[str, ...], str]:
    """Return which acts leave by a record, and how."""
    match content:
        case ReferralPublished():
            return (content.referral,), f"was published to {content.intermediary}"
        case ListSent():
            return content.referrals, f"was on a list sent to {content.intermediary}"
        case NoticeSending() | NoticeSent():
            return (content.notice,), f"was sent to {content.to}"
    return (), ""
