"""Killed, cut off, torn and crowded: what was acknowledged stays, and the case goes on.

Each fault runs here a few times; bench/case/faults.py runs it as often as bench/RESULTS.md says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey

BENCH = Path(__file__).parents[2] / "bench" / "case" / "faults.py"


TOGETHER = {0.03: ("torn", "clock", "several"), 0.1: ("full_disk", "read_only")}
"""Faults that one process injects, by their share: it takes a second of CPU to start."""


def injected(fault: str, share: float, *before: str) -> list[str]:
    """Inject a fault; return the cells of its row: what, N, lost or stuck, bound, seconds."""
    together = TOGETHER.get(share, (fault,))
    return rows_of(share, together, before)[together.index(fault)]


@cache
def rows_of(share: float, faults: tuple[str, ...], before: tuple[str, ...]) -> list[list[str]]:
    """Inject some faults; return the cells of their rows."""
    done = subprocess.run(
        [*before, sys.executable, str(BENCH), str(share), "7", *faults],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(faults), done.stderr
    assert done.returncode == 0, done.stderr
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@pytest.mark.parametrize(
    ("fault", "share", "least"),
    [
        ("killed", 0.012, 12),
        ("watch_killed", 0.02, 2),
        ("torn", 0.03, 3),
        ("clock", 0.03, 3),
        ("several", 0.03, 3),
    ],
)
def test_nothing_acknowledged_is_lost_and_the_case_closes(
    fault: str, share: float, least: int
) -> None:
    _, count, lost, *_ = injected(fault, share)
    assert int(count) >= least
    assert lost == "0"


@pytest.mark.parametrize(
    ("fault", "share", "least"), [("killed_at_a_call", 0.02, 2), ("power_cuts", 0.05, 25)]
)
def test_nothing_acknowledged_is_lost_at_any_call_to_the_disk(
    fault: str, share: float, least: int
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace, which records the calls, is not installed")
    _, count, lost, *_ = injected(fault, share)
    assert int(count) >= least
    assert lost == "0"


@pytest.mark.parametrize(("fault", "share"), [("full_disk", 0.1), ("read_only", 0.1)])
def test_nothing_acknowledged_is_lost_on_a_disk_that_takes_no_more(
    fault: str, share: float
) -> None:
    apart = ("unshare", "--user", "--map-root-user", "--mount") if os.geteuid() else ()
    if apart and subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("neither root nor a user namespace, so that no small disk can be mounted")
    _, count, lost, *_ = injected(fault, share, *apart)
    assert int(count) >= 1
    assert lost == "0"
