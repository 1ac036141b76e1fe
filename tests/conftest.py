"""What all tests share: sockets stay on loopback, and in CI nothing skips unseen."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import socket_allow_hosts

# Small matrices gain nothing from threads, and lose much where two runs share the cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Tests of loops hold what is compiled; tests/test_kernels.py holds the plain way against that.
os.environ.setdefault("CAUTERY_KERNELS", "compiled")

# Speed is measured in bench/, not here: a machine with others on it may be slow to draw examples.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")

LOOPBACK = "127.0.0.0/8"


def pytest_runtest_setup() -> None:
    socket_allow_hosts([LOOPBACK, "::1", "localhost"], allow_unix_socket=True)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped_reports.append(
            f"{report.nodeid}: {report.longrepr[-1] if report.longrepr else ''}"
        )


_skipped_reports: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if os.environ.get("CAUTERY_NO_SKIP") and _skipped_reports and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CAUTERY_NO_SKIP") and _skipped_reports:
        terminalreporter.section("skipped, though CI must skip nothing", red=True, bold=True)
        for line in _skipped_reports:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the project, or a skip that says where it was sought."""
    folder = Path(
        os.environ.get("CAUTERY_DATA", Path(__file__).parents[2] / "shared" / "data")
    ).resolve()
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set CAUTERY_DATA")
    return folder


@pytest.fixture(scope="session")
def marks() -> ModuleType:
    """A language in marks, which shows what a page says outside the catalogue (marks.py)."""
    spec = importlib.util.spec_from_file_location("marks", Path(__file__).with_name("marks.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright, or a skip that says what is missing."""
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip(f"Chromium is not installed at {chromium}")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as player:
        opened = player.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def _keys_outside_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test touches the analyst's own keys."""
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path_factory.mktemp("keys")))
