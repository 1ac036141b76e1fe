"""The decoder's child is closed in: what a memory bug in a codec could try gets refused.

Each escape is tried inside the child that decodes, through :class:`Child` and the child's own
``main``; only what it does with a job is exchanged. Where the tests run as root they are repeated
as an ordinary user without capabilities, as which an attack would run.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import json
import os
import runpy
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters import _decoder_process, _seccomp
from cautery.adapters._confine import Confinement
from cautery.adapters._decoder_process import Child
from cautery.errors import ConfinementError, DecodeError

HERE = Path(__file__).parent
_escapes = runpy.run_path(str(HERE / "_escapes.py"))
ESCAPES, NOBODY = _escapes["ESCAPES"], _escapes["NOBODY"]
ROOT = os.getuid() == 0
USERS = ["same user", *(["ordinary user"] if ROOT else [])]
ORDINARY = USERS[-1]
"""An ordinary user, be it the tests' own."""


def in_place_of_the_child(kind: str) -> str:
    return (
        f"import sys;sys.path[:0]=[sys.argv[1],{str(HERE)!r}];"
        f"import _escapes;_escapes.main({kind!r})"
    )


@contextlib.contextmanager
def goal(user: str) -> Iterator[dict[str, Any]]:
    """Make what there is to reach, all of it within reach of the user."""
    owner = NOBODY if user == "ordinary user" else os.getuid()
    folder = Path(tempfile.mkdtemp(prefix="cautery-escape-"))
    listener = socket.create_server(("127.0.0.1", 0))
    as_user = {"user": owner, "group": owner, "extra_groups": []} if owner != os.getuid() else {}
    victim = subprocess.Popen(["sleep", "600"], stdin=subprocess.PIPE, cwd="/", **as_user)
    try:
        for name in ("key", "other"):
            (folder / name).write_bytes(b"secret")
            (folder / name).chmod(0o600)
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner, -1)
        time.sleep(0.2)
        maps = Path(f"/proc/{victim.pid}/maps").read_text().splitlines()
        stack = next(line for line in maps if line.endswith("[stack]"))
        yield {
            "folder": str(folder),
            "key": str(folder / "key"),
            "other": str(folder / "other"),
            "port": listener.getsockname()[1],
            "victim": victim.pid,
            "address": int(stack.partition("-")[0], 16),
        }
    finally:
        victim.kill()
        victim.communicate()
        listener.close()
        shutil.rmtree(folder)


async def answer(child: Child, head: Mapping[str, Any]) -> dict[str, Any]:
    result, _ = await child.work(dict(head), b"", seconds=20, most=0)
    return result


@contextlib.contextmanager
def started_as(kind: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_decoder_process, "_RUN", in_place_of_the_child(kind))
        yield


@functools.cache
def outcomes(user: str, *, of: str = "bytes", filter: str = "filtered") -> dict[str, Any]:
    """Try all escapes, each in the same child for as long as it lives."""

    async def run() -> dict[str, Any]:
        file = os.open(__file__, os.O_RDONLY) if of == "file" else -1
        child = Child(240, file, without_seccomp=filter == "unfiltered")
        results: dict[str, Any] = {}
        with goal(user) as reach:
            for name in ESCAPES:
                try:
                    results[name] = await answer(
                        child, {"job": "escape", "escape": name, "goal": reach}
                    )
                except DecodeError as error:
                    results[name] = {"died": str(error)}
        await child.end()
        if of == "file":
            os.close(file)
        return results

    with started_as(f"{user} {filter}"):
        return asyncio.run(run())


@pytest.mark.parametrize("of", ["bytes", "file"])
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_from_the_decoder_is_refused(escape: str, user: str, of: str) -> None:
    outcome = outcomes(user, of=of)[escape]
    assert outcome.get("errno") == errno.EPERM, outcome


