"""Times of links, in whatever shape programs and people write them, as seconds since 1970."""

from __future__ import annotations

import polars as pl

FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%+", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
"""Tried in turn on what is not read yet: plain, with a zone (RFC 3339), without seconds, a day."""
DAY_AS_NUMBER = (19_700_101, 21_001_231)
"""Numbers such as 20260131 are days; as seconds they would all lie in the autumn of 1970."""
SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From so great a number on it counts so small parts of a second: 10^11 s is the year 5138."""
_FIRST_S, _LAST_S = -62_135_596_800.0, 253_402_300_799.0
"""Years 1 to 9999, as seconds since 1970."""


def seconds(told: pl.Series) -> pl.Series:
    """Return times as seconds since 1970, null where a text is not a time.

    What names no zone is in UTC. Days may be written 2026-01-31, 2026/01/31 or 20260131, times with
    or without seconds and their parts, after a ``T`` or a space; numbers count seconds,
    milliseconds, microseconds or nanoseconds, by their size.
    """
    kind = told.dtype
    if kind in (pl.Date, pl.Datetime):
        since_epoch = told.cast(pl.Datetime("ms")).dt.epoch("ms") / 1000.0
    elif kind.is_numeric():
        since_epoch = _of_numbers(told.cast(pl.Float64, strict=False))
    elif kind in (pl.String, pl.Categorical, pl.Enum):
        since_epoch = _of_text(told.cast(pl.String))
    else:
        since_epoch = pl.Series([None] * told.len(), dtype=pl.Float64)
    return (
        pl.select(pl.when(since_epoch.is_between(_FIRST_S, _LAST_S)).then(since_epoch))
        .to_series()
        .alias(told.name)
    )


def _of_text(texts: pl.Series) -> pl.Series:
    plain = (
        texts.str.strip_chars()
        .str.to_uppercase()
        .str.replace(r"^(\d{4})/(\d\d?)/", "$1-$2-")
        .str.replace(r"^(\d{4}-\d\d?-\d\d?) +", "${1}T")
        .str.replace(" ?UTC$", "Z")
    )
    since_epoch = _of_numbers(plain.cast(pl.Float64, strict=False))
    dated = plain.str.contains(r"^\d{4}-")
    for shape in FORMATS:
        left = pl.select(pl.when(since_epoch.is_null() & dated).then(plain)).to_series()
        if left.null_count() == left.len():
            break
        zone = "UTC" if shape == "%+" else None
        moments = left.str.to_datetime(shape, time_unit="ms", time_zone=zone, strict=False)
        since_epoch = pl.select(
            pl.coalesce(since_epoch, moments.dt.epoch("ms") / 1000.0)
        ).to_series()
    return since_epoch


def _of_numbers(numbers: pl.Series) -> pl.Series:
    whole = numbers.is_between(*DAY_AS_NUMBER) & (numbers == numbers.floor())
    days = pl.select(pl.when(whole).then(numbers)).to_series().cast(pl.Int64).cast(pl.String)
    moments = days.str.to_date("%Y%m%d", strict=False).cast(pl.Datetime("ms"))
    parts = pl.lit(1.0)
    for least, divisor in reversed(SCALES):
        parts = pl.when(numbers.abs() >= least).then(divisor).otherwise(parts)
    since = pl.when(whole).then(moments.dt.epoch("ms") / 1000.0).otherwise(numbers / parts)
    return pl.select(pl.when(numbers.is_finite()).then(since)).to_series()
