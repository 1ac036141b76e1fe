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
    approves_at : str
        Origin of the room in which it may approve acts; empty: it may not, since it can be synced
        to other devices.
    """

    id: bytes
    key: bytes
    count: int
    approves_at: str = ""
