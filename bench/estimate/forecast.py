"""How well the next days are forecast: a published list of blocks, and the lab's tournaments.

Run: ``CAUTERY_DATA=... python bench/estimate/forecast.py [list|tournaments] [--before DAY]``

``list`` needs ``court-blocks/hayahora-es-events.csv.xz``. Each day is forecast 1 to 7 days ahead
from every origin before it; the last two months of the file are told apart from those before, on
which the model's constants were chosen. The peers (statsmodels; named by ``CAUTERY_BENCH_PEERS``,
a folder of ``pip install --target``) are fitted anew each week on the logs and updated each day;
their intervals are conformal, from their own misses, as are those of the weekday mean.

``tournaments`` draws worlds of ``cautery.lab.tournament`` (seeds 100 to 129; the model was tried
on 1 to 9), forecasts the first week before it begins, the third after two weeks of it, and compares
gaps that were named with those that were made.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from scipy import stats

from cautery.estimate.forecast import (
    Holdings,
    Standing,
    deadlines,
    event_demand,
    forecast,
    trials,
)
from cautery.formats.list_changes import read_list_changes
from cautery.lab.tournament import tournament
from cautery.lab.tournament.readiness import missing_of
from cautery.model import Estimate
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.packed import chunks_of
from cautery.workflows.forecast.read import by_day

KEPT_BACK = date(2026, 4, 1)
BEGINS = date(2026, 1, 14)
"""Seven weeks after the list's first day: each method has seen every weekday seven times."""
SEEDS = range(100, 130)
Rows = list[tuple[date, int, float, bool, float]]
"""Day, days ahead, log error, whether the interval held it, its log width."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="?", choices=("list", "tournaments"))
    parser.add_argument("--before", type=date.fromisoformat, default=date(2026, 6, 1))
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    asked = parser.parse_args()
    if asked.what != "tournaments":
        of_list(asked.before)
    if asked.what != "list":
        of_tournaments(SEEDS[: asked.seeds])


def of_list(before: date) -> None:
    """Forecast the list, with every peer that is there."""
    folder = Path(os.environ["CAUTERY_DATA"]) / "court-blocks"
    path = folder / "hayahora-es-events.csv.xz"
    after = read_list_changes(chunks_of(path), unit="hayahora")
    cut = (min(before, after.days[-1] + timedelta(days=1)) - after.days[0]).days
    for name, series in (
        ("after each change of the list", shortened(after, cut)),
        ("row by row", shortened(by_row(path, after), cut)),
    ):
        print(f"\n## peaks {name}: {series.days[0]} to {series.days[-1]}")
        methods: dict[str, Rows] = {
            "ours": [
                (one.forecast.day, ahead, one.log_error, one.held, one.width)
                for ahead in range(1, 8)
                for one in trials(series, ahead=ahead)
            ]
        }
        logs = np.log1p(series.values)
        methods["weekday mean, conformal"] = tried(series.days, logs, weekday_mean(logs))
        methods["weekday median of 8, conformal"] = tried(series.days, logs, weekday_median(logs))
        for peer, predicted in peers(logs).items():
            methods[peer] = tried(series.days, logs, predicted)
        for period, since, until in (
            ("before, tuned on", BEGINS, KEPT_BACK),
            ("kept back", KEPT_BACK, date.max),
        ):
            print(f"\n| {period} | days | 7 days ahead: median error | 90 % holds |"
                  " 1 to 7: median error | holds | width |")  # fmt: skip
            print("| --- | --- | --- | --- | --- | --- | --- |")
            for method, rows in methods.items():
                tell(method, [row for row in rows if since <= row[0] < until])


def tell(method: str, rows: Rows) -> None:
    """Print a method's line."""
    week = [row for row in rows if row[1] == 7]
    held = sum(row[3] for row in week)
    low, high = exact(held, len(week))
    print(
        f"| {method} | {len(week)} | x {median_error(week):.2f} ({bounds(week)}) | "
        f"{held / len(week):.3f} ({low:.2f} to {high:.2f}) | x {median_error(rows):.2f} "
        f"({bounds(rows)}) | {np.mean([row[3] for row in rows]):.3f} | "
        f"x {np.exp(np.mean([row[4] for row in rows])):.0f} |"
    )


def median_error(rows: Rows) -> float:
    """Return exp of the median absolute log error."""
    return float(np.exp(np.median([abs(row[2]) for row in rows])))


