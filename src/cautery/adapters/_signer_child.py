"""The signer process: it holds the secrets of one case, log or co-signer while its parent lives.

Reaches: the folder of keys, nothing else. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: see :mod:`cautery.adapters._signer_talk`.

It is closed in (:mod:`cautery.adapters._confine`): it reaches the folder of keys and its one line,
no network and no other process; and nobody reads its memory, by ptrace(2), /proc or a core. Where
its key is in a token, the maker's library is loaded and logged in before that, and goes on with the
folders that the settings name and with the sockets that it has opened (ADR 0078).
"""

from __future__ import annotations

import os
import signal
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cautery.adapters._case_secrets import CaseSecrets
from cautery.adapters._confine import confine
from cautery.adapters._list_secrets import LISTS, NEW_LISTS, ListSecrets
from cautery.adapters._log_secrets import LOG, NEW_LOG, LogSecrets
from cautery.adapters._signer_talk import framed, receive
from cautery.adapters._token_keys import held_descriptors, reached
from cautery.adapters._token_trial import TRIAL, TokenTrial
from cautery.errors import CauteryError, StorageError

if TYPE_CHECKING:
    from cautery.adapters._cosigner_secrets import CosignerSecrets

    _Secrets = CaseSecrets | LogSecrets | ListSecrets | TokenTrial | CosignerSecrets

COSIGNER, NEW_COSIGNER = "cosigner:", "new-cosigner:"
"""Begin what the process is asked to hold: the key of a co-signer, or of a new one."""
TIME = struct.Struct(">d")
_LINE = 3
"""The first number after the standard streams."""
_MEMORY_MB = 512
"""A batch of the largest size, some times over."""


def main(descriptor: int, folder: str, case: str, unconfined: str) -> NoReturn:
    """Open or make (no case named) the secrets of a case, and answer requests to them.

    A ``case`` that begins with ``log:`` or ``cosigner:`` names another holder of a key.
    """
    # A terminal's Ctrl-C is for the one who asks; we end when nobody can ask any more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The line takes a fixed low number: ``confine`` closes all descriptors above it.
    os.dup2(descriptor, _LINE)
    if descriptor != _LINE:
        os.close(descriptor)
    try:
        secrets = _opened(Path(folder), case)
        secrets.rehearse()
        descriptors = held_descriptors()
        confine(
            memory_mb=_MEMORY_MB,
            keep=1 + max({_LINE} | descriptors),
            writable=(Path(folder), *reached()),
            with_sockets=bool(descriptors),
            niceness=0,
            without_seccomp=bool(unconfined),
        )
        if isinstance(secrets, TokenTrial):
            secrets.conclude()
    except CauteryError as error:
        _say(_refusal(error))
        os._exit(1)
    _say([b"ok", secrets.case.encode(), secrets.name.encode(), secrets.key.encode()])
    while True:
        try:
            message = receive(lambda size: os.read(_LINE, size))
        except (EOFError, ValueError, OSError):
            os._exit(0)
        _say(answer(secrets, message))


def _opened(folder: Path, case: str) -> _Secrets:
    for prefix, new in ((LOG, False), (NEW_LOG, True)):
        if case.startswith(prefix):
            return LogSecrets(folder, case.removeprefix(prefix), new=new)
    for prefix, new in ((LISTS, False), (NEW_LISTS, True)):
        if case.startswith(prefix):
            return ListSecrets(folder, case.removeprefix(prefix), new=new)
    if case == TRIAL:
        return TokenTrial(folder)
    for prefix, new in ((COSIGNER, False), (NEW_COSIGNER, True)):
        if case.startswith(prefix):
            # No case's signer needs its imports.
            from cautery.adapters._cosigner_secrets import CosignerSecrets  # noqa: PLC0415

            return CosignerSecrets(folder, case.removeprefix(prefix), new=new)
    return CaseSecrets(folder, case or None)


