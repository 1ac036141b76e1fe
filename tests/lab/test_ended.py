"""What is left when a lab's process is ended while it renders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")


def below(pid: int) -> set[int]:
    """Return the processes below one."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | below(child)
    return found


def renders(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_no_renderer_outlives_a_lab_that_is_ended(tmp_path: Path, ended_by: signal.Signals) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-m", "cautery", "lab", "serve", tmp_path / "run", "--size", "small"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    try:
        until = time.monotonic() + 60
        while not (renderers := {pid for pid in below(lab.pid) if renders(pid)}):
            assert lab.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(2)  # they render now
        renderers |= {pid for pid in below(lab.pid) if renders(pid)}
        lab.send_signal(ended_by)
        lab.wait(20)
        until = time.monotonic() + 20
        while left := {pid for pid in renderers if renders(pid)}:
            assert time.monotonic() < until, left
            time.sleep(0.1)
    finally:
        lab.kill()
        lab.wait()
