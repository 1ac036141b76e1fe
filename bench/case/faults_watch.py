"""``cautery watch`` itself, killed at random instants once it is under way.

Two streams prove a film, the rest attack or are silent; every record that its standard output told
of must be in the case afterwards, under its index.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import random
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from faults_writer import LostError

from cautery.wiring import cases

RATE_HZ = 8000
PATIENCE_S = 120.0
STREAMS = 6
CAUTERY = [sys.executable, "-m", "cautery"]


def watch_killed(top: Path, rng: random.Random) -> int:
    """Kill a watch two to five times once it is under way; return how often it was.

    Raises
    ------
    LostError
        If a record that was told of is gone, or the case does not go on, close or verify.
    """
    (top / "served").mkdir()
    film(top / "served" / "film.wav", rng)
    said: list[dict[str, Any]] = []
    kills = rng.randrange(2, 6)
    with served(top / "served") as base:
        (top / "mandate.toml").write_text(mandate(base, top / "served" / "film.wav"))
        for _ in range(kills):
            said += killed_once(top, rng)
    done = subprocess.run(
        [*CAUTERY, "close", str(top / "case"), "--keys", str(top / "keys")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LostError(f"the case does not close: {done.stderr[-200:]}")
    check(top / "case", said)
    return kills


def killed_once(top: Path, rng: random.Random) -> list[dict[str, Any]]:
    """Start a watch and kill it within three seconds of its first look; return its records."""
    command = [*CAUTERY, "watch", str(top / "mandate.toml"), "--case", str(top / "case")]
    with subprocess.Popen(
        [*command, "--keys", str(top / "keys"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watch:
        lines: list[str] = []
        under_way = threading.Event()

        def hear() -> None:
            assert watch.stdout is not None
            for line in watch.stdout:
                lines.append(line)
                if '"probe.done"' in line:
                    under_way.set()

        hearing = threading.Thread(target=hear, daemon=True)
        hearing.start()
        if not under_way.wait(PATIENCE_S):
            watch.kill()
            assert watch.stderr is not None
            raise LostError(f"the watch does not get under way: {watch.stderr.read()[-200:]}")
        time.sleep(rng.random() * 3)
        watch.kill()
        hearing.join()
    # A line that the kill cut short tells of nothing.
    return [json.loads(line) for line in lines if line.endswith("\n")]


def check(case: Path, said: list[dict[str, Any]]) -> None:
    """Look for every record that was told of, and verify."""
    with cases.reading(case) as held:
        entries = {entry.index: entry.record for entry in held.ledger.read()}
    for one in said:
        found = entries.get(one["index"])
        if found is None or found.kind != one["kind"]:
            raise LostError(f"record {one['index']}, {one['kind']}, is gone")
    done = subprocess.run([*CAUTERY, "verify", str(case)], capture_output=True, check=False)
    if done.returncode != 3:  # consistent: nobody gave the key from outside
        raise LostError(f"verify ended with {done.returncode}")


def film(path: Path, rng: random.Random) -> None:
    """Write a work whose sound is like no other."""
    noise = np.random.default_rng(rng.randrange(1 << 30))
    axis = np.arange(RATE_HZ // 10) / RATE_HZ
    tones = noise.uniform(200, 3400, (400, 3, 1))
    sound = np.sin(2 * np.pi * tones * axis).sum(axis=1).ravel() / 4
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((sound * 30_000).astype("<i2").tobytes())


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.9.1.2", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.9.1.2:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def mandate(base: str, reference: Path) -> str:
    """Return a mandate for ten minutes."""
    now = datetime.now(UTC)
    text = f"""
[mandate]
id = "killed"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights"
start = {(now - timedelta(seconds=1)).isoformat()}
end = {(now + timedelta(minutes=10)).isoformat()}
territories = ["FR"]
lab = true
[[work]]
id = "film-1"
title = "A Film"
reference = "{reference}"
[network]
allow = ["127.9.0.0/16"]
rate_per_host = 25.0
"""
    for number in range(STREAMS):
        file = "film.wav" if number < 2 else "gone.ts"
        text += f'[[source]]\nurl = "{base}/{file}?{number}"\nkind = "stream"\nrevisit_s = 1\n'
    return text
