"""What all tests share: sockets stay on loopback, and in CI nothing skips unseen."""

from __future__ import annotations

import fcntl
import gc
import importlib.util
import itertools
import os
import pickle
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import HealthCheck, settings
from pytest_socket import socket_allow_hosts
from xdist.scheduler import LoadFileScheduling

# Small matrices gain nothing from threads, and lose much where two runs share the cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Tests of loops hold what is compiled; tests/test_kernels.py holds the plain way against that.
os.environ.setdefault("CAUTERY_KERNELS", "compiled")

# Libraries and twelve thousand tests stay for the whole run: to look for cycles among them, again and
# again, took a fifth of the CPU of collection.
gc.set_threshold(50_000)

# Speed is measured in bench/, not here: a machine with others on it may be slow to draw examples.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")

MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30


def has_room(folder: Path) -> bool:
    """Tell whether a folder in memory is there that takes the files of all tests."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return False
    is_ours = not state.f_flag & (os.ST_NOEXEC | os.ST_RDONLY) and os.access(folder, os.W_OK)
    return is_ours and state.f_bavail * state.f_frsize >= _ROOM_BYTES


# A case asks the disk for each batch whether it is written: on a disk, tests wait four fifths of
# their time for that. Whether it is asked is recorded by strace, in tests/journeys.
if has_room(MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

LOOPBACK = "127.0.0.0/8"
_addresses: dict[str, set[str]] = {}


WAITING = ("tests/journeys/", "tests/agents/test_real_")
COMPUTING = ("tests/journeys/test_faults_injected.py", "tests/journeys/test_operation.py")


class OneWorkerForWhatWaits(LoadFileScheduling):
    """A worker runs the tests of a file, and one worker runs all files that mostly wait.

    A watch goes on to the end of its window, and a resolver's answer until it is stale: the others
    compute meanwhile, and no two wait.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "waiting" if file.startswith(WAITING) and file not in COMPUTING else file


class OnlyFilesWithExamples:
    """Doctests are looked for in files that have a prompt: three of four have none."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Generator[None, list[Any], list[Any]]:
        collectors = yield
        if file_path.suffix == ".py" and b">>> " not in file_path.read_bytes():
            return [one for one in collectors if not isinstance(one, DoctestModule)]
        return collectors


def pytest_configure(config: pytest.Config) -> None:
    # A plugin, and not a hook of this file, which pytest would ask about tests/ alone.
    config.pluginmanager.register(OnlyFilesWithExamples())


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return OneWorkerForWhatWaits(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_runtest_setup() -> None:
    socket_allow_hosts(
        [LOOPBACK, "::1", "localhost"], allow_unix_socket=True, resolution_cache=_addresses
    )


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


@pytest.fixture(scope="session")
def made_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Callable[[Path], Any]], Any]:
    """Make what is dear once a run: the first worker that asks makes it, the others read it."""
    top = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # a worker's folder lies in that of the run
        top = top.parent

    def made(name: str, make: Callable[[Path], Any]) -> Any:
        folder = top / name
        folder.mkdir(exist_ok=True)
        kept = top / f"{name}.pickle"
        with (top / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(kept.read_bytes())

    return made


@pytest.fixture(scope="session")
def lab_media(made_once: Callable[..., Path]) -> Path:
    """The folder of the lab's rendered media, with the small world of seed 3 in it."""

    from cautery.lab import build_world  # heavy: few tests need a lab

    def render(folder: Path) -> Path:
        build_world(3, folder, size="small")
        return folder

    return made_once("lab-media", render)


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


@pytest.fixture(scope="session")
def _s3() -> Iterator[str]:
    from tests.servers import s3_server

    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(_s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket of its own; the environment leads to its store."""
    from tests.servers import Bucket, s3_environment

    for name, value in s3_environment(_s3).items():
        monkeypatch.setenv(name, value)
    return Bucket(_s3)


@pytest.fixture(scope="session")
def _signer_copies() -> Iterator[Any]:
    from tests.signers import CopiedSigners  # heavy: some tests load nothing of ours

    copies = CopiedSigners()
    yield copies
    copies.close()


@pytest.fixture(autouse=True)
def _signers_are_copies(
    request: pytest.FixtureRequest, _signer_copies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred tests start signers, which need not import what they need each time."""
    if _signer_copies.can_start() and not request.node.get_closest_marker("real_signers"):
        monkeypatch.setattr("cautery.adapters.signer._started", _signer_copies.start)


@pytest.fixture(scope="session")
def _key_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for keys that are counted here: pytest looks through all of them for a free name."""
    top = tmp_path_factory.mktemp("keys")
    return (top / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _keys_outside_home(_key_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the analyst's own keys."""
    folder = next(_key_folders)
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CAUTERY_KEYS", str(folder))
