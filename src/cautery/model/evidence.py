"""Digests, exhibits, records and checkpoints: the nouns of proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from cautery.errors import InputError
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
    """Anything with a custody chain: here, sealed bytes in the vault.

    Parameters
    ----------
    id : str
        Digest of the stored bytes (of the ciphertext, if ``confidential``).
    size : int
        Stored bytes.
    media_type : str
        What the clear bytes are.
    confidential : bool
        Sealed encrypted under a key kept outside the case; ``subject`` names the key.
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
class Record:
    """One thing known: its kind, when it was recorded, and its JSON body."""

    kind: str
    at: datetime
    body: Json

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not self.kind:
            raise InputError("a record has a kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record in its place in the ledger; ``leaf`` is its RFC 8785 JSON."""

    index: int
    record: Record
    leaf: bytes


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSignature:
    """One person's signature under a text: name, Ed25519 public key, signature."""

    name: str
    public: bytes
    signature: bytes
