"""Calls of the Linux kernel for which Python has no function."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

# Numbers of linux/prctl.h.
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
_CLOSE_RANGE = 436
"""close_range(2); calls since Linux 5.1 have one number on all machines."""
_M_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of malloc.h."""

_libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: int | ctypes.Structure) -> int:
    """Make a system call by its number.

    Raises
    ------
    OSError
        If the kernel refuses it.
    """
    # ``c_long`` for each: ctypes would pass a bare int as 32 bits, and the upper half of the
    # register would be whatever was left there.
    passed = [
        ctypes.byref(argument)
        if isinstance(argument, ctypes.Structure)
        else ctypes.c_long(argument)
        for argument in arguments
    ]
    return _checked(_libc.syscall(ctypes.c_long(number), *passed))


def prctl(option: int, *arguments: int) -> int:
    """Change what the kernel keeps of this process.

    Raises
    ------
    OSError
        If the kernel refuses it.
    """
    # Some options refuse a call whose unused arguments are not zero (prctl(2)).
    filled = (*arguments, 0, 0, 0, 0)[:4]
    return _checked(_libc.prctl(option, *(ctypes.c_ulong(argument) for argument in filled)))


def give_arrays_back() -> None:
    """Have the memory of each freed array of a megabyte or more go back to the system at once.

    For commands that hold millions of small values and build large arrays beside them: glibc keeps
    such arrays for later, and small values then keep it from giving any back. Where the C library
    has no such setting, nothing changes.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, 1 << 20)


def mount(source: bytes, target: bytes, kind: bytes | None, flags: int, options: bytes) -> None:
    """Mount a file system.

    Raises
    ------
    OSError
        If the kernel refuses it.
    """
    _checked(_libc.mount(source, target, kind, ctypes.c_ulong(flags), options))


def unmount(target: bytes, flags: int) -> None:
    """Take a mounted file system away.

    Raises
    ------
    OSError
        If the kernel refuses it.
    """
    _checked(_libc.umount2(target, flags))


def close_from(first: int) -> None:
    """Close every descriptor from this number on, however high the limit of their number is."""
    try:
        call(_CLOSE_RANGE, first, 0x7FFFFFFF, 0)
    except OSError:  # Linux before 5.9
        for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if descriptor >= first:
                with contextlib.suppress(OSError):
                    os.close(descriptor)


def hide_memory() -> None:
    """Keep other processes of the same user from reading this one's memory and descriptors.

    It also ends core dumps, and debuggers of the same user; the superuser's still work. A program
    that this process starts is not hidden by it. Where there is no Linux, nothing is done.
    """
    if sys.platform.startswith("linux"):
        prctl(PR_SET_DUMPABLE, 0)


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
