"""A named person signs a referral as it was shown; the running watch reads it from the ledger.

Whoever has a case's file can append a record to it. So a referral is the first one of its id, and
the id comes from what it says; a signature is over a digest that the person has seen, for this
case; an approval counts if it verifies; and a record that is none of these costs itself alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import OLDEST, check_signature, order_of, rules_for, sign, subjects_of
from cautery.act.confirmed import waiting
from cautery.act.signatures import PasskeyAnswer
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    MISSHAPEN,
    Approval,
    Approver,
    Digest,
    Entry,
    Mandate,
    Referral,
    RuleConfirmation,
    has_own_id,
)
from cautery.model.ledger import append, contents
from cautery.model.message import Message
from cautery.model.ports import Ledger
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    CaseOpened,
    EntryWithdrawn,
    FixturesChanged,
    MisshapenRecord,
    ProofFollowed,
    ReferralPublished,
    RollbackProposed,
    kinds_of,
)
from cautery.projections import MandateInForce, folded
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.opening import Opening, opening_in, opening_of
from cautery.workflows.case.refusing import refusal_in, refuse_refused
from cautery.workflows.case.unseen import refuse_unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReferral:
    """A referral as the ledger has it, with who signed it and to whom it went.

    Parameters
    ----------
    digest : str
        What approvers sign.
    approvals : tuple of Approval
        Those that verify, each person's latest.
    waits_for : tuple of str
        Ids of rules that nobody has confirmed: no list has it before.
    """

    referral: Referral
    digest: Digest
    approvals: tuple[Approval, ...]
    published_to: tuple[str, ...]
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """All referrals of a case, and how many records were passed over.

    Parameters
    ----------
    passed_over : mapping of str to int
        By why: records that are no referral, a second one of an id, approvals that do not verify.
    """

    referrals: tuple[FiledReferral, ...]
    passed_over: Mapping[str, int]


def filed_in(ledger: Ledger, *, only: str | None = None) -> Filed:
    """Return all referrals of a case, oldest first, and what was passed over.

    Parameters
    ----------
    only : str or None
        Look at the records about this referral alone: each signature takes its time.

    Raises
    ------
    InputError
        If its first record names no mandate.
    """
    first = next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None)
    if first is None:
        return Filed(referrals=(), passed_over={})
    return filed_among(
        opening_in(first),
        ledger.read(kinds=kinds_of(Referral, ApprovalGiven, ReferralPublished)),
        confirmations=lambda: confirmations_in(ledger),
        only=only,
    )


def filed_among(
    opening: Opening,
    entries: Iterable[Entry],
    *,
    confirmations: Callable[[], tuple[RuleConfirmation, ...]],
    only: str | None = None,
) -> Filed:
    """Return the referrals among some entries of a case, as :func:`filed_in` does.

    Parameters
    ----------
    entries : iterable of Entry
        Rising; those that are about no referral are passed over.
    confirmations : callable
        Returns what people have confirmed; asked for if there is a referral.
    """
    referrals: dict[str, tuple[Referral, tuple[Digest, ...]]] = {}
    approvals: dict[str, dict[str, Approval]] = {}
    published: dict[str, list[str]] = {}
    passed_over: Counter[str] = Counter()
    for entry in entries:
        content = entry.content
        if not isinstance(content, Referral | ApprovalGiven | ReferralPublished | MisshapenRecord):
            continue
        if isinstance(content, MisshapenRecord):
            passed_over[f"{content.kind}, with an invalid form"] += 1
            continue
        about = content.id if isinstance(content, Referral) else content.referral
        if only not in (None, about):
            continue
        match content:
            case Referral():
                if not _has_own_id(content):
                    passed_over["referral whose id does not match its content"] += 1
                elif about not in referrals:
                    referrals[about] = content, subjects_of(content, opening.mandate)
                elif referrals[about][0] != content:
                    passed_over["second referral with the id of an earlier one"] += 1
            case _ if about not in referrals:
                passed_over["record about a referral that was not drafted before it"] += 1
            case ReferralPublished():
                published.setdefault(about, []).append(content.intermediary)
            case ApprovalGiven():
                approval = content.approval
                if not _verifies(approval, about, referrals[about][1], opening):
                    passed_over["approval with an invalid signature"] += 1
                    continue
                signed = approvals.setdefault(about, {})
                earlier = signed.get(approval.approver, approval)
                signed[approval.approver] = max(
                    earlier, approval, key=lambda candidate: candidate.at
                )
    confirmed = confirmations() if referrals else ()
    return Filed(
        referrals=tuple(
            FiledReferral(
                referral=referral,
                digest=subjects[0],
                approvals=tuple(approvals.get(referral.id, {}).values()),
                published_to=tuple(published.get(referral.id, ())),
                waits_for=_waits_for(referral, opening.mandate, confirmed),
            )
            for referral, subjects in referrals.values()
        ),
        passed_over=passed_over,
    )


def _waits_for(
    referral: Referral, mandate: Mandate, confirmations: tuple[RuleConfirmation, ...]
) -> tuple[str, ...]:
    """Return the rules that nobody has confirmed; of an order that the mandate lacks, none."""
    try:
        order = order_of(referral, mandate)
    except ApprovalError:
        return ()
    return waiting(rules_for(referral.territory, order.kind), mandate, confirmations)


def confirmations_in(ledger: Ledger) -> tuple[RuleConfirmation, ...]:
    """Return the confirmations of rules that a case has recorded; none is checked."""
    return tuple(confirmation for _, confirmation in contents(ledger, RuleConfirmation))


def filed_referrals(ledger: Ledger) -> tuple[FiledReferral, ...]:
    """Return all referrals of a case, oldest first; see :func:`filed_in`."""
    return filed_in(ledger).referrals


def filed_referral(ledger: Ledger, referral_id: str) -> FiledReferral:
    """Return one referral of a case.

    Raises
    ------
    InputError
        If there is none.
    """
    for referral in filed_in(ledger, only=referral_id).referrals:
        return referral
    raise InputError(
        f"this case has no referral {referral_id!r}", hint="cautery referral list CASE"
    )


def _has_own_id(referral: Referral) -> bool:
    try:
        return has_own_id(referral)
    except MISSHAPEN:  # a number or a text in it has no canonical JSON, so nothing has its id
        return False


def _verifies(
    approval: Approval, referral: str, subjects: tuple[Digest, ...], opening: Opening
) -> bool:
    """Tell whether an approval is an approver's, over one of these digests and for this case."""
    try:
        check_signature(
            approval,
            what=f"referral {referral}",
            subject=approval.subject if approval.subject in subjects else subjects[0],
            mandate=opening.mandate,
            signed_for=opening.signed_for,
        )
    except MISSHAPEN:
        return False
    return True


