"""A public key is read in its few spellings, with nothing beside it."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cautery.public_keys import raw_public_key

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32).public_key()
RAW = KEY.public_bytes_raw()
DER = KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PEM = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
OTHER = X25519PrivateKey.from_private_bytes(bytes([1]) * 32).public_key()


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "text", [PEM, f"\n {PEM}\n\n", PEM.replace("\n", "\r\n"), encoded(DER), f"{encoded(RAW)}\n"]
)
def test_a_key_is_read_in_each_spelling(text: str) -> None:
    assert raw_public_key(text) == RAW


@pytest.mark.parametrize(
    "text",
    [
        f"{PEM}# bert, third floor",
        f"bert\n{PEM}",
        PEM + PEM,
        PEM.replace("KEY-----\n", "KEY-----\nComment: bert\n\n", 1),
        PEM.replace("PUBLIC KEY", "CERTIFICATE"),
        PEM.replace(encoded(DER), encoded(RAW)),
        encoded(DER + b"\0"),
        encoded(RAW[:-1]),
        encoded(RAW)[:20] + "\n" + encoded(RAW)[20:],
        encoded(OTHER.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        "",
        "\N{EM DASH}",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        raw_public_key(text)
