"""Read what an effect rests on: series, strikes, lifetimes, a calendar, a case's own looks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cautery.errors import CauteryError, InputError, SourceError
from cautery.formats import ReadWarning, read_ical
from cautery.formats.daily import read_daily, read_strikes
from cautery.formats.fixtures import fixtures_in
from cautery.formats.lifetimes import read_lifetimes
from cautery.messages import message
from cautery.model import DarkProbe, Window
from cautery.model.daily import UNKNOWN_MARKET, DailySeries, Strike
from cautery.model.lifetimes import Lifetime
from cautery.model.message import Message
from cautery.model.ports import Ledger
from cautery.model.records import ProbeDone, ReferralPublished, kinds_of
from cautery.packed import PACKINGS, chunks_of, require_file, small_file
from cautery.projections.served import Served
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.case.referral import mandate_of

MOST_CALENDAR_BYTES = 8_000_000
"""A season of eleven competitions has half a million."""
OF_NONE = "fixtures"
"""Group of fixtures that have no category."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What there is to look back with.

    Parameters
    ----------
    fixtures : dict or None
        By competition, how many fixtures each day has; ``None``: no calendar.
    notes : tuple of Message
        What was passed over while reading.
    """

    series: tuple[DailySeries, ...] = ()
    strikes: tuple[Strike, ...] = ()
    lifetimes: tuple[Lifetime, ...] = ()
    fixtures: dict[str, dict[date, int]] | None = None
    notes: tuple[Message, ...] = ()


def read_sources(path: Path, *, calendar: Path | None = None) -> Sources:
    """Read daily.csv, or a folder with it, strikes.csv, lifetimes.csv and fixtures.ics.

    Of a world of the lab, its ``sources`` are read.

    Raises
    ------
    InputError
        With file and line, if something is not valid, or there is neither a series nor a lifetime.
    """
    if not path.is_dir():
        series = _table(path, read_daily)
        counts, notes = _calendar(calendar, series)
        return Sources(series=series, fixtures=counts, notes=notes)
    folder = sources if (sources := path / "sources").is_dir() else path
    daily, strikes, lifetimes = (
        _find(folder, name) for name in ("daily.csv", "strikes.csv", "lifetimes.csv")
    )
    if daily is None and lifetimes is None:
        raise InputError(
            f"{path}: neither daily.csv nor lifetimes.csv is in this folder",
            hint="Columns of daily.csv: unit,market,day,measure,value,probes,vantage.",
        )
    series = () if daily is None else _table(daily, read_daily)
    counts, notes = _calendar(calendar or _find(folder, "fixtures.ics"), series)
    return Sources(
        series=series,
        strikes=() if strikes is None else _table(strikes, read_strikes),
        lifetimes=() if lifetimes is None else _table(lifetimes, read_lifetimes),
        fixtures=counts,
        notes=notes,
    )


def read_looks(ledger: Ledger, *, unit: str) -> Sources:
    """Read what a case's own looks saw served; its first published list is the strike.

    Raises
    ------
    InputError
        If nobody looked.
    """
    served = Served()
    for entry in without_decoys(ledger).read(
        kinds=kinds_of(DarkProbe, ProbeDone, ReferralPublished)
    ):
        served.hear(entry)
    territories = mandate_of(ledger).territories
    series = served.series(unit, _market(territories))
    if not series:
        raise InputError(
            "nobody looked at a stream in this case, so that nothing says what was served",
            hint="Give a folder with daily.csv, or a case whose watch has run.",
        )
    strikes: tuple[Strike, ...] = ()
    if served.published:
        strikes = (Strike(units=(unit,), at=min(served.published), what="first list published"),)
    notes: tuple[Message, ...] = ()
    if served.passed_over:
        notes = (message("course.odd-records", count=served.passed_over),)
    return Sources(series=series, strikes=strikes, notes=notes)


def _market(territories: Sequence[str]) -> str:
    codes = {code.upper() for code in territories}
    if len(codes) == 1 and len(code := codes.pop()) == 2 and code.isascii() and code.isalpha():
        return {"UK": "GB", "EL": "GR"}.get(code, code)
    return UNKNOWN_MARKET


def _table(path: Path, read: Callable[[Iterable[bytes]], tuple[_T, ...]]) -> tuple[_T, ...]:
    require_file(path)
    try:
        return read(chunks_of(path))
    except CauteryError as error:
        if str(error).startswith(str(path)):
            raise
        raise InputError(f"{path}: {error}", hint=error.hint) from error


def _find(folder: Path, name: str) -> Path | None:
    matches = [path for end in PACKINGS if (path := folder / f"{name}{end}").is_file()]
    if len(matches) > 1:
        raise InputError(f"{folder}: both {matches[0].name} and {matches[1].name}; keep one")
    return matches[0] if matches else None


def _calendar(
    path: Path | None, series: Sequence[DailySeries]
) -> tuple[dict[str, dict[date, int]] | None, tuple[Message, ...]]:
    """Return fixtures of each competition and day, and what was noticed."""
    if not series:
        return None, ()
    if path is None:
        return None, (message("course.no-calendar"),)
    raw = small_file(path, most=MOST_CALENDAR_BYTES, of="a calendar")
    try:
        items = list(read_ical((raw,)))
    except SourceError as error:
        raise InputError(f"{path}: {error}", hint="Give an iCalendar file (.ics).") from error
    within = Window(
        start=_midnight(min(daily.days[0] for daily in series)),
        end=_midnight(max(daily.days[-1] for daily in series)) + timedelta(days=1),
    )
    fixtures = [fixture for fixture in fixtures_in(items, within) if not fixture.cancelled]
    counts: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for fixture in fixtures:
        group = fixture.categories[0] if fixture.categories else OF_NONE
        counts[group][fixture.starts_at.date()] += 1
    notes = []
    if zoneless := sum(fixture.zoneless for fixture in fixtures):
        notes.append(message("course.calendar-zoneless", count=zoneless))
    if unread := sum(isinstance(item, ReadWarning) for item in items):
        notes.append(message("course.calendar-unread", count=unread))
    return {group: dict(days) for group, days in counts.items()}, tuple(notes)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
