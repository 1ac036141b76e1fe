"""The folder of an organisation's log, and what of it is published.

Reaches: one folder beside the cases.
Lawful basis: none needed; what is published is hashes alone.
Manners: what is published is readable by all, since a web server serves it; the rest by its owner.
Format: docs/reference/log-format.md; ``public`` is C2SP tlog-tiles.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cautery.adapters._files import make_folders, read_whole, write_pieces, write_whole
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.note import MAX_NOTE_BYTES

SETTINGS, KEY, LEDGER, PUBLIC, NEWEST = (
    "log.toml",
    "log.pub",
    "ledger.sqlite",
    "public",
    "newest.json",
)
CHECKPOINT = "checkpoint"
_TURNS = "turns"
_MAX_SETTINGS_BYTES = 1 << 16
_MAX_NEWEST_BYTES = 64 << 20
_TILE_BYTES = 8192
"""A full tile: 256 hashes of 32 bytes (C2SP tlog-tiles)."""


class LogFolder:
    """Where a log lies.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def ledger(self) -> Path:
        """Where its ledger lies."""
        return self.path / LEDGER

    def require(self) -> None:
        """Raise InputError unless there is a log."""
        if not (self.path / SETTINGS).is_file():
            raise InputError(
                f"{self.path}: not the folder of a log",
                hint="Make one: cautery log new FOLDER --origin DOMAIN.",
            )

    def begin(self, settings: str, key: str) -> None:
        """Make the folder of a new log.

        Raises
        ------
        InputError
            If there is something there.
        StorageError
            If it cannot be made.
        """
        if self.path.exists() and any(self.path.iterdir()):
            raise InputError(f"{self.path}: there is something in this folder already")
        try:
            make_folders(self.path)
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        write_whole(self.path / KEY, f"{key}\n".encode())
        write_whole(self.path / SETTINGS, settings.encode())

    def settings(self) -> bytes:
        """Return the bytes of its settings.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        self.require()
        return self._own(SETTINGS, _MAX_SETTINGS_BYTES)

    def key(self) -> str:
        """Return its verifier key.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        return self._own(KEY, MAX_NOTE_BYTES).decode("utf-8", "replace").strip()

    def newest(self) -> bytes | None:
        """Return the newest proof, as it was written; ``None``: there is none."""
        if not (self.path / NEWEST).exists():
            return None
        return self._own(NEWEST, _MAX_NEWEST_BYTES)

    def write_newest(self, content: bytes) -> None:
        """Keep the newest proof, for watches beside this one."""
        write_whole(self.path / NEWEST, content)

    def read(self, path: str) -> bytes:
        """Return a published file.

        Raises
        ------
        EvidenceError
            If it is missing or larger than a tile.
        """
        return read_whole(self.path / PUBLIC / path, limit=max(_TILE_BYTES, MAX_NOTE_BYTES))

    def publish(self, path: str, content: bytes) -> None:
        """Write a file that all may read; tiles are made again from the ledger when they are lost.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        target = self.path / PUBLIC / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            # The checkpoint alone is flushed: what somebody may have seen signed must not vanish;
            # tiles can be made again.
            write_pieces(target, (content,), mode=0o644, flush=path == CHECKPOINT)
            if ".p/" not in path:  # the full tile is there: partial ones are asked for no more
                shutil.rmtree(f"{target}.p", ignore_errors=True)
        except OSError as error:
            raise StorageError(f"{target}: {error.strerror}") from error

    @contextlib.contextmanager
    def turn(self) -> Iterator[bool]:
        """Take the turn to stamp, if no other process has it; tell whether this process has it now.

        Raises
        ------
        StorageError
            If the folder cannot be written.
        """
        path = self.path / _TURNS
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)

    def _own(self, name: str, limit: int) -> bytes:
        try:
            return read_whole(self.path / name, limit=limit)
        except EvidenceError as error:
            raise InputError(str(error)) from error
