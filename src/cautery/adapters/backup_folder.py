"""Backups in a folder: each has the cases as they were, in folders of their own.

Reaches: the folder that was named; of sources, what the workflow hands over.
Lawful basis: GDPR art. 32(1)(c) and Directive (EU) 2016/680, art. 29(2)(j): data can be restored.
Manners: a backup stands as a whole or not at all; exhibits that an earlier backup has are linked
from it and not copied again; what a killed process left is taken up by the next.
Format: docs/reference/backup-format.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from cautery.adapters._files import (
    TEMPORARY,
    make_folders,
    real_path,
    sync_folder,
    write_whole,
)
from cautery.adapters.backup_copy import FolderCopy, digest_of_file, size_of
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_shelf import cases_below
from cautery.adapters.custody_file import custody_path
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.moved_folder import FolderCase
from cautery.errors import ConflictError, EvidenceError, InputError, StorageError
from cautery.evidence.all_records import Expected, records_of
from cautery.evidence.backup import (
    CASES,
    LISTS,
    NAME,
    PEOPLE,
    SIZES,
    SUMS,
    case_of,
    list_of,
    most_bytes,
    parse_sizes,
    sizes_of,
    written_sizes,
)
from cautery.evidence.manifest import LEDGER, MAX_MANIFEST_BYTES, NOTE, VAULT, parse_sums, sums
from cautery.model.evidence import MAX_EXHIBIT_BYTES, Digest, digest_of

_ARRIVING, _LEAVING = ".arriving", ".leaving-"


class BackupFolder:
    """A folder of backups (port :class:`~cautery.workflows.backup.ports.Backups`).

    Parameters
    ----------
    path : Path
        The folder; made when the first backup is.
    """

    def __init__(self, path: Path) -> None:
        self.path = real_path(path)
        self._store = FolderStore()
        self._stated: dict[str, dict[str, int]] = {}
        """Lists of sizes of backups, by their digests: each case asks for its own again."""

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from making or removing backups meanwhile.

        Raises
        ------
        StorageError
            If another process is at it, or the folder cannot be made.
        """
        try:
            make_folders(self.path)
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise StorageError(
                f"{self.path}: another process is making a backup there",
                hint="Wait until it is done.",
            ) from error
        finally:
            os.close(handle)

    def names(self) -> tuple[str, ...]:
        """Return the names of those that are whole, the oldest first."""
        if not self.path.is_dir():
            return ()
        return tuple(
            sorted(
                child.name
                for child in self.path.iterdir()
                if NAME.fullmatch(child.name) and child.is_dir() and not child.is_symlink()
            )
        )

    def refuse_strangers(self) -> None:
        """Refuse a folder, before its first backup, in which something else lies.

        Raises
        ------
        InputError
            If something does.
        """
        for child in sorted(self.path.iterdir()):
            if not child.name.startswith(("backups.", TEMPORARY, "lost+found")):
                raise InputError(
                    f"{self.path}: this folder has no backups, and something else: {child.name}",
                    hint="Name a new folder.",
                )

    def begin(self) -> None:
        """Go on with a backup that was cut short, or begin one."""
        for gone in self.path.glob(f"{_LEAVING}*"):
            shutil.rmtree(gone, ignore_errors=True)
        for folder in (CASES, LISTS):
            make_folders(self._arriving / folder)
        shutil.rmtree(self._arriving / PEOPLE, ignore_errors=True)

    def copy_of(
        self, case: str, earlier: str | None = None, listed: Mapping[str, str] | None = None
    ) -> FolderCopy:
        """Return where a case is copied to, beside what an earlier backup has of it.

        Parameters
        ----------
        case : str
            Its path among the cases.
        listed : mapping of str to str
            What the earlier backup lists, as it was signed.

        Raises
        ------
        EvidenceError
            If the list of the case there is not the one that was signed.
        """
        if earlier is None or listed is None:
            return FolderCopy(self._arriving, case, None, {})
        digests = self._digests(earlier, case, listed)
        return FolderCopy(self._arriving, case, self.path / earlier, digests)

    def people(self) -> Path:
        """Return where the people of the room are copied to."""
        return self._arriving / PEOPLE

    def finish_list(self, cases: Sequence[str]) -> Digest:
        """Write the list of the backup, without cases that are gone; return its digest."""
        for cut_off in [*(self._arriving / LISTS).rglob(f"{TEMPORARY}*")]:
            cut_off.unlink()  # what a process that was killed was writing
        for path in cases_below(self._arriving / CASES).values():
            if (case := path.relative_to(self._arriving / CASES).as_posix()) not in cases:
                self.copy_of(case).forget()
        names = [of_case for case in cases for of_case in (list_of(case), sizes_of(case))]
        names += [
            chain.relative_to(self._arriving).as_posix()
            for case in cases
            if (chain := custody_path(self._arriving / CASES / case)).exists()
        ]
        if self.people().is_dir():
            names += [f"{PEOPLE}/{child.name}" for child in self.people().iterdir()]
        sizes = {name: (self._arriving / name).stat().st_size for name in names}
        write_whole(self._arriving / SIZES, written_sizes(sizes))
        names.append(SIZES)
        listed = sums({name: digest_of_file(self._arriving / name) for name in names})
        write_whole(self._arriving / SUMS, listed)
        return digest_of(listed)

    def admit(self, name: str) -> None:
        """Let the backup stand under its name, in one step.

        Raises
        ------
        ConflictError
            If there is one of this name.
        StorageError
            If it cannot be written.
        """
        if os.path.lexists(self.path / name):
            raise ConflictError(f"{self.path / name}: there is a backup of this second")
        try:
            self._arriving.rename(self.path / name)
            sync_folder(self.path)
        except OSError as error:
            raise StorageError(f"{self.path / name}: {error.strerror}") from error

    def remove(self, name: str) -> None:
        """Remove a backup: first so that it stands no more.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        leaving = self.path / f"{_LEAVING}{name}"
        try:
            (self.path / name).rename(leaving)
            shutil.rmtree(leaving)
            sync_folder(self.path)
        except OSError as error:
            raise StorageError(f"{self.path / name}: {error.strerror}") from error

    def listed(self, name: str, digest: Digest) -> dict[str, str]:
        """Return the list of a backup, if it is the one with this digest: name to SHA-256.

        Raises
        ------
        EvidenceError
            If it is another one, or cannot be read.
        """
        raw = self._store.read(self.path / name, SUMS, limit=MAX_MANIFEST_BYTES)
        if digest_of(raw) != digest:
            raise EvidenceError(f"{self.path / name / SUMS}: not the list that was signed")
        return parse_sums(raw)

    def strangers(self, name: str, listed: Collection[str]) -> tuple[str, ...]:
        """Return what lies in a backup beside the files and the cases that are listed.

        What lies in a case that is listed is not looked at: :meth:`check_case` does that.
        """
        backup = self.path / name
        cases = {f"{CASES}/{case}" for case in map(case_of, listed) if case is not None}
        odd = []
        for folder, inner, files in os.walk(backup):
            at = Path(folder).relative_to(backup)
            links = [child for child in inner if (Path(folder) / child).is_symlink()]
            found = [(at / child).as_posix() for child in (*files, *links)]
            odd += [file for file in found if file != SUMS and file not in listed]
            inner[:] = [child for child in inner if (at / child).as_posix() not in cases]
        return tuple(sorted(odd))

    def check_file(
        self,
        name: str,
        file: str,
        listed: Mapping[str, str],
        *,
        also: Callable[[bytes], object] = lambda _: None,
    ) -> None:
        """Raise unless a file of a backup has the SHA-256 and the size that are listed.

        Parameters
        ----------
        also : callable
            Called with each piece of it as it is hashed. Who can write to the disk of the backups
            can exchange a file after it was checked, and not what is kept of it here.

        Raises
        ------
        EvidenceError
            If it is no file, or another one; it is not read then if its size is another one.
        """
        backup = self.path / name
        size = size_of(backup / file)
        if size is None:
            raise EvidenceError(f"{backup / file}: missing")
        stated = {} if file == SIZES else self._sizes(name, SIZES, listed)
        if file in stated and size != stated[file]:
            raise EvidenceError(_resized(backup / file, size, stated[file]))
        if size > (most := most_bytes(file)) and file not in stated:
            raise EvidenceError(f"{backup / file}: it has {size} bytes; at most {most} are allowed")
        if self._store.digest(backup, file, size=size, also=also) != listed[file]:
            raise EvidenceError(f"{backup / file}: changed")

    def check_sizes(
        self, name: str, case: str, listed: Mapping[str, str], *, most: int
    ) -> dict[str, int]:
        """Raise unless a case's files have the names and the sizes that are listed; none is read.

        Parameters
        ----------
        listed : mapping of str to str
            SHA-256 of each file that the backup lists, hex.
        most : int
            Bytes of all files of all its cases.

        Returns
        -------
        dict of str to int
            The bytes of each file.

        Raises
        ------
        EvidenceError
            Naming the first file that is missing, of another size or one too many.
        """
        folder = self.path / name / CASES / case
        of_case = self._digests(name, case, listed)
        files = {file.name: file.size for file in self._store.files(folder)}
        for odd in sorted(of_case.keys() ^ files.keys()):
            raise EvidenceError(
                f"{folder / odd}: {'missing' if odd in of_case else 'added since the backup'}"
            )
        stated = self._sizes(name, sizes_of(case), listed)
        for file, size in files.items():
            if size != stated.get(file, size):
                raise EvidenceError(_resized(folder / file, size, stated[file]))
            if file.startswith(f"{VAULT}/") and size > MAX_EXHIBIT_BYTES:
                raise EvidenceError(f"{folder / file}: larger than the largest allowed exhibit")
        if (total := sum(files.values())) > most:
            raise EvidenceError(
                f"{folder}: changed: its files have {total} bytes, and those of all cases of the "
                f"backup had {most}"
            )
        return files

    def check_case(self, name: str, case: str, listed: Mapping[str, str], *, most: int) -> None:
        """Raise unless a case's files and its chain of custody are those that are listed.

        Parameters
        ----------
        listed, most
            As for :meth:`check_sizes`, which comes first.

        Raises
        ------
        EvidenceError
            Naming the first file that is missing, changed or one too many.
        """
        self.check_file(name, list_of(case), listed)
        chain = custody_path(self.path / name / CASES / case)
        of_backup = chain.relative_to(self.path / name).as_posix()
        if of_backup in listed:
            self.check_file(name, of_backup, listed)
        elif os.path.lexists(chain):
            raise EvidenceError(f"{chain}: added since the backup")
        files = self.check_sizes(name, case, listed, most=most)
        of_case = self._digests(name, case, listed)
        folder = self.path / name / CASES / case
        for file, size in files.items():
            if self._store.digest(folder, file, size=size) != of_case[file]:
                raise EvidenceError(f"{folder / file}: changed")

    def expected(self, name: str, case: str, listed: Mapping[str, str]) -> Expected:
        """Return what a copy of a case must be, by what the backup lists.

        What is looked at can't be exchanged meanwhile: it is read once, and hashed as it was read.

        Raises
        ------
        EvidenceError
            If something is not what is listed.
        """
        backup, folder = self.path / name, self.path / name / CASES / case
        files = self._digests(name, case, listed)
        chain = listed.get(custody_path(folder).relative_to(backup).as_posix())
        if NOTE in files:
            return Expected(records=None, files=files, chain=chain)
        with tempfile.TemporaryDirectory(prefix="cautery-") as private:
            copy = Path(private) / LEDGER
            shutil.copyfile(folder / LEDGER, copy)
            if digest_of_file(copy) != files.pop(LEDGER, None):
                raise EvidenceError(f"{folder / LEDGER}: changed")
            with contextlib.closing(SqlLedger.at(copy, read_only=True)) as ledger:
                return Expected(records=records_of(ledger, folder), files=files, chain=chain)

    def place_of(self, name: str, case: str) -> FolderCase:
        """Return a case of a backup."""
        return FolderCase(self.path / name / CASES / case, None, to="")

    @property
    def _arriving(self) -> Path:
        return self.path / _ARRIVING

    def _digests(self, name: str, case: str, listed: Mapping[str, str]) -> dict[str, str]:
        """Return the list of a case, as it was signed."""
        return parse_sums(self._listed_file(name, list_of(case), listed))

    def _sizes(self, name: str, file: str, listed: Mapping[str, str]) -> dict[str, int]:
        """Return a list of sizes, as it was signed; empty: the backup has none."""
        if file not in listed:
            return {}
        if file != SIZES:
            return parse_sizes(self._listed_file(name, file, listed))
        if (digest := listed[file]) not in self._stated:
            self._stated[digest] = parse_sizes(self._listed_file(name, file, listed))
        return self._stated[digest]

    def _listed_file(self, name: str, file: str, listed: Mapping[str, str]) -> bytes:
        raw = self._store.read(self.path / name, file, limit=MAX_MANIFEST_BYTES)
        if hashlib.sha256(raw).hexdigest() != listed[file]:
            raise EvidenceError(f"{self.path / name / file}: changed")
        return raw


def _resized(path: Path, size: int, stated: int) -> str:
    return f"{path}: changed: it has {size} bytes, and had {stated} when it was backed up"
