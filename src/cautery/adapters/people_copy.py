"""The accounts of a room in a backup: without what lets somebody in at once.

Reaches: the folder of the people, and the backup.
Lawful basis: that of :mod:`cautery.adapters.people_sql`.
Manners: the room goes on meanwhile; sessions, one-time words and answered challenges stay behind,
so that none that was ended or used up comes back.
Format: that of :mod:`cautery.adapters.people_file`, as one plain file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cautery.adapters._files import PRIVATE, sync_folder
from cautery.adapters.people_file import PeopleTables
from cautery.adapters.people_sql import fill
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
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        _arriving(target) as half,
        contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_S)) as here,
        contextlib.closing(sqlite3.connect(half, isolation_level=None)) as copy,
    ):
        here.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("PRAGMA secure_delete=ON")
        for table in _STAYS_BEHIND:
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


def write_accounts(everything: Mapping[str, Sequence[Sequence[Any]]], target: Path) -> None:
    """Write accounts and passkeys that lie in a database, whole or not at all.

    Parameters
    ----------
    everything : mapping
        All rows, by table.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    with (
        _arriving(target) as half,
        contextlib.closing(PeopleTables(half, alone=True)) as tables,
        tables.writing() as do,
    ):
        fill(do, {name: rows for name, rows in everything.items() if name not in _STAYS_BEHIND})


@contextlib.contextmanager
def _arriving(target: Path) -> Iterator[Path]:
    half = target.with_name(f".{target.name}.arriving")
    try:
        half.unlink(missing_ok=True)
        half.touch(PRIVATE)
        yield half
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(target)
        sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{target}: cannot be copied: {error}") from error
