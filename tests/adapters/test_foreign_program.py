"""A foreign program that was taken over, such as FFmpeg by a packet of SRT, reaches nothing but UDP.

Python itself is the program: it takes the place of the child as FFmpeg does, and tries the ways out.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters import _confine, _seccomp, _seccomp_foreign
from cautery.adapters._landlock import version

PYTHON = Path(sys.executable).resolve()
ROOT = str(Path(_confine.__file__).parents[2])
RUN = (
    "import sys;sys.path.insert(0,sys.argv[1]);"
    "from cautery.adapters._program_child import main;main(sys.argv[2:])"
)
TRIES = """
import ctypes, fcntl, json, os, resource, socket, struct, sys, threading
goal = json.loads(sys.argv[1])
parent, key, libc = os.getppid(), goal["key"], ctypes.CDLL(None, use_errno=True)

def called(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "")

def told(kind, place):
    socket.socket(socket.AF_UNIX, kind).connect(place)

mailbox = socket.socket(type=socket.SOCK_DGRAM)

def thread():
    threading.Thread(target=len, args=("",)).start()

tries = {
    "a service of this machine": lambda: told(socket.SOCK_STREAM, goal["stream"]),
    "its log": lambda: told(socket.SOCK_DGRAM, goal["datagram"]),
    "TCP in its first packet": lambda: socket.socket().sendto(b"x", 0x20000000, goal["tcp"]),
    "TCP by several paths": lambda: socket.socket(proto=262).connect(tuple(goal["tcp"])),
    "a listener": lambda: socket.socket().listen(),
    "the host of this machine": lambda: socket.socket(40, socket.SOCK_STREAM),
    "the kernel's routes": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "pings": lambda: socket.socket(type=socket.SOCK_DGRAM, proto=1),
    "a pair of sockets": socket.socketpair,
    "a ring of calls": lambda: called(libc.syscall(425, 8, ctypes.create_string_buffer(256))),
    "a handle of the parent": lambda: called(libc.syscall(434, parent, 0)),
    "keys of the kernel": lambda: called(libc.syscall(goal["keyctl"], 0, -3, 0)),
    "shared memory": lambda: called(libc.shmget(0, 4096, 0o1600)),
    "memory as a file": lambda: os.memfd_create("x"),
    "a file's mode": lambda: os.chmod(key, 0o644),
    "a file's times": lambda: os.utime(key),
    "a file's notes": lambda: os.setxattr(key, "user.x", b"y"),
    "news of a folder": lambda: called(libc.inotify_init1(0)),
    "limits of the parent": lambda: resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0)),
    "priority of the parent": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    "processors of the parent": lambda: os.sched_setaffinity(parent, {0}),
    "a signal to the parent": lambda: os.kill(parent, 0),
    "a signal to the parent, by what comes": lambda: fcntl.fcntl(mailbox, fcntl.F_SETOWN, parent),
    "another signal than that": lambda: fcntl.fcntl(mailbox, 10, 9),
    "the same by another call": lambda: fcntl.ioctl(mailbox, 0x8901, struct.pack("i", parent)),
    "a trace of the parent": lambda: called(libc.ptrace(16, parent, None, None)),
    "another namespace": lambda: called(libc.unshare(0x10000000)),
    "a process": os.fork,
    "a program": lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {}),
    "to outlive the parent": lambda: called(libc.prctl(1, 0, 0, 0, 0)),
    "UDP": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", tuple(goal["udp"])),
    "a thread": thread,
    "its own limit": lambda: resource.setrlimit(resource.RLIMIT_CPU, (99, 99)),
    "a signal to itself": lambda: os.kill(os.getpid(), 0),
    "to go on without waiting": lambda: mailbox.setblocking(False),
    "a socket's flags": lambda: fcntl.fcntl(mailbox, fcntl.F_SETFL, os.O_NONBLOCK),
}
if "read" in goal:
    tries = {"read": lambda: open(goal["read"]).close()}
results = {}
for name, attempt in tries.items():
    try:
        attempt()
        results[name] = 0
    except OSError as error:
        results[name] = error.errno
