"""Do the ranges of harm hold the truth where their assumption holds, and how wide are they?

Draws worlds: one to six events on one to three channels, curves of viewers by minute, a measurement
with error (90 % intervals of a log error whose spread is known), and a truth within one assumption:
a share, a price and a number of viewings, anywhere in it (``inside``) or at its ends (``corners``,
the hardest). Errors of channels are alone, half in common or all in common (``common``). Counts how
often the assumption's row holds the true harm, in total and by event and channel, and how often the
hull does; shares stand with their Clopper-Pearson 95 % intervals. Nothing in it is tuned.

    python bench/estimate/harm.py --worlds 500 --first-seed 9000
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass

import numpy as np

from cautery.estimate.exact import exact_share
from cautery.estimate.harm import Curve, harm_of_events, published_assumptions

COMMON = (0.0, 0.5, 1.0)
_Z90 = 1.6448536269514722
_SD = 0.35
"""Of the log of the measured viewers: 90 % from 0.56 to 1.78 times; such as surveys have (F16)."""


@dataclass
class World:
    """What is true, and what was measured."""

    curves: list[Curve]
    average: np.ndarray
    peak: np.ndarray


def world_of(rng: np.random.Generator, common: float) -> World:
    """Draw true curves and their measurement; errors of channels share ``common`` of variance."""
    shared = rng.standard_normal()
    curves, average, peak = [], [], []
    for event in range(int(rng.integers(1, 7))):
        for channel in range(int(rng.integers(1, 4))):
            minutes = np.arange(int(rng.integers(60, 150)))
            shape = (1 - np.exp(-minutes / 12)) * (1 - 0.3 * np.exp(-(((minutes - 55) / 7) ** 2)))
            true = (
                np.exp(rng.normal(9, 1.2))
                * shape
                * np.exp(0.03 * rng.standard_normal(len(minutes)))
            )
            error = np.sqrt(common) * shared + np.sqrt(1 - common) * rng.standard_normal()
            seen = true * np.exp(_SD * error)
            low, high = seen * np.exp(-_SD * _Z90), seen * np.exp(_SD * _Z90)
            rows = zip(minutes.tolist(), low, seen, high, strict=True)
            curves.append(Curve.of(f"e{event}", f"c{channel}", rows))
            average.append(true.mean())
            peak.append(true.max())
    return World(curves, np.array(average), np.array(peak))


def main() -> None:
    """Draw, estimate, count, print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--worlds", type=int, default=500)
    ask.add_argument("--first-seed", type=int, default=9000)
    given = ask.parse_args()
    stated = published_assumptions()
    hits: Counter[tuple[str, float, str]] = Counter()
    trials: Counter[tuple[str, float, str]] = Counter()
    widths: dict[float, list[float]] = {common: [] for common in COMMON}
    for common in COMMON:
        for seed in range(given.first_seed, given.first_seed + given.worlds):
            rng = np.random.default_rng([seed, int(10 * common)])
            world = world_of(rng, common)
            harm = harm_of_events(world.curves, stated, content="live-sport")
            rows = [row for row in harm.rows if row.assumption.in_hull]
            row = rows[int(rng.integers(len(rows)))]
            price, of = row.price, row.assumption
            ends = [price.low, price.high]
            if price.per == "month":
                fewest, most = stated.viewings_a_month
                ends = [price.low / most, price.high / fewest]
            for where in ("inside", "corners"):
                ends_of = rng.random(3) if where == "inside" else np.full(3, rng.integers(2))
                mix = ends_of.astype(float)
                share = of.share[0] + mix[0] * (of.share[1] - of.share[0])
                paid = ends[0] + mix[1] * (ends[1] - ends[0])
                most_viewings = stated.most_viewers_over_peak * world.peak
                viewings = world.average + mix[2] * (most_viewings - world.average)
                truth = viewings * share * paid
                _note(hits, trials, (where, common, "total"), row.total, truth.sum())
                _note(hits, trials, (where, common, "hull"), harm.hull, truth.sum())
                for sum_, part in zip(row.parts.values(), truth, strict=True):
                    _note(hits, trials, (where, common, "channel"), sum_, part)
            if row.total is not None and row.total.low > 0:
                widths[common].append(row.total.high / row.total.low)
    print(f"worlds {given.worlds} x {len(COMMON)}, seeds from {given.first_seed}")
    print("| truth | errors in common | what | N | held | 95 % interval |")
    print("| --- | --- | --- | --- | --- | --- |")
    for key in sorted(trials):
        where, common, what = key
        share = exact_share(hits[key], trials[key])
        print(
            f"| {where} | {common:.1f} | {what} | {share.whole} | {share.part / share.whole:.3f} "
            f"| {share.low:.3f}-{share.high:.3f} |"
        )
    for common, ratios in widths.items():
        print(f"high over low, {common:.1f} in common: median {np.median(ratios):.0f}")


def _note(hits, trials, key, range_, truth: float) -> None:  # noqa: ANN001
    trials[key] += 1
    hits[key] += bool(range_.low * (1 - 1e-9) <= truth <= range_.high * (1 + 1e-9))


if __name__ == "__main__":
    main()
