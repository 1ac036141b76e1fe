"""One case that is copied into a backup.

Reaches: the backup that is made, and the newest one that has the case; what else there is to read
the workflow hands over.
Lawful basis: GDPR art. 32(1)(c) and Directive (EU) 2016/680, art. 29(2)(j): data can be restored.
Manners: exhibits that an earlier backup has are linked from it and not copied again; some of them
are read, to find out whether that disk still has what it took.
Format: docs/reference/backup-format.md.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cautery.adapters._files import TEMPORARY, make_folders, write_pieces, write_whole
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.custody_file import custody_path
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.moved_folder import FolderCase
from cautery.errors import EvidenceError
from cautery.evidence.backup import CASES, list_of, sizes_of, written_sizes
from cautery.evidence.manifest import LEDGER, VAULT, sums
from cautery.evidence.ports import CaseLedger, FileSeen

_MOST_SMALL = 1 << 20
_LOOKED_AT = 16
"""One in so many of what is linked is hashed, drawn anew each time: to hash all would read
terabytes a night. ``cautery backup check`` hashes all. Judgement."""


class FolderCopy:
    """A case that is copied (port :class:`~cautery.workflows.backup.ports.CaseCopy`).

    Parameters
    ----------
    backup : Path
        The backup that is made.
    case : str
        Path of the case among the cases.
    earlier : Path or None
        The newest backup that has the case.
    listed : mapping of str to str
        SHA-256 of each file of the case there, as it was signed.
    """

    def __init__(
        self, backup: Path, case: str, earlier: Path | None, listed: Mapping[str, str]
    ) -> None:
        self._folder = backup / CASES / case
        self._list, self._size_list = backup / list_of(case), backup / sizes_of(case)
        self._earlier = None if earlier is None else earlier / CASES / case
        self.damaged: list[str] = []
        """What the earlier backup has otherwise than it was: it is copied anew."""
        self._digests: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._listed = listed

    @property
    def place(self) -> FolderCase:
        """The copy, to be read."""
        return FolderCase(self._folder, None, to="")

    def begin(self) -> None:
        """Forget all that a backup which was cut short left of it, but for exhibits."""
        self._digests, self._sizes = {}, {}
        make_folders(self._folder)
        for half_written in self._folder.rglob(f"{TEMPORARY}*"):
            half_written.unlink()
        for child in self._folder.iterdir():
            if child.name != VAULT:
                shutil.rmtree(child) if child.is_dir() else child.unlink()
        self._forget_lists()

    def earlier(self, name: str) -> bytes | None:
        """Return a small file as the newest earlier backup has it; ``None``: it has none."""
        if self._earlier is None or name not in self._listed:
            return None
        return FolderStore().read(self._earlier, name, limit=_MOST_SMALL)

    def take(
        self, file: FileSeen, pieces: Callable[[], Iterator[bytes]], *, is_fixed: bool
    ) -> None:
        """Copy a file; what is fixed and was copied before is not read again.

        Raises
        ------
        EvidenceError
            If the name of an exhibit is not its digest.
        StorageError
            If it cannot be written.
        """
        if file.name.endswith("/"):
            return
        path = self._folder / file.name
        make_folders(path.parent)
        digest = self._linked(file, path) if is_fixed else None
        if digest is None:
            digest = _written(path, pieces())
        if file.name.startswith(f"{VAULT}/") and not file.name.endswith(f"/{digest}"):
            path.unlink(missing_ok=True)
            raise EvidenceError(f"{file.name}: a file in the vault whose name is not its digest")
        self._digests[file.name], self._sizes[file.name] = digest, path.stat().st_size

    def take_ledger(self, ledger: CaseLedger) -> None:
        """Copy the checkpoints, and all records that there are then."""
        path = self._folder / LEDGER
        copy_ledger(ledger, path)
        self._digests[LEDGER], self._sizes[LEDGER] = digest_of_file(path), path.stat().st_size

    def take_custody(self, chain: bytes) -> None:
        """Copy the chain of custody."""
        if chain:
            write_whole(custody_path(self._folder), chain)

    def is_as_before(self, *, but: str) -> bool:
        """Tell whether all files but one are those of the newest earlier backup."""
        before, now = (
            {name: digest for name, digest in files.items() if name != but}
            for files in (self._listed, self._digests)
        )
        return before == now

    def end(self) -> tuple[int, int]:
        """Write the lists of its files; return how many there are, and their bytes."""
        # What an earlier try copied and the case does not have any more is no part of it.
        for exhibit in (self._folder / VAULT).glob("??/*"):
            if exhibit.relative_to(self._folder).as_posix() not in self._digests:
                exhibit.unlink()
        make_folders(self._list.parent)
        write_whole(self._list, sums(self._digests))
        write_whole(self._size_list, written_sizes(self._sizes))
        return len(self._digests), sum(self._sizes.values())

    def forget(self) -> None:
        """Remove it: it could not be copied."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._forget_lists()

    def _forget_lists(self) -> None:
        for path in (custody_path(self._folder), self._list, self._size_list):
            path.unlink(missing_ok=True)

    def _linked(self, file: FileSeen, path: Path) -> str | None:
        """Take a file that lies here, or in the earlier backup; return its digest, if one does."""
        is_exhibit = file.name.startswith(f"{VAULT}/")
        if is_exhibit and size_of(path) == file.size:
            return path.name
        if self._earlier is None or size_of(self._earlier / file.name) != file.size:
            return None
        digest = path.name if is_exhibit else self._listed.get(file.name)
        if digest is None:
            return None
        if (
            not secrets.randbelow(_LOOKED_AT)
            and digest_of_file(self._earlier / file.name) != digest
        ):
            self.damaged.append(file.name)
            return None
        try:
            path.unlink(missing_ok=True)
            path.hardlink_to(self._earlier / file.name)
        except OSError:  # a file system without links takes a copy
            return None
        return digest


def copy_ledger(ledger: CaseLedger, path: Path) -> None:
    """Copy a ledger that others may write to, as one plain file.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    # Checkpoints first: those that come meanwhile cover records that are not copied.
    checkpoints = tuple(ledger.filed_checkpoints())
    target = SqlLedger.at(path)
    try:
        target.take(ledger.leaves(), checkpoints)
    except BaseException:
        target.close()
        raise
    target.settle()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file that was just written, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(path: Path) -> int | None:
    """Return the bytes of a regular file; ``None``: there is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _written(path: Path, pieces: Iterator[bytes]) -> str:
    """Write a file; return the SHA-256 of what was written."""
    digest = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for piece in pieces:
            digest.update(piece)
            yield piece

    write_pieces(path, hashed())
    return digest.hexdigest()
