"""All that a ledger and a case have, so that a copy can be held against it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import EvidenceError
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.ports import CaseLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """All that a ledger has.

    Parameters
    ----------
    count : int
        Of its records.
    root : bytes
        Of all of them.
    checkpoints : str
        Digest of all of them, as they are filed.
    """

    count: int
    root: bytes
    checkpoints: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a copy of a case must be, by what somebody signed.

    Parameters
    ----------
    records : Records or None
        Of an open case; ``None``: of a closed one the ledger is a file.
    files : mapping of str to str
        SHA-256 of each file, hex.
    chain : str or None
        SHA-256 of the chain of custody; ``None``: there is none.
    """

    records: Records | None
    files: Mapping[str, str]
    chain: str | None


def records_of(ledger: CaseLedger, path: Path) -> Records:
    """Return all that a ledger has.

    Raises
    ------
    EvidenceError
        If a record is missing.
    """
    frontier, notes = Frontier(), hashlib.sha256()
    for index, _, leaf in ledger.leaves():
        if index != frontier.size:
            raise EvidenceError(f"{path}: record {frontier.size} is missing")
        frontier = frontier.extend([leaf_hash(leaf)])
    for filed in ledger.filed_checkpoints():
        notes.update(repr(filed).encode())
    return Records(count=frontier.size, root=frontier.root(), checkpoints=notes.hexdigest())
