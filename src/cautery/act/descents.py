"""What an analyst signs who decides on a proposed descendant, and an approver who reviews.

A decision teaches the odds and stands on pages. It makes nothing evidence, and allows no act.
"""

from __future__ import annotations

from cautery.act.signatures import check_signature
from cautery.canonical import canonical
from cautery.model import Digest, Mandate, SignedFor, digest_of, to_json
from cautery.model.records import DescendantDecided, DescendantProposed, FollowReviewed

_DECISION = "cautery/descendant-decision/1"
_REVIEW = "cautery/follow-review/1"


def decision_subject(proposed: DescendantProposed, *, confirmed: bool, why: str) -> Digest:
    """Return the digest that a decision signs: the proposal as made, the word and the reason.

    Parameters
    ----------
    confirmed : bool
        Whether it is held to be a descendant.
    why : str
        The reason, in the analyst's words.
    """
    return digest_of(
        canonical(
            {"type": _DECISION, "proposal": to_json(proposed), "confirmed": confirmed, "why": why}
        )
    )


def review_subject(until: str, why: str) -> Digest:
    """Return the digest that a review signs: the day until which it goes on, and the reason."""
    return digest_of(canonical({"type": _REVIEW, "until": until, "why": why}))


def check_decision(
    decided: DescendantDecided,
    proposed: DescendantProposed,
    *,
    mandate: Mandate,
    signed_for: SignedFor,
) -> None:
    """Check that one of the mandate's approvers signed this decision for this case.

    Raises
    ------
    ApprovalError
        If it is a stranger's, over something else, for another case, or does not verify.
    """
    subject = decision_subject(proposed, confirmed=decided.confirmed, why=decided.why)
    check_signature(
        decided.approval,
        what=f"the decision on {decided.id}",
        subject=subject,
        mandate=mandate,
        signed_for=signed_for,
    )


def check_review(reviewed: FollowReviewed, *, mandate: Mandate, signed_for: SignedFor) -> None:
    """Check that one of the mandate's approvers signed this review for this case.

    Raises
    ------
    ApprovalError
        As :func:`check_decision`.
    """
    check_signature(
        reviewed.approval,
        what="the review",
        subject=review_subject(reviewed.until.isoformat(), reviewed.why),
        mandate=mandate,
        signed_for=signed_for,
    )
