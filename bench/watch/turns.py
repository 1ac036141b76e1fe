"""What the demonstration costs now and at another commit: turns of both, alternating.

The CPU of the process tree is measured, not the time on the wall; the difference is told as a ratio
with the one-sided 95 % upper bound of Student's t over the logarithms of the pairs. Each installs
its own environment first (``make .venv/.run``); each world is rendered once, before the turns.
Run: python bench/watch/turns.py OLD_CHECKOUT [--turns 10] [--seed 1] [--window SECONDS]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from scipy.stats import t as student

HERE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One demonstration: what it used, and what it found."""

    cpu_s: float
    recall: float
    detection_s: float | None


def turn(checkout: Path, folder: Path, seed: int, window_s: float) -> Turn:
    """Run the demonstration of a checkout.

    Raises
    ------
    SystemExit
        If it fails.
    """
    command = [str(checkout / ".venv" / "bin" / "cautery"), "demo", "--json"]
    command += ["--seed", str(seed), "--window", str(window_s), "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{checkout}: the demonstration ended with {process.returncode}")
    board = json.loads(out.splitlines()[-1])
    return Turn(
        cpu_s=used.ru_utime + used.ru_stime,
        recall=board["recall"],
        detection_s=board["time_to_detection_s"]["median"],
    )


def row(number: int, name: str, one: Turn) -> str:
    """Return one row of the table."""
    detection = "-" if one.detection_s is None else f"{one.detection_s:.1f}"
    return f"| {number} | {name} | {one.cpu_s:.1f} | {one.recall:.3f} | {detection} |"


def main() -> None:
    """Print one row a turn, then the ratio."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("old", type=Path, metavar="OLD_CHECKOUT")
    ask.add_argument("--turns", type=int, default=10)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--window", type=float, default=60.0, help="seconds that each is watched")
    asked = ask.parse_args()
    checkouts = {"old": asked.old.resolve(), "new": HERE.resolve()}
    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        folders = {name: Path(folder) / name for name in checkouts}
        for name, checkout in checkouts.items():
            turn(checkout, folders[name], asked.seed, 16.0)
        print("| turn | which | CPU s of the process tree | recall | median detection s |")
        print("| --- | --- | --- | --- | --- |")
        for number in range(asked.turns):
            # Who goes first changes, so that neither always has the warmer machine.
            order = list(checkouts) if number % 2 == 0 else list(checkouts)[::-1]
            took: dict[str, float] = {}
            for name in order:
                one = turn(checkouts[name], folders[name], asked.seed, asked.window)
                took[name] = one.cpu_s
                print(row(number + 1, name, one), flush=True)
            ratios.append(math.log(took["new"] / took["old"]))
    middle = fmean(ratios)
    spread = stdev(ratios) / math.sqrt(len(ratios))
    least, most = (student.ppf(at, len(ratios) - 1) * spread for at in (0.05, 0.95))
    print(
        f"\nnew / old: {math.exp(middle):.3f}"
        f" (95 %: at least {math.exp(middle + least):.3f}, at most {math.exp(middle + most):.3f},"
        f" {len(ratios)} turns)"
    )


if __name__ == "__main__":
    main()
