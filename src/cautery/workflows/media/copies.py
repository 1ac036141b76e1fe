"""One shard's published references, copied to a folder of this machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError, StorageError
from cautery.identify.references.container import TEMPORARY, sync_folder
from cautery.identify.references.manifest import MANIFEST
from cautery.model.ports import ReferenceShelf
from cautery.workflows.media.published import LIST, MOST_LIST, WORKS, Listed, ListedFile, list_of
from cautery.workflows.media.publishing import file_of

SPARE_BYTES = 1 << 30
"""Left free on the disk of a node: its captures need some, too."""


@dataclass(slots=True)
class Copy:
    """One shard's published files, copied to a folder of this machine.

    Parameters
    ----------
    shard : str
        ``CASE/NUMBER``.
    folder : Path
        Made if it is not there; what it holds and the list does not name is removed.
    spare_bytes : int
        Left free on its disk.
    """

    shelf: ReferenceShelf
    shard: str
    folder: Path
    key: bytes
    spare_bytes: int = SPARE_BYTES
    listed: Listed | None = None
    """The newest list, all of whose files are here; ``None``: nothing was published yet."""
    _version: str | None = None

    def pull(self) -> bool:
        """Copy what has changed; return whether anything has.

        Raises
        ------
        InputError
            If a list or a file is not what it should be.
        StorageError
            If the shelf is away, or the disk is full. What was copied before stays as it was.
        """
        version = self.shelf.version(f"{self.shard}/{LIST}")
        if version is None or version == self._version:
            return False
        answer = self.shelf.get(f"{self.shard}/{LIST}", most=MOST_LIST)
        if answer is None:
            return False
        version, data = answer
        listed = list_of(data, shard=self.shard, key=self.key)
        if self.listed is not None and listed.order < self.listed.order:
            raise InputError(f"the references of shard {self.shard}: an older list is back")
        try:
            self._copy(listed)
        except OSError as error:
            raise StorageError(f"{self.folder}: {error.strerror or error}") from error
        self.listed, self._version = listed, version
        return True

    def mend(self) -> None:
        """Remove copies that are not what the list says, so that the next pull copies them anew."""
        for entry in self.listed.files if self.listed is not None else ():
            path = self.folder / entry.name
            if path.is_file() and file_of(entry.name, path) != entry:
                path.unlink(missing_ok=True)
        self._version = None

    def _copy(self, listed: Listed) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        new_files = [entry for entry in listed.files if not _whole(self.folder / entry.name, entry)]
        self._make_room(sum(entry.size for entry in new_files))
        for entry in new_files:
            self._take(entry)
        for entry in listed.files:
            stands_for = _stands_for(entry.name)
            if stands_for is not None:
                self._name(self.folder / entry.name, self.folder / stands_for)
        names = {entry.name for entry in listed.files}
        names |= {name for name in map(_stands_for, names) if name is not None}
        for path in self.folder.iterdir():
            if path.name not in names and path.is_file():
                path.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free - size < self.spare_bytes:
            raise StorageError(
                f"the disk of {self.folder} is full: {free >> 20:,} MB are free, and the new "
                f"references of shard {self.shard} take {size >> 20:,} MB",
                hint="Free some disk space; until then this node compares with what it has.",
            )

    def _take(self, entry: ListedFile) -> None:
        path = self.folder / f"{TEMPORARY}{entry.name}"
        path.unlink(missing_ok=True)
        try:
            self.shelf.take(f"{self.shard}/{entry.name}", path, size=entry.size)
            if file_of(entry.name, path) != entry:
                raise InputError(
                    f"the references of shard {self.shard}: {entry.name} was damaged on its way "
                    "or at rest"
                )
            path.replace(self.folder / entry.name)
        finally:
            path.unlink(missing_ok=True)

    def _name(self, published: Path, path: Path) -> None:
        """Have the fixed name that is read lead to the newest file; whole, whenever it is read."""
        unfinished = self.folder / f"{TEMPORARY}{path.name}"
        unfinished.unlink(missing_ok=True)
        shutil.copyfile(published, unfinished)
        unfinished.replace(path)
        sync_folder(self.folder)


def _stands_for(name: str) -> str | None:
    """Return the fixed name under which a file is read that is published under a new one."""
    if name.startswith("manifest-"):
        return MANIFEST
    return WORKS if name.startswith("works-") else None


def _whole(path: Path, entry: ListedFile) -> bool:
    # Its digest was compared when it was copied, and its checksums are when it is mapped.
    try:
        return path.lstat().st_size == entry.size
    except FileNotFoundError:
        return False