def _say(parts: list[bytes]) -> None:
    left = memoryview(framed(parts))
    while left:
        left = left[os.write(_LINE, left) :]


def answer(secrets: _Secrets, request: list[bytes]) -> list[bytes]:
    """Return the answer to one message: ``ok`` and what was asked for, or ``no`` and why."""
    try:
        if isinstance(secrets, CaseSecrets):
            return [b"ok", *_answered(secrets, request)]
        if isinstance(secrets, LogSecrets):
            return [b"ok", *_logged(secrets, request)]
        if isinstance(secrets, ListSecrets):
            return [b"ok", *_listed(secrets, request)]
        if isinstance(secrets, TokenTrial):
            return [b"no", b"SignerError", b"a trial of a token answers nothing"]
        return [b"ok", *_cosigned(secrets, request)]
    except CauteryError as error:
        return _refusal(error)
    except OSError as error:
        return _refusal(StorageError(f"{error.filename}: {error.strerror}"))
    except (ValueError, IndexError):  # what they quote may be a secret
        return [b"no", b"SignerError", b"the signer was asked for something that it does not know"]


def _cosigned(secrets: CosignerSecrets, message: list[bytes]) -> list[bytes]:
    match message:
        case [b"cosign", body]:
            judged = secrets.cosign(body)
            return [str(judged.status).encode(), judged.body.encode()]
        case [b"trust", key]:
            secrets.trust(key.decode())
            return []
    raise ValueError("unknown request")


def _logged(secrets: LogSecrets, message: list[bytes]) -> list[bytes]:
    match message:
        case [b"sign", text, *proof]:
            return [secrets.sign(text.decode(), proof).encode()]
        case [b"hashes", *values]:
            return secrets.hashes(values)
        case [b"last"]:
            size, root, at, closed = secrets.last()
            return [str(size).encode(), root, TIME.pack(at), closed.encode()]
    raise ValueError("unknown request")


def _listed(secrets: CaseSecrets | ListSecrets, message: list[bytes]) -> list[bytes]:
    match message:
        case [b"sign list", text]:
            return [secrets.sign_list(text.decode())]
        case [b"last list", name]:
            head = secrets.last_list(name.decode())
            return [] if head is None else [str(part).encode() for part in head]
    raise ValueError("unknown request")


def _answered(secrets: CaseSecrets, message: list[bytes]) -> list[bytes]:
    match message:
        case [b"hashes", *values]:
            return secrets.hashes(values)
        case [b"sign", text, *proof]:
            return [secrets.sign(text.decode(), proof).encode()]
        case [b"last"]:
            last = secrets.last()
            if last is None:
                return []
            size, root, at, closed = last
            return [str(size).encode(), root, TIME.pack(at), closed.encode()]
        case [b"go back", text, checkpoint, opened, count, *rest]:
            people = [part.decode() for part in rest[: int(count) * 3]]
            proof = rest[int(count) * 3 :]
            signed = list(zip(people[::3], people[1::3], people[2::3], strict=True))
            secrets.go_back(text.decode(), signed, checkpoint.decode(), opened, proof)
            return []
        case [b"take list", text, signature]:
            secrets.take_list(text.decode(), signature)
            return []
        case [b"subject key", subject]:
            return list(secrets.subject_key(subject.decode()))
        case [b"redaction key"]:
            return [secrets.redaction_key()]
        case [b"adopt subject key", subject, key_id, key]:
            secrets.adopt_subject_key(subject.decode(), key_id, key)
            return []
        case [b"find subject key", subject, key_id]:
            return [secrets.find_subject_key(subject.decode(), key_id)]
        case [b"destroy subject", subject]:
            return [str(secrets.destroy_subject(subject.decode())).encode()]
        case [b"pseudonym key", subject]:
            return [secrets.pseudonym_key(subject.decode())]
    return _listed(secrets, message)


def _refusal(error: CauteryError) -> list[bytes]:
    return [b"no", type(error).__name__.encode(), str(error).encode(), error.hint.encode()]
