"""A filter of system calls that refuses all but a list, as the kernel's seccomp(2) takes it.

The list is a program of classic BPF. A call that is not on it gets EPERM; a call of another
machine's kind (such as a 32-bit one, whose numbers mean other calls) ends the process. Numbers
are those of Linux's ``unistd_64.h`` (x86_64) and ``asm-generic/unistd.h`` (aarch64).
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Mapping
from typing import NamedTuple

from cautery.adapters._kernel import call

_LOAD, _MASK, _EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
"""BPF_LD|W|ABS, BPF_ALU|AND|K, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K of linux/filter.h."""
# SECCOMP_RET_* of linux/seccomp.h.
_KILL, ALLOW = 0x80000000, 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
"""Where struct seccomp_data has its fields."""
# __X32_SYSCALL_BIT: x86_64's kernel also takes the numbers of x32, which the list does not name.
_X32 = 0x40000000
_SET_FILTER, _ALL_THREADS = 1, 1

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of linux/audit.h."""
# Numbers of seccomp(2).
_SECCOMP = {"x86_64": 317, "aarch64": 277}


class Same(NamedTuple):
    """An argument of a call whose bits under ``mask`` must be ``value`` (its low 32 bits)."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFF


Rule = tuple[tuple[Same, ...], ...]
"""Alternatives, one of which must be met in full; no alternative: the call is free."""

FREE: Rule = ()
_NO_CODE: Rule = ((Same(2, 0, mask=0x4),),)
"""Memory that is never PROT_EXEC."""
_NO_CODE_NO_FILE: Rule = ((Same(2, 0, mask=0x4), Same(3, 0x20, mask=0x20)),)
"""The same, and MAP_ANONYMOUS."""
_OWN_CPU_LIMIT: Rule = ((Same(0, 0), Same(1, 0)),)
"""prlimit64 of the process itself, RLIMIT_CPU."""
_PLAIN_FUTEX: Rule = tuple((Same(1, operation, mask=0xFFFFFE7F),) for operation in (0, 1, 9, 10))
"""FUTEX_WAIT, WAKE, WAIT_BITSET, WAKE_BITSET, private or not, by either clock."""
_OWN_CLOCKS: Rule = ((Same(0, 0, mask=0xFFFFFFF0),),)
"""The system's clocks and the process's own; a number below zero is the CPU time of another."""
_CLOSE_ON_EXEC: Rule = ((Same(1, 0x5451),), (Same(1, 0x5450),))
"""ioctl FIOCLEX and FIONCLEX."""
_LOCKS_AND_FLAGS: Rule = tuple((Same(1, what),) for what in (1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030))
"""fcntl: flags of a descriptor, locks, a duplicate that a started program does not get."""

COMPUTE: Mapping[str, Rule] = {
    "read": FREE,
    "write": FREE,
    "lseek": FREE,
    "futex": _PLAIN_FUTEX,
    "clock_gettime": _OWN_CLOCKS,
    "brk": FREE,
    "mmap": _NO_CODE_NO_FILE,
    "munmap": FREE,
    "mremap": FREE,
    "mprotect": _NO_CODE,
    "madvise": FREE,
    "readv": FREE,
    "writev": FREE,
    "getrusage": FREE,
    "prlimit64": _OWN_CPU_LIMIT,
    "clock_getres": _OWN_CLOCKS,
    "clock_nanosleep": _OWN_CLOCKS,
    "nanosleep": FREE,
    "gettimeofday": FREE,
    "sched_yield": FREE,
    "getrandom": FREE,
    "getpid": FREE,
    "gettid": FREE,
    "rt_sigprocmask": FREE,
    "rt_sigreturn": FREE,
    "restart_syscall": FREE,
    "exit": FREE,
    "exit_group": FREE,
}
"""What a process needs that reads and writes descriptors which it has, and computes."""

FILES: Mapping[str, Rule] = {
    **COMPUTE,
    "mmap": _NO_CODE,
    **dict.fromkeys(
        ("open", "openat", "close", "pread64", "pwrite64", "stat", "lstat", "fstat", "newfstatat",
         "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64",
         "getcwd", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
         "mkdir", "mkdirat", "rmdir", "fchmod", "umask", "flock",
         "fsync", "fdatasync", "ftruncate", "fallocate", "getuid", "geteuid", "getgid", "getegid",
         "getppid", "poll", "ppoll", "rt_sigaction", "uname"),
        FREE,
    ),
    "fcntl": _LOCKS_AND_FLAGS,
    "ioctl": _CLOSE_ON_EXEC,
}  # fmt: skip
"""The same with files; which files, Landlock's rules and their modes say.

