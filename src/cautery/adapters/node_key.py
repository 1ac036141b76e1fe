"""The key of an organisation's nodes: with it they read what a watch asks and what they answer.

Reaches: one file on each machine, which its owner alone may read.
Lawful basis: none needed; it is the organisation's own.
Manners: a file that is there is never replaced.
Format: 32 random bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cautery.adapters._key_files import KEY_BYTES, key_bytes
from cautery.errors import InputError, StorageError


def read_node_key(path: Path) -> bytes:
    """Return the nodes' key.

    Raises
    ------
    InputError
        If there is none, others may read it, or it has another length.
    """
    return key_bytes(path)


def make_node_key(path: Path, *, random: Callable[[int], bytes] = os.urandom) -> None:
    """Make the nodes' key in a new file.

    Raises
    ------
    InputError
        If the file is there.
    StorageError
        If it cannot be written; nothing is left of it then.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise InputError(
            f"{path}: there is a file of this name, and no key is ever replaced",
            hint="Nodes that have the old key would read nothing more. Name another file.",
        ) from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(random(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageError(f"{path}: {error.strerror}") from error
