"""The cases below a folder.

Reaches: the names in that folder and in the folders in it, and the times and sizes of four files in
each case; no case is opened.
Lawful basis: the mandates of the cases.
Manners: links are not followed, what is no case is passed over, and so many names are looked at and
no more.
Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from cautery.adapters._files import real_path
from cautery.errors import InputError
from cautery.evidence.manifest import CASE_KEY, LEDGER, MANIFEST, NOTE

_MOST_NAMES = 100_000
_BETWEEN = "+"
"""Between folder and case in a name: a slash would part the addresses of the operations room."""
_DEEPEST = 2
_OF_DISK = "lost+found"
"""In the first folder of a disk; root alone looks into it."""
_MARKS = (LEDGER, NOTE, CASE_KEY)
"""A folder that has one of these is a case, or what is left of one."""
_CHANGING = (LEDGER, f"{LEDGER}-wal", MANIFEST, NOTE)
"""Files of which one changes whenever a case does."""

Stamp = tuple[tuple[int, int, int] | None, ...]


def cases_below(folder: Path) -> dict[str, Path]:
    """Return the cases in a folder, or one folder further down, by their name in that folder.

    A folder that is a case itself is the only one. A case that lies further down has the name of
    its folder before its own, with a plus between. No two cases have one name.

    Raises
    ------
    InputError
        If it is no folder, cannot be read, or has more names than a person keeps.
    """
    try:
        if _is_case(folder):
            return {_shown(real_path(folder).name): folder}
        return dict(sorted(_below(folder, "", _DEEPEST, count())))
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror}", hint="Give the folder in which your cases lie."
        ) from error


def shut_below(folder: Path) -> dict[str, str]:
    """Return what may be a case in a folder, or one further down, and is passed over: and why.

    By its path in the folder. Whoever copies all cases must not leave one out without a word.
    """
    shut: dict[str, str] = {}
    for path in _shut(folder, _DEEPEST, count()):
        name = path.relative_to(folder).as_posix()
        is_link = path.is_symlink()
        shut[_shown(name)] = "it is a link" if is_link else "this user may not look into it"
    return shut


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


def _is_case(folder: Path) -> bool:
    """Tell whether a folder is a case, or what is left of one."""
    return any(os.path.lexists(folder / name) for name in _MARKS)


def _below(
    folder: Path, prefix: str, levels: int, numbers: Iterator[int]
) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if next(numbers) == _MOST_NAMES:
                raise InputError(
                    f"{folder}: more than {_MOST_NAMES:,} names",
                    hint="Give the folder in which your cases lie, and little else.",
                )
            if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
                continue
            path = folder / entry.name
            name = prefix + _shown(entry.name)
            if _is_case(path):
                yield name, path
            elif levels > 1:
                with contextlib.suppress(PermissionError, FileNotFoundError):
                    # Somebody else's folder has no case of ours, and one that is gone has none.
                    yield from _below(path, name + _BETWEEN, levels - 1, numbers)


def _shut(folder: Path, levels: int, numbers: Iterator[int]) -> Iterator[Path]:
    if _is_case(folder):
        return
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if next(numbers) >= _MOST_NAMES:
                return  # :func:`cases_below` refuses such a folder
            if entry.name.startswith(".") or entry.name == _OF_DISK or not path.is_dir():
                continue
            if entry.is_symlink():
                if _is_case(path):
                    yield path
            elif not os.access(path, os.R_OK | os.X_OK):
                yield path
            elif levels > 1:
                yield from _shut(path, levels - 1, numbers)


def _shown(name: str) -> str:
    r"""Return a name with bytes that are no UTF-8 spelt out: it stands in an address and a page.

    No two folders have one name, since rights are given by it: a backslash of the folder's own is
    doubled, and a plus has one before it.
    """
    own_bytes = os.fsencode(name).replace(b"\\", b"\\\\").replace(b"+", b"\\+")
    return own_bytes.decode("utf-8", "backslashreplace")
