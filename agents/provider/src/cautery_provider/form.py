"""The values of a block list, as its texts say them. docs/reference/block-list.md is the format."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

PASSKEY = "passkey/1"
"""The first word of a passkey, and of what one signed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A text, and a signature over its UTF-8 bytes that nobody has checked yet.

    A passkey's signature is over what its device and the browser `said` instead, in bytes.
    """

    text: str
    signature: bytes
    said: tuple[bytes, bytes] | None = None

    @property
    def spelled(self) -> str:
        """The signature, as lists spell it."""
        if self.said is None:
            return base64.b64encode(self.signature).decode()
        parts = (base64.b64encode(part).decode() for part in (*self.said, self.signature))
        return " ".join((PASSKEY, *parts))


@dataclass(frozen=True, slots=True)
class Entry:
    """One target, until when it may be blocked, and how old the list may be (None: any age)."""

    lever: str
    target: str
    end: datetime
    max_stale_s: int | None


@dataclass(frozen=True, slots=True)
class Referral:
    """What two people approved: entries under one order."""

    digest: str
    text: str
    approvals: tuple[Signed, ...]
    name: str
    order: str
    authority: str
    territory: str
    end: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """Which referrals are current, and what is withdrawn from them."""

    list: str
    key: str
    provider: str
    territory: str
    number: int
    previous: str | None
    made_at: datetime
    referrals: tuple[str, ...]
    withdrawn: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A version as it was sent, with the referrals beside it by digest."""

    version: Signed
    referrals: dict[str, Referral]


def digest_of(text: str) -> str:
    """Return the digest of a text, as versions and approvals name it."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
