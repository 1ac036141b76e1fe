"""A case that is moved from or to a folder.

Reaches: the case's folder, and beside it ``.NAME.arriving`` and ``.NAME.moved`` while it is moved.
Lawful basis: the mandate's.
Manners: it stands as a whole or not at all: both changes are one rename(2).
Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cautery.adapters._files import (
    PRIVATE,
    TEMPORARY,
    make_folders,
    real_path,
    regular,
    sync_folder,
    write_pieces,
)
from cautery.adapters.case_folder import MOVING, FolderStore
from cautery.adapters.custody_file import custody_path
from cautery.adapters.keys_file import KeyFolder, case_id
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import CauteryError, ConflictError, EvidenceError, InputError, StorageError
from cautery.evidence.custody import MAX_CHAIN_BYTES
from cautery.evidence.manifest import CASE_KEY, LEDGER, NOTE
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseLedger, FileSeen
from cautery.model import Regime

_PIECE_BYTES = 1 << 20


class FolderCase:
    """A case in a folder (port :class:`~cautery.evidence.ports.CasePlace`).

    Parameters
    ----------
    path : Path
        The folder.
    keys : KeyFolder or None
        With the keys of an open case, which is moved; who copies it needs none.
    to : str
        Where it is moved to, for those who meet it meanwhile.
    """

    def __init__(self, path: Path, keys: KeyFolder | None, *, to: str) -> None:
        self.path = real_path(path)
        self.store = FolderStore(keys, moves=True)
        self._to = to
        self._arriving = self.path.with_name(f".{self.path.name}.arriving")
        self._moved = self.path.with_name(f".{self.path.name}.moved")

    @property
    def at(self) -> Path:
        """The folder in which it lies now."""
        return self.path if self.standing() is not None else self._arriving

    def standing(self) -> str | None:
        """Return the id of the case that stands there; ``None``: none does."""
        return self._id_in(self.path)

    def left(self) -> str | None:
        """Return the id of a case that was moved away, and whose removal was cut short."""
        return self._id_in(self._moved)

    def allow(self, regime: Regime | None) -> None:
        """Do nothing: a folder of its own takes a case of any regime."""

    def hold(self) -> None:
        """Keep all others from writing to it until :meth:`release`."""
        self.store.hold(self.path, alone=True)

    def release(self) -> None:
        """Let go of it."""
        for folder in (self.path, self._arriving, self._moved):
            self.store.release(folder)

    def leave(self) -> None:
        """Let nobody write to it any more, also after a crash; to a closed one nobody does."""
        if not self.store.exists(self.path, NOTE):
            self.store.write(self.path, MOVING, f"{self._to}\n".encode())

    def stay(self) -> None:
        """Undo :meth:`leave`."""
        self.store.remove(self.path, MOVING)

    def files(self) -> tuple[FileSeen, ...]:
        """List the files that belong to the case; the ledger's only once it is closed."""
        files = self.store.files(self.at)
        if self.store.exists(self.at, NOTE):
            return files
        return tuple(
            file
            for file in files
            if not file.name.startswith((LEDGER, "."))
            and not file.name.endswith("/")
            and f"/{TEMPORARY}" not in file.name  # of one who was killed
        )

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of one of them."""
        with regular(self.at / name) as handle, open(handle, "rb", closefd=False) as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece

    def ledger(self) -> CaseLedger:
        """Open the ledger to be read."""
        return self.store.ledger(self.at, read_only=True)

    def custody(self) -> bytes:
        """Return the chain of custody beside it."""
        path = custody_path(self.path)
        if not os.path.lexists(path):
            return b""
        with regular(path) as handle, open(handle, "rb", closefd=False) as file:
            chain = file.read(MAX_CHAIN_BYTES + 1)
        if len(chain) > MAX_CHAIN_BYTES:
            raise EvidenceError(f"{path}: longer than {MAX_CHAIN_BYTES} bytes")
        return chain

    def expect(self, case: str) -> None:
        """Make a folder for it, or go on with what came of it; it does not stand yet."""
        if self.path.exists() and any(self.path.iterdir()):
            raise InputError(f"{self.path}: not empty", hint="Name a new folder.")
        try:
            if self._id_in(self._arriving) not in {None, case}:
                shutil.rmtree(self._arriving)  # of another move, which was given up
            make_folders(self._arriving)
            for half_written in self._arriving.rglob(f"{TEMPORARY}*"):
                half_written.unlink()
        except OSError as error:
            raise StorageError(f"{self._arriving}: {error.strerror}") from error
        self.store.hold(self._arriving, alone=True)

    def take(self, file: FileSeen, pieces: Callable[[], Iterator[bytes]]) -> None:
        """Take up a file, unless it is there."""
        path = self._arriving / file.name
        if os.path.lexists(path) and self._same(file, pieces):
            return
        make_folders(path.parent)
        write_pieces(path, pieces())

    def take_ledger(self, ledger: CaseLedger) -> None:
        """Take up the records and checkpoints that are not there; a closed one came as a file."""
        if self.store.exists(self._arriving, NOTE):
            return
        target = SqlLedger.at(self._arriving / LEDGER)
        try:
            target.take(ledger.leaves(since=target.size()), ledger.filed_checkpoints())
        finally:
            target.close()

    def take_custody(self, chain: bytes) -> None:
        """Take up the chain of custody."""
        if not chain.startswith(self.custody()):
            raise InputError(
                f"{custody_path(self.path)}: another chain of custody lies there",
                hint="Name a new folder.",
            )
        if chain:
            write_pieces(custody_path(self.path), (chain,))

    def forget(self) -> None:
        """Remove what came and does not stand yet."""
        shutil.rmtree(self._arriving, ignore_errors=True)

    def admit(self) -> None:
        """Let what came stand as the case, in one step."""
        try:
            self._arriving.rename(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error

    def remove(self, custody: bytes) -> None:
        """Remove it: first so that it stands no more, then all that it was, its name last.

        Who would add a line to its chain meanwhile is told that the case is gone.
        """
        chain = custody_path(self.path)
        try:
            handle = os.open(chain, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
            with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
                fcntl.flock(handle, fcntl.LOCK_EX)
                if (file.read(MAX_CHAIN_BYTES + 1) or b"") != custody:
                    raise ConflictError(
                        f"{chain}: a line was added while the case was moved",
                        hint="Nothing was removed. Finish the move: run the command again.",
                    )
                self._remove()
        except OSError as error:
            raise StorageError(f"{chain}: {error.strerror}") from error

    def _remove(self) -> None:
        try:
            if self.standing() is not None:
                self.path.rename(self._moved)
                sync_folder(self.path.parent)
            for child in self._moved.iterdir():
                if child.name == "keys":
                    continue
                shutil.rmtree(child) if child.is_dir() else child.unlink()
            custody_path(self.path).unlink(missing_ok=True)
            shutil.rmtree(self._moved)
            sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(f"{self._moved}: {error.strerror}") from error

    def _id_in(self, folder: Path) -> str | None:
        try:
            return case_id(
                NoteVerifier.parse(self.store.read(folder, CASE_KEY, limit=4096).decode())
            )
        except (CauteryError, UnicodeDecodeError):
            return None

    def _same(self, file: FileSeen, pieces: Callable[[], Iterator[bytes]]) -> bool:
        digest = hashlib.sha256()
        for piece in pieces():
            digest.update(piece)
        try:
            return (
                self.store.digest(self._arriving, file.name, size=file.size) == digest.hexdigest()
            )
        except EvidenceError:
            return False
