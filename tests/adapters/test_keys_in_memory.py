"""Whoever reads the memory of a process that watches finds no key of its case."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def mandate(folder: Path) -> Path:
    """A mandate with a work of noise, and a list that names nothing."""
    noise = random.Random(7)
    with wave.open(str(folder / "work.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(noise.getrandbits(8) for _ in range(8000 * 2 * 8)))
    (folder / "list.m3u").write_text(
        "#EXTM3U\n#EXTINF:-1,Nothing\nhttp://127.0.0.1:9/live/anna/s3cret/1.ts\n"
    )
    now = datetime.now(UTC)
    path = folder / "mandate.toml"
    path.write_text(
        f"""
[mandate]
id = "m"
who = "Example Studio"
regime = "gdpr"
legal_basis = "rights"
start = {now.isoformat()}
end = {(now + timedelta(minutes=10)).isoformat()}
territories = ["FR"]
lab = true
[[work]]
id = "w"
title = "A Work of Noise"
reference = "work.wav"
[[source]]
path = "list.m3u"
kind = "m3u"
[network]
allow = ["127.0.0.0/8"]
user_agent = "ExampleStudio-monitor/1"
"""
    )
    return path


def memory_of(pid: int) -> bytes:
    """Return what a process has written in its memory, region by region."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, modes, *_ = line.split()
            if not modes.startswith("rw"):
                continue
            first, last = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(first)
                found.append(memory.read(last - first))
            except (OSError, ValueError, OverflowError):
                continue  # a region that the kernel keeps to itself
    return b"".join(found)


def test_the_memory_of_a_watch_holds_neither_private_nor_redaction_key(tmp_path: Path) -> None:
    keys = tmp_path / "case-keys"
    watch = subprocess.Popen(
        [
            *(sys.executable, "-m", "cautery", "watch", str(mandate(tmp_path)), "--json"),
            *("--case", str(tmp_path / "case"), "--keys", str(keys)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    too_long = threading.Timer(120, watch.kill)
    too_long.start()
    try:
        assert watch.stdout is not None
        kinds = []
        for line in watch.stdout:
            kinds.append(json.loads(line)["kind"])
            if kinds[-1] in {"stream.appeared", "source.read"}:
                break
        memory = memory_of(watch.pid)
    finally:
        too_long.cancel()
        watch.kill()
        watch.communicate()
    [seed] = keys.glob("case-*.key")
    [redaction] = keys.glob("case-*.redaction")
    [public] = (tmp_path / "case/keys").glob("case.pub")
    held = [path.suffix for path in (public, seed, redaction) if path.read_bytes()[:32] in memory]
    assert held == [".pub"], "what the watch does hold is found there"
