"""Large plain files: bounded memory, a sign of life, an end at Ctrl-C, and data where it belongs."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest

CATALOGUE = "id,name,alt_names,country\nArena1.fr,Arena 1,,FR\n"


def cautery(*words: object, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cautery", *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)


def all_of(terminal: int) -> bytes:
    """Return what was written on a terminal whose other end is closed."""
    written = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            written += piece
    except OSError:  # Linux: the other end is closed
        pass
    return written


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.csv"
    path.write_text(CATALOGUE)
    return path


def random_names(path: Path, count: int) -> Path:
    rng = random.Random(1)
    letters = string.ascii_lowercase + string.digits
    path.write_text(
        "".join(
            f"{''.join(rng.choices(letters, k=rng.randint(6, 12)))}.com\n" for _ in range(count)
        )
    )
    return path


@pytest.mark.parametrize("command", ["resolve", "read"])
def test_json_lines_reach_the_file_while_a_terminal_shows_a_bar(
    tmp_path: Path, catalogue: Path, command: str
) -> None:
    listed = tmp_path / "list.m3u"
    listed.write_text("#EXTM3U\n#EXTINF:-1,Arena 1\nhttp://p.example/1.ts\n")
    more = ("--catalogue", catalogue) if command == "resolve" else ()
    leader, follower = pty.openpty()
    with (tmp_path / "out").open("wb") as out:
        process = cautery(command, listed, *more, "--json", stdout=out.fileno(), stderr=follower)
        os.close(follower)
        shown = all_of(leader)
    os.close(leader)
    assert process.wait() == 0
    (line,) = (tmp_path / "out").read_text().splitlines()
    assert json.loads(line)["title"] == "Arena 1"
    assert b"Arena 1" not in shown


def test_mirrors_of_random_names_take_little_memory_for_each(tmp_path: Path) -> None:
    names = random_names(tmp_path / "hosts.txt", 30_000)
    command = [sys.executable, "-m", "cautery", "mirrors", str(names), "--json"]
    # A process begins with the peak of the one that forked it: a small one stands between.
    weigh = (
        "import resource, subprocess\n"
        f"subprocess.run({command!r}, check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    ran = subprocess.run([sys.executable, "-c", weigh], capture_output=True, text=True, check=True)
    # 480 MB before; 150 MB are the interpreter, its libraries and the compiled kernels.
    assert 50 < float(ran.stdout) < 300


@pytest.mark.parametrize("command", ["read", "resolve", "mirrors", "cluster", "map", "operation"])
def test_a_command_shows_a_sign_of_life_and_ends_at_ctrl_c(catalogue: Path, command: str) -> None:
    # A pipe that never ends by itself: the command waits for more.
    more = {
        "resolve": ("-", "--catalogue", catalogue),
        "operation": ("-", "--from", "a1"),
    }.get(command, ("-",))
    verb = ("operation", "money") if command == "operation" else (command,)
    leader, follower = pty.openpty()
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "cautery", *verb, *map(str, more)],
        stdin=read_end,
        stdout=subprocess.DEVNULL,
        stderr=follower,
    )
    os.close(follower)
    os.close(read_end)
    shown = os.read(leader, 1 << 16)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    try:
        process.wait(10)
    finally:
        process.kill()
    shown += all_of(leader)
    assert process.wait() == 130
    assert time.monotonic() - began < 5
    os.close(write_end)
    os.close(leader)
    assert b"stopped" in shown
    assert b"Traceback" not in shown
