"""Keys in a folder outside every case.

Reaches: ``$CAUTERY_KEYS``, for its owner only; through a signer process (ADR 0027), or directly.
Lawful basis: GDPR art. 32 (encryption, pseudonymisation); destroying a subject's key is how
art. 17 and retention are served while every proof still holds.
Manners: folders must be 0700 and files 0600, else nothing is read.
Format: docs/reference/case-format.md; raw 32-byte keys.

Layout: ``case-ID.key`` (Ed25519 seed, or which key of a token it is), ``case-ID.redaction`` (HMAC
key), ``case-ID.last`` (the last root that was signed, and the manifest over it),
``case-ID.list-L-ID`` (the last version of a list that was signed; the lists of an organisation have
``lists-HASH.key`` and the like),
``case-ID.subjects/HASH-KEYID.key`` (one or more a subject), ``.adopted`` (one that a node of the
watch made) or ``.erased`` where one was.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cautery.adapters._case_secrets import KEY_ID_BYTES, CaseSecrets
from cautery.adapters._key_files import private_folder
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.restoring import Signatures
from cautery.model import Digest, KeyedPseudonyms, Pseudonyms, SignedRoot
from cautery.model.ports import Signer
from cautery.model.records.case import RestoredBy

__all__ = [
    "KEY_ID_BYTES",
    "CasePseudonyms",
    "CaseSigner",
    "FileCaseKeys",
    "KeyFolder",
    "Secrets",
    "SubjectKeys",
    "case_id",
    "default_folder",
]

_CASE_ID = re.compile(r"[0-9a-f]{16}")
_MOST_DIGESTS = 1 << 17
"""Pseudonyms that are remembered, some 30 MB: a large panel's list twice over."""
_MOST_AT_ONCE = 1 << 13


