"""The accounts of a room in a backup: without what lets somebody in at once.

Reaches: the folder of the people, and the backup.
Lawful basis: that of :mod:`cautery.adapters.people_file`.
Manners: the room goes on meanwhile; sessions, one-time words and answered challenges stay behind,
so that none that was ended or used up comes back.
Format: that of :mod:`cautery.adapters.people_file`, as one plain file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from cautery.adapters._files import PRIVATE, sync_folder
from cautery.errors import StorageError

_STAYS_BEHIND = ("sessions", "words", "challenges")
_WAIT_S = 30.0


def copy_accounts(source: Path, target: Path) -> None:
    """Copy the accounts and passkeys of a room, whole or not at all.

    Raises
    ------
    StorageError
        If they cannot be read or written.
    """
    half = target.with_name(f".{target.name}.arriving")
    try:
        half.unlink(missing_ok=True)
        half.touch(PRIVATE)
        uri = f"{source.absolute().as_uri()}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_S)) as here,
            contextlib.closing(sqlite3.connect(half, isolation_level=None)) as copy,
        ):
            here.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("PRAGMA secure_delete=ON")
            for table in _STAYS_BEHIND:
                copy.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(target)
        sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{source}: cannot be copied: {error}") from error
