"""A group of services against its counterfactual over the days from a date on, with placebos.

An effect asks this of the struck service, a displacement of those that may have received from it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cautery.estimate.course.counterfactual import Fitted, fit, jitter
from cautery.estimate.course.panel import Panel
from cautery.estimate.course.placebo import LEAST, Placebos, factor, scale_of, scales
from cautery.messages import message
from cautery.model.message import Message

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LEAST_BEFORE_D = 60
"""Measured days that a counterfactual needs before the strike: two months; the issue's bar."""
LEAST_AFTER_D = 7
"""Measured days after it: fewer do not hold each weekday once."""
PENALTIES = (50.0, 250.0, 1000.0, 5000.0)
"""Of a donor's squared weight; the one with the smallest errors in the placebos is taken."""
_TRAINED_LEAST_D = 45
"""Days before a placebo's date, where the data begin late; judgement."""
_TRAINED_ENOUGH_D = 150
_SPAN_HORIZONS = 4
"""Earlier dates are taken over so many horizons even if the days before them are then fewer."""
_STEP_D = 10
_MOST_DATES = 24
"""Dates of placebos, so many days apart: older ones tell of another market."""
_DONOR_MEASURED = 0.8
"""Share of the days on which a donor must have been measured; judgement."""
_DONOR_GAP_D = 14
_LASTS = np.array((0.0, 0.5, 0.3))
"""What of the drift lasts, before a placebo was looked at; worth :data:`_LASTS_WORTH` placebos."""
_LASTS_WORTH = 4.0
_SENSORS_D = 30
_UNEQUAL = 0.4
"""How far the part of a lost sensor is from an equal one, in logs of sensors; judgement."""
_SMOOTH_D = 7
_Z90 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Group:
    """Services that are looked at as one: the mean of their logs.

    Parameters
    ----------
    columns : tuple of int
        Of the panel.
    markets : frozenset of str
        Whose services are no donors to it.
    """

    columns: tuple[int, ...]
    markets: frozenset[str]