class Secrets(Protocol):
    """What :class:`~cautery.adapters._case_secrets.CaseSecrets` answers, here or in a process."""

    case: str
    name: str
    key: str

    def last(self) -> tuple[int, bytes, float, str] | None: ...  # noqa: D102 - see CaseSecrets
    def sign(self, text: str, proof: Sequence[bytes]) -> str: ...  # noqa: D102
    def last_list(self, name: str) -> tuple[int, str, str] | None: ...  # noqa: D102
    def sign_list(self, text: str) -> bytes: ...  # noqa: D102
    def take_list(self, text: str, signature: bytes) -> None: ...  # noqa: D102
    def go_back(  # noqa: D102
        self,
        text: str,
        signatures: Signatures,
        checkpoint: str,
        opened: bytes,
        proof: Sequence[bytes],
    ) -> None: ...
    def hashes(self, values: Sequence[bytes]) -> list[bytes]: ...  # noqa: D102
    def pseudonym_key(self, subject: str) -> bytes: ...  # noqa: D102
    def subject_key(self, subject: str) -> tuple[bytes, bytes]: ...  # noqa: D102
    def redaction_key(self) -> bytes: ...  # noqa: D102
    def adopt_subject_key(self, subject: str, key_id: bytes, key: bytes) -> None: ...  # noqa: D102
    def find_subject_key(self, subject: str, key_id: bytes) -> bytes: ...  # noqa: D102
    def destroy_subject(self, subject: str) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SubjectKeys:
    """The keys of one case's confidential exhibits, one or more for each subject.

    A subject's name is hashed in file names: the folder's listing tells nobody.
    """

    secrets: Secrets = field(repr=False)

    def current(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none.

        After an erasure the subject gets a new key: what was erased stays so.
        """
        return self.secrets.subject_key(subject)

    def find(self, subject: str, key_id: bytes) -> bytes:
        """Return one key.

        Raises
        ------
        ErasedError
            If it was destroyed.
        EvidenceError
            If it never was in this folder.
        """
        return self.secrets.find_subject_key(subject, key_id)

    def adopt(self, subject: str, key_id: bytes, key: bytes) -> None:
        """Keep a key that a node of the watch made for a source, before a record rests on it.

        Raises
        ------
        InputError
            If it is no such key.
        ErasedError
            If it was destroyed.
        """
        self.secrets.adopt_subject_key(subject, key_id, key)

    def destroy(self, subject: str) -> int:
        """Overwrite and remove every key of a subject; return how many there were.

        Raises
        ------
        StorageError
            If a key could not be destroyed.
        """
        return self.secrets.destroy_subject(subject)


@dataclass(frozen=True, slots=True)
class CaseSigner:
    """Signs for one case (port :class:`~cautery.model.ports.Signer`)."""

    secrets: Secrets = field(repr=False)

    @property
    def name(self) -> str:
        """What it signs as: ``cautery/case-ID``."""
        return self.secrets.name

    @property
    def key(self) -> str:
        """Its C2SP verifier key."""
        return self.secrets.key

    def last(self) -> SignedRoot | None:
        """Return the last root that it signed; ``None``: nobody knows, as in a case of 0.1.0."""
        last_root = self.secrets.last()
        if last_root is None:
            return None
        size, root, at, closed = last_root
        return SignedRoot(
            size=size,
            root=root,
            at=datetime.fromtimestamp(at, UTC),
            closed=Digest(closed) if closed else None,
        )

    def sign(self, text: str, *, proof: Sequence[bytes] = ()) -> str:
        """Return a text as a signed note.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_signable`.
        SignerError
            If the signer is gone; nothing was signed.
        """
        return self.secrets.sign(text, proof)

    def last_list(self, name: str) -> tuple[int, Digest, datetime] | None:
        """Return number, digest and date of the last version of a list that it signed."""
        head = self.secrets.last_list(name)
        if head is None:
            return None
        version, digest, made_at = head
        return version, Digest(digest), datetime.fromisoformat(made_at)

    def sign_list(self, text: str) -> str:
        """Return the signature over the next version of a block list, base64.

        Raises
        ------
        EvidenceError, InputError
            As :func:`cautery.evidence.signing.require_next_list`.
        SignerError
            If the signer is gone; nothing was signed.
        """
        return base64.b64encode(self.secrets.sign_list(text)).decode("ascii")

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

        Raises
        ------
        EvidenceError
            If they, or the earlier root, do not hold.
        """
        people = [(person.name, person.key, person.signature) for person in signatures]
        self.secrets.go_back(text, people, checkpoint, opened, proof)


class CasePseudonyms:
    """Pseudonyms under a case's redaction key (port :class:`~cautery.model.Pseudonyms`).

    The key stays with the secrets, which may be another process: what was asked before is
    remembered, under a hash of this process alone so that no credential is kept for it.

    Parameters
    ----------
    secrets : Secrets
        Where the key is.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        # Without a salt, whoever reads this process's memory could try passwords against the
        # marks.
        self._salt = os.urandom(16)
        self._known: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def of(self, secret: str, *, digits: int = 16) -> str:
        """Return what stands for ``secret``: the first hex digits of its HMAC-SHA-256."""
        raw = secret.encode("utf-8", "replace")
        digest = self._known.get(self._marked(raw))
        if digest is None:
            [digest] = self._hashes([raw])
        return digest.hex()[:digits]

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        """Return what stands for each of many secrets, in their order, 16 digits each."""
        raw = [secret.encode("utf-8", "replace") for secret in secrets]
        return tuple(digest.hex()[:16] for digest in self._hashes(raw))

    def _marked(self, raw: bytes) -> bytes:
        # What is remembered is found by a digest under a salt of this process, never by the
        # secret.
        return hashlib.blake2b(raw, digest_size=16, key=self._salt).digest()

    def _hashes(self, raw: Sequence[bytes]) -> list[bytes]:
        marks = [self._marked(value) for value in raw]
        digests = {mark: digest for mark in marks if (digest := self._known.get(mark)) is not None}
        new = {mark: value for mark, value in zip(marks, raw, strict=True) if mark not in digests}
        new_marks = list(new)
        for at in range(0, len(new_marks), _MOST_AT_ONCE):
            batch = new_marks[at : at + _MOST_AT_ONCE]
            answers = self._secrets.hashes([new[mark] for mark in batch])
            digests |= zip(batch, answers, strict=True)
        with self._lock:
            self._known.update((mark, digests[mark]) for mark in new_marks)
            while len(self._known) > _MOST_DIGESTS:
                del self._known[next(iter(self._known))]  # the earliest secret
        return [digests[mark] for mark in marks]

    def __repr__(self) -> str:
        return "CasePseudonyms()"

    def __reduce__(self) -> str:
        raise TypeError("neither a key nor anything that holds one can be pickled")


class FileCaseKeys:
    """The secrets of one case (port :class:`~cautery.evidence.ports.CaseKeys`).

    Parameters
    ----------
    secrets : Secrets
        Where they are.
    """

    def __init__(self, secrets: Secrets) -> None:
        self.case = secrets.case
        self.signer: Signer = CaseSigner(secrets)
        self.verifier = NoteVerifier.parse(secrets.key)
        self.pseudonyms: Pseudonyms = CasePseudonyms(secrets)
        self.subjects = SubjectKeys(secrets)
        self._secrets = secrets

    def sign_by(self, signer: Callable[[Secrets], Signer]) -> None:
        """Sign by what is made over these secrets: on a server more is remembered than here."""
        self.signer = signer(self._secrets)

    def pseudonyms_of(self, subject: str) -> Pseudonyms:
        """Return what stands for a subject's people.

        Its key comes from the subject's own key, and is gone when that is destroyed; the next one
        makes other hashes.
        """
        return KeyedPseudonyms(self._secrets.pseudonym_key(subject))

    def redaction_key(self) -> bytes:
        """Return the key of the case's pseudonyms, for the nodes of a watch and for nobody else."""
        return self._secrets.redaction_key()

    def __repr__(self) -> str:
        return f"FileCaseKeys(case={self.case!r})"


class KeyFolder:
    """The folder of keys; made with mode 0700 when first written to.

    Parameters
    ----------
    path : Path
        Outside every case.
    secrets : callable
        Opens a case's secrets, or makes those of a new one (``None``): in this process, or by
        :class:`cautery.adapters.signer.SignerProcess` in one of their own.
    """

    def __init__(
        self, path: Path, secrets: Callable[[Path, str | None], Secrets] = CaseSecrets
    ) -> None:
        self._path = path
        self._open = secrets

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._path

    def create_case(self) -> FileCaseKeys:
        """Make the keys of a new case; its id comes from its public key.

        Raises
        ------
        StorageError
            If they cannot be written.
        InputError
            If the folder is open to others.
        """
        private_folder(self._path)
        return FileCaseKeys(self._open(self._path, None))

    def keep_to(self, regime: str) -> None:
        """Refuse a folder with keys of cases of another regime; from now on it is for this one.

        Raises
        ------
        InputError
            If it is for another one.
        """
        private_folder(self._path)
        mark = self._path / "regime"
        try:
            with mark.open("x", encoding="ascii") as file:
                file.write(f"{regime}\n")
        except FileExistsError:
            stands = mark.read_text(encoding="ascii", errors="replace").strip()
            if stands != regime:
                raise InputError(
                    f"{self._path}: this folder has keys of {stands[:40]} cases, and none of "
                    f"{regime} cases lies beside them",
                    hint="Name another folder of keys: --keys DIR, or CAUTERY_KEYS.",
                ) from None
        except OSError as error:
            raise StorageError(f"{mark}: {error.strerror}") from error

    def case(self, verifier: NoteVerifier) -> FileCaseKeys:
        """Return the keys of the case that ``verifier`` stands for.

        Raises
        ------
        InputError
            If they are not here, or others may read them.
        """
        case = case_id(verifier)
        if not (self._path / f"case-{case}.key").exists():
            raise InputError(
                f"the keys of case {case} are not in {self._path}",
                hint="Set CAUTERY_KEYS to the folder that was used when the case was begun.",
            )
        private_folder(self._path)
        keys = FileCaseKeys(self._open(self._path, case))
        if keys.verifier != verifier:
            raise EvidenceError(
                f"{self._path}: its key for case {case} is not the key of this case"
            )
        return keys


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return ``$CAUTERY_KEYS``, else ``$XDG_DATA_HOME/cautery/keys``, else below home."""
    if folder := environ.get("CAUTERY_KEYS"):
        return Path(folder)
    home = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "cautery" / "keys"


def case_id(verifier: NoteVerifier) -> str:
    """Return the id of the case whose key this is.

    Raises
    ------
    EvidenceError
        If the key's name is not that of a case, or does not come from the key.
    """
    case = verifier.name.removeprefix("cautery/case-")
    derived = hashlib.sha256(verifier.public).hexdigest()[:16]
    if not _CASE_ID.fullmatch(case) or case != derived:
        raise EvidenceError(f"{verifier.name}: not the key of a case")
    return case
