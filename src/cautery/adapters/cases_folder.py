"""The cases below a folder.

Reaches: the names in one folder and in the folders in it, nothing else on the disk.
Lawful basis: that of each case.
Manners: links are not followed, nothing is opened, and so many names are looked at and no more.
Format: docs/reference/case-format.md; a case is a folder with a ledger.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cautery.errors import StorageError
from cautery.evidence.manifest import LEDGER

MOST_NAMES = 20_000
_BETWEEN = "+"
"""Between folder and case in a name in addresses: a slash would part the address."""
_DEEPEST = 2


def cases_below(folder: Path) -> dict[str, Path]:
    """Return the cases in a folder, or one folder further down, by their name in addresses.

    A folder that is a case itself is the only one.

    Raises
    ------
    StorageError
        If it cannot be read.
    """
    try:
        if (folder / LEDGER).is_file():
            return {folder.resolve().name: folder}
        return dict(_below(folder, "", 1))
    except FileNotFoundError:  # the first watch will make it
        return {}
    except OSError as error:
        raise StorageError(
            f"{folder}: {error.strerror}", hint="Name the folder that holds your cases: --cases DIR"
        ) from error


def _below(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in islice(entries, MOST_NAMES):
            if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
                continue
            path = folder / entry.name
            if (path / LEDGER).is_file():
                yield prefix + entry.name, path
            elif depth < _DEEPEST:
                try:
                    yield from _below(path, f"{prefix}{entry.name}{_BETWEEN}", depth + 1)
                except PermissionError:  # somebody else's folder has no case of ours
                    continue
