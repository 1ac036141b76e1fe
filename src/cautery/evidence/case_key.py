"""The key of a case, as the case states it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier


class _Store(Protocol):
    def read(self, path: Path, name: str, *, limit: int) -> bytes: ...


def case_verifier(store: _Store, path: Path) -> NoteVerifier:
    """Return the key that a case says is its own; only one from elsewhere proves whose it is.

    Parameters
    ----------
    store : CaseStore
        Where the case lies.

    Raises
    ------
    EvidenceError
        If it states none that can be read.
    """
    try:
        return NoteVerifier.parse(store.read(path, CASE_KEY, limit=MAX_NOTE_BYTES).decode())
    except (InputError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path / CASE_KEY}: {error}") from error
