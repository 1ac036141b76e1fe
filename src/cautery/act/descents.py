"""What is signed of a following: runs by the case's key, decisions and reviews by people.

A decision teaches the odds and stands on pages. It makes nothing evidence, and allows no act.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from cautery.act.signatures import check_signature
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import Approval, Digest, Mandate, SignedFor, digest_of, to_json
from cautery.model.descent import Proposal
from cautery.model.records import (
    DescendantDecided,
    DescendantProposed,
    FollowAdvanced,
    FollowReviewed,
)

_RUN = "cautery/follow-run/1"
_DECISION = "cautery/descendant-decision/1"
_REVIEW = "cautery/follow-review/1"


def proposal_id(proposal: Proposal) -> str:
    """Return the id of a proposal, the same whenever this entity is proposed for this network."""
    text = f"{proposal.of} {proposal.entity}".encode()
    return f"D-{hashlib.sha256(text).hexdigest()[:10]}"


def run_text(run: FollowAdvanced, *, case: str) -> str:
    """Return the text that a case's key signs of a run: all that the run says but its signature.

    Parameters
    ----------
    case : str
        Id of the case that follows, 16 hex digits.
    """
    digest = digest_of(canonical({"type": _RUN, "run": to_json(replace(run, note=""))}))
    return f"cautery following v1\ncase {case}\nrun {digest}\n"


def proposal_digest(proposed: DescendantProposed) -> Digest:
    """Return the digest of a proposal as it was made."""
    return digest_of(canonical(to_json(proposed)))


def decision_subject(proposal: Digest, *, confirmed: bool, why: str) -> Digest:
    """Return the digest that a decision signs: the proposal as made, the word and the reason.

    Parameters
    ----------
    proposal : Digest
        Of the proposal: :func:`proposal_digest`.
    confirmed : bool
        Whether it is held to be a descendant.
    why : str
        The reason, in the analyst's words.
    """
    return digest_of(
        canonical(
            {"type": _DECISION, "proposal": str(proposal), "confirmed": confirmed, "why": why}
        )
    )


def review_subject(until: str, why: str) -> Digest:
    """Return the digest that a review signs: the day until which it goes on, and the reason."""
    return digest_of(canonical({"type": _REVIEW, "until": until, "why": why}))


def check_decision(
    decided: DescendantDecided,
    subject: Digest,
    *,
    mandate: Mandate,
    signed_for: SignedFor,
) -> None:
    """Check that one of the mandate's approvers signed this decision for this case.

    Parameters
    ----------
    subject : Digest
        What it had to sign: :func:`decision_subject`.

    Raises
    ------
    ApprovalError
        If it is a stranger's, over something else, for another case, or does not verify.
    """
    _require_case(decided.approval)
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
    _require_case(reviewed.approval)
    check_signature(
        reviewed.approval,
        what="the review",
        subject=review_subject(reviewed.until.isoformat(), reviewed.why),
        mandate=mandate,
        signed_for=signed_for,
    )


def _require_case(approval: Approval) -> None:
    if approval.signed_for is None:
        raise ApprovalError(f"{approval.approver} signed it for no case")
