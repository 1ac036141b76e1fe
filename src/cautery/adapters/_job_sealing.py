"""What nodes and drivers tell each other, sealed: who has the database alone reads and forges none.

Reaches: nothing. Lawful basis and manners: those of :mod:`cautery.adapters.job_queue`.
Format: docs/reference/server-format.md; NIST SP 800-38D; RFC 5869.
"""

from __future__ import annotations

import json
import os
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cautery import errors
from cautery.adapters._key_files import KEY_BYTES
from cautery.errors import (
    CauteryError,
    EvidenceError,
    InputError,
    LimitError,
    SignerError,
    StorageError,
    WorkerError,
)
from cautery.json_text import parsed_json
from cautery.model.evidence import Json
from cautery.model.ports.jobs import JobAnswer
from cautery.projections.presence import node_name

MOST_BYTES = {"question": 1 << 20, "answer": 16 << 20, "night": 128 << 20}
"""Most bytes of what is sealed."""
MOST_KEY = 512
"""Most letters of the key of a job."""
TRIES = 5
"""A job of which so many nodes died is not tried again: it may be its own doing. Three deaths are
chance where a node dies every other second: 8 of 3,511 jobs (`bench/scale/kills.py`)."""
_MOST_MESSAGE, _MOST_HINT = 2_000, 500
"""Letters of an error."""
_NONCE_BYTES = 12
_DOMAIN = b"cautery jobs 1\n"


class NightKey:
    """The key of one night, which the nodes' key gives for a case and an epoch.

    So a nonce drawn at random does not come twice: what one key seals is one night's.

    Parameters
    ----------
    nodes_key : bytes
        The 32 bytes that the driver and the nodes of an organisation share.

    Raises
    ------
    InputError
        If they are not 32.
    """

    def __init__(self, nodes_key: bytes, case: str, epoch: int) -> None:
        if len(nodes_key) != KEY_BYTES:
            raise InputError(f"the nodes' key must have {KEY_BYTES} bytes, not {len(nodes_key)}")
        info = _DOMAIN + json.dumps([case, epoch]).encode()
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(nodes_key)
        self._cipher = AESGCM(derived)
        self.case, self.epoch = case, epoch

    def seal(self, what: str, kind: str, key: str, content: Json) -> bytes:
        """Return content of which nobody without the key can read or change a byte.

        Parameters
        ----------
        what : {"question", "answer", "night"}

        Raises
        ------
        InputError
            If it is no JSON, or too long.
        """
        try:
            text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            clear = text.encode()
        except (TypeError, ValueError) as error:
            raise InputError(f"the {what} of the job {key} is no JSON: {error}"[:500]) from error
        if len(clear) > MOST_BYTES[what]:
            raise InputError(
                f"the {what} of the job {key} has {len(clear)} bytes; at most {MOST_BYTES[what]}"
                " travel by the queue",
                hint="Seal what is large into the vault, and name it by its digest.",
            )
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, self._about(what, kind, key))

    def open(self, what: str, kind: str, key: str, sealed: bytes) -> Json:
        """Return what was sealed as this, for this job of this night.

        Raises
        ------
        EvidenceError
            If it was not.
        """
        if len(sealed) > MOST_BYTES[what] + 64:
            raise EvidenceError(f"the {what} of the job {key} is longer than any that is sealed")
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            clear = self._cipher.decrypt(nonce, rest, self._about(what, kind, key))
            content = parsed_json(clear)
        except (InvalidTag, ValueError) as error:
            raise EvidenceError(
                f"the {what} of the job {key} was not sealed with this nodes' key for this job",
                hint="Either a machine has another nodes' key, or somebody changed the database.",
            ) from error
        if not isinstance(content, dict):
            raise EvidenceError(f"the {what} of the job {key} is no JSON object")
        return content

    def _about(self, what: str, kind: str, key: str) -> bytes:
        return _DOMAIN + json.dumps([what, self.case, self.epoch, kind, key]).encode()


def answered(node: str, at: datetime, content: Json) -> Json:
    """Return the answer of a node, as it is sealed."""
    return {"node": node, "at": at.isoformat(), "content": dict(content)}


def failed(node: str, at: datetime, error: Exception) -> Json:
    """Return what a node says of a job that raised an error, as it is sealed."""
    if isinstance(error, CauteryError):
        kind, message, hint = type(error).__name__, str(error), error.hint
    else:
        kind, hint = "WorkerError", "Tell the developers: it is a fault of Cautery."
        message = f"the node {node} failed: {type(error).__name__}: {error}"
    told = {"kind": kind, "message": message[:_MOST_MESSAGE], "hint": hint[:_MOST_HINT]}
    return {"node": node, "at": at.isoformat(), "error": told}


def answer_of(said: Json) -> JobAnswer | CauteryError:
    """Return what :func:`answered` or :func:`failed` says.

    Raises
    ------
    EvidenceError
        If it is neither.
    """
    try:
        node = node_name(said["node"])
        if "error" in said:
            return _error(node, **said["error"])
        at = datetime.fromisoformat(said["at"])
        content = said["content"]
        if at.tzinfo is not None and isinstance(content, dict):
            return JobAnswer(node=node, at=at, content=content)
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise EvidenceError(f"the answer of a node cannot be read: {error!r}"[:300]) from error
    raise EvidenceError("the answer of a node cannot be read: a time or a content is none")


def late(kind: str, key: str, within_s: float) -> LimitError:
    """Return what is said of a job that nobody answered in time."""
    return LimitError(
        f"no node answered the job {key} ({kind}) within {within_s:g} s",
        hint="See which nodes there are, and what they have to do: cautery node list",
    )


def deadly(key: str) -> WorkerError:
    """Return what is said of a job of which nodes died."""
    return WorkerError(f"{TRIES} nodes died while they did the job {key}; it is not tried again")


def _error(node: str, *, kind: str, message: str, hint: str) -> CauteryError:
    """Return an error of a node; what it says of its own disk or keys is not said of ours."""
    message, hint = str(message)[:_MOST_MESSAGE], str(hint)[:_MOST_HINT]
    found = getattr(errors, kind, CauteryError)
    is_plain = isinstance(found, type) and issubclass(found, CauteryError)
    if not is_plain or found.__init__ is not CauteryError.__init__:
        found = CauteryError
    if issubclass(found, StorageError | SignerError):  # ours would end the watch
        return WorkerError(f"the node {node} failed: {message}", hint=hint)
    return found(message, hint=hint)
