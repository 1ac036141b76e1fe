"""The demo on several worlds: how right the whole watch is, seed by seed.

Each world is rendered once (about 90 s on 2 cores) and watched for 60 s. No other work should run
on the machine: the time to detection is that of a live watch.
Run: python bench/demo_seeds.py [SEED ...] [--window SECONDS]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile

WANTED = (
    "recall >= 0.95, precision 1.00, median detection <= 15 s, B-cubed >= 0.90, licensee >= 0.95"
)


def run(seed: int, folder: str, window_s: float) -> dict[str, object]:
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
    board: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return board


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
            assert isinstance(times, dict)
            assert isinstance(dark, dict)
            print(
                f"| {seed} | {b['recall']:.3f} | {b['precision']:.2f} | {b['false_accusations']} |"
                f" {b['bystanders_hit']} | {times['median']:.1f} / {times['max']:.1f} |"
                f" {dark['median']:.1f} | {b['networks_bcubed']:.3f} |"
                f" {b['licensee_accuracy']:.2f} | {b['verified']} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
