"""Whole runs, each made once and looked at by many tests: commands as a person types them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cautery.lab import LiveLab, World, build_world, start_lab
from cautery.lab.demo import Approvers, Waiting
from cautery.model import Digest, Entry
from cautery.wiring import cases, signing
from cautery.workflows.case.referral import filed_referrals

SMALL_SEED = 3
PATIENCE_S = 150.0
"""For one run on a machine that others use too; nothing here is a measurement."""


@dataclass(slots=True)
class Heard:
    """What ``cautery watch --json`` said, and what it weighed."""

    records: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    first_mb: float | None = None
    most_mb: float = 0.0

    def bodies(self, kind: str) -> list[Any]:
        return [one["body"] for one in self.records if one["kind"] == kind]


@dataclass(slots=True, kw_only=True)
class Watch(Heard):
    """``cautery watch --json`` as a process: what is heard of it, and how it ended."""

    process: subprocess.Popen[str]
    _threads: list[threading.Thread] = field(default_factory=list)

    @classmethod
    def start(cls, mandate: Path, case: Path, keys: Path, *, weigh_from: str = "") -> Watch:
        """Start it; ``weigh_from`` names the record at which its first weight is taken."""
        command = [sys.executable, "-m", "cautery", "watch", str(mandate), "--case", str(case)]
        watch = cls(
            process=subprocess.Popen(
                [*command, "--keys", str(keys), "--json"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        watch._threads = [
            threading.Thread(target=watch._hear, args=(weigh_from,), daemon=True),
            threading.Thread(target=watch._talk, daemon=True),
        ]
        for one in watch._threads:
            one.start()
        return watch

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a record; fail with what was said if it never comes."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            found = next((one for one in list(self.records) if wanted(one)), None)
            if found is not None:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError("that record never came: " + "\n".join(self.said[-20:]))

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> int:
        """Wait for its end and return its exit code."""
        code = self.process.wait(PATIENCE_S)
        for one in self._threads:
            one.join(10)
        return code

    def heard(self) -> Heard:
        """Return what can be kept of it."""
        return Heard(self.records, self.said, self.first_mb, self.most_mb)

    def _hear(self, weigh_from: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            record = json.loads(line)
            weight_mb = _most_mb(self.process.pid)
            if weight_mb is not None:
                self.most_mb = max(self.most_mb, weight_mb)
                if record["kind"] == weigh_from and self.first_mb is None:
                    self.first_mb = weight_mb
            self.records.append(record)

    def _talk(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))


def _most_mb(pid: int) -> float | None:
    """Return the most memory that a process has held so far (VmHWM)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    held = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(held[0]) / 1024 if held else None


def entries_of(case: Path) -> list[Entry]:
    with cases.reading(case) as held:
        return list(held.ledger.read())


@contextmanager
def approvers_of(lab: LiveLab, case: Path) -> Iterator[Approvers]:
    """Seat the lab's two approvers at their desks."""

    def waiting(signed: Collection[str]) -> list[Waiting]:
        if not (case / "ledger.sqlite").exists():
            return []
        with cases.reading(case) as held:
            filed = filed_referrals(held.ledger)
        return [
            Waiting(one.referral.id, one.digest, frozenset(a.approver for a in one.approvals))
            for one in filed
            if one.referral.id not in signed
        ]

    def sign(referral: str, digest: Digest, name: str, key: Path) -> None:
        signing.approve(case, referral, shown=digest, name=name, key=key)

    with Approvers(lab, waiting=waiting, sign=sign) as seated:
        yield seated


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A small match night whose watch was killed in the middle and started again."""

    world: World
    truth: dict[str, Any]
    mandate: str
    case: Path
    keys: Path
    killed: Heard
    resumed: Heard
    code: int
    before: tuple[Entry, ...]
    """The ledger as it lay on the disk after the kill."""
    sealed: dict[str, bytes]
    """What the vault held then, by exhibit."""
    orphans: tuple[int, ...]
    """Children of the killed process that outlived it."""


@pytest.fixture(scope="session")
def night(made_once: Callable[..., Night], lab_media: Path) -> Night:
    """A night that all workers share."""
    return made_once("night", lambda run: _night(run, lab_media))


def _night(run: Path, media: Path) -> Night:
    """Watch a small world; kill the watch once it has heard something; watch on to the end."""
    world = build_world(SMALL_SEED, media, size="small")
    case, keys = run / "case", run / "case-keys"
    with start_lab(world, run, lead_s=2.0, window_s=38.0) as lab, approvers_of(lab, case):
        killed = Watch.start(lab.mandate_path, case, keys)
        killed.until(
            lambda one: (
                one["kind"] == "probe.done"
                and bool((one["body"]["observation"] or {}).get("witnesses"))
            )
        )
        children = _children(killed.process.pid)
        killed.kill()
        before = tuple(entries_of(case))
        sealed = _vault(case)
        resumed = Watch.start(lab.mandate_path, case, keys)
        code = resumed.end()
        truth = lab.truth.to_json()
        mandate = lab.mandate_path.read_text()
    return Night(
        world=world,
        truth=truth,
        mandate=mandate,
        case=case,
        keys=keys,
        killed=killed.heard(),
        resumed=resumed.heard(),
        code=code,
        before=before,
        sealed=sealed,
        orphans=tuple(pid for pid in children if _is_ours(pid)),
    )


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


def _is_ours(pid: int) -> bool:
    try:
        return b"cautery" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _vault(case: Path) -> dict[str, bytes]:
    return {
        f"sha256:{one.name}": one.read_bytes()
        for one in (case / "vault").rglob("*")
        if one.is_file() and len(one.name) == 64
    }


@pytest.fixture(scope="session")
def entries() -> Callable[[Path], list[Entry]]:
    """Read a case's ledger."""
    return entries_of


@pytest.fixture(scope="session")
def cautery() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end, as a person would."""

    def run(*arguments: object, timeout_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cautery", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            env=os.environ | {"COLUMNS": "200"},
        )

    return run


@pytest.fixture(scope="session")
def start_watch() -> Callable[..., Watch]:
    """Start a watch as a process."""
    return Watch.start


class Place:
    """Servers on a loop in a thread of their own, so that a test may wait as it likes."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    held = Place()
    yield held
    held.stop()
