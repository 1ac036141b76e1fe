"""Co-signatures over a log's checkpoint: who saw this root, and when (c2sp.org/tlog-cosignature).

C2SP calls co-signers witnesses; here a witness is a person. A signature line whose key nobody gave
is passed over, so that other types of signature, such as ML-DSA-44 (0x06), may stand beside.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier, Signature, checkpoint_in, parse_note, verified_by
from cautery.evidence.signing import DASH
from cautery.model.evidence import Checkpoint

COSIGNATURE = b"\x04"
"""Ed25519, timestamped (c2sp.org/tlog-cosignature)."""
_LATER = {b"\x06": "ML-DSA-44"}
"""Types of key that the specification has and this module does not: their room is this byte, which
stands in each key and in each signature line's key id."""
_TIME = struct.Struct(">Q")
_LAST_SECOND = 253_402_300_799
"""31 December 9999: the last that a ``datetime`` can hold."""


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """The public key of a co-signer, with the name that it signs under."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        NoteVerifier(self.name, self.public)  # the same rules of name and key

    @classmethod
    def parse(cls, text: str) -> CosignerKey:
        """Read a verifier key string of type 0x04; one trailing newline is allowed.

        Raises
        ------
        InputError
            If it is not a verifier key, is of another type, or its hash does not fit its key.
        """
        name, _, remainder = text.removesuffix("\n").partition("+")
        hashed, _, encoded = remainder.partition("+")
        try:
            raw = base64.b64decode(encoded.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise InputError("not a verifier key (name+hash+base64)") from error
        if raw[:1] in _LATER:
            raise InputError(
                f"{name[:80]}: the key has type {raw[0]}, {_LATER[raw[:1]]}, which this version of "
                "Cautery cannot check",
                hint="Ask the co-signer for its Ed25519 key (type 4), or use a later version.",
            )
        if len(raw) != 33 or base64.b64encode(raw).decode() != encoded:
            raise InputError(f"{name[:80]}: not an Ed25519 verifier key (name+hash+base64)")
        if raw[:1] != COSIGNATURE:
            raise InputError(
                f"{name[:80]}: the key of a co-signer must have type 4, but this one has type "
                f"{raw[0]}",
                hint="Ask the co-signer for its key: cautery cosign key prints it.",
            )
        key = cls(name, raw[1:])
        if hashed != key.key_id.hex():
            raise InputError(f"{name}: the hash in this verifier key does not match the key")
        return key

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that name this key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(COSIGNATURE + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def cosignature_line(text: str, *, name: str, private: Ed25519PrivateKey, seconds: int) -> str:
    """Return a co-signature over a checkpoint's text, as a signature line with its newline.

    Parameters
    ----------
    text : str
        Origin, size, root, and whatever lines follow, each ended by a newline.
    seconds : int
        When, in whole seconds since 1970, UTC.
    """
    key = CosignerKey(name, private.public_key().public_bytes_raw())
    raw = key.key_id + _TIME.pack(seconds) + private.sign(_message(text, seconds))
    return f"{DASH}{name} {base64.b64encode(raw).decode()}\n"


def cosigned_at(text: str, signature: Signature, key: CosignerKey) -> datetime:
    """Return when a co-signer saw a checkpoint, by its own clock.

    Raises
    ------
    EvidenceError
        If the line is not this key's, or does not sign this text.
    """
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        raise EvidenceError(f"the co-signature is by {signature.name}, not by {key.name}")
    if len(signature.signature) != _TIME.size + 64:
        raise EvidenceError(f"the co-signature of {key.name} has a wrong length")
    (seconds,) = _TIME.unpack(signature.signature[: _TIME.size])
    if seconds > _LAST_SECOND:
        raise EvidenceError(f"the co-signature of {key.name} has no possible time")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(
            signature.signature[_TIME.size :], _message(text, seconds)
        )
    except InvalidSignature as error:
        raise EvidenceError(
            f"the co-signature of {key.name} does not match the checkpoint"
        ) from error
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A checkpoint that its log signed, with the co-signatures that hold.

    Parameters
    ----------
    checkpoint : Checkpoint
        Of the log.
    times : mapping of bytes to datetime
        By the co-signer's public key, when it signed; one that signed twice counts once, with the
        earlier time.
    unknown : int
        Lines of keys that nobody gave.
    faults : tuple of str
        Lines that name a known key and do not hold.
    """

    checkpoint: Checkpoint
    times: Mapping[bytes, datetime]
    unknown: int
    faults: tuple[str, ...] = ()


def open_cosigned(note: str, log: NoteVerifier, keys: Iterable[CosignerKey] = ()) -> Cosigned:
    """Read a checkpoint that its log signed and others may have co-signed.

    Parameters
    ----------
    note : str
        A C2SP checkpoint with at most 100 signature lines.
    log : NoteVerifier
        The log's key; its name is the origin.
    keys : iterable of CosignerKey
        Of the co-signers that count.

    Raises
    ------
    EvidenceError
        If it is no note, or the log has not signed it.
    """
    text, signatures = parse_note(note.encode("utf-8", "surrogatepass"))
    if not any(verified_by(text, signature, log) for signature in signatures):
        raise EvidenceError(f"the checkpoint is not signed by the log {log.name}")
    checkpoint = checkpoint_in(text, note=note, origin=log.name)
    keys_by_id = {(key.name, key.key_id): key for key in keys}
    times: dict[bytes, datetime] = {}
    faults: list[str] = []
    unknown = 0
    for signature in signatures:
        if (signature.name, signature.key_id) == (log.name, log.key_id):
            continue
        key = keys_by_id.get((signature.name, signature.key_id))
        if key is None:
            unknown += 1
            continue
        try:
            at = cosigned_at(text, signature, key)
        except EvidenceError as error:
            faults.append(str(error))
            continue
        times[key.public] = min(at, times.get(key.public, at))
    return Cosigned(checkpoint=checkpoint, times=times, unknown=unknown, faults=tuple(faults))


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
