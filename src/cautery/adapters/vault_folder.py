"""The vault as a folder.

Reaches: ``CASE/vault``, exhibits under their digest.
Lawful basis: the mandate's; what may carry personal data is sealed encrypted, under a key for
each subject that lies outside the case, so that erasing it leaves every proof standing.
Manners: the same bytes are kept once.
Format: ``vault/ab/abcd...`` (SHA-256 of the stored bytes), see :mod:`cautery.adapters._sealing`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cautery.adapters._files import (
    TEMPORARY,
    abandoned,
    make_folders,
    pieces_of,
    regular,
    sync_folder,
    write_whole,
)
from cautery.adapters._sealing import Seal, SealedVault, SealingKeys, name_of
from cautery.errors import EvidenceError, StorageError
from cautery.model.evidence import MAX_EXHIBIT_BYTES, ExhibitId

_Stamp = tuple[int, int, int, int]


class FolderVault(SealedVault):
    """Sealed bytes as files (port :class:`~cautery.evidence.ports.CaseVault`).

    Parameters
    ----------
    path : Path
        The folder; made on the first seal.
    keys : SealingKeys or None
        Without them confidential exhibits can neither be sealed nor opened.
    read_only : bool
        Seal nothing, and leave the folder exactly as it is. Otherwise what a killed writer left
        half-written is removed at once.
    """

    def __init__(
        self, path: Path, keys: SealingKeys | None = None, *, read_only: bool = False
    ) -> None:
        super().__init__(str(path), keys, read_only=read_only)
        self._path = path
        self._flushed: set[Path] = set()
        self._checked: dict[str, _Stamp] = {}
        if not read_only:
            for leftover in filter(abandoned, path.glob(f"??/{TEMPORARY}*")):
                leftover.unlink(missing_ok=True)

    def path_of(self, exhibit: ExhibitId) -> Path:
        """Return where an exhibit lies.

        Raises
        ------
        EvidenceError
            If the id is no digest.
        """
        return self._path / name_of(exhibit)

    def _holds(self, name: str) -> bool:
        return (self._path / name).is_file()

    def _keep(self, name: str, stored: bytes) -> None:
        path = self._path / name
        try:
            if self._whole(name, len(stored)):
                # Whoever wrote it may not have got so far as to flush its name.
                sync_folder(path.parent)
                self._make_folder(path.parent)
                return
            self._make_folder(path.parent)
        except OSError as error:
            raise StorageError(f"{path.parent}: {error.strerror}") from error
        write_whole(path, stored)

    def _stream(self, name: str, *, start: int, stop: int | None, seal: Seal) -> Iterator[bytes]:
        path = self._path / name
        with regular(path) as handle:
            status = os.fstat(handle)
            if status.st_size > MAX_EXHIBIT_BYTES:
                raise EvidenceError(f"{path}: larger than an exhibit can be")
            if start or stop is not None:
                stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                if self._checked.get(name) != stamp:
                    seal.check(lambda: pieces_of(path, handle, 0, status.st_size))
                    self._checked[name] = stamp
            end = MAX_EXHIBIT_BYTES + 1 if stop is None else stop
            yield from pieces_of(path, handle, start, end)

    def _make_folder(self, path: Path) -> None:
        for folder in (self._path, path):
            if folder not in self._flushed:
                make_folders(folder)
                self._flushed.add(folder)

    def _whole(self, name: str, size: int) -> bool:
        """Tell whether the same bytes lie here already; a damaged copy is written anew."""
        try:
            if (self._path / name).lstat().st_size != size:
                return False
            seal = Seal(ExhibitId(f"sha256:{name[3:]}"))
            seal.check(lambda: self._stream(name, start=0, stop=None, seal=seal))
        except (FileNotFoundError, EvidenceError):
            return False
        return True
