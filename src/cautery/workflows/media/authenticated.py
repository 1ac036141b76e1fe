"""Small files on a shelf that only who has the nodes' key can write."""

from __future__ import annotations

import hmac

from cautery.errors import InputError


def sealed_text(body: bytes, *, name: str, key: bytes) -> bytes:
    """Return a line with the authenticator of a body and of its name, and the body.

    Parameters
    ----------
    key : bytes
        The nodes' key.
    """
    return _proof(body, name, key) + b"\n" + body


def opened_text(data: bytes, *, name: str, key: bytes) -> bytes:
    """Return the body.

    Raises
    ------
    InputError
        If it was not written under this name with this key.
    """
    proof, _, body = data.partition(b"\n")
    if not hmac.compare_digest(proof, _proof(body, name, key)):
        raise InputError(
            f"the shared references {name}: their list was not written with this nodes' key",
            hint="Give all nodes and the watch the same key: cautery node key.",
        )
    return body


def _proof(body: bytes, name: str, key: bytes) -> bytes:
    # A key of its own: what else the nodes' key is used for never meets these bytes.
    name_key = hmac.digest(key, b"cautery references\0" + name.encode(), "sha256")
    return hmac.digest(name_key, body, "sha256").hex().encode()
