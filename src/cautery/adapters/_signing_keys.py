"""A signing key and what it signed last, in the folder of keys or in a token.

Reaches: the folder of keys, and a token where it names one. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/case-format.md.

A key that signed a root must never sign one that does not go on from it. So the root stands in a
file beside the key, and whoever signs locks the key's file: another process with the same key
would else read the same last root, and two histories could go on from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters._files import write_whole
from cautery.adapters._key_files import key_bytes, locked, private_bytes
from cautery.adapters._token_keys import TokenKey, make_in_token
from cautery.adapters._token_settings import token_settings
from cautery.errors import EvidenceError
from cautery.evidence.signing import (
    ListHead,
    Root,
    list_of,
    require_list_id,
    require_next_list,
    text_digest,
)
from cautery.json_text import parsed_json

EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 9162, section 2.1.1
PrivateKey = Ed25519PrivateKey | TokenKey


def new_key(folder: Path) -> PrivateKey:
    """Make a signing key where the folder of keys says: in its token, or in this process.

    Raises
    ------
    InputError, TokenError
        If the token cannot make it.
    """
    settings = token_settings(folder)
    return Ed25519PrivateKey.generate() if settings is None else make_in_token(settings)


class KeyFiles:
    """The files of one signing key: ``STEM.key``, ``STEM.last`` and others.

    Parameters
    ----------
    folder : Path
        Of keys.
    stem : str
        Begins the name of each of its files.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem

    def path(self, suffix: str) -> Path:
        """Return where one of its files is."""
        return self._folder / f"{self._stem}.{suffix}"

    def private(self) -> PrivateKey:
        """Return the key; of a token's, what asks the token.

        Raises
        ------
        InputError
            If there is none, or others may read it.
        """
        path = self.path("key")
        raw = private_bytes(path)
        if TokenKey.is_named_in(raw):
            return TokenKey.named(raw, path=path)
        return Ed25519PrivateKey.from_private_bytes(key_bytes(path))

    def last(self) -> tuple[int, bytes, float, str] | None:
        """Return the last root that was signed, and when; ``None``: nobody knows.

        After them stands the digest of the manifest that was signed over it; empty: none was.
        """
        path = self.path("last")
        if not path.exists():
            return None
        try:
            size, root, at, *trailer = private_bytes(path).decode("ascii").split()
            [closed] = trailer or [""]
            return int(size), bytes.fromhex(root), float(at), closed
        except ValueError as error:
            raise EvidenceError(
                f"{path}: this file does not hold the last signed root",
                hint="Restore it from a backup of the keys.",
            ) from error

    def write_new(self, private: PrivateKey, **secrets: bytes) -> None:
        """Write a new key, its empty history and the secrets beside it, by suffix.

        Of a key in a token, its file says which one it is there.
        """
        # The key comes last: where it is, all that belongs to it is.
        self.remember((0, EMPTY_ROOT))
        for suffix, secret in secrets.items():
            write_whole(self.path(suffix), secret, mode=0o600)
        if isinstance(private, TokenKey):
            raw = private.called(f"cautery {self._stem}")
        else:
            raw = private.private_bytes_raw()
        write_whole(self.path("key"), raw, mode=0o600)

    def remember(self, root: Root, *, closed: str = "") -> None:
        """Write down the last root, before anybody sees the note over it."""
        line = f"{root[0]} {root[1].hex()} {time.time():.6f} {closed}".rstrip() + "\n"
        write_whole(self.path("last"), line.encode(), mode=0o600)

    def last_list(self, name: str) -> ListHead | None:
        """Return number, digest and date of the last version of a list that was signed.

        Raises
        ------
        EvidenceError
            If the file that says so is damaged.
        """
        path = self.path(f"list-{require_list_id(name)}")
        if not path.exists():
            return None
        try:
            version, digest, made_at = private_bytes(path).decode("ascii").split()
            return int(version), digest, made_at
        except ValueError as error:
            raise EvidenceError(
                f"{path}: this file does not hold the last version of a list",
                hint="Restore it from a backup of the keys.",
            ) from error

    def sign_list(self, text: str, private: PrivateKey) -> bytes:
        """Return the signature over the next version of a block list; the caller has the lock.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_next_list`.
        StorageError
            If the version cannot be written down; then nothing is signed.
        """
        public = private.public_key().public_bytes_raw()
        name, head = require_next_list(text, key=public, last=self.last_list(list_of(text)))
        signature = private.sign(text.encode())
        line = " ".join(map(str, head))
        write_whole(self.path(f"list-{name}"), line.encode(), mode=0o600)
        return signature

    def take_list(self, text: str, signature: bytes, private: PrivateKey) -> None:
        """Take up a version that this key signed on another machine; the caller has the lock.

        What is older than the last one here changes nothing. Of one number two texts may be
        signed, if a machine was stopped in between; only one of them has left.

        Raises
        ------
        EvidenceError
            If this key did not sign it.
        InputError
            If it is not a version of a block list in its one spelling.
        """
        name, version = list_of(text), parsed_json(text)
        number, made_at = version.get("version"), str(version.get("made_at"))
        try:
            private.public_key().verify(signature, text.encode())
        except InvalidSignature:
            raise EvidenceError(
                f"version {str(number)[:20]} of list {name} in the database was not signed by its "
                "key",
                hint="Somebody changed the database. Nothing is sent until that is set right.",
            ) from None
        last = self.last_list(name)
        if last is None or last[0] <= number:
            line = f"{number} {text_digest(text)} {made_at}"
            write_whole(self.path(f"list-{name}"), line.encode(), mode=0o600)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keep out the signers of other processes with this key."""
        return locked(self.path("key"))
