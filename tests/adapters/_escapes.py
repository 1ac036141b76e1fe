"""Ways out of a process, tried by number and by pointer, as a memory bug would let them be tried.

:func:`main` is started in place of the decoder's child: it is the same child in every respect, but
for what it does when it is given a job.
"""

from __future__ import annotations

import ctypes
import encodings.ascii
import encodings.idna
import json
import mmap
import os
import platform
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
NOBODY = 65534
BEYOND = 512
"""Numbers of system calls end before it; those of the x32 ABI begin far above."""
HERE = -100
"""AT_FDCWD."""

_X86 = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kill": 62, "tgkill": 234,
    "tkill": 200, "rt_sigqueueinfo": 129, "pidfd_open": 434, "pidfd_send_signal": 424,
    "pidfd_getfd": 438, "execve": 59, "execveat": 322, "memfd_create": 319, "io_uring_setup": 425,
    "userfaultfd": 323, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248,
    "unshare": 272, "setns": 308, "mount": 165, "chroot": 161, "pivot_root": 155,
    "sched_setaffinity": 203, "setpriority": 141, "prlimit64": 302, "shmget": 29, "msgget": 68,
    "mmap": 9, "mprotect": 10, "personality": 135, "prctl": 157, "seccomp": 317, "dup3": 292,
    "close": 3, "fcntl": 72, "ioctl": 16, "socket": 41, "socketpair": 53, "connect": 42,
    "sendmsg": 46, "openat": 257, "openat2": 437, "newfstatat": 262, "renameat2": 316,
    "unlinkat": 263, "mkdirat": 258, "fchmodat": 268, "linkat": 265, "symlinkat": 266, "clone": 56,
    "clone3": 435, "setuid": 105, "capset": 126, "kcmp": 312, "move_pages": 279, "chdir": 80,
    "process_madvise": 440, "get_robust_list": 274, "sched_setscheduler": 144, "getpid": 39,
    "landlock_create_ruleset": 444, "inotify_init1": 294, "timer_create": 222, "splice": 275,
    "name_to_handle_at": 303, "truncate": 76, "ioprio_set": 251,
}  # fmt: skip
_ARM = {
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kill": 129, "tgkill": 131,
    "tkill": 130, "rt_sigqueueinfo": 138, "pidfd_open": 434, "pidfd_send_signal": 424,
    "pidfd_getfd": 438, "execve": 221, "execveat": 281, "memfd_create": 279, "io_uring_setup": 425,
    "userfaultfd": 282, "bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217,
    "unshare": 97, "setns": 268, "mount": 40, "chroot": 51, "pivot_root": 41,
    "sched_setaffinity": 122, "setpriority": 140, "prlimit64": 261, "shmget": 194, "msgget": 186,
    "mmap": 222, "mprotect": 226, "personality": 92, "prctl": 167, "seccomp": 277, "dup3": 24,
    "close": 57, "fcntl": 25, "ioctl": 29, "socket": 198, "socketpair": 199, "connect": 203,
    "sendmsg": 211, "openat": 56, "openat2": 437, "newfstatat": 79, "renameat2": 276,
    "unlinkat": 35, "mkdirat": 34, "fchmodat": 53, "linkat": 37, "symlinkat": 36, "clone": 220,
    "clone3": 435, "setuid": 146, "capset": 91, "kcmp": 272, "move_pages": 239, "chdir": 49,
    "process_madvise": 440, "get_robust_list": 100, "sched_setscheduler": 119, "getpid": 172,
    "landlock_create_ruleset": 444, "inotify_init1": 26, "timer_create": 107, "splice": 76,
    "name_to_handle_at": 264, "truncate": 45, "ioprio_set": 30,
}  # fmt: skip
NUMBERS = _ARM if platform.machine() == "aarch64" else _X86

Goal = dict[str, Any]
"""What there is to reach: a victim's pid and an address in it, the parent's pid, paths, a port."""


def call(name: str | int, *arguments: object) -> int:
    number = NUMBERS[name] if isinstance(name, str) else name
    passed = [one if isinstance(one, ctypes.Array) else _word(one) for one in arguments]
    result: int = LIBC.syscall(ctypes.c_long(number), *passed)
    if result == -1:
        raise OSError(ctypes.get_errno(), str(name))
    return result


def _word(value: Any) -> Any:
    if isinstance(value, str):
        return ctypes.c_char_p(value.encode())
    return value if not isinstance(value, int) else ctypes.c_long(value)


