"""The two kinds of keys by which people sign: a file's Ed25519 key, and a passkey.

What either signs is the same text; whoever checks it asks the key, and needs neither a network nor
the room in which a passkey signed. A signer process imports this module, so it imports little.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from cautery.json_text import parsed_json
from cautery.model.ed25519 import key_fault
from cautery.public_keys import PASSKEY, PasskeyText, is_passkey, passkey_in, raw_public_key

# W3C Web Authentication, level 3, section 6.1: bits of the flags of authenticatorData.
_PRESENT, _VERIFIED, _SYNCABLE, _SYNCED = 0x01, 0x04, 0x08, 0x10
_AUTHENTICATOR_BYTES = 37
"""Hash of the site, flags and counter: what is signed asks for no extension."""
_MOST_CLIENT_BYTES = 2_000


class PersonKey(Protocol):
    """A public key by which a person signs."""

    @property
    def spelled(self) -> str:
        """Its one spelling, as terms and settings have it."""

    @property
    def id(self) -> str:
        """16 hex digits, by which a page shows it."""

    @property
    def marks(self) -> frozenset[str]:
        """What no other person's key has: who shares one of these is the same person."""

    def verify(self, signature: str, text: bytes) -> None:
        """Raise ValueError, in words that follow a name, unless the key signed the text."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """The Ed25519 key of a file that a person keeps.

    Parameters
    ----------
    raw : bytes
        Its 32 bytes.

    Raises
    ------
    ValueError
        If they are no key to trust anybody by.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if (fault := key_fault(self.raw)) is not None:
            raise ValueError(fault)

    @property
    def spelled(self) -> str:
        """Base64 of its bytes."""
        return base64.b64encode(self.raw).decode("ascii")

    @property
    def id(self) -> str:
        """The first digits of the SHA-256 of its bytes."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def marks(self) -> frozenset[str]:
        """The key itself."""
        return frozenset((self.spelled,))

    def verify(self, signature: str, text: bytes) -> None:
        """Check base64 of 64 bytes over a text.

        Raises
        ------
        ValueError
            If the key did not sign it, or not in this spelling.
        """
        raw = _decoded(signature)
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(raw, text)
        except InvalidSignature as error:
            raise ValueError("it is not of this key over this text") from error


@dataclass(frozen=True, slots=True)
class PasskeyKey:
    """A passkey that cannot leave its device, with the one room for which it signs.

    Parameters
    ----------
    passkey : PasskeyText
        As the mandate names it.

    Raises
    ------
    ValueError
        If its key is neither one of P-256 (ES256) nor of Ed25519 (EdDSA), in its one spelling.
    """

    passkey: PasskeyText

    def __post_init__(self) -> None:
        key = _loaded(self.passkey.der)
        if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != self.passkey.der:
            raise ValueError("the key of a passkey in another spelling than its one")
        fault = key_fault(key.public_bytes_raw()) if isinstance(key, Ed25519PublicKey) else None
        if fault is not None:
            raise ValueError(fault)

    @property
    def spelled(self) -> str:
        """As the mandate names it."""
        return self.passkey.spelled

    @property
    def id(self) -> str:
        """The first digits of the SHA-256 of the key."""
        return hashlib.sha256(self.passkey.der).hexdigest()[:16]

    @property
    def marks(self) -> frozenset[str]:
        """The key, the credential and the account, which one person has, however many passkeys."""
        key = _loaded(self.passkey.der)
        raw = key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else self.passkey.der
        return frozenset(
            (
                base64.b64encode(raw).decode("ascii"),
                f"credential {self.passkey.credential.hex()}",
                f"account {self.passkey.account}",
            )
        )

    @property
    def site(self) -> str:
        """The host to which the passkey belongs (the relying party's id)."""
        return urlsplit(self.passkey.origin).hostname or ""

    def verify(self, signature: str, text: bytes) -> None:
        """Check what :func:`signed_by_passkey` writes, over the digest of a text.

        Raises
        ------
        ValueError
            If the passkey did not sign it for this room, with the person verified by a device that
            it cannot leave.
        """
        authenticator, client, raw = _parts(signature)
        if len(authenticator) != _AUTHENTICATOR_BYTES or len(client) > _MOST_CLIENT_BYTES:
            raise ValueError("it is not an approval's answer of a passkey")
        client_data = _client_data(client)
        if client_data.get("type") != "webauthn.get":
            raise ValueError("the passkey was asked for something else than a signature")
        if (
            client_data.get("origin") != self.passkey.origin
            or client_data.get("crossOrigin", False) is not False
        ):
            raise ValueError(f"the passkey signed for another site than {self.passkey.origin}")
        if "topOrigin" in client_data:
            raise ValueError("the page that asked the passkey was inside another one")
        if client_data.get("challenge") != challenge_text(text):
            raise ValueError("the passkey signed another text")
        if authenticator[:32] != hashlib.sha256(self.site.encode()).digest():
            raise ValueError(f"the passkey signed for another site than {self.site}")
        flags = authenticator[32]
        if not flags & _PRESENT or not flags & _VERIFIED:
            raise ValueError("the device did not verify who used the passkey")
        if flags & (_SYNCABLE | _SYNCED):
            raise ValueError("the passkey is synced, so that it is on more than one device")
        over, key = authenticator + hashlib.sha256(client).digest(), _loaded(self.passkey.der)
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(raw, over)
            else:
                key.verify(raw, over, ECDSA(SHA256()))
        except InvalidSignature as error:
            raise ValueError("it is not of this passkey over this text") from error


def challenge_of(text: bytes) -> bytes:
    """Return what a passkey is asked to sign for a text: its SHA-256."""
    return hashlib.sha256(text).digest()


def challenge_text(text: bytes) -> str:
    """Return the challenge as browsers write it: base64url without padding."""
    return base64.urlsafe_b64encode(challenge_of(text)).decode("ascii").rstrip("=")


def signed_by_passkey(authenticator: bytes, client: bytes, signature: bytes) -> str:
    """Return what a passkey answered, as it stands where a signature stands.

    Parameters
    ----------
    authenticator, client, signature : bytes
        authenticatorData, clientDataJSON and the signature over the first and the SHA-256 of the
        second.
    """
    encoded = (base64.b64encode(raw).decode("ascii") for raw in (authenticator, client, signature))
    return " ".join((PASSKEY, *encoded))


def counter_of(signature: str) -> int:
    """Return the counter that a passkey's answer has; 0: it has none, or is no answer."""
    try:
        authenticator, _, _ = _parts(signature)
    except ValueError:
        return 0
    return int.from_bytes(authenticator[33:37], "big")


def rehearsed_passkey(text: bytes) -> tuple[str, str]:
    """Return a passkey that is forgotten at once, and what it answers for a text.

    A process that closes itself in checks this first: what that loads cannot be loaded later.
    """
    key = generate_private_key(SECP256R1())
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    passkey = PasskeyText("http://localhost", "p-000000000000", b"rehearsed", der)
    client = json.dumps(
        {"type": "webauthn.get", "challenge": challenge_text(text), "origin": passkey.origin}
    ).encode()
    site = hashlib.sha256(b"localhost").digest()
    authenticator = site + bytes((_PRESENT | _VERIFIED,)) + bytes(4)
    over = authenticator + hashlib.sha256(client).digest()
    signature = key.sign(over, ECDSA(SHA256()))
    return passkey.spelled, signed_by_passkey(authenticator, client, signature)


def key_in(text: str) -> PersonKey:
    """Return the key of a text: a passkey, or an Ed25519 key as mandates spell it.

    Raises
    ------
    ValueError
        If it is neither.
    """
    return PasskeyKey(passkey_in(text)) if is_passkey(text) else FileKey(raw_public_key(text))


def people_among(marks: Iterable[Collection[str]]) -> int:
    """Return how many different people some signers are at least.

    Parameters
    ----------
    marks : iterable of collection of str
        Of each signer, the marks of name and key: who shares one with an earlier signer is not
        counted again.

    Examples
    --------
    >>> people_among([{"a", "key 1"}, {"b", "key 1"}, {"c", "key 2"}])
    2
    """
    marks_seen, people = set[str](), 0
    for of_person in marks:
        people += marks_seen.isdisjoint(of_person)
        marks_seen.update(of_person)
    return people


def _parts(signature: str) -> tuple[bytes, bytes, bytes]:
    words = signature.split(" ")
    if len(words) != 4 or words[0] != PASSKEY:
        raise ValueError("it is not an answer of a passkey")
    authenticator, client, raw = map(_decoded, words[1:])
    return authenticator, client, raw


def _decoded(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    # Receivers of a list refuse all of it for one signature in another spelling.
    if base64.b64encode(raw).decode("ascii") != text:
        raise ValueError("it is not in base64's one spelling")
    return raw


def _client_data(raw: bytes) -> dict[str, Any]:
    client_data = parsed_json(raw.decode("utf-8"), object_pairs_hook=_once)
    if not isinstance(client_data, dict):
        raise ValueError("the passkey's clientDataJSON is not an object")  # noqa: TRY004
    return client_data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("the passkey's clientDataJSON names something twice")
    return members


def _loaded(der: bytes) -> EllipticCurvePublicKey | Ed25519PublicKey:
    try:
        key = load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise ValueError("the key of a passkey has an unknown kind") from error
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise ValueError("the key of a passkey is neither of P-256 nor of Ed25519")
