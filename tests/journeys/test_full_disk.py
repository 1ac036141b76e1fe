"""On a full disk the watch says so, stops, and what it has still closes and verifies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cautery.lab.hostile import Hostile
from cautery.model import Entry

pytestmark = pytest.mark.journey

DISK_MB = 26
"""Of which 16 are the reserve; one stream without end, sealed, is more than the rest."""

_FULL_AFTER = """
import sys
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import StorageError

sealed = []
whole = FolderVault.seal

def seal(self, data, **more):
    sealed.append(len(data))
    if sum(sealed) > 2_000_000:
        raise StorageError("vault: No space left on device")
    return whole(self, data, **more)

FolderVault.seal = seal
from cautery.cli import main
sys.argv[0] = "cautery"
main()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """A watch that met a full disk, over."""

    case: Path
    ended: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, bool]]:
    """A small disk of its own where that may be mounted, else a folder; and which it is."""
    folder = tmp_path_factory.mktemp("disk")
    options = ["-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    mounted = (
        os.geteuid() == 0
        and subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    )
    yield folder, mounted
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def full(disk: tuple[Path, bool], tmp_path_factory: pytest.TempPathFactory, place: Any) -> Full:
    folder = tmp_path_factory.mktemp("full")
    noise = np.random.default_rng(2).normal(0, 3000, 8000 * 30).astype("<i2")
    with wave.open(str(folder / "film.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(noise.tobytes())
    stack = AsyncExitStack()

    async def serve(address: str) -> str:
        server = await stack.enter_async_context(Hostile(address))
        return server.url("never-ends")

    urls = [place.run(serve(f"127.9.2.{last}")) for last in range(1, 4)]
    now = datetime.now(UTC)
    text = [
        "[mandate]",
        'id = "full"',
        'who = "Example League"',
        'regime = "gdpr"',
        'legal_basis = "exclusive rights"',
        f"start = {(now - timedelta(seconds=1)).isoformat()}",
        f"end = {(now + timedelta(seconds=120)).isoformat()}",
        'territories = ["FR"]',
        "lab = true",
        "[[work]]",
        'id = "film-1"',
        'title = "A Film"',
        'reference = "film.wav"',
        "[network]",
        'allow = ["127.9.0.0/16"]',
        "rate_per_host = 25.0",
    ]
    for url in urls:
        text += ["[[source]]", f'url = "{url}"', 'kind = "stream"']
    mandate = folder / "mandate.toml"
    mandate.write_text("\n".join(text))
    case = disk[0] / "case"
    start = ["-m", "cautery"] if disk[1] else ["-c", _FULL_AFTER]
    ended = subprocess.run(
        [
            *[sys.executable, *start, "watch", str(mandate), "--case", str(case)],
            *["--keys", str(folder / "keys")],
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    place.run(stack.aclose())
    return Full(case=case, ended=ended)


def test_it_says_that_the_disk_is_full_and_ends_with_a_refusals_code(full: Full) -> None:
    assert full.ended.returncode == 1, full.ended.stderr
    assert "disk full" in full.ended.stderr
    assert "Traceback" not in full.ended.stderr


def test_it_is_a_record_with_its_class_and_remedy(
    full: Full, entries: Callable[[Path], list[Entry]]
) -> None:
    found = entries(full.case)
    [failure] = [
        one.record.body
        for one in found
        if one.record.kind == "failure" and one.record.body["what"] == "storage"
    ]
    assert failure["error"] == "StorageError"
    # As the system says it, or as SQLite does: either may be the first to find no room.
    assert re.search("no space|disk is full", failure["message"], re.IGNORECASE)
    assert "space" in failure["hint"]
    [stopped] = [one.record.body for one in found if one.record.kind == "watch.stopped"]
    assert stopped["why"] == "disk full"


def test_the_case_is_closed_and_verifies_all_the_same(
    full: Full,
    entries: Callable[[Path], list[Entry]],
    cautery: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert entries(full.case)[-1].record.kind == "case.closed"
    assert (full.case / "report.html").stat().st_size > 5_000
    ended = cautery("verify", full.case)
    assert ended.returncode == 3, ended.stderr


def test_nothing_is_half_written(full: Full) -> None:
    vault = [one for one in (full.case / "vault").rglob("*") if one.is_file()]
    assert vault
    assert all(len(one.name) == 64 for one in vault)
