"""What must hold before a referral or an override leaves; first of all, two people have signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cautery.act.approved import Approved, let_out
from cautery.act.approver_keys import approver_key
from cautery.act.gate import Gate
from cautery.act.orders import in_force
from cautery.act.referral_text import list_subject
from cautery.act.rules import require_confirmed, rules_for
from cautery.act.signatures import check_signature
from cautery.errors import ApprovalError, InputError
from cautery.messages import say
from cautery.model import (
    Approval,
    Approver,
    BlockEntry,
    CourtOrder,
    Decision,
    Digest,
    Mandate,
    Override,
    Referral,
    SignedFor,
    digest,
    has_own_id,
    iso,
    person_key,
    require_utc,
)
from cautery.model.act import ReferralInPart
from cautery.model.signing_keys import people_among

NEEDED = 2
"""Two-person rule: one person with an automatic list took a whole messenger down in 2023."""
CLOCK_SKEW = timedelta(minutes=2)
"""How far a signer's clock may run ahead of this machine's."""
OLDEST = timedelta(hours=24)
"""An approval is of a moment: facts about addresses do not keep longer."""


def approve(
    referral: Referral,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
    confirmed: Mapping[str, str] | None = None,
    gate: Gate | None = None,
) -> Approved[Referral]:
    """Check everything that must hold before a referral leaves, and let it leave.

    Parameters
    ----------
    approvals : sequence of Approval
        Signatures of two different people of the mandate, with different keys. One bad
        signature spoils all: it is a forgery or an accident, and both want looking at.
    signed_for : SignedFor
        This case and its mandate: a signature that was given for another does not count.
    now : datetime
        The guard's verdicts, the order and the entries must hold at this moment.
    confirmed : mapping of str to str
        Unverified legal rules that a person has confirmed, each with its source.
    gate : Gate or None
        What the keeper of the decoys has said; ``None``: nobody was asked.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    UnaskedError
        If decoys are planned, and the keeper has not answered for this referral.
    """
    require_approvable(
        referral, approvals, mandate=mandate, signed_for=signed_for, now=now, confirmed=confirmed
    )
    return let_out(referral, approvals, at=now, mandate=mandate, gate=gate)


def require_approvable(
    referral: Referral,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
    confirmed: Mapping[str, str] | None = None,
) -> None:
    """Check all of :func:`approve` but the gate: of what holds, the decoys' keeper is asked.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    """
    order = require_two_people(referral, approvals, mandate=mandate, signed_for=signed_for, now=now)
    _check_authority(referral, order, mandate, now)
    if not referral.entries:
        raise ApprovalError(f"referral {referral.id}: it has no entries")
    for entry in referral.entries:
        _check_entry(entry, now)
    rules = rules_for(referral.territory, order.kind)
    require_confirmed(*rules, lab=mandate.lab, confirmed=confirmed or {})


def require_two_people(
    referral: Referral,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
) -> CourtOrder:
    """Raise unless two people of the mandate have signed a referral; return its order.

    That alone lets nothing leave: :func:`approve` does.

    Raises
    ------
    ApprovalError
        If they have not, in a sentence.
    """
    require_utc("now", now)
    # Whoever can append to the case could record another content under a known id.
    if not has_own_id(referral):
        raise ApprovalError(f"referral {referral.id}: this id does not match the content")
    order = order_of(referral, mandate)
    _two_people(
        f"referral {referral.id}",
        list_subject(referral, order),
        approvals,
        mandate=mandate,
        signed_for=signed_for,
        now=now,
    )
    return order


def approve_override(
    override: Override,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
) -> Approved[Override]:
    """Check that the very people whom an override names have signed it, and that it is in force.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    """
    require_utc("now", now)
    what = f"the override of {override.target}"
    signers = _two_people(
        what, digest(override), approvals, mandate=mandate, signed_for=signed_for, now=now
    )
    # Two other approvers do not do: those whom the override names answer for its bystanders (ADR
    # 0013).
    missing = {person_key(name) for name in override.by} - {
        person_key(signer.name) for signer in signers
    }
    if missing:
        raise ApprovalError(f"{what} names {min(missing)!r}, who has not signed it")
    if not override.holds(now):
        raise ApprovalError(
            f"{what} is valid from {iso(override.at)} to {iso(override.until)}, not at {iso(now)}"
        )
    return let_out(override, approvals, at=now, mandate=mandate, gate=None)


