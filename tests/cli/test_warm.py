"""Kernels are compiled when asked for, where only their user can write, and a command says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cautery import kernels
from cautery.cli import warm as warm_module
from cautery.cli._progress import Progress
from cautery.errors import WorkerError
from cautery.kernels import cache_folder

PLAN = """{"nodes": [{"id": "e", "cost": 2}, {"id": "a", "cost": 1}],
"groups": [{"of": "a", "members": ["e"]}], "demand": [{"node": "a", "weight": 1}]}"""


def cautery(*words: str | Path, cache: Path) -> subprocess.CompletedProcess[str]:
    # The tests run compiled; a user's command does not begin so.
    environment = {name: value for name, value in os.environ.items() if name != kernels.MODE}
    return subprocess.run(
        [sys.executable, "-m", "cautery", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"NUMBA_CACHE_DIR": str(cache), "COLUMNS": "100"},
    )


@pytest.mark.timeout(120)
def test_what_is_warm_is_not_compiled_again(tmp_path: Path) -> None:
    first = cautery("warm", "read", cache=tmp_path / "cache")
    assert first.returncode == 0, first.stderr
    assert "compiling the kernels of formats once, about " in first.stderr
    assert f"they are in {tmp_path / 'cache'}" in first.stderr
    assert first.stdout == ""
    assert any((tmp_path / "cache").rglob("*.nbi"))
    again = cautery("warm", "read", cache=tmp_path / "cache")
    assert "compiling" not in again.stderr


def test_what_compiles_apart_is_told_and_a_failure_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(WorkerError, match=r"kernels of nowhere could not be compiled: .*nowhere"):
        warm_module._apart("nowhere", Progress("compiling", 1))


@pytest.mark.timeout(60)
def test_a_small_plan_compiles_nothing(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text(PLAN)
    planned = cautery("plan", tmp_path / "graph.json", cache=tmp_path / "cache")
    assert planned.returncode == 0, planned.stderr
    assert "compiling" not in planned.stderr
    assert not list((tmp_path / "cache").rglob("*.nbi"))


def test_an_unknown_command_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    refused = cautery("warm", "everything", cache=tmp_path)
    assert refused.returncode == 2
    assert "identify" in refused.stderr


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_kernels_are_never_kept_where_others_may_write(
    tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba's cache holds pickles: whoever can write one can run code as this user."""
    notes: list[str] = []
    monkeypatch.setattr(kernels._state, "notes", notes.append)
    open_to_others = tmp_path / "cache"
    open_to_others.mkdir()
    open_to_others.chmod(mode)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(open_to_others))
    assert cache_folder() is None
    assert "others may write there" in notes[0]
    open_to_others.chmod(0o700)
    assert cache_folder() == open_to_others


def test_a_link_is_not_followed_to_a_folder_of_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels._state, "notes", lambda _note: None)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    assert cache_folder() is None


def test_a_package_that_others_may_write_keeps_its_kernels_with_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    package.chmod(0o777)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert cache_folder(package) == tmp_path / "home" / "cautery"
    package.chmod(0o755)
    assert cache_folder(package) == package
