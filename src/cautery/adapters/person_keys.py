"""Keys of people, each in a file of its own: an approver's signing key, and anybody's public key.

Reaches: the files that are named on the command line, and nothing else.
Lawful basis: none is needed; a person hands in their own key.
Manners: a signing key must be 0600, else it is not read; a public one is never larger than a key.
Format: Ed25519; a signing key as PKCS #8 PEM, a public one as PEM or a C2SP verifier key.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.adapters._files import read_whole, real_path, write_new
from cautery.adapters._key_files import MAX_KEY_FILE, private_bytes
from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier


def load_approver(path: Path) -> Ed25519PrivateKey:
    """Load a person's signing key: Ed25519, PKCS #8 PEM, no password, mode 0600.

    Raises
    ------
    InputError
        If it is not such a key, or others may read it.
    """
    try:
        key = serialization.load_pem_private_key(private_bytes(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path}: expected a private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: an approver's key must be Ed25519")
    return key


def create_approver(path: Path) -> Ed25519PrivateKey:
    """Make a person's signing key and keep it at ``path`` with mode 0600.

    Raises
    ------
    InputError
        If something is there already.
    StorageError
        If it cannot be written.
    """
    if path.exists():
        raise InputError(f"{path}: a key already exists")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_new(path, pem)
    return key


def load_public_key(path: Path, *, name: str) -> NoteVerifier:
    """Load a public key: a verifier key string, or Ed25519 in PEM (then named ``name``).

    Raises
    ------
    InputError
        If the file holds neither.
    """
    try:
        raw = read_whole(real_path(path), limit=MAX_KEY_FILE)
    except EvidenceError as error:
        raise InputError(str(error)) from error
    if b"-----BEGIN" in raw:
        try:
            key = serialization.load_pem_public_key(raw)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InputError(f"{path}: expected a public key in PEM") from error
        if not isinstance(key, Ed25519PublicKey):
            raise InputError(f"{path}: not an Ed25519 key")
        return NoteVerifier(name, key.public_bytes_raw())
    try:
        return NoteVerifier.parse(raw.decode().strip())
    except (UnicodeDecodeError, InputError) as error:
        raise InputError(
            f"{path}: neither a verifier key (name+hash+base64) nor PEM: {error}"
        ) from error
