"""The secrets of a case in a process of their own, and how it is asked.

Reaches: one child process of this one, which reaches the folder of keys (ADR 0027).
Lawful basis: GDPR art. 32: whoever takes over the process that reads hostile bytes finds no key.
Manners: it is started when a case's keys are first needed, and ends with who started it.
Format: see :mod:`cautery.adapters._signer_talk`.

What it hands out, and what it keeps: docs/adr/0027-a-signer-process.md.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cryptography
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery import errors
from cautery.adapters._files import real_path
from cautery.adapters._signer_child import TIME
from cautery.adapters._signer_talk import framed, receive
from cautery.errors import CauteryError, EvidenceError, SignerError, TokenError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.evidence.restoring import Signatures

_ROOTS = (
    str(Path(__file__).resolve().parents[2]),
    str(Path(cryptography.__file__).resolve().parents[1]),
)
_RUN = (
    "import sys;sys.path[:0]=sys.argv[1:3];"
    "from cautery.adapters._signer_child import main;main(int(sys.argv[3]),*sys.argv[4:])"
)
_PATIENCE_S = 60.0
"""For one answer: some milliseconds of work, on a machine and a disk that others use too."""
_KNOWN_ERRORS = {
    name: getattr(errors, name)
    for name in (
        "InputError", "StorageError", "EvidenceError", "ErasedError", "ConfinementError",
        "TokenError",
    )
}  # fmt: skip

_Child: TypeAlias = tuple["subprocess.Popen[bytes]", socket.socket, "weakref.finalize[Any, Any]"]
"""A process, our end of the line to it, and what ends both."""


class SignerProcess:
    """The secrets of one case, asked of a process, as those in this one are (``Secrets``).

    When the process dies it is started again: what it must not forget lies on the disk.

    Parameters
    ----------
    folder : Path
        Of keys.
    case : str or None
        Whose; ``None`` makes those of a new case. ``log:ORIGIN``, ``lists:ORIGIN`` and
        ``cosigner:`` name the key of a log, of an organisation's lists or of a co-signer; with
        ``new-`` before it, one is made. ``token-trial:`` makes one in a token, to try that.

    Raises
    ------
    InputError, EvidenceError, StorageError
        As :class:`~cautery.adapters._case_secrets.CaseSecrets`.
    SignerError
        If it does not start.
    """

    def __init__(self, folder: Path, case: str | None = None) -> None:
        self._folder = real_path(folder)
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._owner = os.getpid()
        self.case = case or ""
        self.name = self.key = ""
        self._begin()
        self._verifier = NoteVerifier.parse(self.key)

    def __repr__(self) -> str:
        return f"SignerProcess(case={self.case!r})"

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def close(self) -> None:
        """End the process; a later question starts another."""
        self._finalizer()

    def last(self) -> tuple[int, bytes, float, str] | None:
        """Return the last root that was signed, when, and the manifest; ``None``: nobody knows."""
        parts = self._ask(b"last", answers=(0, 4))
        if not parts:
            return None
        try:
            (at,) = TIME.unpack(parts[2])
            return int(parts[0]), parts[1], float(at), parts[3].decode()
        except (ValueError, TypeError) as error:
            raise self._nonsense() from error

    def sign(self, text: str, proof: Sequence[bytes]) -> str:
        """Return a text as a signed note; it is checked before anybody relies on it.

        Raises
        ------
        SignerError
            If what comes back is not this text, signed by the case's key.
        """
        [note] = self._ask(b"sign", text.encode(), *proof, answers=(1,))
        try:
            if open_note(note, self._verifier) == text:
                return note.decode()
        except EvidenceError as error:
            raise self._nonsense() from error
        raise self._nonsense()

    def last_list(self, name: str) -> tuple[int, str, str] | None:
        """Return number, digest and date of the last version of a list that was signed."""
        parts = self._ask(b"last list", name.encode(), answers=(0, 3))
        try:
            return (int(parts[0]), parts[1].decode(), parts[2].decode()) if parts else None
        except ValueError as error:
            raise self._nonsense() from error

    def sign_list(self, text: str) -> bytes:
        """Return the signature over a version of a block list.

        Raises
        ------
        SignerError
            If what comes back is not a signature by the case's key over this text.
        """
        [signature] = self._ask(b"sign list", text.encode(), answers=(1,))
        try:
            Ed25519PublicKey.from_public_bytes(self._verifier.public).verify(
                signature, text.encode()
            )
        except InvalidSignature as error:
            raise self._nonsense() from error
        return signature

    def take_list(self, text: str, signature: bytes) -> None:
        """Take up a version of a list that this key signed on another machine."""
        self._ask(b"take list", text.encode(), signature, answers=(0,))

    def cosign(self, body: bytes) -> tuple[int, str]:
        """Return a co-signer's answer to a request: HTTP status, and a signature line or why not.

        Raises
        ------
        StorageError
            If what was co-signed cannot be written down; then nothing is signed.
        """
        status, text = self._ask(b"cosign", body, answers=(2,))
        try:
            return int(status), text.decode()
        except ValueError as error:
            raise self._nonsense() from error

    def trust(self, key: str) -> None:
        """Let a co-signer co-sign a log from now on, by the log's verifier key."""
        self._ask(b"trust", key.encode(), answers=(0,))

    def go_back(
        self,
        text: str,
        signatures: Signatures,
        checkpoint: str,
        opened: bytes,
        proof: Sequence[bytes],
    ) -> None:
        """Take an earlier root for the last one, as two people signed."""
        people = [part.encode() for signature in signatures for part in signature]
        count = str(len(signatures)).encode()
        message = (b"go back", text.encode(), checkpoint.encode(), opened, count, *people, *proof)
        self._ask(*message, answers=(0,))

    def hashes(self, values: Sequence[bytes]) -> list[bytes]:
        """Return the HMAC-SHA-256 of each value, of a case under the redaction key."""
        return self._ask(b"hashes", *values, answers=(len(values),))

    def pseudonym_key(self, subject: str) -> bytes:
        """Return the key of the pseudonyms of a subject's people."""
        return self._ask(b"pseudonym key", subject.encode(), answers=(1,))[0]

    def subject_key(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none."""
        key_id, key = self._ask(b"subject key", subject.encode(), answers=(2,))
        return key_id, key

    def redaction_key(self) -> bytes:
        """Return the key under which credentials are hashed, for the nodes of a watch."""
        return self._ask(b"redaction key", answers=(1,))[0]

    def adopt_subject_key(self, subject: str, key_id: bytes, key: bytes) -> None:
        """Keep a key that a node made for a source."""
        self._ask(b"adopt subject key", subject.encode(), key_id, key, answers=(0,))

    def find_subject_key(self, subject: str, key_id: bytes) -> bytes:
        """Return one key of a subject."""
        return self._ask(b"find subject key", subject.encode(), key_id, answers=(1,))[0]

    def destroy_subject(self, subject: str) -> int:
        """Destroy every key of a subject; return how many there were."""
        [count] = self._ask(b"destroy subject", subject.encode(), answers=(1,))
        return int(count)

    def _begin(self) -> None:
        """Start the process; whoever asks later asks it."""
        self._process, self._socket, self._finalizer = self._another()

    def _another(self) -> _Child:
        """Start a process, and hear whose keys it has."""
        our_end, child_end = socket.socketpair()
        our_end.settimeout(_PATIENCE_S)
        try:
            process = _started(child_end.fileno(), self._folder, self.case)
        except OSError as error:
            our_end.close()
            raise SignerError(f"the signer did not start: {error.strerror}") from error
        finally:
            child_end.close()
        finalizer = weakref.finalize(self, _end, process, our_end, os.getpid())
        try:
            answer = _heard(our_end, 3)
        except (EOFError, OSError, ValueError) as error:
            finalizer()
            raise SignerError("the signer did not start") from error
        except CauteryError:
            finalizer()
            raise
        case, name, key = (part.decode("utf-8", "replace") for part in answer)
        # Started again, it must hold the same key: somebody may have exchanged the folder
        # meanwhile.
        if self.key and key != self.key:
            finalizer()
            raise SignerError("the signer restarted with another key; nothing was signed")
        self.case, self.name, self.key = case, name, key
        return process, our_end, finalizer

    def _ask(self, *parts: bytes, answers: tuple[int, ...]) -> list[bytes]:
        """Ask once, and once more if the process has died meanwhile, or its token was away.

        It does each thing whole or not at all, and a checkpoint that it signed for nobody is
        signed again. A token that is back needs a new session, and a closed process opens none.
        """
        # Two processes on one socket would read each other's answers.
        if os.getpid() != self._owner:
            raise SignerError(
                "the signer answers only the process that started it, not a fork of it",
                hint="Open the case again in this process.",
            )
        try:
            return self._answered(parts, answers)
        except TokenError:
            self._renew()
        return self._answered(parts, answers)

    def _answered(self, parts: tuple[bytes, ...], answers: tuple[int, ...]) -> list[bytes]:
        with self._lock:
            for is_retry in (False, True):
                if not self._finalizer.alive:
                    self._begin()
                try:
                    self._socket.sendall(framed(parts))
                    return _heard(self._socket, *answers)
                except (EOFError, ConnectionError) as error:
                    self.close()
                    if is_retry:
                        raise SignerError("the signer crashed twice on the same request") from error
                # The socket may hold the rest of an answer: what is asked next needs a new one.
                except (ValueError, OSError) as error:
                    self.close()
                    raise self._nonsense() from error
        raise AssertionError("unreachable")

    def _renew(self) -> None:
        """Put another process in the place of this one, which answers all else meanwhile.

        To load the maker's library and log in takes tenths of a second, and a watch's event loop
        asks for pseudonyms.
        """
        with self._renewing:
            another = self._another()
            with self._lock:
                former = self._finalizer
                self._process, self._socket, self._finalizer = another
            former()

    def _nonsense(self) -> SignerError:
        return SignerError(
            f"the signer of case {self.case} gave an answer that is not valid; nothing is signed"
        )


def _heard(line: socket.socket, *counts: int) -> list[bytes]:
    message_parts = receive(line.recv)
    match message_parts:
        case [b"ok", *answer] if len(answer) in counts:
            return answer
        case [b"no", name, message, *hint] if len(hint) <= 1:
            kind = _KNOWN_ERRORS.get(name.decode("ascii", "replace"), SignerError)
            texts = [part.decode("utf-8", "replace") for part in (message, *hint)]
            raise kind(texts[0], hint=texts[1] if len(texts) > 1 else None)
    raise ValueError("not an answer to the request")


def _started(descriptor: int, folder: Path, case: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - ourselves
        [
            # Without ``site`` it starts sooner; ``_ROOTS`` are the two folders it imports from.
            *(sys.executable, "-I", "-S", "-c", _RUN, *_ROOTS),
            *(str(descriptor), str(folder), case, _unconfined()),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        cwd="/",
        # Should an import lead to numpy, it must start no threads: a process that has some cannot
        # be confined.
        env={"OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _unconfined() -> str:
    """Return whether a machine without seccomp is to be used as it is."""
    return os.environ.get("CAUTERY_ALLOW_UNCONFINED", "")


def _end(process: subprocess.Popen[bytes], sock: socket.socket, owner: int) -> None:
    # A fork inherits this finalizer: it closes its own copy of the socket and must neither wait for
    # a process that is not its child nor end it.
    sock.close()
    if os.getpid() != owner:
        return
    try:
        process.wait(2.0)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2.0)
