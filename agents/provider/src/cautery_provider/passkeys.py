"""Approvers' passkeys: what they sign, and who used them. docs/reference/block-list.md says it.

A passkey signs no text, but what its device and the browser say beside the digest of the text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from cautery_provider.ed25519 import read_public_key
from cautery_provider.form import PASSKEY, Signed

_SITE = re.compile(r"(?:https://([a-z0-9.-]{1,253})|http://(localhost))(?::[0-9]{1,5})?")
_ACCOUNT = re.compile(r"p-[0-9a-f]{12}")
_PRESENT, _VERIFIED, _SYNCABLE, _SYNCED = 0x01, 0x04, 0x08, 0x10  # WebAuthn, section 6.1
_DEVICE_BYTES, _MOST_BROWSER_BYTES = 37, 2_000


@dataclass(frozen=True, slots=True)
class Passkey:
    """A person's passkey, and the one site for which it signs."""

    origin: str
    site: str
    account: str
    credential: str
    der: bytes
    key: EllipticCurvePublicKey | Ed25519PublicKey

    @property
    def marks(self) -> frozenset[object]:
        """What no other person's key has."""
        key = self.key
        raw = key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else self.der
        return frozenset((raw, self.account, self.credential))

    def signs(self, signed: Signed) -> bool:
        """Tell whether it signed a text, used by a verified person on a device it cannot leave."""
        if signed.said is None:
            return False
        device, browser = signed.said
        if len(device) != _DEVICE_BYTES or len(browser) > _MOST_BROWSER_BYTES:
            return False
        try:
            said = json.loads(browser.decode(), object_pairs_hook=_once)
        except (ValueError, RecursionError):
            return False
        challenge = base64.urlsafe_b64encode(hashlib.sha256(signed.text.encode()).digest())
        flags = device[32]
        return (
            isinstance(said, dict)
            and said.get("type") == "webauthn.get"
            and said.get("origin") == self.origin
            and said.get("crossOrigin", False) is False
            and "topOrigin" not in said
            and said.get("challenge") == challenge.decode().rstrip("=")
            and device[:32] == hashlib.sha256(self.site.encode()).digest()
            and flags & (_PRESENT | _VERIFIED) == _PRESENT | _VERIFIED
            and not flags & (_SYNCABLE | _SYNCED)
            and self._verifies(signed.signature, device + hashlib.sha256(browser).digest())
        )

    def _verifies(self, signature: bytes, over: bytes) -> bool:
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, over)
            else:
                self.key.verify(signature, over, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def read_passkey(text: str) -> Passkey:
    """Read `passkey/1 ORIGIN ACCOUNT CREDENTIAL KEY`.

    Raises
    ------
    ValueError
        If it is none, or in another spelling than its only one.
    """
    words = text.split(" ")
    matched = _SITE.fullmatch(words[1]) if len(words) == 5 else None
    if matched is None or words[0] != PASSKEY or not _ACCOUNT.fullmatch(words[2]):
        raise ValueError("not a passkey")
    _, origin, account, credential, encoded = words
    der = base64.b64decode(encoded, validate=True)
    try:
        key = load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise ValueError("the key of a passkey is of an unknown kind") from error
    if not isinstance(key, Ed25519PublicKey) and not (
        isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    ):
        raise ValueError("a passkey neither of P-256 nor of Ed25519")  # noqa: TRY004 - its kind
    if isinstance(key, Ed25519PublicKey):
        read_public_key(encoded)  # its encoding, its order
    spelled = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    parts = (base64.b64decode(credential, validate=True), spelled)
    if not credential or [base64.b64encode(raw).decode() for raw in parts] != [credential, encoded]:
        raise ValueError("a passkey that is not in its only spelling")
    return Passkey(origin, matched[1] or matched[2], account, credential, der, key)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value