def _two_people(
    what: str,
    subject: Digest,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
) -> list[Approver]:
    """Return who signed a subject: at least two people, with as many keys."""
    signers = []
    for approval in approvals:
        approver = check_signature(
            approval, what=what, subject=subject, mandate=mandate, signed_for=signed_for
        )
        if approval.signed_for is None:
            raise ApprovalError(
                f"{approver.name}'s approval does not say for which case it was given",
                hint="It was signed by an earlier version of Cautery: have it signed again.",
            )
        if approval.at > now + CLOCK_SKEW:
            raise ApprovalError(f"{approver.name}'s approval is dated in the future")
        if approval.at < now - OLDEST:
            raise ApprovalError(f"{approver.name}'s approval is older than {OLDEST}")
        signers.append(approver)
    # Neither one person with two keys nor two names for one key is two people.
    people = people_among(
        {f"name {person_key(signer.name)}", *approver_key(signer).marks} for signer in signers
    )
    if people < NEEDED:
        raise ApprovalError(
            f"{what}: {people} of {NEEDED} people have approved it",
            hint="Two different approvers of the mandate, each with a key of their own, must sign.",
        )
    return signers


def order_of(referral: Referral, mandate: Mandate) -> CourtOrder:
    """Return the order of a mandate that a referral is under.

    Raises
    ------
    ApprovalError
        If the mandate registers no such order.
    """
    for order in mandate.orders:
        if order.id == referral.order:
            return order
    raise ApprovalError(
        f"referral {referral.id}: the mandate registers no order {referral.order!r}"
    )


def subjects_of(referral: Referral, mandate: Mandate) -> tuple[Digest, ...]:
    """Return what signatures on a referral may be over, what is signed today first.

    Until version 0.2.0 they were over the whole referral; such a signature can be read and checked,
    but approves nothing any more. If no access provider can be sent the referral, there is that
    one alone.
    """
    if isinstance(referral, ReferralInPart):
        return subjects_of(referral.whole, mandate)
    earlier = digest(referral)
    try:
        return list_subject(referral, order_of(referral, mandate)), earlier
    except (ApprovalError, InputError):
        return (earlier,)


def _check_authority(
    referral: Referral, order: CourtOrder, mandate: Mandate, now: datetime
) -> None:
    if not mandate.covers(referral.territory):
        raise ApprovalError(
            f"referral {referral.id} is for {referral.territory}, which the mandate does not cover",
            hint=f"It covers {', '.join(mandate.territories)}: see its key territories.",
        )
    if not in_force(order, territory=referral.territory, at=now):
        raise ApprovalError(
            f"order {order.id} ({order.territory}, {iso(order.window.start)} to "
            f"{iso(order.window.end)}) is not in force in {referral.territory} at {iso(now)}"
        )
    if referral.window.end > order.window.end or referral.window.end > mandate.window.end:
        raise ApprovalError(f"referral {referral.id} ends after its order or its mandate")
    if not mandate.window.holds(now):
        raise ApprovalError(f"the mandate {mandate.id} is not in force at {iso(now)}")
    if referral.event is not None and all(event.id != referral.event for event in mandate.events):
        raise ApprovalError(f"referral {referral.id}: the mandate names no event {referral.event}")


def _check_entry(entry: BlockEntry, now: datetime) -> None:
    verdict = entry.guard
    if verdict.target != entry.target or verdict.lever is not entry.lever:
        raise ApprovalError(f"{entry.target}: the guard's verdict is about {verdict.target}")
    if verdict.decision is not Decision.ALLOW:
        raise ApprovalError(
            f"{entry.target}: the guard says {verdict.decision.value}: "
            f"{say(verdict.reasons[0].text)}"
        )
    # Facts age between the draft and the second signature: an address may have got another owner.
    if verdict.valid_until <= now:
        raise ApprovalError(
            f"{entry.target}: the guard's verdict ended at {iso(verdict.valid_until)}",
            hint="Ask the guard again and draft a new referral.",
        )
    if entry.valid_until > verdict.valid_until:
        raise ApprovalError(f"{entry.target}: the entry ends after the guard's verdict")
    if entry.valid_until <= now:
        raise ApprovalError(f"{entry.target}: the entry ended at {iso(entry.valid_until)}")
    if not entry.exhibits:
        raise ApprovalError(f"{entry.target}: no exhibit shows the complaint")
