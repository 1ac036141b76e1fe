"""Digests, exhibits and checkpoints: the nouns of proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from cautery.model.message import Message
from cautery.model.times import ClockOffset, require_utc

Digest = NewType("Digest", str)
"""``sha256:`` and 64 lower-case hex digits."""

ExhibitId = NewType("ExhibitId", str)
"""The digest of the sealed bytes: the same bytes are the same exhibit."""

MAX_EXHIBIT_BYTES = 1 << 30
"""What the vault reads into memory at once; a capture is far smaller."""

Json = Mapping[str, Any]


def digest_of(data: bytes) -> Digest:
    """Return the SHA-256 of ``data`` in the one spelling that Cautery uses."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Anything with a custody chain; here, sealed bytes in the vault.

    Parameters
    ----------
    id : ExhibitId
        Digest of the stored bytes (of the ciphertext, if ``confidential``).
    size : int
        Size of the stored bytes.
    media_type : str
        Media type of the clear bytes.
    sealed_at : datetime
        When it was sealed, in UTC.
    clock : ClockOffset
        How far the clock may have been from UTC then.
    confidential : bool
        Whether it is encrypted under a key that is kept outside the case; ``subject`` names the
        key.
    subject : str or None
        The subject whose key encrypts it; ``None``: it is not confidential.
    """

    id: ExhibitId
    size: int
    media_type: str
    sealed_at: datetime
    clock: ClockOffset
    confidential: bool = False
    subject: str | None = None

    def __post_init__(self) -> None:
        require_utc("sealed_at", self.sealed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyLine:
    """One entry that speaks of a stream.

    Parameters
    ----------
    text : Message or None
        What it says of it in a word; ``None``: it has no such word.
    """

    index: int
    at: datetime
    kind: str
    text: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The ledger's size and RFC 9162 root at a moment, as a C2SP signed note."""

    origin: str
    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRoot:
    """The last root that the key of a case signed, kept with that key, outside the case.

    Parameters
    ----------
    size : int
        Records that it covers.
    root : bytes
        Their RFC 9162 root.
    at : datetime
        When it was signed, by the signer's clock.
    closed : Digest or None
        Of the manifest's text, where one was signed over this root: the case is closed.
    """

    size: int
    root: bytes
    at: datetime
    closed: Digest | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    def __str__(self) -> str:
        return f"{self.size} {self.root.hex()}"
