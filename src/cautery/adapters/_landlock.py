"""Landlock: files, TCP, signals and sockets closed by the kernel's access rights (landlock(7)).

What a process may still reach is a list of paths; TCP, signals to others and abstract sockets are
refused altogether, as far as the kernel's version knows them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cautery.adapters._kernel import call

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the three system calls, the same on all machines."""
_VERSION, _PATH_BENEATH = 1, 1

# LANDLOCK_ACCESS_FS_* of linux/landlock.h; the bits left out make devices, sockets, pipes and
# links, which nobody here needs.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (
    1 << bit for bit in range(6)
)
_MAKE_DIR, _MAKE_REG, _REFER, _TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
_READ_ACCESS = _READ_FILE | _READ_DIR
_WRITE = (
    _READ_ACCESS
    | _WRITE_FILE
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _REFER
    | _TRUNCATE
)
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
"""Rights that a rule for a single file can give."""
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Rights over files that each version knows; from 5 on there are 16."""
_TCP_BITS = 2
"""To bind and to connect, from version 4 on."""
_SCOPE_BITS = 2
"""Abstract sockets and signals, from version 6 on."""


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Return the kernel's version of Landlock; 0: it has none."""
    try:
        # An error means that the kernel does not know the call, or that Landlock is switched off.
        return call(_CREATE, 0, 0, _VERSION)
    except OSError:
        return 0


def restrict(
    *,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    runnable: Sequence[Path] = (),
) -> int:
    """Refuse this thread, and what it starts, every file but these paths and what lies in them.

    The process must have given up new privileges (PR_SET_NO_NEW_PRIVS).

    Returns
    -------
    int
        The version in force; 0: the kernel has no Landlock, and nothing was restricted.

    Raises
    ------
    OSError
        If a path is not there.
    """
    abi = version()
    if not abi:
        return 0
    handled = (1 << _FILE_BITS.get(abi, 16)) - 1
    rules = _Ruleset(
        handled,
        (1 << _TCP_BITS) - 1 if abi >= 4 else 0,
        (1 << _SCOPE_BITS) - 1 if abi >= 6 else 0,
    )
    # The structure has 8 bytes up to ABI 3, 16 up to ABI 5, and 24 since.
    ruleset = call(_CREATE, rules, 8 if abi < 4 else 16 if abi < 6 else 24, 0)
    try:
        for paths, rights in (
            (readable, _READ_ACCESS),
            (writable, _WRITE),
            (runnable, _READ_ACCESS | _EXECUTE),
        ):
            for path in paths:
                _permit(ruleset, path, rights & handled)
        call(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return abi


def _permit(ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, place)
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            # The kernel refuses a rule that gives a file the rights of a folder
            # (landlock_add_rule(2), EINVAL).
            rights &= _OF_FILES
        call(_ADD, ruleset, _PATH_BENEATH, _PathRule(rights, place), 0)
