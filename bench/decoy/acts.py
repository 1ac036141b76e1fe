"""Ten thousand attacks on the gate: is a decoy in anything that leaves?

    python bench/decoy/acts.py [--tries N] [--steps N] [--processes N] [--first SEED]

Each try is a case of its own with four to nine streams, some of them decoys. In a random order they
are proven, mapped and planned for, referrals and notices are drafted, approved by two people or by
forgers and handed in; the keeper is honest, silent, or lies in one of four ways; records are
forged; the watch is stopped and goes on from its records; decoys are revealed, or the test is
abandoned. All that leaves is looked through for hosts and addresses of decoys: every byte that
a provider is sent, mails of notices, figures, the export for Lumen, networks, maps, plans,
estimates, the report, and dossiers for everybody but a court. Some pirates write a decoy's
host into their own URLs and names; they may not vanish with the decoys. It prints a table for
bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable

from cautery.lab.blind_acts import BlindActs, run_at_random
from cautery.model import ErrorRate

Outcome = tuple[Counter[str], Counter[str], list[str], list[str]]


def attacked(seeds: Iterable[int], steps: int) -> Outcome:
    """Return what left each way, how often it was shut, the decoys found, and pirates lost."""
    left: Counter[str] = Counter()
    shut: Counter[str] = Counter()
    escaped: list[str] = []
    lost: list[str] = []
    for seed in seeds:
        acts = BlindActs(seed)
        asyncio.run(run_at_random(acts, steps=steps))
        left += acts.left
        shut += acts.shut
        escaped += acts.escaped
        lost += acts.lost
    return left, shut, escaped, lost


def main() -> None:
    """Attack, and say what left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    tasks = [
        (range(given.first + at, given.first + given.tries, given.processes), given.steps)
        for at in range(given.processes)
    ]
    with multiprocessing.Pool(given.processes) as pool:
        outcomes = pool.starmap(attacked, tasks)
    left = sum((outcome[0] for outcome in outcomes), Counter[str]())
    shut = sum((outcome[1] for outcome in outcomes), Counter[str]())
    escaped = [each for outcome in outcomes for each in outcome[2]]
    print(f"{given.tries} cases of {given.steps} steps in {time.monotonic() - began:.0f} s")
    print("| way out | left | shut |\n| --- | --- | --- |")
    for way in sorted(left.keys() | shut.keys()):
        print(f"| {way} | {left[way]} | {shut[way]} |")
    cases = len({each.rpartition("seed ")[2] for each in escaped})
    print(
        ErrorRate(what="cases of which a decoy left", errors=cases, trials=given.tries, source="")
    )
    lost = {each for outcome in outcomes for each in outcome[3]}
    print(f"pirates that vanished with the decoys: {len(lost)}")
    for each in sorted(lost)[:20]:
        print(f"lost: {each}")
    for each in escaped[:20]:
        print(f"escaped: {each}")


if __name__ == "__main__":
    main()
