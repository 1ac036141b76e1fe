"""Opened copies of encrypted exhibits, for a court that is to read them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery.cells import table_of
from cautery.errors import ErasedError, InputError
from cautery.evidence.manifest import VAULT
from cautery.evidence.ports import CaseStore
from cautery.workflows.dossier.encrypted import encrypted_of

ALL_KINDS = "*"
LIST = "opened.csv"
MOST_BYTES = 256 << 20
"""Of clear bytes in one dossier: they are held in memory until the bag is written."""
_COLUMNS = ("encrypted_sha256", "what", "clear_sha256", "bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Opened copies, and the list of them.

    Parameters
    ----------
    files : mapping of str to bytes
        By name in the payload: each copy, under the SHA-256 of its clear bytes, and the list.
    exhibits : int
        How many exhibits were opened.
    lost : int
        How many cannot be opened any more, because their key was destroyed; the list names them.
    kinds : tuple of str
        What kinds of exhibits these are.
    """

    files: Mapping[str, bytes]
    exhibits: int
    lost: int
    kinds: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the list, which has that of each copy."""
        return "sha256:" + hashlib.sha256(self.files[LIST]).hexdigest()


def opened_copies(
    case: Path, kinds: Collection[str], *, store: CaseStore, most_bytes: int = MOST_BYTES
) -> Opened:
    """Open encrypted exhibits of some kinds with the case's keys.

    Parameters
    ----------
    kinds : collection of str
        As ``cautery exhibit`` lists them; ``*``: all.
    store : CaseStore
        With the case's keys.

    Raises
    ------
    InputError
        If the keys are not here, a kind has no encrypted exhibit, or the copies are too large.
    EvidenceError
        If an exhibit is altered.
    """
    encrypted = encrypted_of(case, None, store=store).exhibits
    encrypted_kinds = {sealed.what for sealed in encrypted}
    if missing := sorted(set(kinds) - encrypted_kinds - {ALL_KINDS}):
        raise InputError(
            f"no encrypted exhibit is of the kind {missing[0]!r}",
            hint=f"Encrypted are: {', '.join(sorted(encrypted_kinds)) or 'none'}.",
        )
    exhibits = [sealed for sealed in encrypted if ALL_KINDS in kinds or sealed.what in kinds]
    if sum(sealed.size for sealed in exhibits) > most_bytes:
        raise InputError(
            f"the exhibits to open have more than {most_bytes >> 20} MiB",
            hint="Name fewer kinds with --open, and open the others with cautery exhibit.",
        )
    vault = store.vault(case, store.keys(case))
    files: dict[str, bytes] = {}
    lines: list[tuple[str, ...]] = [_COLUMNS]
    missing_copies = 0
    for sealed in exhibits:
        assert sealed.subject is not None
        digest = size = ""
        try:
            clear = vault.open(sealed.id, subject=sealed.subject)
        except ErasedError:
            missing_copies += 1
        else:
            digest, size = hashlib.sha256(clear).hexdigest(), str(len(clear))
            files[f"opened/{VAULT}/{digest[:2]}/{digest}"] = clear
        lines.append((sealed.id.removeprefix("sha256:"), sealed.what, digest, size))
    files[LIST] = table_of(lines)
    return Opened(
        files=files,
        exhibits=len(exhibits) - missing_copies,
        lost=missing_copies,
        kinds=tuple(sorted({sealed.what for sealed in exhibits})),
    )
