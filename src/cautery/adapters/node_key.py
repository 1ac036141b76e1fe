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

from cautery.adapters._files import write_new
from cautery.adapters._key_files import KEY_BYTES, key_bytes
from cautery.errors import InputError


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
    if path.exists() or path.is_symlink():
        raise InputError(
            f"{path}: there is a file of this name, and no key is ever replaced",
            hint="Nodes that have the old key would read nothing more. Name another file.",
        )
    write_new(path, random(KEY_BYTES))
