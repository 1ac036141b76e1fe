"""The demo on several worlds: how right the whole watch is, seed by seed.

    python bench/demo_seeds.py [SEED ...]          default: 1 2 3 7

Each world is rendered once (about 90 s on 2 cores) and watched for 60 s. No other work should run
on the machine: the time to detection is that of a live watch.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

WANTED = (
    "recall >= 0.95, precision 1.00, median detection <= 15 s, B-cubed >= 0.90, licensee >= 0.95"
)


def run(seed: int, folder: str) -> dict[str, object]:
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
    seeds = [int(one) for one in sys.argv[1:]] or [1, 2, 3, 7]
    print(f"wanted: {WANTED}\n")
    print(
        "| seed | recall | precision | false accusations | bystanders hit |"
        " detection median / max s | dark median s | B-cubed | licensee | verified |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            b = run(seed, folder)
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
