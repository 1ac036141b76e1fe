"""The demo on several worlds: how right the whole watch is, seed by seed.

Each world is rendered once (about 90 s on 2 cores) and watched for 60 s. No other work should run
on the machine: the time to detection is that of a live watch.
Run: python bench/watch/demo_seeds.py [SEED ...] [--window SECONDS]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from typing import Any

WANTED = (
    "recall >= 0.95, precision 1.00, median detection <= 15 s, B-cubed >= 0.90, licensee >= 0.95"
)


def run(seed: int, folder: str, window_s: float) -> dict[str, Any]:
    """Return the scoreboard of one world."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "cautery",
            "demo",
            "--json",
            "--seed",
            str(seed),
            "--folder",
            folder,
            "--window",
            str(window_s),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"seed {seed}: {done.stderr[-500:]}")
    board: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return board


def figure(value: float | None, digits: int) -> str:
    """Return a number, or a dash where nothing was found that it could be measured on."""
    return "-" if value is None else f"{value:.{digits}f}"


def main() -> None:
    """Print one row a seed."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("seeds", type=int, nargs="*", default=[1, 2, 3, 7], metavar="SEED")
    ask.add_argument("--window", type=float, default=60.0, help="seconds that each is watched")
    asked = ask.parse_args()
    print(f"wanted: {WANTED}\n")
    print(
        "| seed | recall | precision | false accusations | bystanders hit |"
        " detection median / max s | dark median s | B-cubed | licensee | verified |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for seed in asked.seeds:
            b = run(seed, folder, asked.window)
            times, dark = b["time_to_detection_s"], b["time_to_dark_s"]
            print(
                f"| {seed} | {figure(b['recall'], 3)} | {figure(b['precision'], 2)} |"
                f" {b['false_accusations']} | {b['bystanders_hit']} |"
                f" {figure(times['median'], 1)} / {figure(times['max'], 1)} |"
                f" {figure(dark['median'], 1)} | {figure(b['networks_bcubed'], 3)} |"
                f" {figure(b['licensee_accuracy'], 2)} | {b['verified']} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
