"""Does ``cautery estimate effect`` say what strikes did in worlds whose truth is known?

Worlds of the lab (``cautery.lab.daily``) are read as a user would have them: series, strikes and
the calendar of fixtures. Counted are how often the 90 % interval of the effect over 30 days holds
the truth, how wide it is, how often a gain of other services is claimed where there is none and
where six tenths or more of the users went there, how often the interval's sign is wrong, and how
often intervals of the area served over 30 and 90 days hold.

    python bench/estimate/effect.py --worlds 500 --first-seed 9000 [--jobs 2] [--peer-worlds 40]

Peers lie in the folder that ``CAUTERY_BENCH_PEERS`` names (pip install --target FOLDER statsmodels
pysyncon) and run on the first worlds with the same logs, donors and calendar; where they are absent
they are skipped with a word. Shares stand with Clopper-Pearson 95 % bounds, N counted in rows; the
rows of one world (a network in two markets) are not independent.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from cautery.estimate.course import (
    Course,
    Ground,
    courses_after,
    displacements_after,
    ground_of,
    panel_of,
    served_after,
)
from cautery.lab.daily import DailySources, DailyTruth, daily_world
from cautery.model import Estimate
from cautery.model.daily import Measure

FloatArray = NDArray[np.float64]

DAYS = 30
NONE, MUCH = 0.0, 0.6
REPETITIONS = 400
RNG = np.random.default_rng(1)
Interval = tuple[float, float, float]


@dataclass
class Tally:
    """Hits and trials by what was asked, and sizes."""

    hits: Counter[str] = field(default_factory=Counter)
    trials: Counter[str] = field(default_factory=Counter)
    sizes: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, what: str, *, hit: bool) -> None:
        self.hits[what] += hit
        self.trials[what] += 1

    def add(self, other: Tally) -> None:
        self.hits.update(other.hits)
        self.trials.update(other.trials)
        for what, sizes in other.sizes.items():
            self.sizes[what] += sizes


def grounds(sources: DailySources) -> Ground:
    """Set up what an estimate stands on, as the command does."""
    counts: defaultdict[str, Counter[object]] = defaultdict(Counter)
    for fixture in sources.fixtures:
        counts[fixture.categories[0]][fixture.starts_at.date()] += 1
    return ground_of(panel_of(sources.series), sources.strikes, counts)  # type: ignore[arg-type]


def one_world(seed: int, *, asked: dict[str, object], peer_seeds: range) -> Tally:
    """Estimate one world, and hold it against its truth."""
    tally = Tally()
    begun = time.perf_counter()
    sources, truth = daily_world(seed, **asked)
    ground = grounds(sources)
    by_place = {(row.strike, row.unit, row.market): row for row in truth.struck}
    for number, strike in enumerate(sources.strikes):
        for course in courses_after(ground, strike):
            row = by_place.get((number, course.column.unit, course.column.market))
            true = None if row is None else row.effect[DAYS]
            if true is None:  # blocked in another market only
                continue
            _effect(tally, "effect", course.effect, true)
            if seed in peer_seeds and course.contrast is not None:
                _peers_of(tally, ground, course, true)
        _gains(tally, sources, truth, ground, number)
        _areas(tally, sources, truth, number)
    tally.sizes["seconds a world"].append(time.perf_counter() - begun)
    return tally


def _effect(tally: Tally, what: str, found: Estimate | None, true: float) -> None:
    tally.note(f"{what}: says something", hit=found is not None)
    if found is None:
        return
    tally.note(f"{what}: 90 % interval holds", hit=found.low <= true <= found.high)
    tally.note(f"{what}: truth above", hit=true > found.high)
    tally.sizes[f"{what}: half-width, log"].append((found.high - found.low) / 2)
    tally.sizes[f"{what}: error, log"].append(abs(found.mid - true))


def _gains(
    tally: Tally, sources: DailySources, truth: DailyTruth, ground: Ground, number: int
) -> None:
    true = {row.market: row for row in truth.displaced if row.strike == number}
    for found in displacements_after(ground, sources.strikes[number]):
        row = true.get(found.market)
        if row is None or row.gain[DAYS] is None:
            continue
        gain = row.gain[DAYS]
        assert gain is not None
        tally.note("gain: says something", hit=found.gain is not None)
        if found.gain is None:
            continue
        tally.note("gain: 90 % interval holds", hit=found.gain.low <= gain <= found.gain.high)
        tally.sizes["gain: half-width, log"].append((found.gain.high - found.gain.low) / 2)
        if row.share <= NONE:
            tally.note("gain: claimed where none", hit=found.claimed)
        else:
            tally.note("gain: wholly below zero where users came", hit=found.gain.high < 0)
            tally.note("gain: claimed", hit=found.claimed)
        if row.share >= MUCH:
            tally.note("gain: claimed at .6 or more", hit=found.claimed)


def _areas(tally: Tally, sources: DailySources, truth: DailyTruth, number: int) -> None:
    strike = sources.strikes[number]
    for row in truth.struck:
        if row.strike != number:
            continue
        for one in sources.series:
            if one.measure is Measure.SERVED and (one.unit, one.market) == (row.unit, row.market):
                for span, true in row.area.items():
                    found = served_after(one, strike.at, days=span)
                    if true is None or not isinstance(found, Estimate):
                        tally.note(f"area {span} days: says something", hit=False)
                        continue
                    tally.note(f"area {span} days: says something", hit=True)
                    is_held = found.low <= span * true <= found.high
                    tally.note(f"area {span} days: 90 % interval holds", hit=is_held)
                    half = (found.high - found.low) / 2
                    tally.sizes[f"area {span} days: half-width, days"].append(half)


def _peers_of(tally: Tally, ground: Ground, course: Course, true: float) -> None:
    """Run the peers on the very days, donors and calendar of our own estimate."""
    found = course.contrast
    assert found is not None
    column = ground.panel.columns.index(course.column)
    days = slice(found.start, found.at + DAYS)
    donors = ground.whole[days][:, list(found.donors)]
    values = ground.whole[days, column]
    calendar = ground.calendar[days]
    for name, peer in PEERS.items():
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            low, mid, high = peer(values[:-DAYS], donors, calendar, values[-DAYS:])
        tally.sizes[f"{name}: seconds"].append(time.perf_counter() - begun)
        tally.note(f"{name}: 90 % interval holds", hit=low <= true <= high)
        tally.sizes[f"{name}: half-width, log"].append((high - low) / 2)
        tally.sizes[f"{name}: error, log"].append(abs(mid - true))


def _exogenous(donors: FloatArray, calendar: FloatArray) -> FloatArray:
    """Return the donors' mean and the calendar, without regressors that never move."""
    regressors = np.column_stack([donors.mean(axis=1), calendar[:, 1:]])
    moving: FloatArray = regressors[:, regressors[:-DAYS].std(axis=0) > 1e-9]
    return moving - moving[:-DAYS].mean(axis=0)