class Undoing(StrEnum):
    """How a block is to be lifted."""

    WITHDRAWN = "withdrawn"
    """Its target is taken out of the referral."""
    ROLLBACK_PROPOSED = "roll-back proposed"
    """An intermediary is to lift it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A target that is withdrawn, or whose block should be lifted.

    Parameters
    ----------
    intermediary : str or None
        Who should lift the block; ``None``: everybody, the target is withdrawn.
    dark : tuple of str
        Canaries that do not answer through the intermediary.
    why : Message
        The first reason of the guard, or what the canaries showed.
    """

    at: datetime
    target: str
    what: Undoing
    intermediary: str | None = None
    dark: tuple[str, ...] = ()
    why: Message


def withdrawals(ledger: Ledger) -> tuple[Withdrawal, ...]:
    """Return what was withdrawn and which roll-backs are proposed, oldest first."""
    listed: list[Withdrawal] = []
    for _, content in contents(ledger, EntryWithdrawn, RollbackProposed):
        match content:
            case EntryWithdrawn(reasons=(first, *_)):
                listed.append(
                    Withdrawal(
                        at=content.at,
                        target=content.target,
                        what=Undoing.WITHDRAWN,
                        why=first.text,
                    )
                )
            case RollbackProposed():
                listed.append(
                    Withdrawal(
                        at=content.at,
                        target=content.target,
                        what=Undoing.ROLLBACK_PROPOSED,
                        intermediary=content.intermediary,
                        dark=content.dark,
                        why=content.why,
                    )
                )
    return tuple(listed)


