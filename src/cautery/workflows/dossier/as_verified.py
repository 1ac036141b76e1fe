"""A closed case, verified, and read from then on as it was verified.

A dossier is made by reading its case many times, and a person signs it. Whoever can write to the
case's folder must not exchange a file between the check and these readings.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cautery.errors import EvidenceError
from cautery.evidence.manifest import (
    LEDGER,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    NOTE,
    open_manifest,
    parse_sums,
)
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier
from cautery.evidence.ports import CaseStore, Still
from cautery.model.evidence import digest_of
from cautery.workflows.case.verify import Verified, verify_case


@contextmanager
def as_verified(
    case: Path, *, store: CaseStore, still: Still, now: datetime
) -> Iterator[tuple[Verified, CaseStore]]:
    """Verify a closed case; lend what was verified, and a store that reads just that.

    Raises
    ------
    EvidenceError
        If the case is not as it was signed, or changes meanwhile.
    InputError
        If it is not closed.
    """
    verified = verify_case(case, store=store, now=now)
    note = store.read(case, NOTE, limit=MAX_NOTE_BYTES)
    listed = store.read(case, MANIFEST, limit=MAX_MANIFEST_BYTES)
    manifest = open_manifest(note, NoteVerifier.parse(verified.signer))
    if (manifest.root.hex(), manifest.digest) != (verified.root, digest_of(listed)):
        raise EvidenceError(f"{case}: it changed since it was verified")
    held = {NOTE: note, MANIFEST: listed}
    with still(case, ledger=parse_sums(listed).get(LEDGER, ""), held=held) as seen:
        yield verified, seen
