"""A room that is killed while a watch writes loses nothing, and the next one goes on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "console" / "killed.py"


@pytest.mark.timeout(600)
def test_a_room_that_is_killed_loses_nothing_and_comes_back() -> None:
    done = subprocess.run(
        [sys.executable, BENCH, "4"], capture_output=True, text=True, check=False, timeout=580
    )
    assert done.returncode == 0, done.stderr
    acknowledged = re.search(r"acknowledged (\d+), lost (\d+)", done.stdout)
    assert acknowledged
    assert int(acknowledged[1]) > 0
    assert acknowledged[2] == "0"
    assert "did not answer 0;" in done.stdout
    assert "made anew: True" in done.stdout
