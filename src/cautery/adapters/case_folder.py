"""A case as a folder.

Reaches: the case's folder and the folder of keys, nothing else on the disk.
Lawful basis: the mandate's.
Manners: links are not followed, pipes and devices not opened, and a case that is only read keeps
every byte.
Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cautery.adapters._files import (
    PRIVATE_FOLDER,
    TEMPORARY,
    make_folders,
    read_whole,
    real_path,
    regular,
    sync_folder,
    write_whole,
)
from cautery.adapters.keys_file import FileCaseKeys, KeyFolder, case_id
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.person_keys import load_public_key
from cautery.adapters.turns import FolderLease
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import CASE_KEY, LEDGER, NOTE, VAULT, plain
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseKeys, CaseLedger, FileSeen
from cautery.model import Regime

RESERVE = ".reserve"
"""Room kept while a case is open, given back at its close: a full disk can still be closed on."""

MOVING = ".moving"
"""Where a case is being moved to; until that is over nobody writes to it."""

RESERVE_BYTES = 16 << 20
_MAX_FILES = 1_000_000
_MAX_DEPTH = 16
_CHUNK_BYTES = 1 << 20


class FolderStore:
    """The folders of cases (port :class:`~cautery.evidence.ports.CaseStore`).

    Parameters
    ----------
    keys : KeyFolder or None
        Needed to begin or to continue a case, not to verify one.
    patience_s : float
        How long to wait for others who hold a case: an approval takes a moment.
    moves : bool
        Hold a case, too, that is being moved.
    """

    def __init__(
        self, keys: KeyFolder | None = None, *, patience_s: float = 10.0, moves: bool = False
    ) -> None:
        self._keys = keys
        self._moves = moves
        self._patience_s = patience_s
        self._locks: dict[Path, int] = {}

    def allow(self, path: Path, regime: Regime | None) -> None:
        """Do nothing: a folder of its own takes a case of any regime."""

    def begin(self, path: Path) -> CaseKeys:
        """Make the folder of a new case, and its keys outside it.

        Raises
        ------
        InputError
            If the folder holds something else, or the keys would lie in the case.
        EvidenceError
            If it holds the remains of a case.
        StorageError
            If it cannot be written.
        """
        keys = self._folder()
        if real_path(keys.path).is_relative_to(real_path(path)):
            raise InputError(f"{keys.path}: the folder of keys must not be inside the case {path}")
        try:
            make_folders(path)
            if (left := _remains(path)) is not None:
                raise EvidenceError(
                    f"{path}: ledger and key of the case are missing, but {left} is there",
                    hint="Restore the whole case from a copy, or name a new folder.",
                )
            strangers = [entry.name for entry in path.iterdir() if not _beginning(entry.name)]
            if strangers:
                raise InputError(
                    f"{path}: not a case and not empty: it holds {min(strangers)}",
                    hint="Name a new or an empty folder.",
                )
            path.chmod(PRIVATE_FOLDER)  # a folder that stood there already was made for anything
            make_folders(path / "keys")
            self._reserve(path)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        # Keys first: killed in between, they belong to no case, which harms nobody; a case without
        # its keys could never be continued.
        case_keys = keys.create_case()
        write_whole(path / CASE_KEY, f"{case_keys.signer.key}\n".encode())
        return case_keys

    def keys(self, path: Path) -> FileCaseKeys:
        """Return the secrets of the case that stands at ``path``.

        Raises
        ------
        InputError
            If they are not in the folder of keys.
        EvidenceError
            If the case does not say whose it is.
        """
        verifier = case_verifier(self, path)
        case_id(verifier)
        case_keys = self._folder().case(verifier)
        if not self.exists(path, NOTE):  # a closed case takes no file more
            with contextlib.suppress(OSError):  # no room for a reserve is no reason to stop
                self._reserve(path)
        return case_keys

    def hold(self, path: Path, *, alone: bool) -> None:
        """Lock the case's folder, shared with other writers or alone.

        Raises
        ------
        StorageError
            If another process is writing (``alone``) or closing it, or it is being moved.
        """
        folder = real_path(path)
        if not self._moves and self.exists(path, MOVING):
            to = self.read(path, MOVING, limit=4096).decode("utf-8", "replace").strip()
            raise StorageError(
                f"{path}: this case is being moved to {to}",
                hint=f"Finish it: cautery case move {path} {to}",
            )
        try:
            handle = self._locks.get(folder)
            if handle is None:
                handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._locks[folder] = handle
            self._lock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        except OSError as error:
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                if alone:  # flock(2): what failed to become exclusive is no longer shared either
                    with contextlib.suppress(OSError):
                        fcntl.flock(self._locks[folder], fcntl.LOCK_SH | fcntl.LOCK_NB)
                else:
                    self.release(path)
                doing = "writing to" if alone else "closing"
                raise StorageError(
                    f"{path}: another process is {doing} this case", hint="Wait until it is done."
                ) from error
            raise StorageError(f"{path}: {error.strerror}") from error

    def shares(self, path: Path) -> bool:
        """Tell whether another process holds the case too.

        Raises
        ------
        StorageError
            If another process began to close it at this moment.
        """
        handle = self._locks[real_path(path)]
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.hold(path, alone=False)  # flock(2): what failed to change may be lost
            return True
        fcntl.flock(handle, fcntl.LOCK_SH)
        return False

    def release(self, path: Path) -> None:
        """Let go of the lock."""
        handle = self._locks.pop(real_path(path), None)
        if handle is not None:
            os.close(handle)

    def drive(self, path: Path) -> FolderLease:
        """Keep other processes from driving the case, until they end or give it back.

        Raises
        ------
        LeaseError
            If another process drives it.
        StorageError
            If its folder cannot be opened.
        """
        return FolderLease(path, path / "keys")

    def ledger(self, path: Path, *, read_only: bool) -> SqlLedger:
        """Open the ledger."""
        # Nobody writes to a closed case, so it can be read from a disk that takes no lock and no
        # ``-shm``.
        closed = read_only and self.exists(path, NOTE)
        return SqlLedger.at(path / LEDGER, read_only=read_only, immutable=closed)

    @contextlib.contextmanager
    def signed_ledger(self, path: Path, *, digest: str) -> Iterator[CaseLedger]:  # noqa: ARG002 - the file was hashed
        """Lend the ledger of a closed case; its file is all there is."""
        ledger = self.ledger(path, read_only=True)
        try:
            yield ledger
        finally:
            ledger.close()

    def vault(self, path: Path, keys: CaseKeys | None) -> FolderVault:
        """Open the vault; without keys it is only read."""
        if keys is None:
            return FolderVault(path / VAULT, read_only=True)
        assert isinstance(keys, FileCaseKeys)  # they come from :meth:`keys`
        return FolderVault(path / VAULT, keys.subjects)

    def exists(self, path: Path, name: str) -> bool:
        """Tell whether a case has this file."""
        return os.path.lexists(path / name)

    def files(self, path: Path) -> tuple[FileSeen, ...]:
        """List every file, sorted; an empty folder, which no manifest lists, ends with a slash.

        Raises
        ------
        EvidenceError
            If something is neither a regular file nor a folder.
        """
        files_seen: list[FileSeen] = []
        for file in self._walk(path, "", 0):
            files_seen.append(file)
            if len(files_seen) > _MAX_FILES:
                raise EvidenceError(f"{path}: more files than a case can have")
        return tuple(sorted(files_seen, key=lambda file: file.name))

    def read(self, path: Path, name: str, *, limit: int) -> bytes:
        """Read a small file, following no link on the way."""
        self._no_links(path, name)
        return read_whole(path / name, limit=limit)

    def digest(
        self,
        path: Path,
        name: str,
        *,
        size: int,
        flush: bool = False,
        also: Callable[[bytes], object] = lambda _: None,
    ) -> str:
        """Hash a file of ``size`` bytes, following no link; ``flush`` puts it on disk first.

        Parameters
        ----------
        also : callable
            Called with each piece that is hashed: what it keeps is what the digest is of.

        Raises
        ------
        EvidenceError
            If it is no regular file, cannot be read, or has another size.
        """
        self._no_links(path, name)
        digest, left = hashlib.sha256(), size
        with regular(path / name) as handle:
            try:
                if flush:
                    os.fsync(handle)
                while chunk := os.read(handle, _CHUNK_BYTES):
                    left -= len(chunk)
                    # A file that grows while it is read would never end.
                    if left < 0:
                        break
                    digest.update(chunk)
                    also(chunk)
            except OSError as error:
                raise EvidenceError(f"{path / name}: {error.strerror}") from error
        if left:
            raise EvidenceError(f"{path / name}: its size changed while it was read")
        return digest.hexdigest()

    def write(self, path: Path, name: str, content: bytes) -> None:
        """Write a file so that after a crash it is there whole or not at all."""
        write_whole(path / name, content)

    def remove(self, path: Path, name: str) -> None:
        """Remove a file if it is there."""
        try:
            (path / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path / name}: {error.strerror}") from error

    def make_room(self, path: Path) -> None:
        """Give back the reserve, so that a report can be written on a full disk."""
        self.remove(path, RESERVE)

    def tidy(self, path: Path) -> None:
        """Give back the reserve, and remove leftovers and empty folders (the case held alone).

        What stays is on disk then, its names too: one who was killed may have left an exhibit in a
        folder that was never flushed, and a list that is signed must not name what can vanish.
        """
        self.make_room(path)
        try:
            _remove_spent_journal(path / f"{LEDGER}-journal")
            for folder, folders, names in os.walk(path, topdown=False):
                for name in names:
                    if name.startswith(TEMPORARY):
                        (Path(folder) / name).unlink()
                if Path(folder) != path and not os.listdir(folder):  # noqa: PTH208 - bottom up
                    Path(folder).rmdir()
                else:
                    sync_folder(Path(folder))
                folders.clear()
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error

    def public_key(self, path: Path, *, name: str) -> NoteVerifier:
        """Read a public key that an analyst gave: a verifier key string, or PEM."""
        return load_public_key(path, name=name)

    def _folder(self) -> KeyFolder:
        if self._keys is None:
            raise InputError("writing to a case needs the folder of its keys")
        return self._keys

    def _lock(self, handle: int, kind: int) -> None:
        limit = time.monotonic() + self._patience_s
        while True:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.02)

    def _reserve(self, path: Path) -> None:
        reserve = path / RESERVE
        if reserve.exists():
            return
        handle = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # A file that is only made long is sparse and keeps no room.
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
        except OSError:
            reserve.unlink()
            raise
        finally:
            os.close(handle)

    def _walk(self, path: Path, inside: str, depth: int) -> Iterator[FileSeen]:
        """Yield files below ``inside``; what could lead out of the case or wait is refused."""
        if depth > _MAX_DEPTH:
            raise EvidenceError(f"{path / inside}: nested more deeply than a case can be")
        try:
            with os.scandir(path / inside) as entries:
                children = sorted(_bounded(entries, path), key=lambda entry: entry.name)
        except OSError as error:
            raise EvidenceError(f"{path / inside}: {error.strerror}") from error
        if not children and depth:
            yield FileSeen(name=f"{inside}/", size=0)
        for entry in children:
            name = f"{inside}/{entry.name}" if inside else entry.name
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError as error:
                if entry.name.startswith(TEMPORARY):
                    continue  # a process that writes has given it its name meanwhile
                raise EvidenceError(f"{path / name}: it went away while it was read") from error
            if not plain(name):
                raise EvidenceError(f"{str(path / name)!r}: a name that no case has")
            if stat.S_ISDIR(status.st_mode):
                yield from self._walk(path, name, depth + 1)
            elif stat.S_ISREG(status.st_mode):
                yield FileSeen(name=name, size=status.st_size)
            else:
                kind = "a symbolic link" if entry.is_symlink() else "neither file nor folder"
                raise EvidenceError(f"{path / name}: {kind}, which a case cannot have")

    @staticmethod
    def _no_links(path: Path, name: str) -> None:
        """Refuse a folder on the way that is a link: opening the file guards the last step only."""
        place = path
        for part in name.split("/")[:-1]:
            place = place / part
            if place.is_symlink():
                raise EvidenceError(f"{place}: a symbolic link, which a case cannot have")


_BEGINNINGS = frozenset({"keys", VAULT, RESERVE})
"""What may stand in a folder that is not yet a case: a beginning cut short."""


def _remove_spent_journal(path: Path) -> None:
    """Remove a rollback journal that SQLite passes over, which a crash leaves behind.

    Its header is written last, so one that begins with a zero says nothing; SQLite removes any
    other one when it opens the ledger. One that was put there since is left, to be refused.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # there is none, or it is a link: what strangers left is refused later
        return
    try:
        is_spent = stat.S_ISREG(os.fstat(handle).st_mode) and os.read(handle, 1) in (b"", b"\0")
    finally:
        os.close(handle)
    if is_spent:
        path.unlink()


def _beginning(name: str) -> bool:
    return name in _BEGINNINGS or name.startswith(TEMPORARY)


def _remains(path: Path) -> str | None:
    """Return a file that a beginning cut short does not have: its key is written before any."""
    for folder in ("keys", VAULT):
        for parent, _, names in os.walk(path / folder):
            for name in sorted(names):
                if not name.startswith(TEMPORARY):
                    return (Path(parent) / name).relative_to(path).as_posix()
    return None


def _bounded(entries: Iterator[os.DirEntry[str]], path: Path) -> Iterator[os.DirEntry[str]]:
    for count, entry in enumerate(entries):
        if count > _MAX_FILES:
            raise EvidenceError(f"{path}: more files than a case can have")
        yield entry
