"""Photographs of a room's tray in a backup: sealed so that who has the backup alone reads none.

Reaches: the folder of the people, and the backup.
Lawful basis: that of :mod:`cautery.adapters.tray_folder`.
Manners: the room goes on meanwhile; who makes backups needs no key of the room. The room states the
public half of a key, the private half of which comes from its access log's key in its folder of
keys.
Format: ``tray.pub`` in the folder of the people, a C2SP signed note by the access log's key:
``cautery tray v1``, then ``key`` and 32 bytes in hex. ``photograph-NAME.sealed``:
``CAUTERYP`` || ephemeral X25519 key (32, RFC 7748) || ChaCha20-Poly1305 (RFC 8439, nonce 0) of the
length of the entry (4, big-endian), the entry and the photograph; the key by HKDF-SHA-256 (RFC
5869) from the shared secret, salted by both public keys; the name authenticated beside it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes as algorithms
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cautery.adapters._files import read_whole, write_whole
from cautery.adapters.tray_folder import TrayFolder
from cautery.errors import CauteryError, EvidenceError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.evidence.signing import TRAY_SEED, tray_text
from cautery.model.photograph import MAX_PHOTO_BYTES

PUBLIC = "tray.pub"
_SEALED = re.compile(r"photograph-([0-9a-f]{64}-[0-9a-f]{16})\.sealed")
_MAGIC, _KEY_BYTES = b"CAUTERYP", 32
_LENGTH = struct.Struct(">I")
_MOST = MAX_PHOTO_BYTES + (1 << 16)
"""Of a sealed file: the largest photograph, its entry and what seals them."""
_MOST_STATED = 1_024
"""Of the note that states a key."""
_NONCE = bytes(12)
"""Each key seals once."""

Hashes = Callable[[Sequence[bytes]], Sequence[bytes]]
"""Keyed hashes, under a key of the access log."""


def publish_key(people: Path, hashes: Hashes, sign: Callable[[str], str]) -> None:
    """State in the folder of a room's people to which key its photographs are sealed.

    Parameters
    ----------
    sign : callable
        Returns a text as a note that the access log's key signed. Who can write to the folder, and
        has no key of the room, cannot have photographs sealed to another key.

    Raises
    ------
    SignerError
        If the signer is gone.
    StorageError
        If it cannot be written.
    """
    public = _raw(_private(hashes).public_key())
    stated = sign(tray_text(public)).encode()
    path = people / PUBLIC
    if not path.exists() or path.read_bytes() != stated:
        write_whole(path, stated)


def seal_tray(people: Path, tray: Path, to: Path, log: NoteVerifier) -> tuple[str, ...]:
    """Seal what waits in a tray into a backup; return a sentence for each that could not be.

    One that is filed or rejected meanwhile is passed over.

    Parameters
    ----------
    people, tray : Path
        Folder of the people, and the tray in it.
    log : NoteVerifier
        The public key of the room's access log, which states to which key they are sealed.

    Raises
    ------
    StorageError
        If the backup cannot be written.
    """
    files = TrayFolder(tray)
    names = files.names()
    if not names:
        return ()
    try:
        public = _stated(read_whole(people / PUBLIC, limit=_MOST_STATED), log)
    except (EvidenceError, ValueError):
        lack = (
            f"{people / PUBLIC} does not say, signed by the key of the room's access log, to which "
            "key they are sealed: open the room once"
        )
        return (f"{len(names)} photographs wait, and {lack}",)
    unsealed = []
    for name in names:
        try:
            entry, photo = files.entry(name), files.photo(name)
        except CauteryError as error:
            if name in files.names():
                unsealed.append(str(error))
            continue
        sealed = _sealed(_LENGTH.pack(len(entry)) + entry + photo, public, name)
        write_whole(to / f"photograph-{name}.sealed", sealed)
    return tuple(unsealed)


def _stated(note: bytes, log: NoteVerifier) -> X25519PublicKey:
    """Return the key that the access log's key states."""
    text = open_note(note, log)
    public = bytes.fromhex(text.rpartition("key ")[2])
    if text != tray_text(public):
        raise EvidenceError("the note states no key of a tray")
    return X25519PublicKey.from_public_bytes(public)


def name_of(file: str) -> str | None:
    """Return the name of the photograph that a file of a backup has; ``None``: it has none."""
    match = _SEALED.fullmatch(file)
    return None if match is None else match[1]


def open_tray(files: Iterable[Path], tray: Path, hashes: Hashes) -> None:
    """Put photographs of a backup back into a tray, as they lay there; none of them is judged.

    Raises
    ------
    EvidenceError
        If one is not as it was sealed, or sealed to another key.
    StorageError
        If the tray cannot be written.
    """
    private, folder = _private(hashes), TrayFolder(tray)
    for file in files:
        name = name_of(file.name)
        if name is None:
            raise EvidenceError(f"{file}: no name of a photograph")
        plain = _opened(read_whole(file, limit=_MOST), private, name)
        if plain is None or len(plain) < _LENGTH.size:
            raise EvidenceError(f"{file}: not as it was sealed, or sealed to another key")
        (length,) = _LENGTH.unpack_from(plain)
        photo_at = _LENGTH.size + length
        with folder.arriving() as arriving:
            arriving.write(plain[photo_at:])
            folder.put(arriving, name)
        folder.enter(name, plain[_LENGTH.size : photo_at])


def _private(hashes: Hashes) -> X25519PrivateKey:
    [seed] = hashes([TRAY_SEED])
    return X25519PrivateKey.from_private_bytes(seed)


def _raw(public: X25519PublicKey) -> bytes:
    return public.public_bytes_raw()


def _sealed(plain: bytes, public: X25519PublicKey, name: str) -> bytes:
    ephemeral = X25519PrivateKey.generate()
    own = _raw(ephemeral.public_key())
    cipher = _cipher(ephemeral.exchange(public), own, _raw(public))
    return _MAGIC + own + cipher.encrypt(_NONCE, plain, _MAGIC + name.encode())


def _opened(sealed: bytes, private: X25519PrivateKey, name: str) -> bytes | None:
    own, body = sealed[len(_MAGIC) :][:_KEY_BYTES], sealed[len(_MAGIC) + _KEY_BYTES :]
    if not sealed.startswith(_MAGIC) or len(own) != _KEY_BYTES:
        return None
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(own))
        cipher = _cipher(shared, own, _raw(private.public_key()))
        return cipher.decrypt(_NONCE, body, _MAGIC + name.encode())
    except (InvalidTag, ValueError):  # a key of small order gives no secret
        return None


def _cipher(shared: bytes, *publics: bytes) -> ChaCha20Poly1305:
    derived = HKDF(algorithms.SHA256(), _KEY_BYTES, b"".join(publics), b"cautery tray in a backup")
    return ChaCha20Poly1305(derived.derive(shared))
