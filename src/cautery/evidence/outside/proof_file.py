"""Proofs from outside as JSON: the newest of a log, and those of a closed case.

``manifest.proof`` lies beside the note of a closed case. It is not signed by the case, since it
comes after the closing: each part of it proves itself.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.canonical import canonical
from cautery.errors import EvidenceError
from cautery.evidence.leaf import MAX_LEAF_BYTES
from cautery.evidence.note import MAX_NOTE_BYTES
from cautery.evidence.outside.proof import ProofGiven, StampGiven
from cautery.json_text import values_in
from cautery.model.message import Message
from cautery.model.records import ProofMissing
from cautery.model.wire import to_json

PROOF = "manifest.proof"
MAX_PROOF_BYTES = 64 << 20
MOST_STAMPS = 16
"""Of one proof, and answers on revocation of one time-stamp."""
_MOST_VALUES = 100_000
"""Of a file: of each that does not fit, more than a kilobyte is written down. A thousand renewals
by four authorities have some 25,000."""
_TYPE = "cautery/outside-proofs/1"
_Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Stamp(_Shape):
    authority: Annotated[str, Field(max_length=2000)]
    nonce: Annotated[str, Field(pattern=r"^[0-9]{1,60}$")] | None
    answer: _Base64
    revocation: Annotated[list[_Base64], Field(max_length=MOST_STAMPS)] = []


class _Missing(_Shape):
    by: str
    why: Message


class _Proof(_Shape):
    log: Annotated[str, Field(max_length=1000)]
    index: Annotated[int, Field(ge=0)]
    leaf: Annotated[str, Field(max_length=MAX_LEAF_BYTES)]
    path: Annotated[list[_Base64], Field(max_length=64)]
    checkpoint: Annotated[str, Field(max_length=MAX_NOTE_BYTES)]
    stamps: Annotated[list[_Stamp], Field(max_length=MOST_STAMPS)] = []
    missing: Annotated[list[_Missing], Field(max_length=200)] = []


class _Renewal(_Shape):
    at: str
    stamps: Annotated[list[_Stamp], Field(min_length=1, max_length=MOST_STAMPS)]


class _File(_Shape):
    type: str
    proof: _Proof
    renewals: Annotated[list[_Renewal], Field(max_length=1000)] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """New time-stamps over everything before them in the file, made before the old ones age.

    Parameters
    ----------
    at : str
        When, RFC 3339; a claim of the machine that renewed.
    stamps : tuple of StampGiven
        Over :meth:`ProofFile.renewed_text`.
    """

    at: str
    stamps: tuple[StampGiven, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFile:
    """What ``manifest.proof`` holds.

    Parameters
    ----------
    proof : ProofGiven
        That the closed case stands in the log.
    missing : tuple of ProofMissing
        Who gave nothing.
    renewals : tuple of Renewal
        In the order in which they were made.
    """

    proof: ProofGiven
    missing: tuple[ProofMissing, ...] = ()
    renewals: tuple[Renewal, ...] = ()

    def renewed_text(self, count: int) -> bytes:
        """Return what renewal number ``count`` stamps: the proof and all renewals before it."""
        return canonical(_shown(self, self.renewals[:count]))

    def to_bytes(self) -> bytes:
        """Return the bytes of the file."""
        return canonical(_shown(self, self.renewals)) + b"\n"


def parse_proof_file(raw: bytes) -> ProofFile:
    """Read ``manifest.proof``, or the newest proof of a log.

    Raises
    ------
    EvidenceError
        If it does not have its form.
    """
    if len(raw) > MAX_PROOF_BYTES:
        raise EvidenceError(f"more than {MAX_PROOF_BYTES} bytes of proofs")
    if values_in(raw) > _MOST_VALUES:
        raise EvidenceError("not proofs from outside: it has too many values")
    try:
        shape = _File.model_validate_json(raw)
        if shape.type != _TYPE:
            raise EvidenceError(f"proofs of the unknown type {shape.type[:80]!r}")
        return ProofFile(
            proof=ProofGiven(
                log=shape.proof.log,
                index=shape.proof.index,
                leaf=shape.proof.leaf.encode(),
                path=tuple(map(_bytes, shape.proof.path)),
                checkpoint=shape.proof.checkpoint,
                stamps=_stamps(shape.proof.stamps),
            ),
            missing=tuple(
                ProofMissing(by=missing.by, why=missing.why) for missing in shape.proof.missing
            ),
            renewals=tuple(
                Renewal(at=renewal.at, stamps=_stamps(renewal.stamps)) for renewal in shape.renewals
            ),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise EvidenceError(f"not proofs from outside: {where}: {first['msg']}") from error
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(f"not proofs from outside: {error}") from error


def _stamps(shapes: Sequence[_Stamp]) -> tuple[StampGiven, ...]:
    return tuple(
        StampGiven(
            authority=stamp.authority,
            answer=_bytes(stamp.answer),
            nonce=None if stamp.nonce is None else int(stamp.nonce),
            revocation=tuple(map(_bytes, stamp.revocation)),
        )
        for stamp in shapes
    )


def _shown(file: ProofFile, renewals: Sequence[Renewal]) -> dict[str, object]:
    proof = file.proof
    return {
        "type": _TYPE,
        "proof": {
            "log": proof.log,
            "index": proof.index,
            "leaf": proof.leaf.decode(),
            "path": [_text(step) for step in proof.path],
            "checkpoint": proof.checkpoint,
            "stamps": [_stamp(stamp) for stamp in proof.stamps],
            "missing": [to_json(missing) for missing in file.missing],
        },
        "renewals": [
            {"at": renewal.at, "stamps": [_stamp(stamp) for stamp in renewal.stamps]}
            for renewal in renewals
        ],
    }


def _stamp(stamp: StampGiven) -> dict[str, object]:
    return {
        "authority": stamp.authority,
        # As text: a nonce has 64 bits, and numbers of JSON are exact to 53 (RFC 7493, 2.2).
        "nonce": None if stamp.nonce is None else str(stamp.nonce),
        "answer": _text(stamp.answer),
        "revocation": [_text(answer) for answer in stamp.revocation],
    }


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