def _vector(size: int, address: int | None = None) -> Any:
    """Return a struct iovec, of a buffer of its own or of an address elsewhere."""
    if address is None:
        buffer = ctypes.create_string_buffer(size)
        _KEPT.append(buffer)
        address = ctypes.addressof(buffer)
    return (ctypes.c_uint64 * 2)(address, size)


_KEPT: list[Any] = []


def read(path: str) -> None:
    os.read(os.open(path, os.O_RDONLY), 10)


def freed_then_read(goal: Goal) -> None:
    """Free a descriptor first, so that a limit of their number does not stand in the way."""
    os.close(2)
    read(goal["key"])


def connect(goal: Goal) -> None:
    with socket.create_connection(("127.0.0.1", goal["port"]), timeout=2):
        pass


def run(_: Goal) -> None:
    os.execv("/bin/true", ["true"])


def run_from_memory(_: Goal) -> None:
    file = call("memfd_create", "x", 0)
    call("execveat", file, "", ctypes.c_void_p(), ctypes.c_void_p(), 0x1000)


def fork(_: Goal) -> None:
    if os.fork() == 0:
        os._exit(0)


def thread(_: Goal) -> None:
    try:
        threading.Thread(target=int).start()
    except RuntimeError as error:
        raise PermissionError(1, str(error)) from None


def pass_descriptor(_: Goal) -> None:
    import array

    here = socket.socket(fileno=0, family=socket.AF_UNIX, type=socket.SOCK_STREAM)
    here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))])


def vm(name: str) -> Callable[[Goal], None]:
    def attempt(goal: Goal) -> None:
        call(name, goal["victim"], _vector(8), 1, _vector(8, goal["address"]), 1, 0)

    return attempt


def plain(name: str, *arguments: object) -> Callable[[Goal], None]:
    """Make one call; a string such as ``<victim>`` stands for a goal's value."""

    def attempt(goal: Goal) -> None:
        filled = [
            goal[one[1:-1]] if isinstance(one, str) and one.startswith("<") else one
            for one in arguments
        ]
        call(name, *filled)

    return attempt


_EXEC_PAGE = (0, 4096, 7, 0x22, -1, 0)

