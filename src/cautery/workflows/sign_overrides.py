"""A named person signs overrides; the running watch hears of it through the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import digest, sign
from cautery.errors import ApprovalError, InputError
from cautery.model import Override, to_json
from cautery.model.ports import Ledger
from cautery.workflows.approve_referral import mandate_of

SIGNED = "override.signed"


def sign_overrides(
    ledger: Ledger,
    overrides: Mapping[str, Override],
    *,
    name: str,
    key: Ed25519PrivateKey,
    now: datetime,
) -> tuple[Override, ...]:
    """Sign every override that names this person, and record it.

    Raises
    ------
    InputError
        If the person is no approver of the case's mandate, or none of them names the person.
    ApprovalError
        If the key is not that person's, or one has ended.
    """
    mandate = mandate_of(ledger)
    approver = next((one for one in mandate.approvers if one.name == name), None)
    if approver is None:
        known = ", ".join(one.name for one in mandate.approvers) or "none"
        raise InputError(f"{name!r} is no approver of this mandate", hint=f"Approvers: {known}.")
    mine = tuple(one for one in overrides.values() if name in one.by)
    if not mine:
        raise InputError(f"no override here names {name!r} among those who answer for it")
    ended = next((one for one in mine if one.until <= now), None)
    if ended is not None:
        raise ApprovalError(f"the override of {ended.target} has ended at {ended.until:%H:%M} UTC")
    signed = [(one, sign(digest(one), approver=approver, key=key, at=now)) for one in mine]
    for one, approval in signed:
        ledger.append(SIGNED, to_json({"override": one, "approval": approval}), at=now)
    return mine
