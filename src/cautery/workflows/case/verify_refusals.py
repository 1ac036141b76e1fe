"""What left a case although a record says that an approver had refused it before."""

from __future__ import annotations

from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import (
    ActRefused,
    ListSent,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    ReferralPublished,
)


def left_after_refusal(ledger: Ledger) -> tuple[str, ...]:
    """Return a sentence for each referral or notice that left after its refusal.

    A refusal is no signature, and stops nothing that has left: one that is recorded later is
    passed over. So is a sending of which another record says that it did not leave.
    """
    unsent = {about.message_id: entry.index for entry, about in contents(ledger, NoticeUnsent)}
    refused: dict[str, tuple[int, str]] = {}
    left: set[str] = set()
    findings = []
    for entry, content in contents(
        ledger, ActRefused, ListSent, NoticeSending, NoticeSent, ReferralPublished
    ):
        match content:
            case ActRefused():
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
