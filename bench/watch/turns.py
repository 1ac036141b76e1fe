"""What the demonstration costs now and at another commit: turns of both, alternating.

The CPU of the process tree is measured, not the time on the wall; the difference is told as a ratio
with the one-sided 95 % upper bound of Student's t over the logarithms of the pairs, of the CPU and
of the CPU for each look at a stream: a machine that is too slow for the demonstration looks less
often, and so uses less. Each installs its own environment first (``make .venv/.run``); each world
is rendered once, before the turns.
Run: python bench/watch/turns.py OLD_CHECKOUT [--turns 10] [--seed 1] [--window SECONDS]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from scipy.stats import t as student

HERE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One demonstration: what it used, and what it found."""

    cpu_s: float
    looks: int
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
        looks=_looks(Path(board["case"])),
        recall=board["recall"],
        detection_s=board["time_to_detection_s"]["median"],
    )


def _looks(case: Path) -> int:
    with closing(sqlite3.connect(f"file:{case / 'ledger.sqlite'}?mode=ro", uri=True)) as ledger:
        question = "SELECT count(*) FROM entries WHERE kind = 'probe.done'"
        return int(ledger.execute(question).fetchone()[0])


def row(number: int, name: str, one: Turn) -> str:
    """Return one row of the table."""
    detection = "-" if one.detection_s is None else f"{one.detection_s:.1f}"
    return f"| {number} | {name} | {one.cpu_s:.1f} | {one.looks} | {one.recall:.3f} | {detection} |"


def told(what: str, logarithms: list[float]) -> str:
    """Return the mean ratio of the pairs with its bounds."""
    middle = fmean(logarithms)
    spread = stdev(logarithms) / math.sqrt(len(logarithms))
    least, most = (student.ppf(at, len(logarithms) - 1) * spread for at in (0.05, 0.95))
    return (
        f"{what}: {math.exp(middle):.3f} (95 %: at least {math.exp(middle + least):.3f}, at most"
        f" {math.exp(middle + most):.3f}, {len(logarithms)} turns)"
    )


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
    a_look: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        folders = {name: Path(folder) / name for name in checkouts}
        for name, checkout in checkouts.items():
            turn(checkout, folders[name], asked.seed, 16.0)
        print("| turn | which | CPU s of the process tree | looks | recall | median detection s |")
        print("| --- | --- | --- | --- | --- |")
        for number in range(asked.turns):
            # Who goes first changes, so that neither always has the warmer machine.
            order = list(checkouts) if number % 2 == 0 else list(checkouts)[::-1]
            turns: dict[str, Turn] = {}
            for name in order:
                turns[name] = turn(checkouts[name], folders[name], asked.seed, asked.window)
                print(row(number + 1, name, turns[name]), flush=True)
            new, old = turns["new"], turns["old"]
            ratios.append(math.log(new.cpu_s / old.cpu_s))
            a_look.append(math.log(new.cpu_s / new.looks * old.looks / old.cpu_s))
    print()
    print(told("CPU, new / old", ratios))
    print(told("CPU of a look, new / old", a_look))


if __name__ == "__main__":
    main()
