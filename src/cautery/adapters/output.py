"""Where a command's own output goes: never into a case, never in the place of a link or a device.

Reaches: the local disk.
Lawful basis: it keeps what the person asked to have written.
Manners: nothing is written but the file that was named.
Format: open(2), rename(2).
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cautery.adapters._files import PRIVATE, real_path, write_pieces
from cautery.errors import InputError, StorageError
from cautery.evidence.manifest import CASE_KEY, LEDGER


def check_output(path: Path) -> None:
    """Refuse a place where a file would spoil a case, or take the place of what is no file.

    Raises
    ------
    InputError
        If it lies in a case, or is a link, a device, a pipe or a folder.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    if stat.S_ISLNK(mode):
        raise InputError(f"{path} is a symbolic link", hint="Name the file itself.")
    if stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path} is not a regular file", hint="Name a regular file.")
    where = real_path(path.parent)
    for folder in (where, *where.parents):
        if (folder / LEDGER).exists() or (folder / CASE_KEY).exists():
            raise InputError(
                f"{path}: is inside the case {folder}, which may hold only its own files",
                hint="Write it outside the case.",
            )


def write_output(path: Path, pieces: Iterable[bytes], *, mode: int) -> None:
    """Write a file whole or not at all; what is a pipe or ``/dev/null`` gets the bytes itself.

    Raises
    ------
    InputError
        As :func:`check_output` does.
    StorageError
        If it cannot be written.
    """
    try:
        # Followed: /dev/stdout is a link to a pipe or a terminal.
        existing_mode = path.stat().st_mode
    except OSError:
        existing_mode = 0
    if not (stat.S_ISCHR(existing_mode) or stat.S_ISFIFO(existing_mode)):
        check_output(path)
        write_pieces(path, pieces, mode=mode)
        return
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CLOEXEC), "wb") as file:  # noqa: PTH123
            file.writelines(pieces)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="") from error


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder for its owner's eyes, whole or not at all.

    Parameters
    ----------
    files : mapping of str to bytes
        By their paths in the folder, with ``/`` between.

    Raises
    ------
    InputError
        If there is something at the place already, or it lies in a case.
    StorageError
        If it cannot be written.
    """
    if path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir()))):
        raise InputError(f"{path} exists already", hint="Name a new folder.")
    check_output(path / "folder")
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=real_path(path.parent)))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="") from error
    try:
        for name, content in files.items():
            (draft / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_pieces(draft / name, (content,), mode=PRIVATE)
        draft.rename(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint="") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
