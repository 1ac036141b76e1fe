"""An analyst confirms or rejects a proposal, an approver reviews the following; both sign."""

from __future__ import annotations

from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import sign
from cautery.act.descents import decision_subject, review_subject
from cautery.act.signatures import PasskeyAnswer
from cautery.errors import ApprovalError, InputError, MandateError
from cautery.model import Digest, iso
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import DescendantDecided, FollowReviewed
from cautery.projections.following import Descendant, Following
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import approver_named
from cautery.workflows.follow.begin import following_of

LONGEST_WHY = 2_000
Key = Ed25519PrivateKey | PasskeyAnswer


def proposal_named(following: Following, id: str) -> Descendant:
    """Return a proposal by its id, with what was decided on it.

    Raises
    ------
    InputError
        If there is none.
    """
    descendant = following.of(id)
    if descendant is None:
        raise InputError(f"{id!r} is not a proposal of this case", hint="cautery follow CASE")
    return descendant


@again_if_passed
def decide(
    ledger: Ledger,
    id: str,
    *,
    confirmed: bool,
    why: str,
    shown_digest: Digest,
    name: str,
    key: Key,
    now: datetime,
) -> DescendantDecided:
    """Record a signed decision on a proposal; it is no evidence, and allows no act.

    Parameters
    ----------
    confirmed : bool
        Whether it is held to be a descendant.
    shown_digest : Digest
        The digest of what the person was shown.
    key : Ed25519PrivateKey or PasskeyAnswer
        The person's.

    Raises
    ------
    InputError
        If there is no such proposal or approver, or no reason.
    ApprovalError
        If the key is not that person's, or what would be signed is not what was shown.
    """
    size = ledger.size()
    reason = _reason(why)
    opening = opening_of(ledger)
    descendant = proposal_named(following_of(ledger), id)
    before = descendant.decided
    if before is not None and before.approval.at >= now:
        raise InputError(
            f"{before.approval.approver} decided on {id} at {iso(before.approval.at)}, which is "
            "later than now",
            hint="Of each proposal the word signed last counts: check this machine's clock.",
        )
    subject = decision_subject(descendant.digest, confirmed=confirmed, why=reason)
    approval = sign(
        _as_shown(subject, shown_digest),
        approver=approver_named(opening.mandate, name),
        key=key,
        at=now,
        signed_for=opening.signed_for,
    )
    decided = DescendantDecided(at=now, id=id, confirmed=confirmed, why=reason, approval=approval)
    append(ledger, decided, at=now, if_unchanged_since=size, unless=(DescendantDecided,))
    return decided


def review(
    ledger: Ledger,
    *,
    until: date,
    why: str,
    shown_digest: Digest,
    name: str,
    key: Key,
    now: datetime,
) -> FollowReviewed:
    """Record an approver's signed review: the following goes on until another day.

    Parameters
    ----------
    until : date
        The last day before the next review.
    shown_digest : Digest
        The digest of what the person was shown.

    Raises
    ------
    InputError
        If there is no such approver or no reason, or the day is over or past the end.
    ApprovalError
        If the key is not that person's, or what would be signed is not what was shown.
    """
    reason = _reason(why)
    opening = opening_of(ledger)
    policy = opening.mandate.follow
    if policy is None:
        raise MandateError("this case follows nothing: its mandate has no [follow]")
    if not now.date() <= until <= policy.end:
        raise InputError(
            f"--reviewed {until}: give a day from today to the end, {policy.end}",
            hint="A following that is to go on beyond its end needs a new mandate.",
        )
    approval = sign(
        _as_shown(review_subject(until.isoformat(), reason), shown_digest),
        approver=approver_named(opening.mandate, name),
        key=key,
        at=now,
        signed_for=opening.signed_for,
    )
    reviewed = FollowReviewed(at=now, until=until, why=reason, approval=approval)
    append(ledger, reviewed, at=now)
    return reviewed


def _reason(why: str) -> str:
    reason = why.strip()
    if not 0 < len(reason) <= LONGEST_WHY:
        raise InputError(f"give a reason, in at most {LONGEST_WHY:,} letters", hint="--why TEXT")
    return reason


def _as_shown(subject: Digest, shown_digest: Digest) -> Digest:
    if subject != shown_digest:
        raise ApprovalError(
            f"this differs from what was shown: its digest is {subject}, not {shown_digest}",
            hint="Look at it again: cautery follow CASE",
        )
    return subject
