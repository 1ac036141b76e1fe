"""Namespaces of one's own: without network, and with an empty file system (namespaces(7)).

A user namespace makes this possible to anyone, where the system allows it; many forbid it, so
every step here may fail, and what was reached is returned.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re

from cautery.adapters._kernel import (
    PR_CAP_AMBIENT,
    PR_CAP_AMBIENT_CLEAR_ALL,
    PR_CAPBSET_DROP,
    call,
    mount,
    prctl,
    unmount,
)

# CLONE_NEWUSER, CLONE_NEWNET and CLONE_NEWNS of linux/sched.h.
_USER, _NETWORK, _MOUNTS = 0x10000000, 0x40000000, 0x00020000
_UTS_IPC_CGROUP = 0x04000000 | 0x08000000 | 0x02000000
"""Names of the machine, shared memory, control groups."""
# Numbers of system calls: asm/unistd_64.h on x86_64, asm-generic/unistd.h on aarch64.
_UNSHARE = {"x86_64": 272, "aarch64": 97}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITIES_3 = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of linux/capability.h: 64 bits for each set."""
_PRIVATE_ALL = 0x40000 | 0x4000
"""MS_PRIVATE and MS_REC: what is mounted here must not appear outside."""
_READ_ONLY_EMPTY = 0x1 | 0x2 | 0x4 | 0x8
"""MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC."""
_DETACH = 2
"""MNT_DETACH."""
_PLACE = b"/proc"
"""A folder that is there on every Linux, to mount the empty file system on."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("words", ctypes.c_uint32 * 6),)


def leave_network(machine: str) -> bool:
    """Move to namespaces without network; return whether the system allows it.

    Only a process of one thread can.
    """
    # All, or at least the network: a system may allow the one and not the other.
    for flags in (_USER | _NETWORK | _MOUNTS | _UTS_IPC_CGROUP, _USER | _NETWORK):
        with contextlib.suppress(OSError, KeyError):
            call(_UNSHARE[machine], flags)
            return True
    return False


def count_threads_apart(machine: str) -> bool:
    """Move to a user namespace in which this process is the first that RLIMIT_NPROC counts.

    Returns
    -------
    bool
        Whether the system allows it. Before Linux 5.14 all processes of a user count everywhere.
    """
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if release is None or tuple(map(int, release.groups())) < (5, 14):
        return False
    with contextlib.suppress(OSError, KeyError):
        call(_UNSHARE[machine], _USER)
        return True
    return False


def leave_files(machine: str) -> bool:
    """Exchange the root folder for an empty one; return whether the system allows it."""
    try:
        mount(b"none", b"/", None, _PRIVATE_ALL, b"")
        mount(b"none", _PLACE, b"tmpfs", _READ_ONLY_EMPTY, b"size=4k,nr_inodes=1")
        os.chdir(_PLACE)
        dot = ctypes.create_string_buffer(b".")
        # ``pivot_root(".", ".")`` stacks the old root on the new one, so no folder for it is needed
        # in a file system that takes none (pivot_root(2), Notes).
        call(_PIVOT_ROOT[machine], ctypes.addressof(dot), ctypes.addressof(dot))
        # Detached: a plain umount2(2) refuses a file system that is in use.
        unmount(b".", _DETACH)
        os.chdir("/")
    except (OSError, KeyError):
        return False
    return True


def drop_capabilities(machine: str) -> None:
    """Give up every capability, also those of the superuser, where the machine is known."""
    with contextlib.suppress(OSError):
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
        # The kernel refuses the first number that it does not know, which ends the loop.
        for capability in range(64):
            prctl(PR_CAPBSET_DROP, capability)
    with contextlib.suppress(OSError, KeyError):
        call(_CAPSET[machine], _Header(_CAPABILITIES_3, 0), _Capabilities())