ESCAPES: dict[str, Callable[[Goal], None]] = {
    "open a file": lambda _: read("/etc/passwd"),
    "read a key of mode 0600": lambda goal: read(goal["key"]),
    "read a key after freeing a descriptor": freed_then_read,
    "open by /proc/self": lambda _: read("/proc/self/environ"),
    "open by the parent's /proc": lambda goal: read(f"/proc/{goal['parent']}/maps"),
    "open by the parent's root": lambda goal: read(f"/proc/{goal['parent']}/root/etc/passwd"),
    "open another's descriptor": lambda goal: read(f"/proc/{goal['victim']}/fd/0"),
    "open another's memory": lambda goal: read(f"/proc/{goal['victim']}/mem"),
    "open again what is open": lambda _: read("/proc/self/fd/1"),
    "read another's clock": lambda goal: time.clock_gettime((~goal["victim"] << 3) | 2),
    "openat2": plain("openat2", HERE, "/etc/passwd", ctypes.create_string_buffer(24), 24),
    "look at a file": plain("newfstatat", HERE, "<key>", ctypes.create_string_buffer(256), 0),
    "make a file": lambda goal: os.close(os.open(f"{goal['folder']}/x", os.O_CREAT | os.O_WRONLY)),
    "rename a file": lambda goal: Path(goal["key"]).rename(f"{goal['folder']}/renamed"),
    "remove a file": lambda goal: Path(goal["other"]).unlink(),
    "make a folder": lambda goal: Path(f"{goal['folder']}/made").mkdir(),
    "link a file": lambda goal: os.link(goal["other"], f"{goal['folder']}/linked"),
    "link by name": lambda goal: Path(f"{goal['folder']}/symbolic").symlink_to("/etc"),
    "change a mode": lambda goal: Path(goal["other"]).chmod(0o777),
    "cut a file": plain("truncate", "<other>", 0),
    "change the folder": plain("chdir", "/"),
    "connect by TCP": connect,
    "a socket of IPv6": lambda _: socket.socket(socket.AF_INET6).close(),
    "a socket of UDP": lambda _: socket.socket(type=socket.SOCK_DGRAM).close(),
    "a socket of netlink": plain("socket", 16, 3, 0),
    "a Unix socket": lambda _: socket.socket(socket.AF_UNIX).close(),
    "a pair of sockets": lambda _: [one.close() for one in socket.socketpair()],
    "an abstract socket": lambda _: socket.socket(socket.AF_UNIX).bind("\0cautery-escape"),
    "pass a descriptor on": pass_descriptor,
    "read another's memory": vm("process_vm_readv"),
    "write another's memory": vm("process_vm_writev"),
    "attach by ptrace": plain("ptrace", 16, "<victim>", 0, 0),
    "seize by ptrace": plain("ptrace", 0x4206, "<victim>", 0, 0),
    "attach to the parent": plain("ptrace", 16, "<parent>", 0, 0),
    "be traced": plain("ptrace", 0, 0, 0, 0),
    "signal the parent": plain("kill", "<parent>", 0),
    "signal another": plain("kill", "<victim>", 0),
    "signal everyone": plain("kill", -1, 0),
    "signal the own group": plain("kill", 0, 0),
    "signal a thread": plain("tgkill", "<victim>", "<victim>", 0),
    "signal a thread alone": plain("tkill", "<victim>", 0),
    "queue a signal": plain("rt_sigqueueinfo", "<victim>", 0, ctypes.create_string_buffer(128)),
    "hold a process": plain("pidfd_open", "<victim>", 0),
    "signal by descriptor": plain("pidfd_send_signal", 0, 0, ctypes.c_void_p(), 0),
    "take a descriptor": plain("pidfd_getfd", 0, 0, 0),
    "compare processes": plain("kcmp", "<victim>", "<parent>", 0, 0, 0),
    "move another's pages": plain("move_pages", "<victim>", 0, 0, 0, 0, 0),
    "advise on another's memory": plain("process_madvise", 0, _vector(8), 1, 4, 0),
    "ask for another's locks": plain(
        "get_robust_list", "<victim>", (ctypes.c_uint64 * 1)(), (ctypes.c_uint64 * 1)()
    ),
    "move another to a processor": plain(
        "sched_setaffinity", "<victim>", 8, ctypes.create_string_buffer(b"\1" + b"\0" * 7, 8)
    ),
    "schedule another": plain("sched_setscheduler", "<victim>", 3, (ctypes.c_int * 1)(0)),
    "slow another down": plain("setpriority", 0, "<victim>", 19),
    "slow another's disk": plain("ioprio_set", 1, "<victim>", 3 << 13),
    "limit the parent": plain("prlimit64", "<parent>", 0, 0, ctypes.create_string_buffer(16)),
    "lift a limit": plain("prlimit64", 0, 7, (ctypes.c_uint64 * 2)(2, 2), 0),
    "start a program": run,
    "start a program from memory": run_from_memory,
    "fork": fork,
    "start a thread": thread,
    "clone3": plain("clone3", ctypes.create_string_buffer(88), 88),
    "io_uring": plain("io_uring_setup", 1, ctypes.create_string_buffer(120)),
    "userfaultfd": plain("userfaultfd", 1),
    "bpf": plain("bpf", 0, ctypes.create_string_buffer(64), 64),
    "perf events": plain("perf_event_open", ctypes.create_string_buffer(128), 0, -1, -1, 0),
    "keys of the kernel": plain("keyctl", 0, -3, 1),
    "add a key": plain("add_key", "user", "x", "x", 1, -3),
    "leave namespaces": plain("unshare", 0x10000000),
    "enter namespaces": plain("setns", 0, 0),
    "mount": plain("mount", "none", "/", "tmpfs", 0, 0),
    "chroot": plain("chroot", "/"),
    "pivot_root": plain("pivot_root", ".", "."),
    "shared memory": plain("shmget", 0, 4096, 0o1600),
    "messages": plain("msgget", 0, 0o1600),
    "memory that runs": plain("mmap", *_EXEC_PAGE),
    "memory made to run": lambda goal: call("mprotect", goal["page"], 4096, 5),
    "memory made to run anyway": plain("personality", 0x0400000),
    "map a file": plain("mmap", 0, 4096, 1, 2, 0, 0),
    "be dumpable": plain("prctl", 4, 1, 0, 0, 0),
    "outlive the parent": plain("prctl", 1, 0, 0, 0, 0),
    "another filter": plain("seccomp", 1, 0, 0),
    "another ruleset": plain("landlock_create_ruleset", 0, 0, 1),
    "another user": plain("setuid", 0),
    "more capabilities": plain(
        "capset", (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*(0xFFFFFFFF,) * 6)
    ),
    "watch a folder": plain("inotify_init1", 0),
    "a timer that signals": plain("timer_create", 0, 0, (ctypes.c_int * 1)()),
    "exchange the standard streams": plain("dup3", 1, 0, 0),
    "close standard output": lambda _: os.close(1) or os.open("/dev/null", os.O_WRONLY),
    "signals by descriptor": plain("fcntl", 0, 8, "<parent>"),
    "type into a terminal": plain("ioctl", 0, 0x5412, ctypes.create_string_buffer(b"x")),
    "ask for a file's handle": plain(
        "name_to_handle_at", HERE, "/", ctypes.create_string_buffer(256), (ctypes.c_int * 1)(), 0
    ),
}  # fmt: skip


