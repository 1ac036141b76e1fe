r"""Daily series and strikes as CSV: read with limits and clear faults, and written.

::

    daily.csv       unit,market,day,measure,value,probes,vantage
    strikes.csv     at,units,what                   (units parted by spaces)

A day without a row, or with an empty value, was not measured; zero is a measurement. No column has
a place for what is true.

Examples
--------
>>> rows = b"unit,market,day,measure,value,probes,vantage\n"
>>> rows += b"net-1,IT,2024-10-01,level,812,3,resolver-a\n"
>>> rows += b"net-1,IT,2024-10-03,level,0,3,resolver-a\n"
>>> [series] = read_daily([rows])
>>> series.values.tolist()
[812.0, nan, 0.0]
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import numpy as np

from cautery.cells import table_of
from cautery.errors import InputError
from cautery.formats._day_rows import YEARS, Row, day_of, each_row
from cautery.model.daily import (
    DailySeries,
    Measure,
    Strike,
    consecutive,
    require_market,
    require_name,
    require_text,
)

COLUMNS = ("unit", "market", "day", "measure", "value", "probes", "vantage")
STRIKE_COLUMNS = ("at", "units", "what")
MOST_ROWS = 2_000_000
"""Some five thousand series of a year; these take a reader some seven seconds."""
MOST_SERIES = 5_000
MOST_DAYS = 4_000
"""Of one series, eleven years: two rows far apart would else fill memory with days unmeasured."""
MOST_CELLS = 5_000_000
"""Days of all series, those that nobody measured among them."""
MOST_STRIKES = 10_000
MOST_UNITS = 1_000
"""Units of one strike."""
LARGEST = 1e15
"""Of a level: no resolver of the world answers so many look-ups a day."""
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,3})?|\.\d{1,40}", re.ASCII)
_MEASURES: Mapping[str, Measure] = {measure.value: measure for measure in Measure}
_Key = tuple[str, str, str]


def read_daily(chunks: Iterable[bytes]) -> tuple[DailySeries, ...]:
    """Read daily series; one for each unit, market and vantage, in that order.

    Raises
    ------
    InputError
        With line and rule: a column missing, a row twice, a value negative, infinite or beyond its
        measure, a market that is none, two measures of one unit from one vantage, or limits.
    """
    rows: dict[_Key, dict[date, tuple[int, float, int]]] = {}
    measures: dict[_Key, tuple[Measure, int]] = {}

    def keep(row: Row, line: int) -> None:
        key = (row["unit"], row["market"], row["vantage"])
        if key not in rows:
            require_name("unit", key[0])
            require_market(key[1])
            require_text("vantage", key[2])
            if len(rows) >= MOST_SERIES:
                raise InputError(f"more than {MOST_SERIES:,} series")
            rows[key] = {}
        measure = _MEASURES.get(row["measure"]) or _measure(row["measure"])
        first_measure, since = measures.setdefault(key, (measure, line))
        if first_measure is not measure:
            raise InputError(
                f"{key[0]}: measured as {measure} here and as {first_measure} on line {since}",
                hint="Give each measure a vantage of its own.",
            )
        day = day_of("day", row["day"])
        if (earlier := rows[key].get(day)) is not None:
            raise InputError(
                f"{key[0]}, {day}: the same day stands on line {earlier[0]} and would be counted "
                "twice"
            )
        value = _value(row["value"], measure)
        rows[key][day] = (line, value, _probes(row["probes"], value, measure))

    each_row(chunks, COLUMNS, MOST_ROWS, keep)
    if not rows:
        raise InputError("no row: nobody measured anything")
    cells = 0
    for (unit, _, _), by_day in rows.items():
        span = (max(by_day) - min(by_day)).days + 1
        cells += span
        if span > MOST_DAYS:
            raise InputError(
                f"{unit}: from {min(by_day)} to {max(by_day)} there are {span:,} days, more than "
                f"{MOST_DAYS:,}"
            )
    if cells > MOST_CELLS:
        raise InputError(f"the series have {cells:,} days, more than {MOST_CELLS:,}")
    return tuple(_series(key, measures[key][0], rows[key]) for key in sorted(rows))


def read_strikes(chunks: Iterable[bytes]) -> tuple[Strike, ...]:
    """Read strikes, by time.

    Raises
    ------
    InputError
        With line and rule: a time missing or without its zone, no unit, or a row twice.
    """
    strikes: dict[Strike, int] = {}

    def keep(row: Row, line: int) -> None:
        units = row["units"].split()
        if len(units) > MOST_UNITS:
            raise InputError(f"a strike at {len(units):,} units, more than {MOST_UNITS:,}")
        strike = Strike(units=tuple(units), at=_moment(row["at"]), what=row["what"] or "strike")
        if strike in strikes:
            raise InputError(f"the same strike stands on line {strikes[strike]}")
        strikes[strike] = line

    each_row(chunks, STRIKE_COLUMNS, MOST_STRIKES, keep)
    return tuple(sorted(strikes, key=lambda strike: (strike.at, strike.units)))


def daily_table(series: Iterable[DailySeries]) -> bytes:
    """Return series as CSV; a day that nobody measured has no row."""
    return table_of(_rows_of(series))


def strikes_table(strikes: Iterable[Strike]) -> bytes:
    """Return strikes as CSV."""
    rows = (
        (strike.at.isoformat().replace("+00:00", "Z"), " ".join(strike.units), strike.what)
        for strike in strikes
    )
    return table_of([STRIKE_COLUMNS, *rows])


def _rows_of(series: Iterable[DailySeries]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for row in series:
        values, probes = row.values.tolist(), row.probes.tolist()
        for day, value, count in zip(row.days, values, probes, strict=True):
            if not math.isnan(value):
                shown_value = int(value) if value.is_integer() else value
                yield row.unit, row.market, day, row.measure, shown_value, count, row.vantage


def _series(
    key: _Key, measure: Measure, by_day: Mapping[date, tuple[int, float, int]]
) -> DailySeries:
    unit, market, vantage = key
    first = min(by_day)
    count = (max(by_day) - first).days + 1
    values, probes = np.full(count, np.nan), np.zeros(count, np.int64)
    for day, (_, value, probe_count) in by_day.items():
        values[(day - first).days], probes[(day - first).days] = value, probe_count
    return DailySeries(
        unit=unit,
        market=market,
        measure=measure,
        days=consecutive(first, count),
        values=values,
        probes=probes,
        vantage=vantage,
    )


def _measure(text: str) -> Measure:
    try:
        return Measure(text)
    except ValueError as error:
        raise InputError(
            f"measure {text[:40]!r}: must be {' or '.join(Measure)}",
            hint="level: how much is used; served: the share of streams served, 0 to 1.",
        ) from error


def _value(text: str, measure: Measure) -> float:
    if not text:
        return math.nan
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if math.isnan(value) or math.isinf(value):
        raise InputError(
            f"value {text[:40]!r}: must be a finite number, not negative",
            hint="Leave the value empty, or the row out, where nobody measured.",
        )
    if measure is Measure.SERVED and value > 1:
        raise InputError(f"value {text[:40]!r}: a share served must be from 0 to 1")
    if value > LARGEST:
        raise InputError(f"value {text[:40]!r}: more than {LARGEST:.0e}")
    return value


def _probes(text: str, value: float, measure: Measure) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise InputError(f"probes {text[:40]!r}: must be a whole number, not negative")
    count = int(text) if text else 0
    if math.isnan(value):
        if count:
            raise InputError(f"probes {count}, but no value: what did they see?")
        return 0
    if not text and measure is Measure.LEVEL:
        return 1  # one source spoke
    if not count:
        raise InputError(
            f"value {value:g} from no probe", hint="A share served needs the probes it rests on."
        )
    return count


def _moment(text: str) -> datetime:
    if not text:
        raise InputError(
            "at: the time of the strike is missing", hint="Write it as 2024-11-26T06:00:00Z."
        )
    try:
        moment = datetime.fromisoformat(text[:40])
        if moment.tzinfo is None:
            raise InputError(
                f"at {text[:40]!r}: a time without its zone",
                hint="Write UTC as 2024-11-26T06:00:00Z, or another zone as +01:00.",
            )
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"at {text[:40]!r} is not a valid time", hint="Write it as 2024-11-26T06:00:00Z."
        ) from error
    if moment.year not in YEARS or moment.utcoffset() != timedelta():
        raise InputError(f"at {text[:40]!r}: the year must be from {YEARS[0]} to {YEARS[-1]}")
    return moment