def bounds(rows: Rows) -> str:
    """95 % bounds of the median error, from weeks drawn again."""
    rng = np.random.default_rng(1)
    weeks: dict[tuple[int, int], list[float]] = {}
    for day, _, error, _, _ in rows:
        weeks.setdefault(day.isocalendar()[:2], []).append(abs(error))
    blocks = [np.array(block) for block in weeks.values()]
    drawn = [
        median_of([blocks[at] for at in rng.integers(0, len(blocks), len(blocks))])
        for _ in range(1000)
    ]  # fmt: skip
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{low:.2f} to {high:.2f}"


def median_of(blocks: list[np.ndarray]) -> float:
    """Return exp of the median of absolute log errors."""
    return float(np.exp(np.median(np.concatenate(blocks))))


def exact(held: int, of: int) -> tuple[float, float]:
    """Clopper-Pearson, 95 %."""
    interval = stats.binomtest(held, of).proportion_ci(method="exact")
    return float(interval.low), float(interval.high)


def shortened(series: DailySeries, days: int) -> DailySeries:
    """Return the first days of a series."""
    return DailySeries(
        unit=series.unit,
        market=series.market,
        measure=series.measure,
        days=series.days[:days],
        values=series.values[:days].copy(),
        probes=series.probes[:days].copy(),
        vantage=series.vantage,
    )


def by_row(path: Path, like: DailySeries) -> DailySeries:
    """Return peaks where each row counts by itself: a list that is replaced holds both."""
    text = io.StringIO(b"".join(chunks_of(path)).decode())
    entries: set[str] = set()
    values = np.zeros(len(like.days))
    at = 0
    for row in csv.DictReader(text):
        day = (date.fromisoformat(row["time"][:10]) - like.days[0]).days
        while at < day:
            at += 1
            values[at] = len(entries)
        (entries.add if row["op"] == "+" else entries.discard)(row["ip"])
        values[at] = max(values[at], len(entries))
    return DailySeries(
        unit=like.unit,
        market=like.market,
        measure=Measure.LEVEL,
        days=like.days,
        values=values,
        probes=like.probes.copy(),
        vantage="rows",
    )


Predicted = Callable[[int], np.ndarray]
"""From an origin to log levels of the seven days behind it."""


def weekday_mean(logs: np.ndarray) -> Predicted:
    """The mean of all past days of the same weekday."""
    return lambda origin: np.array(
        [logs[(origin + ahead) % 7 : origin + 1 : 7].mean() for ahead in range(1, 8)]
    )


def weekday_median(logs: np.ndarray) -> Predicted:
    """The median of the last eight days of the same weekday."""
    return lambda origin: np.array(
        [np.median(logs[(origin + ahead) % 7 : origin + 1 : 7][-8:]) for ahead in range(1, 8)]
    )


def tried(days: tuple[date, ...], logs: np.ndarray, predicted: Predicted) -> Rows:
    """Forecast from every origin; intervals from all past errors of a method."""
    first = 28
    means = {origin: predicted(origin) for origin in range(first, len(days) - 1)}
    rows: Rows = []
    for ahead in range(1, 8):
        errors: list[tuple[int, float]] = []
        for origin in range(first, len(days) - ahead):
            day = origin + ahead
            error = float(logs[day] - means[origin][ahead - 1])
            known = [abs(one) for at, one in errors if at <= origin]
            if len(known) >= 9:
                at = min(int(np.ceil(0.9 * (len(known) + 1))), len(known)) - 1
                far = float(np.sort(known)[at])
                rows.append((days[day], ahead, error, abs(error) <= far, 2 * far))
            errors.append((day, error))
    return rows


def peers(logs: np.ndarray) -> dict[str, Predicted]:
    """Return what statsmodels has, where it is installed."""
    folder = os.environ.get("CAUTERY_BENCH_PEERS")
    if folder:
        sys.path.append(folder)
    try:
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415 - a peer
        from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: PLC0415 - a peer
        from statsmodels.tsa.statespace.structural import (  # noqa: PLC0415 - as above
            UnobservedComponents,
        )
    except ImportError:
        print("statsmodels is not there: no peers")
        return {}
    warnings.filterwarnings("ignore", module="statsmodels")

    def ets(known: np.ndarray, _: object) -> tuple[np.ndarray, object]:
        model = ETSModel(known, error="add", trend=None, seasonal="add", seasonal_periods=7)
        return model.fit(disp=False).forecast(7), None

    def state_space(
        make: Callable[[np.ndarray], object],
    ) -> Callable[..., tuple[np.ndarray, object]]:
        def predict(known: np.ndarray, params: object) -> tuple[np.ndarray, object]:
            model = make(known)
            if params is None:
                params = model.fit(disp=False, maxiter=100).params  # type: ignore[attr-defined]
            return model.smooth(params).forecast(7), params  # type: ignore[attr-defined]

        return predict

    made = {
        "ETS, weekly season": ets,
        "SARIMAX (1,0,1)(0,1,1,7)": state_space(
            lambda known: SARIMAX(known, order=(1, 0, 1), seasonal_order=(0, 1, 1, 7))
        ),
        "UnobservedComponents, level and week": state_space(
            lambda known: UnobservedComponents(known, level="llevel", seasonal=7)
        ),
    }
    return {name: weekly(logs, predict) for name, predict in made.items()}