def attempt(head: dict[str, Any]) -> dict[str, Any]:
    try:
        ESCAPES[head["escape"]](head["goal"] | {"page": _address(_PAGE), "parent": PARENT})
    except OSError as error:
        return {"errno": error.errno, "why": str(error)}
    return {"errno": 0}


def sweep() -> dict[str, Any]:
    """Return the numbers of system calls that are not refused, but those that would end us."""
    through = []
    for number in range(BEYOND):
        if number in ENDING:
            continue
        try:
            call(number, 0, 0, 0, 0, 0, 0)
        except OSError as error:
            if error.errno == 1:
                continue
        through.append(number)
    return {"through": through}


ENDING = {93, 94, 139} if platform.machine() == "aarch64" else {15, 60, 231, 335, 336}
"""exit, exit_group, rt_sigreturn; uretprobe and uprobe, of which the kernel kills by itself."""

_INT_80 = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
"""mov eax, 20 (getpid of 32 bits); int 0x80; ret."""


def _address(page: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(page))


_PAGE = mmap.mmap(-1, 4096)
_CODE = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
_CODE.write(_INT_80)
_call_32_bits = ctypes.CFUNCTYPE(ctypes.c_int)(_address(_CODE))
PARENT = os.getppid()


def work(head: dict[str, Any], _: object) -> Iterator[tuple[dict[str, Any], bytes]]:
    match head["job"]:
        case "escape":
            yield attempt(head), b""
        case "sweep":
            yield sweep(), b""
        case "32 bits":
            yield {"result": _call_32_bits()}, b""
        case "x32":
            yield {"result": LIBC.syscall(ctypes.c_long(0x40000000 + 39))}, b""
        case "spin":
            yield {"spinning": True}, b""
            while True:
                pass
        case "environment":
            yield {"environment": dict(os.environ)}, b""
        case "read a descriptor":
            try:
                os.read(head["descriptor"], 1)
                yield {"errno": 0}, b""
            except OSError as error:
                yield {"errno": error.errno}, b""


def become_ordinary() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main(kind: str) -> None:
    """Be the decoder's child: as an ordinary user; without the filter; with it alone, if asked."""
    from cautery.adapters import _decoder_child

    assert encodings.ascii
    assert encodings.idna
    if "ordinary" in kind:
        become_ordinary()
    if "unfiltered" in kind:
        from cautery.adapters import _seccomp

        def missing(*_: object) -> None:
            raise OSError(38, "Function not implemented")

        _seccomp.allow_only = missing
    if "alone" in kind:
        from cautery.adapters import _landlock, _namespaces

        _landlock.version = int
        _namespaces.leave_network = lambda _: False
    _decoder_child._work = work
    memory_mb, file = int(sys.argv[2]), int(sys.argv[3])
    if sys.argv[4:]:
        _decoder_child.main(memory_mb, file, without_seccomp=sys.argv[4] == "1")
    _decoder_child.main(memory_mb, file)  # type: ignore[call-arg] # as it was before


def with_folder(folder: str, goal: Goal) -> None:
    """Be a process that keeps files in a folder; print what became of each escape as JSON."""
    from cautery.adapters._confine import confine

    if os.getuid() == 0:
        become_ordinary()
    json.dumps({"": 0})
    confine(memory_mb=200, writable=[Path(folder)])
    outcomes = {"write in the folder": (Path(folder) / "made").write_bytes(b"x")}
    for name in ESCAPES:
        if name != "close standard output":
            outcomes[name] = attempt({"escape": name, "goal": goal})["errno"]
    os.write(1, json.dumps(outcomes).encode())
    os._exit(0)