def proofs_without_referral(ledger: Ledger) -> tuple[ProofFollowed, ...]:
    """Return the proven streams that are on no referral, or on none in some territory, and why."""
    newest = {followed.url: followed for _, followed in contents(ledger, ProofFollowed)}
    return tuple(followed for followed in newest.values() if followed.without)


def mandate_of(ledger: Ledger) -> Mandate:
    """Return the mandate that a case was opened under, without its credentials.

    Its approvers are those of the first record; later ones change its calendars' fixtures alone.

    Raises
    ------
    InputError
        If the case has none.
    """
    opening = opening_of(ledger)
    in_force = MandateInForce(opening.mandate, opening.entry)
    later = ledger.read(since=opening.entry.index, kinds=kinds_of(FixturesChanged))
    return folded(in_force, later).mandate or opening.mandate


def approver_named(mandate: Mandate, name: str) -> Approver:
    """Return the approver of a mandate who has this name.

    Raises
    ------
    InputError
        If nobody has.
    """
    for approver in mandate.approvers:
        if approver.name == name:
            return approver
    names = ", ".join(approver.name for approver in mandate.approvers) or "none"
    raise InputError(f"{name!r} is not an approver of this mandate", hint=f"Approvers: {names}.")


_RESTS_ON = (CaseOpened, FixturesChanged, Referral, ApprovalGiven, ActRefused, EntryWithdrawn)


@again_if_passed
def approve_referral(
    ledger: Ledger,
    referral_id: str,
    *,
    shown: Digest,
    name: str,
    key: Ed25519PrivateKey | PasskeyAnswer,
    now: datetime,
    seen: int | None = None,
) -> Approval:
    """Sign a referral as one of the mandate's approvers and record it.

    Parameters
    ----------
    shown : str
        The digest of what the person was shown: nothing else is signed.
    key : Ed25519PrivateKey or PasskeyAnswer
        Of a file; or what the person's passkey signed.
    seen : int, optional
        The newest record about it that the person saw: what came since stops the approval.

    Raises
    ------
    InputError
        If there is no such referral or approver.
    ApprovalError
        If the referral is not what was shown, the key is not that person's, the person has
        signed it already, it has gone on since the person saw it, or a signature under the mandate
        does not hold.
    """
    size = ledger.size()
    opening = opening_of(ledger)
    opening.standing()
    filed = filed_referral(ledger, referral_id)
    if filed.digest != shown:
        raise ApprovalError(
            f"referral {referral_id} differs from the one that was shown: its digest is "
            f"{filed.digest}, not {shown}",
            hint=f"Read it again: cautery referral show CASE {referral_id}",
        )
    approver = approver_named(opening.mandate, name)
    refuse_refused(refusal_in(ledger, referral_id, mandate=opening.mandate, subject=filed.digest))
    if any(
        approval.approver == name
        and approval.subject == filed.digest
        and approval.signed_for is not None
        and approval.at >= now - OLDEST
        for approval in filed.approvals
    ):
        raise ApprovalError(f"{name} has already signed referral {referral_id}")
    refuse_unseen(ledger, referral_id, seen=seen, but=(ApprovalGiven,))
    approval = sign(filed.digest, approver=approver, key=key, at=now, signed_for=opening.signed_for)
    append(
        ledger,
        ApprovalGiven.of(referral_id, approval),
        at=now,
        if_unchanged_since=size,
        unless=_RESTS_ON,
    )
    return approval