def weekly(logs: np.ndarray, predict: Callable[..., tuple[np.ndarray, object]]) -> Predicted:
    """Fit parameters each seventh day; each day has all that was measured up to it."""
    kept: dict[str, object] = {}

    def predicted(origin: int) -> np.ndarray:
        params = None if origin % 7 == 0 else kept.get("params")
        means, kept["params"] = predict(logs[: origin + 1], params)
        return np.asarray(means)

    return predicted


def of_tournaments(seeds: Iterable[int]) -> None:
    """Forecast tournaments' weeks and events, and compare gaps."""
    counts = {
        name: [0, 0]
        for name in (
            "days of the first week", "days of the third week, two weeks measured",
            "events of the first week", "events of the third week, two weeks measured",
            "gaps named", "named that are none",
        )
    }  # fmt: skip
    errors: dict[str, list[float]] = {name: [] for name in counts}
    for seed in seeds:
        world = tournament(seed)
        matches = (*world.played, *world.matches)
        of_days = by_day(matches)
        for week, name in ((0, "first week"), (2, "third week, two weeks measured")):
            for series, later in zip(world.series, world.to_come, strict=True):
                known = joined(series, later, 7 * week)
                end = world.begins + timedelta(days=7 * week)
                for one in forecast(known, days=7, matches=of_days):
                    came = later.values[(one.day - later.days[0]).days]
                    if not np.isnan(came):
                        count(counts, errors, f"days of the {name}", one.estimate, came)
                ahead = [
                    match
                    for match in world.matches
                    if end <= match.starts_at.date() < end + timedelta(days=7)
                ]
                for event in event_demand(known, of_days, ahead):
                    came = world.match_levels[event.match.id, event.market]
                    count(counts, errors, f"events of the {name}", event.estimate, came)
        holdings = Holdings(
            orders=world.orders, roster=world.roster, channels=world.channels, checks=world.checks
        )
        begins = world.begins
        now = datetime(begins.year, begins.month, begins.day, tzinfo=UTC)
        said = {
            (one.item, one.subject, one.match.id)
            for one in deadlines(world.matches, holdings, now=now)
            if one.standing is Standing.MISSING
        }
        made = missing_of(world.gaps)
        counts["gaps named"][0] += len(said & made)
        counts["gaps named"][1] += len(made)
        counts["named that are none"][0] += len(said - made)
        counts["named that are none"][1] += len(said)
    print(f"\n## {len(list(seeds))} tournaments\n\n| what | share | 95 % | N | median error |")
    print("| --- | --- | --- | --- | --- |")
    for name, (hits, of) in counts.items():
        low, high = exact(hits, of)
        error = f"x {np.exp(np.median(errors[name])):.2f}" if errors[name] else ""
        print(f"| {name} | {hits / of:.3f} | {low:.3f} to {high:.3f} | {of:,} | {error} |")


def count(
    counts: dict[str, list[int]],
    errors: dict[str, list[float]],
    name: str,
    estimate: Estimate,
    came: float,
) -> None:
    """Count an interval that held or did not."""
    counts[name][0] += estimate.low <= came <= estimate.high
    counts[name][1] += 1
    errors[name].append(abs(float(np.log(max(came, 1) / max(estimate.mid, 1)))))


def joined(series: DailySeries, later: DailySeries, days: int) -> DailySeries:
    """Return a series with so many further days."""
    values = np.concatenate((series.values, later.values[:days]))
    return DailySeries(
        unit=series.unit,
        market=series.market,
        measure=series.measure,
        days=consecutive(series.days[0], len(values)),
        values=values,
        probes=np.concatenate((series.probes, later.probes[:days])),
        vantage=series.vantage,
    )


if __name__ == "__main__":
    main()
