"""The command as a person runs it: in this process for speed, in one of its own where that matters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cautery.cli import main
from cautery.wiring.server import DATABASE, VAULT

from .mail_room import certificate, no_waiting, serve
from .notice_case import AT_THE_HOST, COMPLETE, Watched, made_case

__all__ = ["Ran", "certificate", "no_waiting", "serve"]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _no_server_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget after each test which server a command was given."""
    for name in (DATABASE, VAULT):
        monkeypatch.setenv(name, "")  # so that what a command sets is undone, too
        monkeypatch.delenv(name)


@pytest.fixture
def cautery(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run a command in this process; an exception that gets out is a test's failure."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["cautery", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return run


@pytest.fixture(scope="session")
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run an interpreter of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    return run


@pytest.fixture
def proven_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Return an open case in which two URLs of one host are proven."""
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    return made_case(tmp_path)


@pytest.fixture
def notice(cautery: Callable[..., Ran], proven_case: Watched) -> str:
    """Draft a notice of both URLs; return its id."""
    ran = cautery("notice", "draft", proven_case.path, "--as", "carl", *AT_THE_HOST, *COMPLETE)
    assert ran.code == 0, ran.err
    return str(proven_case.records("notice.drafted")[0]["id"])
