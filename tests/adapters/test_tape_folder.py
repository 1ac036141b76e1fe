"""The folder of a watch's tape goes with its process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cautery.adapters.tape_folder import tape_folder

_HOLDS = (
    "import time\n"
    "from cautery.adapters.tape_folder import tape_folder\n"
    "with tape_folder() as path:\n"
    "    (path / '1.media').write_bytes(b'media')\n"
    "    print(path, flush=True)\n"
    "    time.sleep(600)\n"
)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_goes_at_the_next_start_and_no_other(temporary: Path) -> None:
    outside = temporary / "outside"
    outside.mkdir()
    (temporary / "cautery-tape-link").symlink_to(outside)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        with tape_folder() as own_path:
            assert path.is_dir()  # it is at work
            assert own_path.is_dir()
        process.send_signal(signal.SIGKILL)
    assert (path / "1.media").exists()
    with tape_folder() as own_path:
        assert not path.exists()
        assert own_path.is_dir()
    assert outside.is_dir()
    assert sorted(temporary.iterdir()) == [temporary / "cautery-tape-link", outside]
