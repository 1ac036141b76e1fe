"""A named person signs the overrides that were shown; a running watch hears of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import sign
from cautery.errors import ApprovalError, InputError
from cautery.model import Digest, Override, digest, person_key, to_json
from cautery.model.ports import Ledger
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import approver_named

SIGNED = "override.signed"


def overrides_of(overrides: Mapping[str, Override], *, name: str) -> dict[Digest, Override]:
    """Return the overrides that name a person, by the digest that the person signs.

    Raises
    ------
    InputError
        If none of them does.
    """
    named = [
        override
        for override in overrides.values()
        if person_key(name) in {person_key(other) for other in override.by}
    ]
    if not named:
        raise InputError(f"no override here names {name!r} among those who answer for it")
    return {digest(one): one for one in named}


def sign_overrides(
    ledger: Ledger,
    overrides: Mapping[str, Override],
    *,
    shown: Collection[Digest],
    name: str,
    key: Ed25519PrivateKey,
    now: datetime,
) -> tuple[Override, ...]:
    """Sign every override that names this person, and record it.

    Parameters
    ----------
    shown : collection of str
        The digests of what the person was shown: if they are not those of all that names the
        person, nothing is signed.

    Raises
    ------
    InputError
        If the person is no approver of the case's mandate, or none of them names the person.
    ApprovalError
        If one was not shown, the key is not that person's, one has ended, or a signature under
        the mandate does not hold.
    """
    opening = opening_of(ledger)
    opening.standing()
    approver = approver_named(opening.mandate, name)
    named = overrides_of(overrides, name=name)
    if set(shown) != set(named):
        odd = next((one for at, one in named.items() if at not in shown), None)
        what = "one that is not in the file was" if odd is None else f"that of {odd.target} was not"
        raise ApprovalError(
            f"the overrides are not what was shown: {what}",
            hint="Look at them again: cautery referral override CASE FILE --as NAME --dry-run",
        )
    ended = next((one for one in named.values() if one.until <= now), None)
    if ended is not None:
        raise ApprovalError(f"the override of {ended.target} has ended at {ended.until:%H:%M} UTC")
    signed = [
        (one, sign(subject, approver=approver, key=key, at=now, signed_for=opening.signed_for))
        for subject, one in named.items()
    ]
    for one, approval in signed:
        ledger.append(SIGNED, to_json({"override": one, "approval": approval}), at=now)
    return tuple(named.values())