print(json.dumps(results), flush=True)
"""
NEEDED = (
    "UDP", "a thread", "its own limit", "a signal to itself", "to go on without waiting",
    "a socket's flags",
)  # fmt: skip
WAYS_OUT = [
    line.strip().split('"')[1]
    for line in TRIES.partition("tries = {")[2].partition("}\nif")[0].splitlines()
    if line.strip()
]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux confines it")


def tried(goal: dict[str, Any], *, program: Path = PYTHON) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", RUN, ROOT, str(program), "-I", "-c", TRIES, json.dumps(goal)],
        stdout=subprocess.PIPE, check=True, cwd="/", start_new_session=True, timeout=60,
    )  # fmt: skip
    outcomes: dict[str, int] = json.loads(done.stdout)
    return outcomes


@cache
def outcomes(folder: Path) -> dict[str, int]:
    key = folder / "key"
    key.write_text("secret\n")
    key.chmod(0o600)
    before = key.stat()
    kinds = {"stream": socket.SOCK_STREAM, "datagram": socket.SOCK_DGRAM}
    local = {name: socket.socket(socket.AF_UNIX, kind) for name, kind in kinds.items()}
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(type=kinds["datagram"]) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        for name, listener in local.items():
            listener.bind(str(folder / name))
        local["stream"].listen()
        results = tried(
            {
                "key": str(key),
                **{name: str(folder / name) for name in local},
                "tcp": tcp.getsockname(),
                "udp": udp.getsockname(),
                "keyctl": _seccomp_foreign._REFUSED["keyctl"][os.uname().machine == "aarch64"],
            }
        )
    for listener in local.values():
        listener.close()
    after = key.stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    return results


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@pytest.mark.parametrize("way", [way for way in WAYS_OUT if way not in NEEDED])
def test_a_foreign_program_is_refused(way: str, place: Path) -> None:
    assert outcomes(place)[way] in {errno.EPERM, errno.ENOSYS}


@pytest.mark.parametrize("way", NEEDED)
def test_a_foreign_program_keeps_what_it_needs(way: str, place: Path) -> None:
    assert outcomes(place)[way] == 0


def test_a_program_in_somebodys_folder_reads_nothing_beside_it(tmp_path: Path) -> None:
    if not version():
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "bin").mkdir()
    (tmp_path / "key").write_text("secret\n")
    assert _confine._installed_with(tmp_path / "ffmpeg") == (tmp_path / "ffmpeg",)
    assert tmp_path / "lib" in _confine._installed_with(tmp_path / "bin" / "ffmpeg")
    assert tried({"key": "", "read": str(tmp_path / "key")}) == {"read": errno.EACCES}


THREADS = """
import os, platform, sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from cautery.adapters import _confine, _namespaces
if os.getuid() == 0:  # whom no limit of processes binds
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
if not os.fork():
    os._exit(not _namespaces.count_threads_apart(platform.machine()))
if os.wait()[1]:
    os._exit(77)
_confine.confine_program(Path("/bin/sh"))
started, ending = 0, threading.Event()
try:
    while started < 500:
        threading.Thread(target=ending.wait, daemon=True).start()
        started += 1
except RuntimeError:
    pass
print(started, flush=True)
os._exit(0)
"""


def test_a_foreign_program_has_few_threads_however_many_its_user_has() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", THREADS, ROOT],
        check=False,
        stdout=subprocess.PIPE,
        cwd="/",
        timeout=60,
    )
    if done.returncode == 77:
        pytest.skip("this system allows no user namespace")
    assert done.returncode == 0
    assert 20 < int(done.stdout) < _confine._PROGRAM_THREADS


MACHINES = ("x86_64", "aarch64")


def verdict(machine: str, number: int, *arguments: int) -> int:
    """Run the filter as the kernel does."""
    filled = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<iIQ6Q", number, _seccomp._MACHINES[machine], 0, *filled)
    code, at, word = _seccomp_foreign.program(77, machine), 0, 0
    while True:
        operation, true, false, value = struct.unpack_from("<HBBI", code, 8 * at)
        at += 1
        match operation:
            case _seccomp._LOAD:
                (word,) = struct.unpack_from("<I", data, value)
            case _seccomp._MASK:
                word &= value
            case _seccomp._EQUAL:
                at += true if word == value else false
            case _seccomp.AT_LEAST:
                at += true if word >= value else false
            case _seccomp.RETURN:
                return int(value)


@pytest.mark.parametrize("machine", MACHINES)
def test_of_new_calls_it_gets_those_alone_that_reach_nothing_more(machine: str) -> None:
    known = {number for number in range(424, 1024) if verdict(machine, number) == _seccomp.ALLOW}
    assert known == set(_seccomp_foreign._KEPT.values())


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_refused_is_so_on_each_machine(machine: str) -> None:
    column = MACHINES.index(machine)
    refused = {row[column] for row in _seccomp_foreign._REFUSED.values()} - {None}
    passed = {number for number in range(424) if verdict(machine, number) == _seccomp.ALLOW}
    assert not passed & refused
    # Each number stands once: a call that is listed twice would be judged by the first alone.
    assert len(refused) == sum(
        row[column] is not None for row in _seccomp_foreign._REFUSED.values()
    )


@pytest.mark.parametrize("machine", MACHINES)
def test_a_number_of_another_process_is_told_from_its_own(machine: str) -> None:
    kill = _seccomp_foreign._JUDGED["kill"][MACHINES.index(machine)]
    assert kill is not None
    assert verdict(machine, kill, 77) == _seccomp.ALLOW
    assert verdict(machine, kill, 78) == verdict(machine, kill, (1 << 32) - 1) == _seccomp._REFUSE