def _simulated(fitted: Any, exogenous: FloatArray, after: FloatArray) -> Interval:
    paths = fitted.simulate(
        DAYS, anchor="end", exog=exogenous[-DAYS:], repetitions=REPETITIONS, rng=RNG
    )
    means = np.asarray(paths).reshape(DAYS, -1).mean(axis=0)
    low, mid, high = (float(after.mean() - q) for q in np.quantile(means, [0.95, 0.5, 0.05]))
    return low, mid, high


def ar_errors(
    before: FloatArray, donors: FloatArray, calendar: FloatArray, after: FloatArray
) -> Interval:
    """Regression with AR(1) errors (statsmodels SARIMAX), the model's own interval."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: PLC0415 - a peer

    exogenous = _exogenous(donors, calendar)
    model = SARIMAX(before, exog=exogenous[:-DAYS], order=(1, 0, 0), trend="c")
    return _simulated(model.fit(disp=False, maxiter=200), exogenous, after)


def structural(
    before: FloatArray, donors: FloatArray, calendar: FloatArray, after: FloatArray
) -> Interval:
    """Structural time series with a local level (statsmodels), as CausalImpact has."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # noqa: PLC0415

    exogenous = _exogenous(donors, calendar)
    model = UnobservedComponents(before, level="local level", exog=exogenous[:-DAYS])
    return _simulated(model.fit(disp=False, maxiter=200), exogenous, after)


