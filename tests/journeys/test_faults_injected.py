"""Killed, cut off, torn and crowded: what was acknowledged stays, and the case goes on.

Each fault runs here a few times; bench/case/faults.py runs it as often as bench/RESULTS.md says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey

BENCH = Path(__file__).parents[2] / "bench" / "case" / "faults.py"


def injected(fault: str, share: float, *before: str) -> list[str]:
    """Inject a fault; return the cells of its row: what, N, lost or stuck, bound, seconds."""
    done = subprocess.run(
        [*before, sys.executable, str(BENCH), str(share), "7", fault],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 3, done.stderr
    assert done.returncode == 0, done.stderr
    return [cell.strip() for cell in rows[-1].strip("|").split("|")]


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
