"""A line is added whole, or the file is as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cautery.appending import add_line

ON_A_FULL_DISK = """
import os, resource, sys
from cautery.appending import add_line
size = os.path.getsize(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(sys.argv[2]), resource.RLIM_INFINITY))
handle = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND)
try:
    add_line(handle, b"second\\n")
except OSError as error:
    sys.exit(error.strerror)
"""


@pytest.mark.parametrize("room", range(7))
def test_a_disk_with_room_for_a_part_of_a_line_keeps_the_lines_before(
    tmp_path: Path, room: int
) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"first\n")
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(path), str(room)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (1, "File too large")
    assert path.read_bytes() == b"first\n"


def test_a_line_goes_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"first\n")
    handle = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        add_line(handle, b"second\n")
    finally:
        os.close(handle)
    assert path.read_bytes() == b"first\nsecond\n"
