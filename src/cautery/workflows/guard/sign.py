"""A named person signs overrides as they were shown; a running watch reads them from the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import sign
from cautery.errors import ApprovalError, InputError
from cautery.model import Digest, Override, digest, person_key
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import OverrideSigned
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import approver_named


def overrides_of(overrides: Mapping[str, Override], *, name: str) -> dict[Digest, Override]:
    """Return the overrides that name a person, by the digest that the person signs.

    Raises
    ------
    InputError
        If none of them does.
    """
    named_overrides = [
        override
        for override in overrides.values()
        if person_key(name) in {person_key(signer) for signer in override.by}
    ]
    if not named_overrides:
        raise InputError(f"no override in this file names {name!r}")
    return {digest(override): override for override in named_overrides}


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
    named_overrides = overrides_of(overrides, name=name)
    if set(shown) != set(named_overrides):
        odd = next((override for at, override in named_overrides.items() if at not in shown), None)
        what = (
            "one of the shown overrides is not in the file"
            if odd is None
            else f"that of {odd.target} was not"
        )
        raise ApprovalError(
            f"the overrides differ from those that were shown: {what}",
            hint="Read them again: cautery referral override CASE FILE --as NAME --dry-run",
        )
    ended = next((override for override in named_overrides.values() if override.until <= now), None)
    if ended is not None:
        raise ApprovalError(f"the override of {ended.target} ended at {ended.until:%H:%M} UTC")
    signed = [
        (override, sign(subject, approver=approver, key=key, at=now, signed_for=opening.signed_for))
        for subject, override in named_overrides.items()
    ]
    for override, approval in signed:
        append(ledger, OverrideSigned(override=override, approval=approval), at=now)
    return tuple(named_overrides.values())