def synthetic(
    before: FloatArray, donors: FloatArray, calendar: FloatArray, after: FloatArray
) -> Interval:
    """Synthetic control (pysyncon) with its placebos on the donors; it has no calendar."""
    import pandas as pd  # noqa: PLC0415 - as above
    from pysyncon import Synth  # noqa: PLC0415 - as above

    del calendar
    series = np.column_stack([np.concatenate([before, after]), donors])
    usual = series[: len(before)].mean(axis=0)
    frame = pd.DataFrame(series - usual)  # levels differ by orders of magnitude
    errors = []
    for place in range(min(frame.shape[1], 13)):  # itself, and a dozen placebos
        others = [column for column in range(1, frame.shape[1]) if column != place]
        weights = Synth()
        known = slice(0, len(before))
        weights.fit(
            X0=frame.iloc[known][others],
            X1=frame.iloc[known][place],
            Z0=frame.iloc[known][others],
            Z1=frame.iloc[known][place],
            custom_V=np.full(len(before), 1.0 / len(before)),
        )
        expected = frame.iloc[len(before) :][others].to_numpy() @ np.asarray(weights.W)
        errors.append(float((frame.iloc[len(before) :][place].to_numpy() - expected).mean()))
    half = float(np.quantile(np.abs(errors[1:]), 0.9))
    return errors[0] - half, errors[0], errors[0] + half


def _peers() -> dict[str, Callable[..., Interval]]:
    folder = os.environ.get("CAUTERY_BENCH_PEERS")
    if folder:
        sys.path.append(folder)
    found: dict[str, Callable[..., Interval]] = {}
    try:
        import statsmodels  # noqa: F401, PLC0415 - a peer

        found |= {"AR(1) errors": ar_errors, "local level": structural}
    except ImportError:
        pass
    try:
        import pysyncon  # noqa: F401, PLC0415 - a peer

        found["synthetic control"] = synthetic
    except ImportError:
        pass
    return found


PEERS = _peers()


def bounds(hits: int, trials: int) -> tuple[float, float]:
    """Return the Clopper-Pearson 95 % interval of a share."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.ppf(0.975, hits + 1, trials - hits))
    return low, high


def run(seeds: Iterable[int], jobs: int, work: Callable[[int], Tally]) -> Iterator[Tally]:
    """Run the worlds."""
    if jobs == 1:
        yield from map(work, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, seeds, chunksize=4)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--displacement", type=float, help="the same in all worlds")
    parser.add_argument("--act", default="seizure", help="seizure, blocking, wave or spill-over")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--peer-worlds", type=int, default=0)
    given = parser.parse_args()
    asked: dict[str, object] = {"act": given.act}
    if given.displacement is not None:
        asked["displacement"] = given.displacement
    seeds = range(given.first_seed, given.first_seed + given.worlds)
    work = partial(one_world, asked=asked, peer_seeds=seeds[: given.peer_worlds])
    total = Tally()
    for tally in run(seeds, given.jobs, work):
        total.add(tally)
    print(f"{given.worlds} worlds from seed {given.first_seed}, {given.act}, peers: {[*PEERS]}")
    for what, trials in total.trials.items():
        hits = total.hits[what]
        low, high = bounds(hits, trials)
        print(f"{what:44} {hits / trials:.3f}  ({low:.3f} to {high:.3f}, N {trials})")
    for what, sizes in total.sizes.items():
        low, mid, high = np.quantile(sizes, [0.05, 0.5, 0.95])
        print(f"{what:44} {mid:.3f}  ({low:.3f} to {high:.3f}: 5 to 95 %, N {len(sizes)})")


if __name__ == "__main__":
    main()
