"""The key of an organisation's lists in its folder: a signer process holds and uses it.

Reaches: the folder of keys, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/block-list.md.

The key signs nothing but versions of block lists, and each is the one after the last.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from cautery.adapters._key_files import private_folder
from cautery.adapters._log_secrets import require_origin
from cautery.adapters._signing_keys import KeyFiles, new_key
from cautery.errors import InputError, TokenError
from cautery.evidence.signing import ListHead, signed_note, verifier_key

LISTS, NEW_LISTS = "lists:", "new-lists:"
"""Begin what a signer process is asked to hold: the key of some lists, or of new ones."""


class ListSecrets:
    """The key of an organisation's lists, with the last version of each; its ``repr`` shows none.

    Parameters
    ----------
    folder : Path
        Of keys.
    origin : str
        The organisation's domain, or a URL without its scheme.
    new : bool
        Make the key.

    Raises
    ------
    InputError
        If the key is not there, is there already, or others may read it; or the origin is none.
    TokenError
        If a token should make it and is away.
    StorageError
        If it cannot be written.
    """

    def __init__(self, folder: Path, origin: str, *, new: bool = False) -> None:
        require_origin(origin)
        private_folder(folder)
        self._files = KeyFiles(folder, f"lists-{hashlib.sha256(origin.encode()).hexdigest()[:16]}")
        if new:
            if self._files.path("key").exists():
                raise InputError(f"the key of the lists of {origin} is already in {folder}")
            self._files.write_new(new_key(folder))
        self._private = self._files.private()
        self.case = f"{LISTS}{origin}"
        self.name = f"{origin}/lists"
        self.key = verifier_key(self.name, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"ListSecrets(name={self.name!r})"

    def rehearse(self) -> None:
        """Do once what loads code when it is first done: in a closed process nothing can be."""
        with contextlib.suppress(TokenError):  # the token is away
            signed_note("rehearsed\n", name=self.name, private=self._private)

    def last_list(self, name: str) -> ListHead | None:
        """Return number, digest and date of the last version of a list that was signed."""
        return self._files.last_list(name)

    def sign_list(self, text: str) -> bytes:
        """Return the Ed25519 signature over the next version of a block list.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_next_list`.
        StorageError
            If the version cannot be written down; then nothing is signed.
        """
        with self._files.locked():
            return self._files.sign_list(text, self._private)
