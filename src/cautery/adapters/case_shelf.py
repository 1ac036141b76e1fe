"""A folder whose folders are cases.

Reaches: the names in that folder, and the times and sizes of two files in each; no case is opened.
Lawful basis: the mandates of the cases.
Manners: links are not followed, and what is no case is passed over.
Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import os
from pathlib import Path

from cautery.errors import InputError
from cautery.evidence.manifest import CASE_KEY, LEDGER, MANIFEST, NOTE

_MOST_CASES = 100_000
_MARKS = (LEDGER, NOTE, CASE_KEY)
"""A folder that has one of these is a case, or what is left of one."""
_CHANGING = (LEDGER, f"{LEDGER}-wal", MANIFEST, NOTE)
"""Files of which one changes whenever a case does."""

Stamp = tuple[tuple[int, int, int] | None, ...]


def cases_in(folder: Path) -> tuple[Path, ...]:
    """Return the cases of a folder, by name.

    Raises
    ------
    InputError
        If it is no folder, cannot be read, or has more entries than a person keeps.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number == _MOST_CASES:
                    raise InputError(f"{folder}: more than {_MOST_CASES:,} entries", hint="")
                if entry.is_dir(follow_symlinks=False) and _is_case(entry.path):
                    found.append(Path(entry.path))
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror}", hint="Give the folder in which your cases lie."
        ) from error
    return tuple(sorted(found))


def stamp_of(case: Path) -> Stamp:
    """Return what changes when a case does: inode, size and time of its changing files."""
    stamp: list[tuple[int, int, int] | None] = []
    for name in _CHANGING:
        try:
            status = os.lstat(case / name)
        except OSError:
            stamp.append(None)
        else:
            stamp.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(stamp)


def _is_case(path: str) -> bool:
    return any(os.path.lexists(f"{path}/{name}") for name in _MARKS)