@pytest.mark.parametrize("escape", ESCAPES)
def test_the_filter_alone_refuses_it_too(escape: str) -> None:
    """As where user namespaces are forbidden and the kernel has no Landlock."""
    outcome = outcomes(ORDINARY, filter="alone")[escape]
    assert outcome.get("errno") == errno.EPERM, outcome


def test_what_the_system_does_not_have_is_said() -> None:
    assert confinement(f"{ORDINARY} alone") == Confinement(
        seccomp=True, landlock=0, own_network=False, own_files=False
    )


def test_a_process_with_threads_is_not_closed_in_by_halves() -> None:
    code = """
        import sys, threading, time
        sys.path.insert(0, sys.argv[1])
        from cautery.adapters._confine import confine
        from cautery.errors import ConfinementError
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        try:
            confine(memory_mb=200)
        except ConfinementError:
            print("refused", flush=True)
    """
    root = str(Path(_seccomp.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), root], stdout=subprocess.PIPE, check=True
    )
    assert done.stdout == b"refused\n"


ALONE = (
    "read a key of mode 0600",
    "open by the parent's root",
    "make a file",
    "rename a file",
    "connect by TCP",
    "read another's memory",
    "write another's memory",
    "attach by ptrace",
    "attach to the parent",
    "signal another",
    "signal the parent",
    "start a program",
)
"""What Landlock refuses by itself, and namespaces where they are allowed."""


@pytest.mark.parametrize("escape", ALONE)
def test_without_the_filter_the_other_layers_refuse_the_worst(escape: str) -> None:
    outcome = outcomes(ORDINARY, filter="unfiltered")
    if confinement(f"{ORDINARY} unfiltered").landlock < 6:
        pytest.skip("this kernel has no Landlock of version 6")
    assert outcome[escape].get("errno"), outcome[escape]


@functools.cache
def confinement(kind: str) -> Confinement:
    async def run() -> Confinement:
        child = Child(240, without_seccomp=True)
        try:
            return await child.start()
        finally:
            await child.end()

    with started_as(kind):
        return asyncio.run(run())


def job(head: Mapping[str, Any], kind: str = ORDINARY) -> dict[str, Any]:
    """Give a fresh child one job."""

    async def run() -> dict[str, Any]:
        child = Child(240)
        try:
            return await answer(child, head)
        finally:
            await child.end()

    with started_as(kind):
        return asyncio.run(run())


def test_no_other_system_call_gets_through_whatever_its_number() -> None:
    column = list(_seccomp._MACHINES).index(os.uname().machine)
    listed = {_seccomp._NUMBERS[name][column] for name in _seccomp.COMPUTE}
    assert set(job({"job": "sweep"})["through"]) <= listed


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86_64 has other kinds of calls")
@pytest.mark.parametrize("kind", ["32 bits", "x32"])
def test_a_call_of_another_kind_of_machine_ends_the_child(kind: str) -> None:
    async def run() -> int | None:
        child = Child(240)
        await child.start()
        process = child._process
        assert process is not None
        with pytest.raises(DecodeError):
            await answer(child, {"job": kind})
        return process.returncode

    with started_as(ORDINARY):
        # A kernel without 32-bit calls ends it too, by another signal.
        assert asyncio.run(run()) in {-signal.SIGSYS, -signal.SIGSEGV}


def test_the_child_gets_no_environment_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUTERY_SECRET", "hunter2")
    assert set(job({"job": "environment"})["environment"]) <= {
        "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "LC_CTYPE",
    }  # fmt: skip


