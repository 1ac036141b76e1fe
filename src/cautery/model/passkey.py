"""A passkey that a browser has just made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new public key (W3C Web Authentication).

    Parameters
    ----------
    id : bytes
        The credential's id.
    key : bytes
        The public key, COSE.
    count : int
        The authenticator's counter.
    """

    id: bytes
    key: bytes
    count: int
