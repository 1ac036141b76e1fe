"""Signed notes and checkpoints, as C2SP specifies them, read so that no bit can be changed.

A note is text, an empty line, and signature lines ``— name base64(key id || signature)``
(c2sp.org/signed-note); a checkpoint is a note whose text is origin, size and root
(c2sp.org/tlog-checkpoint). Keys are Ed25519; their public form is the verifier key string
``name+hash+base64(0x01 || key)``.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence.signing import DASH, ED25519, key_id, verifier_key
from cautery.model.ed25519 import key_fault
from cautery.model.evidence import Checkpoint

MAX_NOTE_BYTES = 1 << 16
MAX_SIGNATURES = 100  # as the Go reference implementation

# Without leading zeros: each number has one spelling, so each checkpoint one text.
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key with the name that it signs under."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"{self.name!r}: the name of a key may not contain spaces or a plus sign"
            )
        if (fault := key_fault(self.public)) is not None:
            raise InputError(f"{self.name}: not a valid public key: {fault}")

    @classmethod
    def parse(cls, text: str) -> NoteVerifier:
        """Read a verifier key string; one trailing newline is allowed.

        Raises
        ------
        InputError
            If it is not a verifier key, or its hash does not fit its key.
        """
        name, _, remainder = text.removesuffix("\n").partition("+")
        hashed, _, encoded = remainder.partition("+")
        try:
            raw = _decoded(encoded)
        except EvidenceError as error:
            raise InputError(f"not a verifier key (name+hash+base64): {error}") from error
        if len(raw) != 33 or raw[:1] != ED25519:
            raise InputError("not an Ed25519 verifier key (name+hash+base64)")
        verifier = cls(name, raw[1:])
        if hashed != verifier.key_id.hex():
            raise InputError(f"{name}: the hash in this verifier key does not match the key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that name this key in a signature line."""
        return key_id(self.name, self.public)

    def __str__(self) -> str:
        return verifier_key(self.name, self.public)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note, not yet verified."""

    name: str
    key_id: bytes
    signature: bytes


def parse_note(note: bytes) -> tuple[str, tuple[Signature, ...]]:
    """Split a note into its text and its signature lines, strictly.

    Raises
    ------
    EvidenceError
        If one byte is not as the specification has it.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise EvidenceError(f"not a valid note: it has more than {MAX_NOTE_BYTES} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise EvidenceError(f"not a valid note: {error}") from error
    if _controls(whole):
        raise EvidenceError("not a valid note: it contains a control character")
    # The last empty line counts: a text may have others (c2sp.org/signed-note).
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not text or not tail.endswith("\n"):
        raise EvidenceError("not a valid note: expected text, an empty line and signatures")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise EvidenceError(f"not a valid note: more than {MAX_SIGNATURES} signatures")
    return text + "\n", tuple(_signature(line) for line in lines)


def open_note(note: bytes, verifier: NoteVerifier) -> str:
    """Return the text of a note that ``verifier``, and nobody else, signed once.

    C2SP lets strangers' signatures stand beside; in a case each byte has its reason, so here
    they are refused.

    Raises
    ------
    EvidenceError
        If it is no note, or not signed by this key alone.
    """
    text, signatures = parse_note(note)
    if len(signatures) != 1:
        raise EvidenceError(f"the note has {len(signatures)} signatures, but must have exactly one")
    signature = signatures[0]
    if (signature.name, signature.key_id) != (verifier.name, verifier.key_id):
        raise EvidenceError(f"the note is signed by {signature.name}, not by {verifier.name}")
    if not verified_by(text, signature, verifier):
        raise EvidenceError(f"the signature of {verifier.name} does not match the note")
    return text


def verified_by(text: str, signature: Signature, verifier: NoteVerifier) -> bool:
    """Tell whether a signature line is of this key and signs this text."""
    # The key id is 4 bytes and can be forged: it only spares a verification, which still decides.
    if (signature.name, signature.key_id) != (verifier.name, verifier.key_id):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(
            signature.signature, text.encode()
        )
    except InvalidSignature:
        return False
    return True


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Return the body of a checkpoint: origin, size, root (c2sp.org/tlog-checkpoint)."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def open_checkpoint(note: str, verifier: NoteVerifier) -> Checkpoint:
    """Verify a checkpoint and read it.

    Raises
    ------
    EvidenceError
        If the note is not signed by the key, or its text is no checkpoint of that origin.
    """
    # Half a surrogate pair, which JSON can spell, is in nothing that anybody signed.
    text = open_note(note.encode(errors="replace"), verifier)
    return checkpoint_in(text, note=note, origin=verifier.name)


def checkpoint_in(text: str, *, note: str, origin: str) -> Checkpoint:
    """Read the text of a note as a checkpoint; its signatures were verified before.

    Parameters
    ----------
    note : str
        The whole note.
    origin : str
        Of which log it must be.

    Raises
    ------
    EvidenceError
        If it is no checkpoint of that origin.
    """
    lines = text.removesuffix("\n").split("\n")
    # The specification allows further lines; no case writes any, so a fourth is another's.
    if len(lines) != 3 or lines[0] != origin:
        raise EvidenceError(f"not a checkpoint of {origin}")
    root = _decoded(lines[2])
    if not _NUMBER.fullmatch(lines[1]) or len(root) != 32:
        raise EvidenceError("not a valid checkpoint: its size or root is malformed")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root, note=note)


def _signature(line: str) -> Signature:
    if not line.startswith(DASH):
        raise EvidenceError(
            "not a valid note: a signature line must begin with an em dash and a space"
        )
    name, gap, encoded = line.removeprefix(DASH).partition(" ")
    if not gap or not _NAME.fullmatch(name):
        raise EvidenceError("not a valid note: a signature line must be a dash, a name and base64")
    raw = _decoded(encoded)
    if len(raw) < 5:
        raise EvidenceError("not a valid note: a signature is too short")
    return Signature(name, raw[:4], raw[4:])


def _decoded(text: str) -> bytes:
    """Decode base64 that is canonical: trailing bits that decoders ignore must be zero."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise EvidenceError(f"not base64: {text[:60]!r}") from error
    if base64.b64encode(raw).decode() != text:
        raise EvidenceError(f"not canonical base64: {text[:60]!r}")
    return raw


def _controls(text: str) -> bool:
    return any(sign < " " and sign != "\n" for sign in text)
