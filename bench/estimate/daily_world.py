"""How hard is the lab's daily world? What the simplest estimators get wrong in it, and its cost.

Run: ``python bench/estimate/daily_world.py [--worlds 200] [--first-seed 0]``. Nothing here is an
estimator of Cautery: the two rows are what anybody would try first, without calendar or placebo.

- *before and after*: mean log of the 30 days after the strike less that of the 60 days before;
- *against far markets*: the same, less the median of it over networks of other markets.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from cautery.lab.daily import daily_world
from cautery.model.daily import DailySeries, Measure

BEFORE_D, AFTER_D = 60, 30


def change(row: DailySeries, day: int) -> float:
    """Return mean log after less mean log before, per sensor; zeros are left out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(row.values / row.probes)
    logs[~np.isfinite(logs)] = np.nan
    return float(
        np.nanmean(logs[day + 1 : day + 1 + AFTER_D]) - np.nanmean(logs[day - BEFORE_D : day])
    )


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    given = parser.parse_args()
    plain, far, effects, gains, seconds = [], [], [], [], []
    for seed in range(given.first_seed, given.first_seed + given.worlds):
        begun = time.perf_counter()
        sources, truth = daily_world(seed, displacement=0.6)
        seconds.append(time.perf_counter() - begun)
        rows = {
            (row.unit, row.market): row for row in sources.series if row.measure is Measure.LEVEL
        }
        struck = truth.struck[0]
        touched = {row.market for row in truth.struck}
        near = {unit for unit, market in rows if market in touched}
        own = change(rows[struck.unit, struck.market], struck.day)
        others = [change(row, struck.day) for (unit, _), row in rows.items() if unit not in near]
        plain.append(own - struck.effect[30])
        far.append(own - np.median(others) - struck.effect[30])
        effects.append(struck.effect[30])
        gains += [row.gain[30] for row in truth.displaced]
    print(f"{given.worlds} worlds from seed {given.first_seed}, displacement .6")
    print(f"one world: {1000 * np.median(seconds):.0f} ms (median)")
    for name, values in (("true effect, 30 days", effects), ("true gain of receivers", gains)):
        low, mid, high = np.quantile(values, [0.05, 0.5, 0.95])
        print(f"{name:24} {low:+.2f} {mid:+.2f} {high:+.2f}   (5, 50, 95 %)")
    for name, errors in (("before and after", plain), ("against far markets", far)):
        size = np.abs(errors)
        print(
            f"{name:24} error: median {np.median(size):.3f}, "
            f"90 % within {np.quantile(size, 0.9):.3f}, bias {np.mean(errors):+.3f}"
        )


if __name__ == "__main__":
    main()
