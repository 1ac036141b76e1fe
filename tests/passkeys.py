"""An authenticator in software: it signs what a browser would ask it, and also what it should not.

Beside it: two people who approve with one each, and answers that count for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.lists import MANDATE, NOW, ORDER, READ, CaseKey, entry, referral
from webauthn.helpers import encode_cbor

from cautery import act
from cautery.act import list_subject, terms_digest
from cautery.act.signatures import statement_of, to_sign
from cautery.model import Approval, Approver, Intermediary, SignedFor
from cautery.model.signing_keys import signed_by_passkey
from cautery.public_keys import PasskeyText

ORIGIN = "https://room.example"
PRESENT, VERIFIED, SYNCABLE, SYNCED, WITH_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Device:
    """One passkey, bound to it."""

    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey
    account: str = "p-0123456789ab"
    credential: bytes = b"credential"
    origin: str = ORIGIN

    @classmethod
    def of(cls, seed: int, **more: Any) -> Device:
        """Return one with a key of P-256."""
        more = {"account": f"p-{seed:012x}", "credential": bytes([seed]) * 16} | more
        return cls(ec.derive_private_key(seed + 1, ec.SECP256R1()), **more)

    @property
    def text(self) -> str:
        """As a mandate names it."""
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return PasskeyText(self.origin, self.account, self.credential, der).spelled

    def answer(
        self,
        asked: bytes,
        *,
        flags: int = PRESENT | VERIFIED,
        counter: int = 0,
        site: str | None = None,
        client: bytes | None = None,
        extra: bytes = b"",
        **said: Any,
    ) -> tuple[bytes, bytes, bytes]:
        """Return authenticatorData, clientDataJSON and the signature."""
        told = {
            "type": "webauthn.get",
            "challenge": base64.urlsafe_b64encode(asked).decode().rstrip("="),
            "origin": self.origin,
            "crossOrigin": False,
        } | said
        if client is None:
            client = json.dumps(told, separators=(",", ":")).encode()
        host = site or self.origin.split("//")[1].split(":")[0]
        data = (
            hashlib.sha256(host.encode()).digest()
            + bytes([flags])
            + counter.to_bytes(4, "big")
            + extra
        )
        over = data + hashlib.sha256(client).digest()
        if isinstance(self.key, Ed25519PrivateKey):
            return data, client, self.key.sign(over)
        return data, client, self.key.sign(over, ec.ECDSA(SHA256()))

    def signature(self, text: bytes, **more: Any) -> str:
        """Return the signature of an approval whose text this is."""
        return signed_by_passkey(*self.answer(hashlib.sha256(text).digest(), **more))


def registration(device: Device, challenge: bytes, *, flags: int = PRESENT | VERIFIED) -> str:
    """Return what a browser answers that was asked to make this passkey, as JSON."""

    def coded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    data, client, _ = device.answer(challenge, flags=flags | WITH_KEY, type="webauthn.create")
    id_ = device.credential
    held = bytes(16) + len(id_).to_bytes(2, "big") + id_ + cose(device)
    attestation = {"fmt": "none", "attStmt": {}, "authData": data + held}
    response = {
        "attestationObject": coded(encode_cbor(attestation)),
        "clientDataJSON": coded(client),
    }
    return json.dumps(
        {"id": coded(id_), "rawId": coded(id_), "type": "public-key", "response": response}
    )


def assertion(device: Device, asked: bytes, **how: Any) -> str:
    """Return what a browser answers that was asked to use this passkey, as JSON."""

    def coded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    data, client, signature = device.answer(asked, **how)
    response = {
        "authenticatorData": coded(data),
        "clientDataJSON": coded(client),
        "signature": coded(signature),
    }
    id_ = coded(device.credential)
    return json.dumps({"id": id_, "rawId": id_, "type": "public-key", "response": response})


def cose(device: Device) -> bytes:
    """Return the key as authenticators write it (RFC 9052)."""
    if isinstance(device.key, Ed25519PrivateKey):
        raw = device.key.public_key().public_bytes_raw()
        return bytes(encode_cbor({1: 1, 3: -8, -1: 6, -2: raw}))
    numbers = device.key.public_key().public_numbers()
    x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
    return bytes(encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y}))


CASE = CaseKey()
LEGAL, CHIEF = Device.of(1), Device.of(2)
A, B = (
    Approver(name=name, role="legal", public_key=device.text)
    for name, device in (("A", LEGAL), ("B", CHIEF))
)
PASSKEYS = replace(MANDATE, approvers=(A, B))
SUBJECT, OTHER = referral(entry("a.example")), referral(entry("b.example"))
ISP = Intermediary(name="isp-fr", territory="FR", list_url="https://isp.example/list")


def here(mandate: Any = PASSKEYS) -> SignedFor:
    return SignedFor(case=act.id_of_key(CASE.public), mandate=terms_digest(mandate))


def approval(person: Approver, device: Device, *, subject: Any = SUBJECT, **more: Any) -> Approval:
    digest = list_subject(subject, ORDER)
    unsigned = to_sign(digest, approver=person, at=NOW, signed_for=here())
    return replace(unsigned, signature=device.signature(statement_of(unsigned), **more))


def approve(*approvals: Approval, mandate: Any = PASSKEYS, subject: Any = SUBJECT) -> Any:
    given = {"mandate": mandate, "signed_for": here(), "now": NOW}
    return act.approve(subject, approvals, confirmed=READ, **given)


REFUSED = {
    "of-another-act": ({"subject": OTHER}, "another text"),
    "synced": ({"flags": PRESENT | VERIFIED | SYNCABLE | SYNCED}, "synced"),
    "syncable": ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
    "nobody-verified": ({"flags": PRESENT}, "did not verify"),
    "nobody-present": ({"flags": VERIFIED}, "did not verify"),
    "other-origin": ({"origin": "https://room.example.evil"}, "another site"),
    "other-port": ({"origin": "https://room.example:8443"}, "another site"),
    "other-site": ({"site": "evil.example"}, "another site"),
    "in-a-frame": ({"crossOrigin": True}, "another site"),
    "below-another-page": ({"topOrigin": "https://evil.example"}, "inside another"),
    "a-registration": ({"type": "webauthn.create"}, "something else"),
    "a-payment": ({"type": "payment.get"}, "something else"),
    "other-challenge": ({"challenge": "AAAA"}, "another text"),
    "no-object": ({"client": b"[]"}, "not an object"),
    "no-json": ({"client": b"\xff"}, "does not verify"),
    "too-deep": ({"client": b"[" * 1_999}, "does not verify"),
    "too-long": ({"client": b" " * 2_001}, "not an approval's answer"),
    "with-extensions": ({"extra": b"\xa0"}, "not an approval's answer"),
}


def der(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def compressed(device: Device) -> bytes:
    """The same point, in the other form that DER may have."""
    point = device.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    return head + point


NO_PASSKEY = [
    (1, "http://room.example"),
    (1, "https://room.example/"),
    (1, "https://Room.example"),
    (2, "anna"),
    (3, ""),
    (3, "AB=="),
    (4, "x"),
    (4, base64.b64encode(der(ec.derive_private_key(7, ec.SECP384R1()))).decode()),
    (4, base64.b64encode(compressed(LEGAL)).decode()),
    (4, base64.b64encode(bytes.fromhex("302a300506032b6570032100") + bytes(32)).decode()),
]
