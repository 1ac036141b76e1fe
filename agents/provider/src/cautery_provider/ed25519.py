"""Ed25519 keys: which spellings a provider may configure, and which keys are not valid."""

from __future__ import annotations

import base64
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----")
_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, section 4: what precedes the key
_BYTES = 32  # RFC 8032, section 5.1.5
_P = 2**255 - 19
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _P - 1,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    }
)
"""The y of the points whose order divides 8: under such a key many signatures fit any text."""


def read_public_key(text: str) -> Ed25519PublicKey:
    """Read an Ed25519 key in PEM, or in base64 of its DER or of its 32 bytes.

    Raises
    ------
    ValueError
        If it is none of these, is not in its only encoding, or has a small order.
    """
    pem = _PEM.fullmatch(text.strip())
    raw = base64.b64decode("".join(pem[1].split()) if pem else text.strip(), validate=True)
    raw = raw.removeprefix(_DER) if len(raw) != _BYTES else raw
    if len(raw) != _BYTES:
        raise ValueError("not an Ed25519 key")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise ValueError("an Ed25519 key in an encoding that is not its only one")
    if y in _SMALL_ORDER:
        raise ValueError("an Ed25519 key of small order, under which anybody can sign")
    return Ed25519PublicKey.from_public_bytes(raw)
