"""How people's public keys are written in a mandate: a few spellings, and one reader of them.

Approvals, the signer process and whoever verifies a case read the same text; what one of them
took and another refused would be a key that only some of them know. It stands below the model,
since a signer process imports as little as it can.
"""

from __future__ import annotations

import base64
import re

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
