"""A named person signs a drafted referral; the running watch hears of it through the ledger."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import digest, sign
from cautery.errors import ApprovalError, InputError
from cautery.model import Approval, Mandate, Referral, from_json, to_json, with_fixtures
from cautery.model.ports import Ledger
from cautery.workflows.again_if_passed import again_if_passed


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReferral:
    """A referral as the ledger has it, with who signed it and to whom it went."""

    referral: Referral
    approvals: tuple[Approval, ...]
    published_to: tuple[str, ...]


def filed_referrals(ledger: Ledger) -> tuple[FiledReferral, ...]:
    """Return all referrals of a case, oldest first."""
    referrals: dict[str, Referral] = {}
    approvals: dict[str, list[Approval]] = {}
    published: dict[str, list[str]] = {}
    for entry in ledger.read(kinds=("referral.drafted", "approval.given", "referral.published")):
        body = entry.record.body
        if entry.record.kind == "referral.drafted":
            one = from_json(Referral, body)
            referrals[one.id] = one
        elif entry.record.kind == "approval.given":
            plain = {name: value for name, value in body.items() if name != "referral"}
            # Anybody with the file may append a record; one that is no approval counts for none.
            with contextlib.suppress(InputError):
                approval = from_json(Approval, plain)
                approvals.setdefault(str(body.get("referral")), []).append(approval)
        else:
            published.setdefault(body["referral"], []).append(body["intermediary"])
    return tuple(
        FiledReferral(
            referral=one,
            approvals=tuple(approvals.get(id, ())),
            published_to=tuple(published.get(id, ())),
        )
        for id, one in referrals.items()  # noqa: A001 - the field's word
    )


def withdrawals(ledger: Ledger) -> tuple[dict[str, Any], ...]:
    """Return what was withdrawn and which roll-backs are proposed, oldest first."""
    found: list[dict[str, Any]] = []
    for entry in ledger.read(kinds=("entry.withdrawn", "rollback.proposed")):
        body = entry.record.body
        withdrawn = entry.record.kind == "entry.withdrawn"
        why = body["reasons"][0]["text"] if withdrawn else body["why"]
        found.append(
            {
                "at": body["at"],
                "target": body["target"],
                "what": "withdrawn" if withdrawn else "roll-back proposed",
                "intermediary": None if withdrawn else body["intermediary"],
                "dark": [] if withdrawn else body["dark"],
                "why": why,
            }
        )
    return tuple(found)


def mandate_of(ledger: Ledger) -> Mandate:
    """Return the mandate that a case was opened under, without its credentials.

    Raises
    ------
    InputError
        If the case has none.
    """
    mandate: Mandate | None = None
    for entry in ledger.read(kinds=("case.opened", "fixtures.changed")):
        body = entry.record.body
        if entry.record.kind == "case.opened":
            mandate = from_json(Mandate, body["mandate"])
        elif mandate is not None:
            mandate = with_fixtures(mandate, body)
    if mandate is None:
        raise InputError("this case names no mandate")
    return mandate


_RESTS_ON = ("case.opened", "fixtures.changed", "referral.drafted", "approval.given")


@again_if_passed
def approve_referral(
    ledger: Ledger, referral_id: str, *, name: str, key: Ed25519PrivateKey, now: datetime
) -> Approval:
    """Sign a referral as one of the mandate's approvers and record it.

    Raises
    ------
    InputError
        If there is no such referral or approver.
    ApprovalError
        If the key is not that person's, or the person has signed it already.
    """
    size = ledger.size()
    filed = next((one for one in filed_referrals(ledger) if one.referral.id == referral_id), None)
    if filed is None:
        raise InputError(
            f"no referral {referral_id!r} in this case", hint="cautery referral list CASE"
        )
    mandate = mandate_of(ledger)
    approver = next((one for one in mandate.approvers if one.name == name), None)
    if approver is None:
        known = ", ".join(one.name for one in mandate.approvers) or "none"
        raise InputError(f"{name!r} is no approver of this mandate", hint=f"Approvers: {known}.")
    if any(one.approver == name for one in filed.approvals):
        raise ApprovalError(f"{name} has signed referral {referral_id} already")
    approval = sign(digest(filed.referral), approver=approver, key=key, at=now)
    ledger.append(
        "approval.given",
        {"referral": referral_id, **to_json(approval)},
        at=now,
        if_unchanged_since=size,
        kinds=_RESTS_ON,
    )
    return approval
