"""Signatures of a mandate's approvers: made, checked, and the text that they are over."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import (
    Approval,
    Approver,
    Digest,
    Mandate,
    SignedFor,
    iso,
    key_fault,
    require_utc,
)
from cautery.public_keys import raw_public_key


def sign(
    subject: Digest,
    *,
    approver: Approver,
    key: Ed25519PrivateKey,
    at: datetime,
    signed_for: SignedFor,
) -> Approval:
    """Sign a digest as one of the mandate's approvers, for one case under one mandate.

    Raises
    ------
    ApprovalError
        If the key is not the approver's.
    """
    require_utc("at", at)
    public = key.public_key().public_bytes_raw()
    if public != public_key(approver).public_bytes_raw():
        raise ApprovalError(f"this key is not the key of {approver.name}")
    unsigned = Approval(
        subject=subject,
        approver=approver.name,
        role=approver.role,
        at=at,
        signature="",
        signed_for=signed_for,
    )
    signature = base64.b64encode(key.sign(statement_of(unsigned))).decode("ascii")
    return replace(unsigned, signature=signature)


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
    try:
        signature = base64.b64decode(approval.signature, validate=True)
        # Receivers of a list refuse all of it for one signature in another spelling.
        if base64.b64encode(signature).decode("ascii") != approval.signature:
            raise ApprovalError(f"{approver.name}'s signature is not in base64's one spelling")
        public_key(approver).verify(signature, statement_of(approval))
    except (InvalidSignature, ValueError) as error:
        raise ApprovalError(f"{approver.name}'s signature does not verify") from error
    return approver


def public_key(approver: Approver) -> Ed25519PublicKey:
    """Return an approver's verifier key: PEM, or base64 of its DER or of the 32 raw bytes.

    Raises
    ------
    ApprovalError
        If it is none of them.
    """
    try:
        raw = raw_public_key(approver.public_key)
    except ValueError as error:
        raise ApprovalError(
            f"approver {approver.name}: public_key is not an Ed25519 key",
            hint="Give PEM (BEGIN PUBLIC KEY) and nothing else, or base64 of its DER or of the"
            " 32 raw bytes.",
        ) from error
    if (fault := key_fault(raw)) is not None:
        raise ApprovalError(
            f"approver {approver.name}: public_key is {fault}",
            hint="Make another key: cautery keys new FILE.",
        )
    return Ed25519PublicKey.from_public_bytes(raw)


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
