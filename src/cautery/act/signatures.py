"""Signatures of a mandate's approvers: made, checked, and the text that they are over."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act.approver_keys import approver_key, public_key
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import (
    Approval,
    Approver,
    Digest,
    Mandate,
    SignedFor,
    iso,
    require_utc,
)

_SKEW = timedelta(minutes=2)
PASSKEY_LASTS = timedelta(minutes=5)
"""How long a passkey may take to sign: so long is a question of the room worth, too (ADR 0066)."""


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a passkey signed: the digest of an approval that :func:`to_sign` returned.

    Parameters
    ----------
    signature : str
        As :func:`~cautery.model.signing_keys.signed_by_passkey` writes it.
    at : datetime
        The time in that approval, in UTC.
    """

    signature: str
    at: datetime


def sign(
    subject: Digest,
    *,
    approver: Approver,
    key: Ed25519PrivateKey | PasskeyAnswer,
    at: datetime,
    signed_for: SignedFor,
) -> Approval:
    """Sign a digest as one of the mandate's approvers, for one case under one mandate.

    Parameters
    ----------
    key : Ed25519PrivateKey or PasskeyAnswer
        Of a file; or what the approver's passkey has signed already, which is checked.

    Raises
    ------
    ApprovalError
        If the key is not the approver's, or the passkey signed something else or too long ago.
    """
    require_utc("at", at)
    if isinstance(key, PasskeyAnswer):
        if not -_SKEW <= at - key.at <= PASSKEY_LASTS:
            raise ApprovalError(
                "that took too long: the passkey signed for an earlier moment",
                hint="Open the page again, and sign once more.",
            )
        unsigned_answer = to_sign(subject, approver=approver, at=key.at, signed_for=signed_for)
        try:
            approver_key(approver).verify(key.signature, statement_of(unsigned_answer))
        except ValueError as error:
            raise ApprovalError(f"{approver.name}'s passkey does not sign this: {error}") from error
        return replace(unsigned_answer, signature=key.signature)
    public = key.public_key().public_bytes_raw()
    if public != public_key(approver).public_bytes_raw():
        raise ApprovalError(f"this key is not the key of {approver.name}")
    unsigned = to_sign(subject, approver=approver, at=at, signed_for=signed_for)
    signature = base64.b64encode(key.sign(statement_of(unsigned))).decode("ascii")
    return replace(unsigned, signature=signature)


def to_sign(
    subject: Digest, *, approver: Approver, at: datetime, signed_for: SignedFor
) -> Approval:
    """Return an approval without its signature: what a key file or a passkey is to sign.

    A passkey signs the digest of its text, :func:`statement_of`.
    """
    require_utc("at", at)
    return Approval(
        subject=subject,
        approver=approver.name,
        role=approver.role,
        at=at,
        signature="",
        signed_for=signed_for,
    )


def check_signature(
    approval: Approval, *, what: str, subject: Digest, mandate: Mandate, signed_for: SignedFor
) -> Approver:
    """Return who signed ``subject``, if this is an approver's signature that was meant for here.

    It says nothing of when, nor of how many there are: :func:`approve` does.

    Raises
    ------
    ApprovalError
        If it is a stranger's, over something else, for another case, or does not verify.
    """
    matches = [approver for approver in mandate.approvers if approver.name == approval.approver]
    if len(matches) != 1:
        raise ApprovalError(
            f"{approval.approver!r} is "
            + ("not an approver of this mandate" if not matches else "named twice in this mandate")
        )
    approver = matches[0]
    if approval.role != approver.role:
        raise ApprovalError(
            f"{approver.name} signed as {approval.role!r}, but the mandate says {approver.role!r}"
        )
    if approval.subject != subject:
        raise ApprovalError(
            f"{approver.name} signed another text: {approval.subject}; {what} is {subject}"
        )
    if approval.signed_for not in (None, signed_for):
        raise ApprovalError(
            f"{approver.name} signed it for another case, mandate or list than this one"
        )
    key = approver_key(approver)
    try:
        key.verify(approval.signature, statement_of(approval))
    except ValueError as error:
        raise ApprovalError(f"{approver.name}'s signature does not verify: {error}") from error
    return approver


def statement_of(approval: Approval) -> bytes:
    """Return the text over which an approval is signed, in the form of RFC 8785."""
    message = {
        "type": "cautery/approval/1",
        "subject": str(approval.subject),
        "approver": approval.approver,
        "role": approval.role,
        "at": iso(approval.at),
    }
    if approval.signed_for is not None:
        message |= {
            "type": "cautery/approval/2",
            "case": approval.signed_for.case,
            "mandate": str(approval.signed_for.mandate),
        }
        if approval.signed_for.list is not None:
            message |= {"type": "cautery/approval/3", "list": approval.signed_for.list}
    return canonical(message)
