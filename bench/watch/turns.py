"""What the demonstration costs now and otherwise: turns of each arm, alternating.

An arm is a checkout, and what the demonstration is asked besides: another commit, or the same one
with something on. The CPU of the process tree is measured, not the time on the wall; each arm is
compared with the one before it, as a ratio with the one-sided 95 % bounds of Student's t over the
logarithms of the pairs, of the CPU and of the CPU for each look at a stream: a machine that is too
slow for the demonstration looks less often, and so uses less. Each checkout installs its own
environment first (``make .venv/.run``); each world is rendered once, before the turns.
Run: python bench/watch/turns.py [OLD_CHECKOUT] [--arm NAME=CHECKOUT[:ARGUMENTS] ...] [--turns 10]
     [--seed 1] [--window SECONDS]
The arms are OLD_CHECKOUT, this one, then the others: ``turns.py --arm "log=.:--log FOLDER"``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev

from scipy.stats import t as student

HERE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One demonstration: what it used, and what it found."""

    cpu_s: float
    looks: int
    recall: float | None
    detection_s: float | None


@dataclass(frozen=True, slots=True)
class Arm:
    """A checkout, and what its demonstration is asked besides."""

    checkout: Path
    arguments: tuple[str, ...] = ()


def named(text: str) -> tuple[str, Arm]:
    """Read ``NAME=CHECKOUT[:ARGUMENTS]``."""
    name, equals, rest = text.partition("=")
    checkout, _, arguments = rest.partition(":")
    if not (name and equals and checkout):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=CHECKOUT[:ARGUMENTS]")
    return name, Arm(Path(checkout).resolve(), tuple(shlex.split(arguments)))


def turn(arm: Arm, folder: Path, seed: int, window_s: float) -> Turn:
    """Run the demonstration of an arm.

    Raises
    ------
    SystemExit
        If it fails.
    """
    command = [str(arm.checkout / ".venv" / "bin" / "cautery"), "demo", "--json"]
    command += ["--seed", str(seed), "--window", str(window_s), "--folder", str(folder)]
    command += arm.arguments
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arm.checkout}: the demonstration ended with {process.returncode}")
    board = json.loads(out.splitlines()[-1])
    return Turn(
        cpu_s=used.ru_utime + used.ru_stime,
        looks=max(1, _looks(Path(board["case"]))),
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
    recall = "-" if one.recall is None else f"{one.recall:.3f}"
    return f"| {number} | {name} | {one.cpu_s:.1f} | {one.looks} | {recall} | {detection} |"


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
    """Print one row a turn, then the ratios."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("old", type=Path, nargs="?", metavar="OLD_CHECKOUT")
    ask.add_argument("--arm", type=named, action="append", default=[], metavar="NAME=CHECKOUT[:..]")
    ask.add_argument("--turns", type=int, default=10)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--window", type=float, default=60.0, help="seconds that each is watched")
    asked = ask.parse_args()
    arms = {} if asked.old is None else {"old": Arm(asked.old.resolve())}
    arms |= {"new": Arm(HERE.resolve())} | dict(asked.arm)
    if len(arms) < 2:
        ask.error("name another checkout, or an --arm")
    names = list(arms)
    turns: list[dict[str, Turn]] = []
    with tempfile.TemporaryDirectory() as folder:
        folders = {name: Path(folder) / name for name in arms}
        for name, arm in arms.items():
            turn(arm, folders[name], asked.seed, 16.0)
        print("| turn | which | CPU s of the process tree | looks | recall | median detection s |")
        print("| --- | --- | --- | --- | --- | --- |")
        for number in range(asked.turns):
            # Who goes first changes, so that none always has the warmer machine.
            first = number % len(names)
            turns.append({})
            for name in names[first:] + names[:first]:
                turns[-1][name] = turn(arms[name], folders[name], asked.seed, asked.window)
                print(row(number + 1, name, turns[-1][name]), flush=True)
    print()
    for before, after in pairwise(names):
        pairs = [(each[before], each[after]) for each in turns]
        cpu = [math.log(new.cpu_s / old.cpu_s) for old, new in pairs]
        a_look = [math.log(new.cpu_s / new.looks * old.looks / old.cpu_s) for old, new in pairs]
        print(told(f"CPU, {after} / {before}", cpu))
        print(told(f"CPU of a look, {after} / {before}", a_look))


if __name__ == "__main__":
    main()
