"""A closed case as it was verified, while something is made of it.

Reaches: the case's folder, which is only read, and a private copy of its ledger beside the folder
of temporary files.
Lawful basis: the mandate's.
Manners: the copy is for its owner alone, and goes at the end.
Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cautery.adapters._files import regular
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.manifest import LEDGER
from cautery.evidence.ports import CaseStore

_CHUNK_BYTES = 1 << 20


class StillStore(FolderStore):
    """Reads one case as it was verified, whoever exchanges its files meanwhile.

    Parameters
    ----------
    case : Path
        The case.
    ledger : Path
        The copy of its ledger.
    held : mapping of str to bytes
        By name, files that were verified.
    """

    def __init__(self, case: Path, *, ledger: Path, held: Mapping[str, bytes]) -> None:
        super().__init__()
        self._case, self._ledger, self._held = case, ledger, held

    def ledger(self, path: Path, *, read_only: bool) -> SqlLedger:
        """Open the copy of the ledger."""
        if path != self._case or not read_only:
            raise ValueError(f"{path}: another case, or one to write to")
        return SqlLedger.at(self._ledger, read_only=True, immutable=True)

    def read(self, path: Path, name: str, *, limit: int) -> bytes:
        """Read a small file, as it was verified if it was."""
        files = self._held.get(name) if path == self._case else None
        return super().read(path, name, limit=limit) if files is None else files


@contextlib.contextmanager
def still(case: Path, *, ledger: str, held: Mapping[str, bytes]) -> Iterator[CaseStore]:
    """Lend a store that reads a closed case as it was verified.

    Parameters
    ----------
    ledger : str
        SHA-256 of the ledger's file, as the case's manifest has it.
    held : mapping of str to bytes
        By name, files that were verified.

    Raises
    ------
    EvidenceError
        If the ledger is not these bytes any more.
    StorageError
        If it cannot be copied.
    """
    with tempfile.TemporaryDirectory(prefix="cautery-still-") as folder:
        copy, digest = Path(folder) / LEDGER, hashlib.sha256()
        try:
            with regular(case / LEDGER) as handle, copy.open("xb") as target:
                while chunk := os.read(handle, _CHUNK_BYTES):
                    digest.update(chunk)
                    target.write(chunk)
        except OSError as error:
            raise StorageError(f"{copy}: {error.strerror}") from error
        if digest.hexdigest() != ledger:
            raise EvidenceError(f"{case / LEDGER}: it changed since it was verified")
        yield StillStore(case, ledger=copy, held=held)
