"""The secrets of one case in their folder: a signer process holds and uses them.

Reaches: the folder of keys, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/case-format.md.

Everything that is asked for or answered is text, bytes or a number, so that it can be asked of
another process (:mod:`cautery.adapters.signer`); and the imports are few, since each command that
writes to a case starts one.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from pathlib import Path

from cautery.adapters._files import sync_folder, write_whole
from cautery.adapters._key_files import KEY_BYTES, key_bytes, private_folder
from cautery.adapters._signing_keys import EMPTY_ROOT, KeyFiles, new_key
from cautery.errors import ErasedError, EvidenceError, InputError, StorageError, TokenError
from cautery.evidence.restoring import (
    Signatures,
    require_return,
    require_two_people,
    restore_text,
)
from cautery.evidence.signing import (
    MANIFEST,
    ListHead,
    Root,
    is_signed_note,
    require_signable,
    signed_note,
    text_digest,
    verifier_key,
)
from cautery.model.signing_keys import rehearsed_passkey

KEY_ID_BYTES = 16
MOST_ADOPTED = 1024
"""Keys of one source that nodes made: one for each start of a node, in all nights of a case."""
_ADOPTED = "adopted"
"""Ends the name of a key that a node made: whoever holds it may still be at large."""
_SOURCE = re.compile(r"source:[0-9a-f]{16}")


class CaseSecrets:
    """The secrets of one case in this process; its ``repr`` shows none.

    Parameters
    ----------
    folder : Path
        Of keys.
    case : str or None
        Whose; ``None`` makes those of a new case.

    Raises
    ------
    InputError
        If they are not there, or others may read them.
    EvidenceError
        If the case's id does not come from its key.
    StorageError
        If they cannot be written.
    TokenError
        If a token should make the new key and is away.
    """

    def __init__(self, folder: Path, case: str | None = None) -> None:
        private_folder(folder)
        self.case = self._made(folder) if case is None else case
        self._files = KeyFiles(folder, f"case-{self.case}")
        self._private = self._files.private()
        public = self._private.public_key().public_bytes_raw()
        if self.case != _id_of(public):
            raise EvidenceError(f"{self._files.path('key')}: not the key of case {self.case}")
        self.name = f"cautery/case-{self.case}"
        self.key = verifier_key(self.name, public)
        self._redaction = key_bytes(self._files.path("redaction"))
        self._subjects = folder / f"case-{self.case}.subjects"
        self._flushed: set[Path] = set()

    def __repr__(self) -> str:
        return f"CaseSecrets(case={self.case!r})"

    def rehearse(self) -> None:
        """Do once what loads code when it is first done: in a closed process nothing can be."""
        text = "cautery.letter/1\nsha256:" + "0" * 64 + "\n"
        with contextlib.suppress(TokenError):  # the token is away
            with contextlib.suppress(EvidenceError):  # the key of a closed case signs no letter
                self.sign(text, ())
            note = signed_note(text, name=self.name, private=self._private)
            is_signed_note(note, name=self.name, public=self._private.public_key())
        with contextlib.suppress(EvidenceError):
            root = (0, EMPTY_ROOT)
            text = restore_text(self.case, last=root, to=root, at="2026-01-01Z", why="rehearsed")
            key = self._private.public_key().public_bytes_raw().hex()
            people = [("a", key, "00" * 64), ("b", *rehearsed_passkey(text.encode()))]
            require_two_people(text, people[::-1], opened=b'{"kind":"operation.opened"}')

    def last(self) -> tuple[int, bytes, float, str] | None:
        """Return the last root that was signed, when, and the manifest that closed the case.

        ``None``: nobody knows. The digest of the manifest is empty while the case is open.
        """
        return self._files.last()

    def sign(self, text: str, proof: Sequence[bytes]) -> str:
        """Return a text as a signed note; what a checkpoint states is the last root from then on.

        After a manifest the case is closed: that manifest alone is signed again.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_signable`.
        StorageError
            If the last root cannot be written; then nothing is signed.
        """
        with self._files.locked():
            last, closed = self._standing()
            signed_root = require_signable(
                text, name=self.name, last=last, proof=proof, closed=closed
            )
            note = signed_note(text, name=self.name, private=self._private)
            if signed_root is not None:
                self._files.remember(signed_root)  # before anybody sees the note
            elif closed is None and last is not None and MANIFEST.fullmatch(text):
                self._files.remember(last, closed=text_digest(text))
        return note

    def last_list(self, name: str) -> ListHead | None:
        """Return number, digest and date of the last version of a list that was signed."""
        return self._files.last_list(name)

    def sign_list(self, text: str) -> bytes:
        """Return the Ed25519 signature over the next version of a block list.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_next_list`, or if the case is closed.
        StorageError
            If the version cannot be written down; then nothing is signed.
        """
        with self._files.locked():
            if self._standing()[1] is not None:
                raise EvidenceError("not signed: the case is closed, and its lists have ended")
            return self._files.sign_list(text, self._private)

    def take_list(self, text: str, signature: bytes) -> None:
        """Take up a version of a list that this key signed on another machine.

        Raises
        ------
        EvidenceError, InputError
            As :meth:`cautery.adapters._signing_keys.KeyFiles.take_list`.
        """
        with self._files.locked():
            self._files.take_list(text, signature, self._private)

    def go_back(
        self,
        text: str,
        signatures: Signatures,
        checkpoint: str,
        opened: bytes,
        proof: Sequence[bytes],
    ) -> None:
        """Take an earlier root for the last one, as two people signed.

        Raises
        ------
        EvidenceError
            As :func:`cautery.evidence.restoring.require_return`, or if the checkpoint is not this
            case's, or the case is closed.
        """
        stated, _, _ = checkpoint.rpartition("\n\n")
        root = require_signable(stated + "\n", name=self.name, last=None)
        public = self._private.public_key()
        if root is None or not is_signed_note(checkpoint, name=self.name, public=public):
            raise EvidenceError("this checkpoint was not signed by the key of this case")
        with self._files.locked():
            last, closed = self._standing()
            if last is None:
                raise EvidenceError(
                    "the last root of this case is not known: it cannot go back to an older copy"
                )
            if closed is not None:
                raise EvidenceError("this case is closed: it cannot go back to an older copy")
            self._files.remember(
                require_return(
                    text,
                    case=self.case,
                    last=last,
                    signatures=signatures,
                    signed=root,
                    opened=opened,
                    proof=proof,
                )
            )

    def hashes(self, values: Sequence[bytes]) -> list[bytes]:
        """Return the HMAC-SHA-256 of each value under the redaction key."""
        return [hmac.digest(self._redaction, value, "sha256") for value in values]

    def pseudonym_key(self, subject: str) -> bytes:
        """Return the key of the pseudonyms of a subject's people; it comes from the subject's."""
        # Derived, never the subject's own key: who has the key of pseudonyms cannot open exhibits
        # (ADR 0027).
        return hmac.digest(self.subject_key(subject)[1], b"cautery pseudonyms", "sha256")

    def subject_key(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none.

        After an erasure the subject gets a new key: what was erased stays so.
        """
        for path in sorted(self._subjects.glob(f"{_hashed(subject)}-*.key")):
            if path.with_suffix(".erased").exists():
                continue  # a copy of the folder brought it back
            if path not in self._flushed:  # whoever wrote it may have been killed before that
                private_folder(self._subjects)
                sync_folder(self._subjects)
                self._flushed.add(path)
            return bytes.fromhex(path.stem.rpartition("-")[2]), key_bytes(path)
        key_id, key = os.urandom(KEY_ID_BYTES), os.urandom(KEY_BYTES)
        private_folder(self._subjects)
        path = self._subject_path(subject, key_id, "key")
        write_whole(path, key, mode=0o600)
        self._flushed.add(path)
        return key_id, key

    def redaction_key(self) -> bytes:
        """Return the key under which credentials are hashed, for the nodes of a watch."""
        return self._redaction

    def adopt_subject_key(self, subject: str, key_id: bytes, key: bytes) -> None:
        """Keep a key that a node made for a source: to open with and to destroy, never to seal.

        Raises
        ------
        InputError
            If it is no such key, there is another of its id, or the source has too many.
        ErasedError
            If it was destroyed: what was erased stays so.
        """
        if not _SOURCE.fullmatch(subject):
            raise InputError("a node makes keys for sources alone")
        if len(key_id) != KEY_ID_BYTES or len(key) != KEY_BYTES:
            raise InputError(f"a key of {subject} that a node made has the wrong size")
        if self._subject_path(subject, key_id, "erased").exists():
            raise ErasedError(f"the key of {subject} was destroyed")
        for suffix in ("key", _ADOPTED):
            path = self._subject_path(subject, key_id, suffix)
            if path.exists():
                if not hmac.compare_digest(key_bytes(path), key):
                    raise InputError(f"{subject} has another key of this id")
                return
        if len(list(self._subjects.glob(f"{_hashed(subject)}-*.{_ADOPTED}"))) >= MOST_ADOPTED:
            raise InputError(f"{subject} has {MOST_ADOPTED} keys of nodes; no further one is kept")
        private_folder(self._subjects)
        write_whole(self._subject_path(subject, key_id, _ADOPTED), key, mode=0o600)

    def find_subject_key(self, subject: str, key_id: bytes) -> bytes:
        """Return one key.

        Raises
        ------
        ErasedError
            If it was destroyed.
        EvidenceError
            If it never was in this folder.
        """
        # The mark first: a copy of the folder may have brought the key back.
        if self._subject_path(subject, key_id, "erased").exists():
            raise ErasedError(f"the key of {subject} was destroyed")
        for suffix in ("key", _ADOPTED):
            path = self._subject_path(subject, key_id, suffix)
            if path.exists():
                return key_bytes(path)
        raise EvidenceError(
            f"no key of {subject} in {self._subjects}",
            hint="Open it where its keys are kept, and name its subject.",
        )

    def destroy_subject(self, subject: str) -> int:
        """Overwrite and remove every key of a subject; return how many there were.

        Raises
        ------
        StorageError
            If a key could not be destroyed.
        """
        destroyed = 0
        for path in sorted(self._subjects.glob(f"{_hashed(subject)}-*")):
            if path.suffix not in (".key", f".{_ADOPTED}"):
                continue
            # The mark first: killed in between, the key is still listed and destroyed by the next
            # call. The other way round, its exhibits would look as if the key had never been here.
            write_whole(path.with_suffix(".erased"), b"", mode=0o600)
            try:
                # Overwritten in place and flushed before the name goes: a removed name leaves its
                # bytes on the disk.
                with path.open("r+b") as file:
                    file.write(bytes(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
                sync_folder(self._subjects)
            except OSError as error:
                raise StorageError(
                    f"{path}: could not be destroyed: {error.strerror}", hint=""
                ) from error
            destroyed += 1
        return destroyed

    def _made(self, folder: Path) -> str:
        """Make the secrets of a new case, and return its id."""
        private = new_key(folder)
        case = _id_of(private.public_key().public_bytes_raw())
        KeyFiles(folder, f"case-{case}").write_new(private, redaction=os.urandom(KEY_BYTES))
        return case

    def _standing(self) -> tuple[Root | None, str | None]:
        """Return the last root, and the digest of the manifest that closed the case over it."""
        last = self.last()
        return (None, None) if last is None else (last[:2], last[3] or None)

    def _subject_path(self, subject: str, key_id: bytes, suffix: str) -> Path:
        return self._subjects / f"{_hashed(subject)}-{key_id.hex()}.{suffix}"


def _id_of(public: bytes) -> str:
    # Derived from the key, so that neither the id nor the key of a case can be exchanged alone
    # (ADR 0004).
    return hashlib.sha256(public).hexdigest()[:16]


def _hashed(subject: str) -> str:
    # A listing of the folder must not say whose keys lie in it (ADR 0002).
    return hashlib.sha256(subject.encode()).hexdigest()[:32]
