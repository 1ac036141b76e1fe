"""How people's public keys are written in a mandate: a few spellings, and one reader of them.

Approvals, the signer process and whoever verifies a case read the same text; what one of them
took and another refused would be a key that only some of them know. It stands below the model,
since a signer process imports as little as it can.
"""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

PASSKEY = "passkey/1"
"""The first word of a passkey, and of what one signs."""
_ORIGIN = re.compile(r"(?:https://[a-z0-9.-]{1,253}|http://localhost)(?::[0-9]{1,5})?")
_ACCOUNT = re.compile(r"p-[0-9a-f]{12}")
_LONGEST_ID = 1023  # W3C Web Authentication, section 4: bytes of a credential's id
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----")
_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, section 4: what precedes the key
_BYTES = 32  # RFC 8032, section 5.1.5


def raw_public_key(text: str) -> bytes:
    """Return the 32 bytes of an Ed25519 key in PEM, or in base64 of its DER or of themselves.

    White space may stand around it and between the lines of PEM. Anything else beside the key, as
    a comment, a header or a second key, is refused.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    text = text.strip()
    pem = _PEM.fullmatch(text)
    raw = base64.b64decode("".join(pem[1].split()) if pem else text, validate=True)
    if pem or len(raw) != _BYTES:
        if not raw.startswith(_DER):
            raise ValueError("not an Ed25519 key")
        raw = raw.removeprefix(_DER)
    if len(raw) != _BYTES:
        raise ValueError("not an Ed25519 key")
    return raw


class PasskeyText(NamedTuple):
    """What a mandate says of an approver's passkey (W3C Web Authentication, level 3)."""

    origin: str
    """Of the room for whose pages alone it signs, such as ``https://room.example``."""
    account: str
    """Id of the account in that room that enrolled it: one person has one account."""
    credential: bytes
    """The credential's id."""
    der: bytes
    """The public key, as a SubjectPublicKeyInfo (RFC 5280, section 4.1)."""

    @property
    def spelled(self) -> str:
        """The one spelling, as :func:`passkey_in` reads it."""
        encoded = (base64.b64encode(raw).decode("ascii") for raw in (self.credential, self.der))
        return " ".join((PASSKEY, self.origin, self.account, *encoded))


def is_passkey(text: str) -> bool:
    """Tell whether a text is to be a passkey, or what one signed, rather than a key file's."""
    return text.startswith(f"{PASSKEY} ")


def passkey_in(text: str) -> PasskeyText:
    """Return the passkey of a text ``passkey/1 ORIGIN ACCOUNT CREDENTIAL KEY``.

    Single spaces stand between the words, and the last two are base64. Whether the key is one is
    not checked here.

    Raises
    ------
    ValueError
        If it is no such text, or in another spelling.
    """
    words = text.split(" ")
    if len(words) != 5 or words[0] != PASSKEY:
        raise ValueError("not a passkey")
    _, origin, account, credential, der = words
    passkey = PasskeyText(
        origin=origin,
        account=account,
        credential=base64.b64decode(credential, validate=True),
        der=base64.b64decode(der, validate=True),
    )
    if not (
        _ORIGIN.fullmatch(origin)
        and _ACCOUNT.fullmatch(account)
        and 0 < len(passkey.credential) <= _LONGEST_ID
        and passkey.spelled == text
    ):
        raise ValueError("not a passkey")
    return passkey
