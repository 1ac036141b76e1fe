"""What is refused to a foreign program that carries bytes: a filter over all else that it may need.

Nobody can list what a build of FFmpeg calls, so here a list says what is refused: what reaches
other processes, other files' modes, keys of the kernel, and any socket but those of UDP. Calls that
came with Linux 5.1 or later, io_uring among them, are as if the kernel did not know them: a
program that runs on older kernels goes on without.
"""

from __future__ import annotations

import errno
import platform
from collections.abc import Mapping

from cautery.adapters._seccomp import (
    ALLOW,
    AT_LEAST,
    FREE,
    RETURN,
    Rule,
    Same,
    install,
    ruled,
    step,
)

_NEVER: Rule = ((Same(0, 1, mask=0),),)
"""No argument is 1 under an empty mask."""
_NEW = 424
"""Calls from this number on came with Linux 5.1 or later, and are the same on all machines."""
_UNKNOWN = 0x00050000 | errno.ENOSYS
_UDP: Rule = tuple(
    (Same(0, family), Same(1, 2, mask=0xF), Same(2, protocol))
    for family in (2, 10)  # AF_INET, AF_INET6
    for protocol in (0, 17)
)
"""SOCK_DGRAM, and neither UDP-Lite nor ICMP."""
_THREAD: Rule = ((Same(0, 0x10000, mask=0x10000),),)
"""CLONE_THREAD: no process of its own, which would outlive the one that its parent ends."""
_FLAGS_AND_LOCKS: Rule = tuple(
    (Same(1, what),) for what in (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032)
)
"""fcntl: a duplicate, flags, locks, a pipe's size. F_SETOWN and F_SETSIG would send another process
any signal once something comes."""
_STATE: Rule = tuple(
    (Same(1, what),) for what in (0x5401, 0x5411, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
)
"""ioctl: TCGETS, TIOCOUTQ, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX; not FIOSETOWN."""
_OF_ITSELF: Rule = tuple(
    (Same(0, option),) for option in (3, 15, 16, 23, 29, 30, 38, 39, 0x53564D41)
)
"""prctl that looks, names a thread or a piece of memory, or sets its slack: PR_SET_PDEATHSIG, which
ends it with its parent, stays as it is."""

_REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "setrlimit": (160, 164),
    "fork": (57, None), "vfork": (58, None),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "personality": (135, 92),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "memfd_create": (319, 279), "socketpair": (53, 199),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "inotify_init": (253, None),
    "inotify_init1": (294, 26), "fanotify_init": (300, 262), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
}  # fmt: skip
"""Numbers on x86_64 and aarch64 of what is refused whatever its arguments are."""
_JUDGED: Mapping[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "clone": (56, 220),
    "prctl": (157, 167),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
}
_KEPT = {
    "close_range": 436,
    "openat2": 437,
    "faccessat2": 439,
    "epoll_pwait2": 441,
    "futex_waitv": 449,
}
"""Of the new ones, those that reach nothing which the older ones do not reach."""


def refuse_what_reaches_out(own: int) -> None:
    """Refuse these calls to this process, and to the program that takes its place, for ever.

    The process must have given up new privileges (PR_SET_NO_NEW_PRIVS).

    Parameters
    ----------
    own : int
        The number of this process, which its program keeps.

    Raises
    ------
    OSError
        If the kernel has no seccomp, or the machine is of a kind whose numbers are not known.
    """
    install(program(own, platform.machine()))


def program(own: int, machine: str) -> bytes:
    """Return the BPF program that refuses them.

    Raises
    ------
    OSError
        If the numbers of such a machine are not known.
    """
    rules: dict[str, Rule] = {
        **dict.fromkeys(_REFUSED, _NEVER),
        "socket": _UDP,
        "clone": _THREAD,
        "prctl": _OF_ITSELF,
        "fcntl": _FLAGS_AND_LOCKS,
        "ioctl": _STATE,
        "kill": ((Same(0, own),),),
        "tgkill": ((Same(0, own),),),
        "prlimit64": ((Same(0, 0),), (Same(0, own),)),
        **dict.fromkeys(_KEPT, FREE),
    }
    numbers = {**_REFUSED, **_JUDGED, **{name: (at, at) for name, at in _KEPT.items()}}
    return b"".join(
        [
            ruled(rules, machine, numbers),
            step(AT_LEAST, _NEW, false=1),
            step(RETURN, _UNKNOWN),
            step(RETURN, ALLOW),
        ]
    )
