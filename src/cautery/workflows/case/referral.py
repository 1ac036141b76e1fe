"""A named person signs the referral that was shown; the running watch hears of it by the ledger.

Whoever has a case's file can append a record to it. So a referral is the first one of its id, and
the id comes from what it says; a signature is over a digest that the person has seen, for this
case; an approval counts if it verifies; and a record that is none of these costs itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import OLDEST, check_signature, sign
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    MISSHAPEN,
    Approval,
    Approver,
    Digest,
    Json,
    Mandate,
    Referral,
    digest,
    from_json,
    has_own_id,
    to_json,
    with_fixtures,
)
from cautery.model.ports import Ledger
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.opening import OPENED, Opening, mandate_in, opening_in, opening_of

DRAFTED = "referral.drafted"
APPROVED = "approval.given"
PUBLISHED = "referral.published"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReferral:
    """A referral as the ledger has it, with who signed it and to whom it went.

    Parameters
    ----------
    digest : str
        What approvers sign.
    approvals : tuple of Approval
        Those that verify, each person's latest.
    """

    referral: Referral
    digest: Digest
    approvals: tuple[Approval, ...]
    published_to: tuple[str, ...]


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
    first = next(iter(ledger.read(kinds=(OPENED,))), None)
    if first is None:
        return Filed(referrals=(), passed_over={})
    opening = opening_in(first)
    referrals: dict[str, tuple[Referral, Digest]] = {}
    approvals: dict[str, dict[str, Approval]] = {}
    published: dict[str, list[str]] = {}
    passed_over: dict[str, int] = {}

    def pass_over(why: str) -> None:
        passed_over[why] = passed_over.get(why, 0) + 1

    for entry in ledger.read(kinds=(DRAFTED, APPROVED, PUBLISHED)):
        body = entry.record.body
        about = str(body.get("id" if entry.record.kind == DRAFTED else "referral"))
        if only not in (None, about):
            continue
        if entry.record.kind == DRAFTED:
            referral = referral_in(body)
            if referral is None:
                pass_over("no referral, or not under an id of its own")
            elif about not in referrals:
                referrals[about] = referral, digest(referral)
            elif referrals[about][0] != referral:
                pass_over("a second referral under the id of an earlier one")
        elif about not in referrals:
            pass_over("about no referral that was drafted before it")
        elif entry.record.kind == APPROVED:
            approval = approval_in(body, about, referrals[about][1], opening)
            if approval is None:
                pass_over("no approval, or its signature does not verify")
            else:
                signed = approvals.setdefault(about, {})
                earlier = signed.get(approval.approver, approval)
                signed[approval.approver] = max(
                    earlier, approval, key=lambda candidate: candidate.at
                )
        elif isinstance(body.get("intermediary"), str):
            published.setdefault(about, []).append(body["intermediary"])
        else:
            pass_over("no publication of a referral")
    return Filed(
        referrals=tuple(
            FiledReferral(
                referral=referral,
                digest=its_digest,
                approvals=tuple(approvals.get(referral.id, {}).values()),
                published_to=tuple(published.get(referral.id, ())),
            )
            for referral, its_digest in referrals.values()
        ),
        passed_over=passed_over,
    )


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
    raise InputError(f"no referral {referral_id!r} in this case", hint="cautery referral list CASE")


def referral_in(body: Json) -> Referral | None:
    """Return the referral of a record; ``None``: it is none, or its id is not its own."""
    try:
        referral = from_json(Referral, body)
        return referral if has_own_id(referral) else None
    except MISSHAPEN:
        return None


def approval_in(body: Json, referral: str, signed: Digest, opening: Opening) -> Approval | None:
    """Return the approval of a record; ``None``: it is none of this digest that verifies."""
    plain = {name: value for name, value in body.items() if name != "referral"}
    try:
        approval = from_json(Approval, plain)
        check_signature(
            approval,
            what=f"referral {referral}",
            subject=signed,
            mandate=opening.mandate,
            signed_for=opening.signed_for,
        )
    except MISSHAPEN:
        return None
    return approval


def withdrawals(ledger: Ledger) -> tuple[dict[str, Any], ...]:
    """Return what was withdrawn and which roll-backs are proposed, oldest first."""
    rows: list[dict[str, Any]] = []
    for entry in ledger.read(kinds=("entry.withdrawn", "rollback.proposed")):
        body = entry.record.body
        withdrawn = entry.record.kind == "entry.withdrawn"
        try:
            row = {
                "at": str(body["at"]),
                "target": str(body["target"]),
                "what": "withdrawn" if withdrawn else "roll-back proposed",
                "intermediary": None if withdrawn else str(body["intermediary"]),
                "dark": [] if withdrawn else [str(url) for url in body["dark"]],
                "why": str(body["reasons"][0]["text"] if withdrawn else body["why"]),
            }
        except MISSHAPEN:
            continue  # a stranger's record costs itself
        rows.append(row)
    return tuple(rows)


def mandate_of(ledger: Ledger) -> Mandate:
    """Return the mandate that a case was opened under, without its credentials.

    Its approvers are those of the first record; later ones change its calendars' fixtures alone.

    Raises
    ------
    InputError
        If the case has none.
    """
    mandate: Mandate | None = None
    for entry in ledger.read(kinds=(OPENED, "fixtures.changed")):
        if mandate is None:
            mandate = mandate_in(entry) if entry.record.kind == OPENED else None
        elif entry.record.kind != OPENED:
            try:
                mandate = with_fixtures(mandate, entry.record.body)
            except MISSHAPEN:
                continue
    if mandate is None:
        raise InputError("this case names no mandate")
    return mandate


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
    raise InputError(f"{name!r} is no approver of this mandate", hint=f"Approvers: {names}.")


_RESTS_ON = (OPENED, "fixtures.changed", DRAFTED, APPROVED)


@again_if_passed
def approve_referral(
    ledger: Ledger,
    referral_id: str,
    *,
    shown: Digest,
    name: str,
    key: Ed25519PrivateKey,
    now: datetime,
) -> Approval:
    """Sign a referral as one of the mandate's approvers and record it.

    Parameters
    ----------
    shown : str
        The digest of what the person was shown: nothing else is signed.

    Raises
    ------
    InputError
        If there is no such referral or approver.
    ApprovalError
        If the referral is not what was shown, the key is not that person's, the person has
        signed it already, or a signature under the mandate does not hold.
    """
    size = ledger.size()
    opening = opening_of(ledger)
    opening.standing()
    filed = filed_referral(ledger, referral_id)
    if filed.digest != shown:
        raise ApprovalError(
            f"referral {referral_id} is not what was shown: its digest is {filed.digest}, "
            f"not {shown}",
            hint=f"Look at it again: cautery referral show CASE {referral_id}",
        )
    approver = approver_named(opening.mandate, name)
    if any(
        approval.approver == name
        and approval.signed_for is not None
        and approval.at >= now - OLDEST
        for approval in filed.approvals
    ):
        raise ApprovalError(f"{name} has signed referral {referral_id} already")
    approval = sign(filed.digest, approver=approver, key=key, at=now, signed_for=opening.signed_for)
    ledger.append(
        APPROVED,
        {"referral": referral_id, **to_json(approval)},
        at=now,
        if_unchanged_since=size,
        kinds=_RESTS_ON,
    )
    return approval
