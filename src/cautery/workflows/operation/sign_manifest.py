"""The manifest of a register: every exhibit in one line, and a note that signs its digest."""

from __future__ import annotations

import rfc8785

from cautery.errors import EvidenceError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.evidence.signing import REGISTER, REGISTER_TITLE
from cautery.json_text import parsed_json
from cautery.model import digest_of
from cautery.operation.totals import compare_manifest, manifest_of
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_book import register_of

MAX_MANIFEST_BYTES = 64 << 20
"""Some 100,000 exhibits."""


def register_manifest(desk: Desk) -> bytes:
    """Return the manifest: one line of RFC 8785 JSON, then a note that signs its digest.

    Raises
    ------
    EvidenceError
        If the register's accounts do not agree.
    InputError
        If the case is only read: then nobody can sign.
    """
    register = register_of(desk)
    listed = rfc8785.dumps(
        manifest_of(register) | {"operation": desk.operation.id, "desk": desk.agency.id}
    )
    note = desk.sign(
        f"{REGISTER_TITLE}\ncase {desk.case.id}\nexhibits {len(register)}\n"
        f"manifest {digest_of(listed)}\n"
    )
    return listed + b"\n" + note.encode()


def check_manifest(desk: Desk, raw: bytes, *, key: NoteVerifier | None = None) -> int:
    """Check a manifest's signature and compare it with the register; return its exhibits.

    Parameters
    ----------
    key : NoteVerifier, optional
        Had from elsewhere than the case; without it, the case's own.

    Raises
    ------
    EvidenceError
        Naming what is not the register's.
    """
    if len(raw) > MAX_MANIFEST_BYTES:
        raise EvidenceError(f"the manifest is larger than {MAX_MANIFEST_BYTES} bytes")
    listed, _, note = raw.partition(b"\n")
    verifier = key or _case_key(desk)
    match = REGISTER.fullmatch(open_note(note, verifier))
    if match is None:
        raise EvidenceError("the note does not sign the manifest of a register")
    if digest_of(listed) != match[3]:
        raise EvidenceError("the manifest differs from the one that was signed")
    try:
        stated = parsed_json(listed)
    except ValueError as error:
        raise EvidenceError(f"the manifest is not valid JSON: {error}") from error
    whose = {"operation": desk.operation.id, "desk": desk.agency.id}
    if not isinstance(stated, dict) or {name: stated.pop(name, None) for name in whose} != whose:
        raise EvidenceError("the manifest belongs to another operation or desk")
    register = register_of(desk)
    compare_manifest(stated, register)
    return len(register)


def _case_key(desk: Desk) -> NoteVerifier:
    if desk.case.keys is not None:
        return desk.case.verifier
    return NoteVerifier.parse(desk.opening.key)