Landlock has no right for the change of a mode or a time, so those go by an open descriptor alone.
"""

SOCKETS: Mapping[str, Rule] = {
    **FILES,
    **dict.fromkeys(("sendto", "recvfrom", "sendmsg", "recvmsg"), FREE),
}
"""The same with sockets that are open already; no other one can be made or connected."""

_NUMBERS: Mapping[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, None),
    "close": (3, 57),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "poll": (7, None),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "ioctl": (16, 29),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "access": (21, None),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "exit": (60, 93),
    "uname": (63, 160),
    "fcntl": (72, 25),
    "flock": (73, 32),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "ftruncate": (77, 46),
    "getcwd": (79, 17),
    "rename": (82, None),
    "mkdir": (83, None),
    "rmdir": (84, None),
    "link": (86, None),
    "unlink": (87, None),
    "readlink": (89, None),
    "fchmod": (91, 52),
    "umask": (95, 166),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "futex": (202, 98),
    "getdents64": (217, 61),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "openat": (257, 56),
    "mkdirat": (258, 34),
    "newfstatat": (262, 79),
    "unlinkat": (263, 35),
    "renameat": (264, 38),
    "linkat": (265, 37),
    "readlinkat": (267, 78),
    "faccessat": (269, 48),
    "ppoll": (271, 73),
    "fallocate": (285, 47),
    "prlimit64": (302, 261),
    "renameat2": (316, 276),
    "getrandom": (318, 278),
    "statx": (332, 291),
    "faccessat2": (439, 439),
}
"""A call's number on x86_64 and on aarch64, which has fewer."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def allow_only(calls: Mapping[str, Rule]) -> None:
    """Refuse every other system call to all threads of this process, for ever.

    The process must have given up new privileges (PR_SET_NO_NEW_PRIVS).

    Raises
    ------
    OSError
        If the kernel has no seccomp, or the machine is of a kind whose numbers are not known.
    """
    install(program(calls, platform.machine()))


def install(code: bytes) -> None:
    """Put a filter over all threads of this process.

    Raises
    ------
    OSError
        If the kernel has no seccomp, or a thread has a filter of its own.
    """
    instructions = ctypes.create_string_buffer(code, len(code))
    filter_program = _Program(len(code) // 8, ctypes.addressof(instructions))
    # With TSYNC the kernel returns the id of a thread that could not take the filter; then none has
    # it.
    stray = call(_SECCOMP[platform.machine()], _SET_FILTER, _ALL_THREADS, filter_program)
    if stray:
        raise OSError(errno.EBUSY, f"thread {stray} has a filter of its own")


def program(calls: Mapping[str, Rule], machine: str) -> bytes:
    """Return the BPF program that lets these calls through, in the order given.

    Raises
    ------
    OSError
        If the numbers of such a machine are not known.
    """
    return ruled(calls, machine, _NUMBERS) + step(RETURN, _REFUSE)


def ruled(
    calls: Mapping[str, Rule], machine: str, numbers: Mapping[str, tuple[int | None, int | None]]
) -> bytes:
    """Return the steps that judge these calls, and end a process that makes calls of another kind.

    Parameters
    ----------
    numbers : mapping of str to (int or None, int or None)
        A call's number on x86_64 and on aarch64.

    Raises
    ------
    OSError
        If the numbers of such a machine are not known.
    """
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"the system calls of {machine!r} are not known here")
    # x86_64 first, as the columns of the numbers.
    column = sorted(_MACHINES, reverse=True).index(machine)
    code = [
        step(_LOAD, _MACHINE_AT),
        step(_EQUAL, _MACHINES[machine], true=1),
        step(RETURN, _KILL),
        step(_LOAD, _NUMBER_AT),
        # x32 has the same machine as x86_64 and is told by a bit of the number.
        step(AT_LEAST, _X32, false=1),
        step(RETURN, _KILL),
    ]
    for name, rule in calls.items():
        number = numbers[name][column]
        if number is not None:
            body = _alternatives(rule)
            code += [step(_EQUAL, number, false=len(body)), *body]
    return b"".join(code)


def _alternatives(rule: Rule) -> list[bytes]:
    """Return the steps that follow once the number fits: they always end the program."""
    if not rule:
        return [step(RETURN, ALLOW)]
    code: list[bytes] = []
    for alternative in rule:
        left = 3 * len(alternative)
        for same in alternative:
            left -= 3
            code += [
                # The low half of an argument, which both machines store first. The kernel reads no
                # more of the arguments in these rules: they are ints, or flags below 2^32.
                step(_LOAD, _ARGUMENTS_AT + 8 * same.argument),
                step(_MASK, same.mask),
                step(_EQUAL, same.value, false=left + 1),
            ]
        code.append(step(RETURN, ALLOW))
    return [*code, step(RETURN, _REFUSE)]


def step(operation: int, value: int, *, true: int = 0, false: int = 0) -> bytes:
    """Return one step of a filter: what to do, with which value, and how many to pass over."""
    return struct.pack("<HBBI", operation, true, false, value)
