"""What a case needs: a ledger, a vault, and the key that signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Event
from typing import Protocol

from cautery.model.evidence import Digest, Exhibit, ExhibitId, Json, SignedRoot
from cautery.model.records.case import RestoredBy
from cautery.model.records.entry import Entry
from cautery.model.times import ClockOffset


class Ledger(Protocol):
    """The append-only log of records. Appending is safe from several processes at once."""

    def append(
        self,
        kind: str,
        body: Json,
        *,
        at: datetime,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Entry:
        """Append one record durably (it is on disk on return).

        With ``if_unchanged_since``, a size that this ledger had, only if no record (of these
        ``kinds``, if any are given) came in since.

        Raises
        ------
        ConflictError
            If one came in since; nothing is written then.
        StorageError
            If it cannot be written; nothing is half-written then.
        """
        ...

    def append_all(
        self,
        records: Sequence[tuple[str, Json, datetime]],
        *,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> tuple[Entry, ...]:
        """Append several records in one transaction, all of them or none, as :meth:`append`."""
        ...

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries with ``index >= since`` in order, all kinds or the given ones."""
        ...

    def follow(
        self,
        *,
        since: int = 0,
        kinds: Sequence[str] = (),
        stop: Event | None = None,
        patience_s: float | None = None,
    ) -> Iterator[Entry]:
        """Yield as :meth:`read` does, then what any process appends, as it comes.

        It ends when ``stop`` is set, or no more has come for ``patience_s``.
        """
        ...

    def size(self) -> int:
        """Return the number of entries."""
        ...


class Vault(Protocol):
    """Sealed bytes under their digest."""

    def seal(
        self,
        data: bytes,
        *,
        media_type: str,
        at: datetime,
        clock: ClockOffset,
        subject: str | None = None,
    ) -> Exhibit:
        """Seal bytes durably; with ``subject``, encrypted under that subject's own key.

        Raises
        ------
        StorageError
            If they cannot be written; no partial file survives.
        """
        ...

    def read(self, exhibit: ExhibitId) -> bytes:
        """Return the stored bytes (of a confidential exhibit, the ciphertext), seal checked.

        Raises
        ------
        BrokenSealError
            If they no longer match.
        """
        ...

    def open(self, exhibit: ExhibitId, *, subject: str) -> bytes:
        """Return the clear bytes of a confidential exhibit.

        Raises
        ------
        ErasedError
            If the subject's key was destroyed.
        """
        ...


class Signer(Protocol):
    """Signs for one case what it can read, and nothing else; the private key stays with it."""

    @property
    def name(self) -> str:
        """What it signs as: ``cautery/case-ID``."""
        ...

    @property
    def key(self) -> str:
        """Its C2SP verifier key: what ``cautery verify --public-key`` takes."""
        ...

    def last(self) -> SignedRoot | None:
        """Return the last root that it signed; ``None``: nobody knows, as in a case of 0.1.0."""
        ...

    def sign(self, text: str, *, proof: Sequence[bytes] = ()) -> str:
        """Return a text as a signed note.

        Parameters
        ----------
        text : str
            A checkpoint, a manifest, a letter or a statement: see :mod:`cautery.evidence.signing`.
        proof : sequence of bytes
            Of a checkpoint: that it goes on from the last one (RFC 9162, section 2.1.4.1).

        Raises
        ------
        EvidenceError
            If a checkpoint does not go on from the last one, or a manifest states another root.
        InputError
            If it is a text that a case does not sign.
        SignerError
            If the signer is gone; nothing was signed.
        """
        ...

    def last_list(self, name: str) -> tuple[int, Digest, datetime] | None:
        """Return number, digest and date of the last version of a block list that it signed."""
        ...

    def sign_list(self, text: str) -> str:
        """Return its Ed25519 signature over the next version of a block list, base64.

        Raises
        ------
        EvidenceError
            If the version does not follow the last one, or the case is closed.
        InputError
            If it is not a version in its one spelling.
        SignerError
            If the signer is gone; nothing was signed.
        """
        ...

    def go_back(
        self,
        text: str,
        *,
        signatures: Sequence[RestoredBy],
        checkpoint: str,
        opened: bytes,
        proof: Sequence[bytes],
    ) -> None:
        """Take an earlier root for the last one, because two people want it so.

        Parameters
        ----------
        text : str
            What they signed: see :mod:`cautery.evidence.restoring`.
        checkpoint : str
            The note over the earlier root.
        opened : bytes
            The first leaf of that ledger, which names the approvers.
        proof : sequence of bytes
            That the leaf is in it (RFC 9162, section 2.1.3.1).

        Raises
        ------
        EvidenceError
            If one of these does not hold.
        SignerError
            If the signer is gone.
        """
        ...
