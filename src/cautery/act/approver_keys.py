"""The keys by which a mandate's approvers sign, as the mandate names them."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery.errors import ApprovalError
from cautery.model import Approver, key_fault
from cautery.model.signing_keys import FileKey, PasskeyKey, PersonKey
from cautery.public_keys import is_passkey, passkey_in, raw_public_key


def approver_key(approver: Approver) -> PersonKey:
    """Return the key by which an approver signs.

    Raises
    ------
    ApprovalError
        If it is none.
    """
    text = approver.public_key
    if not is_passkey(text.strip()):
        return FileKey(public_key(approver).public_bytes_raw())
    try:
        return PasskeyKey(passkey_in(text.strip()))
    except ValueError as error:
        raise ApprovalError(
            f"approver {approver.name}: public_key is not a passkey ({error})",
            hint="Copy the line that `cautery people approver` printed.",
        ) from error


def approver_of(
    approvers: Iterable[Approver], account: str, origin: str | None = None
) -> Approver | None:
    """Return the approver whose passkey an account of a room enrolled; ``None``: nobody is.

    Parameters
    ----------
    origin : str or None
        Of the room's pages: the passkey signs for them alone. ``None``: of any room.
    """
    for approver in approvers:
        try:
            key = approver_key(approver)
        except ApprovalError:  # the key of another one, in an old mandate
            continue
        if not isinstance(key, PasskeyKey) or key.passkey.account != account:
            continue
        if origin in {None, key.passkey.origin}:
            return approver
    return None


def public_key(approver: Approver) -> Ed25519PublicKey:
    """Return the key of somebody who signs with a file.

    It is PEM, or base64 of its DER or of the 32 raw bytes.

    Raises
    ------
    ApprovalError
        If it is none of them.
    """
    if is_passkey(approver.public_key.strip()):
        raise ApprovalError(
            f"{approver.name} signs with a passkey, which has no file",
            hint="Approve in the operations room for which the passkey was made.",
        )
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
