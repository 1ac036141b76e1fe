"""Whose signatures count: the key of the list, and the keys and passkeys of approvers."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery_provider.form import Signed
from cautery_provider.passkeys import Passkey


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count, for which list."""

    names: tuple[str, str, str]  # list, provider, territory
    list_key: Ed25519PublicKey
    approvers: tuple[Ed25519PublicKey | Passkey, ...]


def marks_of(key: Ed25519PublicKey | Passkey) -> frozenset[object]:
    """Return what no other person's key has."""
    return key.marks if isinstance(key, Passkey) else frozenset((key.public_bytes_raw(),))


def spelled(key: Ed25519PublicKey) -> str:
    """Return a key as lists spell it: base64 of its 32 bytes."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def id_of(key: Ed25519PublicKey) -> str:
    """Return the id of a list's key, as approvals name it."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def signs(key: Ed25519PublicKey | Passkey, signed: Signed) -> bool:
    """Tell whether a signature is this key's over the text beside it."""
    if isinstance(key, Passkey):
        return key.signs(signed)
    if signed.said is not None:
        return False
    try:
        key.verify(signed.signature, signed.text.encode())
    except InvalidSignature:
        return False
    return True