def test_the_child_gets_no_descriptor_of_its_parent(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    with (tmp_path / "secret").open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        answers = [
            job({"job": "read a descriptor", "descriptor": number})["errno"]
            for number in (3, file.fileno())
        ]
    assert answers == [errno.EBADF] * 2


def test_a_busy_child_ends_with_its_parent(tmp_path: Path) -> None:
    code = f"""
        import asyncio, os
        from cautery.adapters import _decoder_process
        _decoder_process._RUN = {in_place_of_the_child(ORDINARY)!r}

        async def run():
            child = _decoder_process.Child(240)
            jobs = child.stream({{"job": "spin", "part_s": 1}}, b"", seconds=60, most=0, parts=9)
            await anext(jobs)
            print(child._process.pid, flush=True)
            await anext(jobs)

        asyncio.run(run())
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert ended(pid, within_s=10)


def ended(pid: int, *, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False


def test_a_start_without_seccomp_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfinementError, match="can't be filtered") as refused:
        job({"job": "environment"}, f"{ORDINARY} unfiltered")
    assert "CAUTERY_ALLOW_UNCONFINED" in refused.value.hint


def test_a_start_without_seccomp_is_said_where_it_is_allowed() -> None:
    assert not confinement(f"{ORDINARY} unfiltered").seccomp
    assert confinement(ORDINARY).seccomp


def steps(code: bytes) -> list[tuple[int, int, int, int]]:
    return [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]


def verdict(code: bytes, machine: int, number: int, *arguments: int) -> str:
    """Run a filter as the kernel does."""
    filled = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<iIQ6Q", number, machine, 0, *filled)
    program, at, word = steps(code), 0, 0
    while True:
        operation, true, false, value = program[at]
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
                return {
                    _seccomp.ALLOW: "allowed",
                    _seccomp._REFUSE: "refused",
                    _seccomp._KILL: "killed",
                }[value]


MACHINES = sorted(_seccomp._MACHINES)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "calls",
    [_seccomp.COMPUTE, _seccomp.FILES, _seccomp.SOCKETS],
    ids=["compute", "files", "sockets"],
)
def test_a_filter_refuses_all_that_is_not_listed(machine: str, calls: Any) -> None:
    code, kind = _seccomp.program(calls, machine), _seccomp._MACHINES[machine]
    column = list(_seccomp._MACHINES).index(machine)
    free = {_seccomp._NUMBERS[name][column] for name, rule in calls.items() if not rule}
    some = {_seccomp._NUMBERS[name][column] for name, rule in calls.items() if rule}
    passed = {number for number in range(1024) if verdict(code, kind, number) == "allowed"}
    assert free - {None} <= passed <= free | some


@pytest.mark.parametrize("machine", MACHINES)
def test_a_filter_kills_what_comes_from_another_kind_of_machine(machine: str) -> None:
    code = _seccomp.program(_seccomp.COMPUTE, machine)
    others = [0x40000003, *(_seccomp._MACHINES[other] for other in MACHINES if other != machine)]
    assert {verdict(code, other, 0) for other in others} == {"killed"}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("bits", [0x40000000, 0x80000000 - (1 << 32)])
def test_a_filter_kills_calls_of_the_x32_abi(machine: str, bits: int) -> None:
    code = _seccomp.program(_seccomp.COMPUTE, machine)
    assert verdict(code, _seccomp._MACHINES[machine], bits + 1) == "killed"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("mmap", (0, 4096, 3, 0x22), "allowed"),
        ("mmap", (0, 4096, 7, 0x22), "refused"),
        ("mmap", (0, 4096, 1, 0x02), "refused"),
        ("mprotect", (0, 4096, 1), "allowed"),
        ("mprotect", (0, 4096, 4), "refused"),
        ("prlimit64", (0, 0), "allowed"),
        ("prlimit64", (1, 0), "refused"),
        ("prlimit64", (0, 7), "refused"),
        ("futex", (0, 0x80), "allowed"),
        ("futex", (0, 0x189), "allowed"),
        ("futex", (0, 6), "refused"),
    ],
)
def test_a_filter_looks_at_arguments(
    machine: str, name: str, arguments: tuple[int, ...], wanted: str
) -> None:
    column = list(_seccomp._MACHINES).index(machine)
    number = _seccomp._NUMBERS[name][column]
    code = _seccomp.program(_seccomp.COMPUTE, machine)
    assert verdict(code, _seccomp._MACHINES[machine], number, *arguments) == wanted


def test_a_machine_whose_calls_are_not_known_has_no_filter() -> None:
    with pytest.raises(OSError, match="riscv64"):
        _seccomp.program(_seccomp.COMPUTE, "riscv64")


OF_FILES = {"look at a file", "close standard output"}
"""What a process that keeps files may do besides; Landlock does not hide that a file exists."""


@functools.cache
def outcomes_with_folder() -> dict[str, int]:
    with goal(ORDINARY) as reach, tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY if ROOT else -1, -1)
        code = (
            f"import sys;sys.path[:0]=[{str(Path(_seccomp.__file__).parents[2])!r},{str(HERE)!r}];"
            f"import _escapes;_escapes.with_folder({folder!r},{reach!r})"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, check=True, cwd="/"
        )
    results: dict[str, int] = json.loads(done.stdout)
    return results


def test_a_process_that_keeps_files_can_write_in_its_folder() -> None:
    assert outcomes_with_folder()["write in the folder"] == 1


@pytest.mark.parametrize("escape", sorted(set(ESCAPES) - OF_FILES))
def test_an_escape_from_a_process_that_keeps_files_is_refused(escape: str) -> None:
    assert outcomes_with_folder()[escape]


def test_memory_that_was_hidden_is_not_read_by_the_same_user() -> None:
    code = """
        import ctypes, os, sys
        sys.path.insert(0, sys.argv[1])
        from cautery.adapters._kernel import hide_memory
        if os.getuid() == 0:
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        ctypes.CDLL(None).prctl(4, 1)  # as after the start of a program
        ctypes.CDLL(None).prctl(0x59616D61, -1)  # where Yama would refuse it: anyone may trace
        if sys.argv[2] == "hidden":
            hide_memory()
        if os.fork() == 0:
            try:
                open(f"/proc/{os.getppid()}/mem", "rb")
            except PermissionError:
                os._exit(1)
            os._exit(0)
        os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
    """
    root = str(Path(_seccomp.__file__).parents[2])
    ends = [
        subprocess.run([sys.executable, "-c", textwrap.dedent(code), root, how], check=False)
        for how in ("open", "hidden")
    ]
    assert [end.returncode for end in ends] == [0, 1]


def test_the_command_hides_its_memory_before_it_does_anything() -> None:
    code = (
        "import atexit, ctypes;"
        "atexit.register(lambda: print('dumpable', ctypes.CDLL(None).prctl(3)));"
        "from cautery.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"], stdout=subprocess.PIPE, text=True, check=False
    )
    assert "dumpable 0" in done.stdout


def test_a_process_goes_on_with_the_sockets_that_it_has_and_gets_no_other(tmp_path: Path) -> None:
    """The library of a token may ask a daemon; nothing else of the process can reach anything."""
    code = """
        import socket, sys
        sys.path.insert(0, sys.argv[1])
        from pathlib import Path
        from cautery.adapters._confine import confine
        ours, daemon = socket.socketpair()
        keep = 1 + max(ours.fileno(), daemon.fileno())
        with_sockets = sys.argv[3] == "with"
        confine(memory_mb=200, keep=keep, writable=[Path(sys.argv[2])], with_sockets=with_sockets)
        try:
            ours.sendall(b"sign")
            print(daemon.recv(4).decode())
        except PermissionError:
            print("no talk")
        for reach in (socket.socket, socket.socketpair, lambda: daemon.connect("/run/other")):
            try:
                reach()
                print("reached")
            except PermissionError:
                print("refused")
    """
    root = str(Path(_seccomp.__file__).parents[2])
    said = {
        how: subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), root, str(tmp_path), how],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split("\n")[:4]
        for how in ("with", "without")
    }
    assert said["with"] == ["sign", "refused", "refused", "refused"]
    assert said["without"] == ["no talk", "refused", "refused", "refused"]