@dataclass(eq=False)
class _Kept:
    """What the services of one strike have in common: the placebos of all are the same."""

    of: tuple[int, bytes] = (0, b"")
    donors: dict[tuple[Group, frozenset[str], int], tuple[int, ...]] = field(default_factory=dict)
    trials: dict[tuple[object, ...], list[list[_Trial]]] = field(default_factory=dict)

    def begin(self, at: int, counted: BoolArray) -> None:
        """Forget what was kept of another date, or of other days after it."""
        if self.of != (of := (at, counted.tobytes())):
            self.of, self.donors, self.trials = of, {}, {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What every contrast of a panel stands on.

    Parameters
    ----------
    whole : ndarray, shape (days, columns)
        Logs without gaps, of :func:`cautery.estimate.course.panel.filled`.
    calendar : ndarray, shape (days, regressors)
    struck : mapping of int to tuple of int
        By column, the rows on which it was struck.
    """

    panel: Panel
    whole: FloatArray
    calendar: FloatArray
    struck: Mapping[int, tuple[int, ...]]
    kept: _Kept = field(default_factory=_Kept, repr=False)

    def is_struck(self, column: int, first: int, end: int) -> bool:
        """Whether a column was struck on the rows from ``first`` to before ``end``."""
        return any(first <= row < end for row in self.struck.get(column, ()))


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrast:
    """How a group ran against its counterfactual.

    Parameters
    ----------
    mean, half : float
        Mean log over the measured days, and half of its interval's width.
    at : int
        Row of the day after the strike: the first that counts.
    start : int
        Row of the first day of ``expected``.
    observed, expected : ndarray, shape (days,)
        Logs from ``start`` to the end of the horizon; NaN where nobody measured.
    band : ndarray, shape (horizon,)
        Half-width of a single day's interval.
    donors : tuple of int
        Columns that the counterfactual is built from; none: the group's own past.
    placebos : float
        How many that do not overlap the interval rests on.
    noise : float
        The part of ``half`` that comes from noisier days after the strike.
    sensors : float
        The part that comes from sensors that were lost or gained about the strike.
    """

    mean: float
    half: float
    at: int
    start: int
    observed: FloatArray
    expected: FloatArray
    band: FloatArray
    donors: tuple[int, ...]
    placebos: float
    noise: float
    sensors: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    """One fit of a group at a date, where nothing happened, or at the strike itself."""

    group: int
    at: int
    apart: FloatArray
    """Observed less fitted, shape (horizon,); NaN on days that do not count."""
    fitted: Fitted
    donors: tuple[int, ...]


def contrast(
    ground: Ground,
    group: Group,
    placebo_groups: Sequence[Group],
    *,
    at: int,
    horizon: int,
    coverage: float,
) -> Contrast | Message:
    """Return how a group ran from a row on, or why that cannot be said.

    Parameters
    ----------
    placebo_groups : sequence of Group
        Those that placebos are taken from, besides the group's own earlier dates.
    """
    measured = _measured(ground, group)
    counted = measured[at : at + horizon]
    if counted.sum() < LEAST_AFTER_D:
        return message("course.few-days-after", count=int(counted.sum()), least=LEAST_AFTER_D)
    since = _last_strike(ground, group, at)
    before = int(measured[since : at - 1].sum())  # without the day of the strike
    if before < LEAST_BEFORE_D:
        if since:
            return message("course.struck-before", count=at - since, least=LEAST_BEFORE_D)
        return message("course.few-days-before", count=before, least=LEAST_BEFORE_D)
    groups = [group, *placebo_groups]
    runs = _runs(ground, groups, at, counted)
    best = min(runs, key=_loss)
    return _judged(ground, group, best, measured, coverage=coverage)


def _judged(
    ground: Ground,
    group: Group,
    run: Sequence[_Trial],
    measured: BoolArray,
    *,
    coverage: float,
) -> Contrast | Message:
    """Turn the trials of one penalty, the strike itself first, into an answer."""
    strike_trial, *trials = run
    if not trials:
        return message("course.few-placebos", count=0)
    lasts = _lasting(trials)
    paths = np.array([_without_drift(trial, lasts) for trial in trials])
    placebos = Placebos(
        errors=np.nanmean(paths, axis=1),
        of=np.array([trial.group for trial in trials]),
        at=np.array([trial.at for trial in trials]),
        horizon=paths.shape[1],
    )
    if placebos.independent < LEAST:
        return message("course.few-placebos", count=int(placebos.independent))
    apart = _without_drift(strike_trial, lasts)
    scale = scale_of(0, placebos)
    half = scale * factor(placebos, coverage=coverage)
    counted = ~np.isnan(apart)
    excess = max(0.0, jitter(np.where(counted, apart, 0.0), counted) - strike_trial.fitted.noise)
    noise = _Z90 * math.sqrt(excess / counted.sum())
    sensors = _Z90 * _UNEQUAL * _sensors_moved(ground, group, strike_trial.at, counted)
    at, horizon = strike_trial.at, len(apart)
    start = at - len(strike_trial.fitted.before)
    observed = np.where(measured, _as_measured(ground, group), np.nan)[start : at + horizon]
    return Contrast(
        mean=float(np.nanmean(apart)),
        half=math.hypot(half, noise, sensors),
        at=at,
        start=start,
        observed=observed,
        expected=np.concatenate(
            [strike_trial.fitted.before, strike_trial.fitted.after + _lasted(strike_trial, lasts)]
        ),
        band=np.hypot(_band(paths, placebos, coverage) * scale, _Z90 * math.sqrt(excess)),
        donors=strike_trial.donors,
        placebos=placebos.independent,
        noise=noise,
        sensors=sensors,
    )


def _runs(
    ground: Ground, groups: Sequence[Group], at: int, counted: BoolArray
) -> list[list[_Trial]]:
    """Return for each penalty the trials: the strike itself, then the placebos."""
    horizon = len(counted)
    own_markets = groups[0].markets
    ground.kept.begin(at, counted)
    jobs: defaultdict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    strike = (at, _donors(ground, groups[0], own_markets, at, horizon))
    jobs[strike] = [0]
    least = max(_TRAINED_LEAST_D, min(_TRAINED_ENOUGH_D, at - _SPAN_HORIZONS * horizon))
    for row in range(at - 1 - horizon, least - 1, -_STEP_D)[:_MOST_DATES]:
        for number, group in enumerate(groups):
            if _usable(ground, group, row, counted):
                jobs[row, _donors(ground, group, group.markets, row, horizon)].append(number)
    for number, group in enumerate(groups[1:], 1):
        if not group.markets & own_markets and _usable(ground, group, at, counted):
            near = group.markets | own_markets
            jobs[at, _donors(ground, group, near, at, horizon)].append(number)
    runs: list[list[_Trial]] = [[] for _ in PENALTIES]
    for (row, donors), numbers in jobs.items():
        numbered = [(number, groups[number]) for number in numbers]
        key = (row, donors, *numbered)
        if (trials_by_penalty := ground.kept.trials.get(key)) is None:
            trials_by_penalty = _trials(ground, numbered, row, counted, donors)
            ground.kept.trials[key] = trials_by_penalty
        for run, trials in zip(runs, trials_by_penalty, strict=True):
            run.extend(trials)
    return runs


def _usable(ground: Ground, group: Group, at: int, counted: BoolArray) -> bool:
    """Whether nothing happened to a group around a date, and enough was measured."""
    horizon = len(counted)
    if any(ground.is_struck(column, at - LEAST_BEFORE_D, at + horizon) for column in group.columns):
        return False
    measured = _measured(ground, group)
    before = int(measured[max(0, at - LEAST_BEFORE_D) : at].sum())
    after = int((measured[at : at + horizon] & counted).sum())
    return before >= _TRAINED_LEAST_D * 0.8 and after >= max(1, int(counted.sum()) // 2)


def _trials(
    ground: Ground,
    numbered: Sequence[tuple[int, Group]],
    at: int,
    counted: BoolArray,
    donors: tuple[int, ...],
) -> list[list[_Trial]]:
    """Return for each penalty a trial of each group at a date, by the same donors."""
    horizon = len(counted)
    values = np.array([_mean(ground.whole, group) for _, group in numbered]).T
    measured_logs = np.array([_as_measured(ground, group) for _, group in numbered]).T
    measured = np.array([_measured(ground, group) for _, group in numbered]).T
    days = measured[at : at + horizon] & counted[:, None]
    for place, (_, group) in enumerate(numbered):
        _forget_strikes(ground, group, measured[:, place], at, horizon)
    fits_by_penalty = fit(
        values,
        measured,
        ground.calendar,
        ground.whole[:, list(donors)],
        at=at,
        horizon=horizon,
        penalties=PENALTIES,
    )
    return [
        [
            _Trial(
                group=number,
                at=at,
                apart=np.where(
                    days[:, place], measured_logs[at : at + horizon, place] - fitted.after, np.nan
                ),
                fitted=fitted,
                donors=donors,
            )
            for place, ((number, _), fitted) in enumerate(zip(numbered, fits, strict=True))
        ]
        for fits in fits_by_penalty
    ]


def _forget_strikes(
    ground: Ground, group: Group, measured: BoolArray, at: int, horizon: int
) -> None:
    """Count no day on which an earlier strike still worked, nor the day of this one."""
    for column in group.columns:
        for row in ground.struck.get(column, ()):
            if row < at - 1:
                measured[row : row + horizon] = False
            elif row == at - 1:  # half before and half after
                measured[row] = False


def _donors(
    ground: Ground, group: Group, near: frozenset[str], at: int, horizon: int
) -> tuple[int, ...]:
    """Return columns far away that nothing happened to, and that were measured throughout.

    A service's own users in another market are no donors to it: what hits it hits them.
    """
    known = ground.kept.donors.get((group, near, at))
    if known is not None:
        return known
    units = {ground.panel.columns[column].unit for column in group.columns}
    first, end = max(0, at - LEAST_BEFORE_D), at + horizon
    measured = ~np.isnan(ground.panel.logs[first:end])
    donors = ground.kept.donors[group, near, at] = tuple(
        column
        for column in ground.panel.far_from(near)
        if ground.panel.columns[column].unit not in units
        and not ground.is_struck(column, at - 2 * LEAST_BEFORE_D, end)
        and measured[:, column].mean() >= _DONOR_MEASURED
        and _longest_gap(measured[:, column]) <= _DONOR_GAP_D
    )
    return donors


def _measured(ground: Ground, group: Group) -> BoolArray:
    """Return the days on which at least half of a group were measured, shape (days,)."""
    is_known = ~np.isnan(ground.panel.logs[:, list(group.columns)])
    enough: BoolArray = is_known.mean(axis=1) >= 0.5
    return enough


def _sensors_moved(ground: Ground, group: Group, at: int, counted: BoolArray) -> float:
    """Return by how much the sensors of a group differ after a date from before it, in logs."""
    logs = ground.panel.sensors[:, list(group.columns)].mean(axis=1)
    after = logs[at : at + len(counted)][counted]
    return abs(float(np.mean(after)) - float(np.median(logs[max(0, at - _SENSORS_D) : at])))


def _mean(logs: FloatArray, group: Group) -> FloatArray:
    mean: FloatArray = logs[:, list(group.columns)].mean(axis=1)
    return mean


def _as_measured(ground: Ground, group: Group) -> FloatArray:
    """Return the mean of a group's logs, with the days far off that the fit leaves out."""
    logs = ground.panel.logs
    return _mean(np.where(np.isnan(logs), ground.whole, logs), group)


def _last_strike(ground: Ground, group: Group, at: int) -> int:
    """Return the row of the last strike on a group before a row; 0 without any."""
    rows = [
        row for column in group.columns for row in ground.struck.get(column, ()) if row < at - 1
    ]
    return max(rows, default=0)


def _longest_gap(measured: BoolArray) -> int:
    edges = np.flatnonzero(np.concatenate([[True], measured, [True]]))
    return int(np.diff(edges).max()) - 1


def _loss(run: Sequence[_Trial]) -> float:
    """Return the mean size of the placebos' errors, drift taken out."""
    trials = run[1:]
    if not trials:
        return math.inf
    lasts = _lasting(trials)
    return float(np.mean([abs(np.nanmean(_without_drift(trial, lasts))) for trial in trials]))


def _lasting(trials: Sequence[_Trial]) -> FloatArray:
    """Learn from placebos how much of the drift lasts, shape (2, half-lives).

    The first row is of the mean over the horizon, the second of its change from the first half to
    the second. Ridge towards :data:`_LASTS`, so that few placebos decide little.
    """
    drifts = np.array([trial.fitted.drift for trial in trials])
    weight = 1 / np.maximum(np.mean(drifts**2, axis=1), 1e-8)
    weight = np.minimum(weight, np.median(weight) * 4)  # a quiet one does not decide alone
    weight /= weight.mean()
    squares = (drifts.T * weight) @ drifts
    ridge = _LASTS_WORTH * np.trace(squares) / len(trials) / 3 * np.eye(3) + 1e-10 * np.eye(3)
    middle = len(trials[0].apart) // 2
    out = []
    for part, prior in ((_whole, _LASTS), (_change, np.zeros(3))):
        sizes = np.array([part(trial.apart, middle) for trial in trials])
        out.append(
            prior + np.linalg.solve(squares + ridge, (drifts.T * weight) @ (sizes - drifts @ prior))
        )
    return np.array(out)


def _whole(apart: FloatArray, middle: int) -> float:
    del middle
    return float(np.nanmean(apart))


def _change(apart: FloatArray, middle: int) -> float:
    early, late = apart[:middle], apart[middle:]
    if np.isnan(early).all() or np.isnan(late).all():
        return 0.0
    return float(np.nanmean(late) - np.nanmean(early))


def _without_drift(trial: _Trial, lasts: FloatArray) -> FloatArray:
    """Return a trial's path less what lasts of the drift, shape (horizon,)."""
    return trial.apart - _lasted(trial, lasts)


def _lasted(trial: _Trial, lasts: FloatArray) -> FloatArray:
    """Return what lasts of a trial's drift on each day: its mean, and a line through it."""
    horizon = len(trial.apart)
    from_middle = (np.arange(horizon) - (horizon - 1) / 2) * 2 / horizon
    mean, change = lasts @ trial.fitted.drift
    path: FloatArray = mean + change * from_middle
    return path


def _band(paths: FloatArray, placebos: Placebos, coverage: float) -> FloatArray:
    """Return by day after the date how many scales a single day's error reaches."""
    ratios = np.abs(paths) / scales(placebos)[:, None]
    is_reached = np.asarray(~np.isnan(ratios)).any(axis=0).reshape(-1)
    rows = np.arange(len(is_reached))
    daily = np.interp(
        rows, rows[is_reached], np.nanquantile(ratios[:, is_reached], coverage, axis=0)
    )
    smooth: FloatArray = np.convolve(
        np.pad(daily, _SMOOTH_D // 2, mode="edge"), np.full(_SMOOTH_D, 1 / _SMOOTH_D), mode="valid"
    )
    return smooth
