"""A world's folder is written whole or not at all, and never over another."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cautery.adapters._files import sync_folder
from cautery.errors import InputError, StorageError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder beside it to write into, which takes its place at the end.

    Raises
    ------
    InputError
        If the folder holds something already, or is no folder.
    StorageError
        If it cannot be written; nothing partial survives.
    """
    require_empty(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work_folder = Path(tempfile.mkdtemp(prefix=f".writing-{os.getpid()}-", dir=folder.parent))
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    try:
        yield work_folder
        work_folder.chmod(0o755)
        sync_folder(work_folder)
        work_folder.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)


def require_empty(folder: Path) -> None:
    """Refuse a folder that holds something: a world is never written over another.

    Raises
    ------
    InputError
        If the folder is not empty, or is no folder.
    """
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise InputError(f"{folder}: not a folder")
        if folder.exists() and any(folder.iterdir()):
            raise InputError(
                f"{folder}: not empty",
                hint="Name a new folder; an existing world is not overwritten.",
            )
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}") from error
