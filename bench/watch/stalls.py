"""How long the event loop of a watch gives no turn, and where: the demonstration, run by run.

Of each stall the time on the wall is shown, and that without what the loop's thread waited for a
core: on a machine that others keep busy only the latter says something of Cautery.
Run: python bench/watch/stalls.py [SEED ...] [--window SECONDS] [--turns 1]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from typing import Any

WANTED_S = 0.1


def stalls_of(seed: int, window_s: float, folder: str) -> dict[str, Any]:
    """Return what the demonstration says of its loop.

    Raises
    ------
    SystemExit
        If it fails.
    """
    command = [sys.executable, "-m", "cautery", "demo", "--json", "--seed", str(seed)]
    command += ["--window", str(window_s), "--folder", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"seed {seed}: {done.stderr[-500:]}")
    loop: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["loop"]
    return loop


def place_of(where: list[str]) -> str:
    """Return the innermost frame that is ours, and the one that is running, if it is not."""
    ours = next((frame for frame in where if frame.startswith("cautery.")), "")
    return ours if not where or ours == where[0] else f"{ours} > {where[0]}".strip()


def main() -> None:
    """Print one row a run, then one a place."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("seeds", type=int, nargs="*", default=[811], metavar="SEED")
    ask.add_argument("--window", type=float, default=60.0, help="seconds that each is watched")
    ask.add_argument("--turns", type=int, default=1)
    asked = ask.parse_args()
    by_place: defaultdict[str, list[float]] = defaultdict(list)
    print(f"| seed | longest s (wanted: {WANTED_S}) | stalls | load |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for seed in asked.seeds * asked.turns:
            loop = stalls_of(seed, asked.window, folder)
            load = os.getloadavg()[0]
            print(f"| {seed} | {loop['longest_s']} | {loop['count']} | {load:.0f} |", flush=True)
            for stall in loop["stalls"]:
                by_place[place_of(stall["where"])].append(stall["own_s"])
    print("\n| where | stalls | longest s |\n| --- | --- | --- |")
    for place, seconds in sorted(by_place.items(), key=lambda pair: -max(pair[1])):
        print(f"| {place or 'nobody got to look'} | {len(seconds)} | {max(seconds):.3f} |")


if __name__ == "__main__":
    main()
