"""Are the sizing intervals calibrated, and are claims judged right?

Builds worlds of a hundredth of the size, sizes October 2024 of each from its own sources, and
counts how often the 90 % intervals hold the truth, how often a true claim is accepted, and how
often one that is three times too high or too low is flagged (outside the reconciled 99 %).
Shares stand with their Clopper-Pearson 95 % intervals.

    python bench/operation/sizing.py --worlds 400 --first-seed 1000 [--like taken-down] [--scale
    0.01]

Without ``--like`` the worlds are spread evenly over all five.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
from scipy.stats import beta

from cautery import estimate
from cautery.estimate import QUANTITIES, Reconciled, Sized
from cautery.lab.operations import LIKES, build_world, sizing_sources
from cautery.model.sizing import Claim

MONTH = date(2024, 10, 1)
OFF_BY = 3.0
LEAST_PAYERS = 20
"""Countries with fewer are in the totals; by themselves they are not held to the goal."""
GOAL_INTERVAL = (0.86, 0.94)
GOAL_CLAIM = 0.95


@dataclass
class Tally:
    """Hits, trials and log-widths by what was asked."""

    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    trials: Counter[tuple[str, str]] = field(default_factory=Counter)
    widths: defaultdict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def note(self, what: str, quantity: str, *, hit: bool, width: float | None = None) -> None:
        self.hits[what, quantity] += hit
        self.trials[what, quantity] += 1
        if width is not None:
            self.widths[what, quantity].append(width)

    def add(self, other: Tally) -> None:
        self.hits.update(other.hits)
        self.trials.update(other.trials)
        for key, widths in other.widths.items():
            self.widths[key] += widths


def one_world(job: tuple[str, int], *, scale: float) -> tuple[str, Tally]:
    """Size one world, and hold it against its truth."""
    like, seed = job
    world = build_world(like, seed=seed, scale=scale)
    rng = np.random.default_rng(seed)
    sized = estimate.by_every_method(sizing_sources(world, MONTH), rng=rng)
    together = estimate.reconcile(sized, rng=rng)
    month = world.months.index(MONTH)
    truth = {
        "users": world.truth.users[month],
        "payers": world.truth.payers[month],
        "revenue": world.truth.revenue_eur[month],
    }
    tally = Tally()
    for one in together.disagreements:
        tally.note(f"contradicts: {one.method}", "any", hit=True)
    by_payers = dict(zip(world.countries, truth["payers"].tolist(), strict=True))
    for quantity in QUANTITIES:
        by_country = dict(zip(world.countries, truth[quantity].tolist(), strict=True))
        total = sum(by_country.values())
        for method in sized:
            if method.reason is None:
                here = sum(by_country[country] for country in method.countries)
                _hold(tally, method.method, quantity, here, method)
        _hold(tally, "reconciled", quantity, total, together)
        for country, value in by_country.items():
            if country in together.countries and by_payers[country] >= LEAST_PAYERS:
                found = together.estimate(quantity, country=country)
                tally.note("reconciled, by country", quantity, hit=found.low <= value <= found.high)
        for what, factor in (("true", 1.0), ("x 3", OFF_BY), ("/ 3", 1 / OFF_BY)):
            claim = Claim(
                text=what,
                quantity=quantity,
                value=total * factor,
                currency="EUR" if quantity == "revenue" else None,
                period="month" if quantity == "revenue" else None,
            )
            flagged = estimate.judge_claim(claim, together).flagged
            right = flagged != (factor == 1.0)
            tally.note(f"claim {what}", quantity, hit=right)
            if factor != 1.0:
                tally.note("claim off", quantity, hit=right)
    return like, tally


def _hold(tally: Tally, what: str, quantity: str, truth: float, of: Sized | Reconciled) -> None:
    found = of.estimate(quantity)
    if found is None:
        return
    tally.note(
        what,
        quantity,
        hit=found.low <= truth <= found.high,
        width=float(np.log(found.high / found.low)) / 3.29,
    )


def shown(tally: Tally, what: str, quantity: str) -> str:
    """Return a share with its interval and, where there is one, the mean log-sd."""
    hits, trials = tally.hits[what, quantity], tally.trials[what, quantity]
    if not trials:
        return "-"
    low = beta.ppf(0.025, hits, trials - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, trials - hits) if hits < trials else 1.0
    text = f"{100 * hits / trials:5.1f} % ({100 * low:.1f}-{100 * high:.1f})"
    widths = tally.widths.get((what, quantity))
    return text + (f" sd {np.mean(widths):.2f}" if widths else "")


def print_table(title: str, tally: Tally, rows: list[str]) -> None:
    print(f"\n{title}")
    print(f"{'':24}" + "".join(f"{one:>30}" for one in QUANTITIES))
    for what in rows:
        print(f"{what:24}" + "".join(f"{shown(tally, what, one):>30}" for one in QUANTITIES))


def jobs(likes: list[str], worlds: int, first: int) -> Iterator[tuple[str, int]]:
    for number in range(worlds):
        yield likes[number % len(likes)], first + number


def main() -> int:
    """Print the tables; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--like", choices=LIKES, action="append")
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    likes = asked.like or list(LIKES)
    began = time.perf_counter()
    total, by_like = Tally(), {like: Tally() for like in likes}
    with ProcessPoolExecutor(asked.processes) as pool:
        work = pool.map(
            partial(one_world, scale=asked.scale),
            jobs(likes, asked.worlds, asked.first_seed),
            chunksize=4,
        )
        for like, tally in work:
            total.add(tally)
            by_like[like].add(tally)
    print(
        f"{asked.worlds} worlds of scale {asked.scale:g}, seeds {asked.first_seed} to "
        f"{asked.first_seed + asked.worlds - 1}, {time.perf_counter() - began:.0f} s"
    )
    print_table(
        "90 % intervals that hold the truth (sd: mean standard deviation of the logarithm)",
        total,
        ["reconciled", "reconciled, by country", *estimate.METHODS],
    )
    print_table("claims judged right", total, ["claim true", "claim off", "claim x 3", "claim / 3"])
    for like, tally in by_like.items():
        print_table(
            like, tally, ["reconciled", "reconciled, by country", "claim true", "claim off"]
        )
    said = {what: n for (what, quantity), n in total.trials.items() if quantity == "any"}
    print("\nmethods said to contradict the rest:", said or "none")
    missed = list(misses(total))
    print("\n" + ("\n".join(missed) if missed else "all goals met"))
    return 1 if missed else 0


def misses(total: Tally) -> Iterator[str]:
    """Yield the goals that the shares miss."""
    for quantity in QUANTITIES:
        held = total.hits["reconciled", quantity] / total.trials["reconciled", quantity]
        if not GOAL_INTERVAL[0] <= held <= GOAL_INTERVAL[1]:
            yield f"missed: {quantity}: 90 % intervals hold {100 * held:.1f} %"
        for what in ("claim true", "claim off"):
            right = total.hits[what, quantity] / total.trials[what, quantity]
            if right < GOAL_CLAIM:
                yield f"missed: {quantity}: {what} judged right {100 * right:.1f} %"


if __name__ == "__main__":
    sys.exit(main())
