"""The question to a co-signer and its answer (c2sp.org/tlog-witness, ``add-checkpoint``).

The rules stand here once: which state an answer needs, and which status it has. Who keeps the key
keeps the state, and writes it down before anybody sees the co-signature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cautery.errors import EvidenceError, InputError
from cautery.evidence.merkle import EMPTY_ROOT, verify_consistency
from cautery.evidence.note import (
    MAX_NOTE_BYTES,
    NoteVerifier,
    checkpoint_in,
    parse_note,
    verified_by,
)

MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 8192
MOST_PROOF_LINES = 63
"""C2SP tlog-witness allows no more; a tree of 2^63 leaves needs no more."""
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """What a log asks of a co-signer.

    Parameters
    ----------
    old : int
        Size of the checkpoint that the log believes was co-signed last.
    proof : tuple of bytes
        Consistency proof from there.
    note : str
        The new checkpoint.
    """

    old: int
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *(base64.b64encode(step).decode() for step in self.proof)]
        return ("\n".join(lines) + "\n\n" + self.note).encode()

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read the body of a request.

        Raises
        ------
        InputError
            If one byte is not as the specification has it.
        """
        if len(body) > MAX_REQUEST_BYTES:
            raise InputError(f"more than {MAX_REQUEST_BYTES} bytes")
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise InputError("not UTF-8") from error
        head, gap, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        match = _OLD.fullmatch(first)
        if not gap or match is None:
            raise InputError("it must begin with: old SIZE")
        if len(lines) > MOST_PROOF_LINES:
            raise InputError(f"more than {MOST_PROOF_LINES} lines of proof")
        try:
            proof = tuple(base64.b64decode(line.encode("ascii"), validate=True) for line in lines)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise InputError("a line of the proof is not base64") from error
        if any(len(step) != 32 for step in proof):
            raise InputError("a line of the proof is not a hash")
        return cls(old=int(match[1]), proof=proof, note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a co-signer answers.

    Parameters
    ----------
    status : int
        HTTP status: 200 to sign, else why not.
    body : str
        Of a refusal; with status 409 the size that was co-signed last.
    text : str
        With status 200, the checkpoint's text, which is co-signed.
    size : int
        Its size.
    root : bytes
        Its root.
    """

    status: int
    body: str = ""
    text: str = ""
    size: int = 0
    root: bytes = b""


State = tuple[int, bytes]
"""Size and root of what was co-signed last of a log; size 0: nothing was."""


def judge(
    body: bytes,
    *,
    logs: Mapping[str, Sequence[NoteVerifier]],
    state: Callable[[str], State],
) -> Judged:
    """Judge a request by the keys of the logs that are known and what was co-signed of them.

    Parameters
    ----------
    logs : mapping of str to sequence of NoteVerifier
        Keys by origin.
    state : callable
        Returns size and root of what was co-signed last, by origin.
    """
    try:
        request = AddCheckpoint.parse(body)
        text, signatures = parse_note(request.note.encode())
    except (InputError, EvidenceError) as error:
        return Judged(status=400, body=f"{error}\n")
    origin = text.partition("\n")[0]
    if origin not in logs:
        return Judged(status=404, body="this log is not known here\n")
    keys = logs[origin]
    if not any(verified_by(text, signature, key) for signature in signatures for key in keys):
        return Judged(status=403, body="no known key of this log has signed the checkpoint\n")
    try:
        checkpoint = checkpoint_in(text, note=request.note, origin=origin)
    except EvidenceError as error:
        return Judged(status=400, body=f"{error}\n")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return Judged(status=400, body="a log without leaves has another root\n")
    size, root = state(origin)
    # The order of the checks, and so the status, is that of c2sp.org/tlog-witness.
    if request.old > checkpoint.size:
        return Judged(status=400, body="the old size is larger than the checkpoint\n")
    if request.old != size or (size and checkpoint.size == size and checkpoint.root != root):
        return Judged(status=409, body=f"{size}\n")
    try:
        if size == 0:
            if request.proof:
                raise EvidenceError("a proof from size 0 must be empty")  # noqa: TRY301
        else:
            verify_consistency(
                earlier=size,
                earlier_root=root,
                later=checkpoint.size,
                later_root=checkpoint.root,
                proof=request.proof,
            )
    except EvidenceError as error:
        return Judged(status=422, body=f"{error}\n")
    return Judged(status=200, text=text, size=checkpoint.size, root=checkpoint.root)
