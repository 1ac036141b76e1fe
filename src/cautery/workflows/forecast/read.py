"""Read what a forecast rests on: a series or a folder, a calendar, and tables of what is ready."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cautery.errors import CauteryError, InputError, SourceError
from cautery.estimate.forecast.ready import Holdings
from cautery.formats import Fixture, ReadWarning, read_ical
from cautery.formats.daily import read_daily
from cautery.formats.fixtures import fixtures_in
from cautery.formats.list_changes import read_list_changes
from cautery.formats.preparation import read_channels, read_checks, read_orders, read_roster
from cautery.messages import message
from cautery.model import Window
from cautery.model.daily import DailySeries, Measure
from cautery.model.message import Message
from cautery.model.preparation import Match
from cautery.packed import PACKINGS, chunks_of, small_file

MOST_SERIES = 24
"""Forecast at once; with --unit any number may stand in the file."""
MOST_CALENDAR_BYTES = 4_000_000
"""As of a mandate's calendars."""
MOST_MATCHES = 5_000
"""Of a calendar in the series' days and behind them: a country's leagues have some 2,000 a year."""
FARTHEST = timedelta(days=120)
"""Behind a series' last day: matches beyond it are another season's."""
_MOST_NOTES = 20
_CODE_LETTERS = 2
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Matches of a calendar by their start, and what was noticed while it was read."""

    matches: tuple[Match, ...]
    notes: tuple[Message, ...]


def read_series(path: Path, *, unit: str | None = None) -> tuple[DailySeries, ...]:
    """Read the level series of a file, daily or as changes of a list.

    Raises
    ------
    InputError
        If the file is neither, has no level series, or more than :data:`MOST_SERIES`.
    """
    chunks = chunks_of(path)
    first = next(iter(chunks), b"")
    all_chunks = itertools.chain([first], chunks)
    header = first[:4096].split(b"\n")[0].decode("utf-8", "replace").lstrip("\ufeff").lower()
    columns = [name.strip() for name in header.split(",")]
    with _named(path):
        if {"time", "op"} <= set(columns):
            series: tuple[DailySeries, ...] = (read_list_changes(all_chunks, unit=_stem(path)),)
        else:
            series = read_daily(all_chunks)
        levels = [entry for entry in series if entry.measure is Measure.LEVEL]
        if not levels:
            raise InputError(
                "no series of the measure level: shares that were served are no demand",
                hint="level: look-ups, visits, or addresses of a list.",
            )
        if unit is not None and not (levels := [entry for entry in levels if entry.unit == unit]):
            raise InputError(f"no level series of the unit {unit[:60]!r}")
        if len(levels) > MOST_SERIES:
            raise InputError(
                f"{len(levels)} series, more than {MOST_SERIES}", hint="Choose one: --unit NAME."
            )
    return tuple(levels)


def read_calendar(path: Path, within: Window, *, zone: ZoneInfo | None = None) -> Calendar:
    """Read the matches of an iCalendar file in a window.

    Parameters
    ----------
    zone : ZoneInfo or None
        Of matches that name none; ``None``: a calendar with such matches is refused.

    Raises
    ------
    InputError
        If it is no calendar, is too long, or has matches without a zone and none is given.
    """
    raw = small_file(path, most=MOST_CALENDAR_BYTES, of="a calendar")
    try:
        items = list(read_ical((raw,)))
    except SourceError as error:
        raise InputError(f"{path}: {error}", hint="Give an iCalendar file (.ics).") from error
    # A zone shifts a match by up to 14 hours: look farther, and cut when the zones are known.
    wide = Window(start=within.start - timedelta(days=1), end=within.end + timedelta(days=1))
    fixtures = [entry for entry in fixtures_in(items, wide) if not entry.cancelled]
    zoneless = sum(entry.zoneless for entry in fixtures)
    if zoneless and zone is None:
        raise InputError(
            f"{path}: {zoneless} of {len(fixtures)} matches name no time zone, or one that nobody "
            "knows",
            hint="Say which holds, such as --zone Europe/Madrid.",
        )
    matches = [_match(entry, zone) for entry in fixtures]
    matches = [entry for entry in matches if within.holds(entry.starts_at)]
    if len(matches) > MOST_MATCHES:
        raise InputError(f"{path}: {len(matches):,} matches, more than {MOST_MATCHES:,}")
    notes = [
        message("forecast.unread", line=str(item.line), why=item.why)
        for item in items
        if isinstance(item, ReadWarning)
    ][:_MOST_NOTES]
    if zoneless:
        notes.append(message("forecast.zone-assumed", count=zoneless, zone=str(zone)))
    if days_only := sum(entry.whole_day for entry in fixtures):
        notes.append(message("forecast.no-kick-off", count=days_only))
    return Calendar(
        matches=tuple(sorted(matches, key=lambda entry: (entry.starts_at, entry.id))),
        notes=tuple(notes),
    )


def read_holdings(folder: Path) -> Holdings:
    """Read the tables of what is ready that a folder has; one that is not there is unknown.

    Raises
    ------
    InputError
        With file and line, if a table is not valid.
    """
    return Holdings(
        orders=_table(folder, "orders", read_orders),
        roster=_table(folder, "roster", read_roster),
        channels=_table(folder, "channels", read_channels),
        checks=_table(folder, "checks", read_checks),
    )


def folder_of(path: Path) -> Path | None:
    """Return the folder whose tables are meant, ``sources`` of a lab's world; ``None``: a file."""
    if not path.is_dir():
        return None
    return sources if (sources := path / "sources").is_dir() else path


def find(folder: Path, name: str) -> Path | None:
    """Return a file of a folder, packed or not; ``None``: there is none.

    Raises
    ------
    InputError
        If there are two of them.
    """
    matches = [path for end in PACKINGS if (path := folder / f"{name}{end}").is_file()]
    if len(matches) > 1:
        raise InputError(f"{folder}: both {matches[0].name} and {matches[1].name}; keep one")
    return matches[0] if matches else None


def span_of(series: Iterable[DailySeries]) -> Window:
    """Return the window whose matches matter to series: their days, and what lies ahead."""
    listed = list(series)
    first = min(entry.days[0] for entry in listed)
    last = max(entry.days[-1] for entry in listed)
    return Window(start=_midnight(first), end=_midnight(last) + FARTHEST)


def by_day(matches: Iterable[Match]) -> dict[date, list[Match]]:
    """Return matches by the day of their kick-off, in UTC."""
    days: dict[date, list[Match]] = {}
    for match in matches:
        days.setdefault(match.starts_at.date(), []).append(match)
    return days


def _table(
    folder: Path, stem: str, read: Callable[[Iterable[bytes]], tuple[_T, ...]]
) -> tuple[_T, ...] | None:
    path = find(folder, f"{stem}.csv")
    if path is None:
        return None
    with _named(path):
        return read(chunks_of(path))


def _match(fixture: Fixture, zone: ZoneInfo | None) -> Match:
    if fixture.zoneless and zone is not None:
        fixture = replace(
            fixture,
            starts_at=fixture.starts_at.replace(tzinfo=zone).astimezone(UTC),
            ends_at=fixture.ends_at.replace(tzinfo=zone).astimezone(UTC),
        )
    categories = [entry.strip() for entry in fixture.categories if entry.strip()]
    countries = tuple(entry for entry in categories if _is_country(entry))
    words = [entry for entry in categories if not _is_country(entry)]
    head, colon, _ = fixture.title.partition(":")
    return Match(
        id=fixture.key[:200],
        name=fixture.title[:200] or fixture.key[:200],
        starts_at=fixture.starts_at,
        ends_at=max(fixture.ends_at, fixture.starts_at + timedelta(minutes=1)),
        competition=words[0][:100] if words else (head.strip()[:100] if colon else ""),
        stage=words[1][:100] if len(words) > 1 else "",
        countries=countries,
    )


def _is_country(word: str) -> bool:
    return len(word) == _CODE_LETTERS and word.isascii() and word.isalpha() and word.isupper()


def _stem(path: Path) -> str:
    """Return a file's name as the name of a unit: without its endings and spaces."""
    return "-".join(path.name.split(".")[0].split())[:100] or "list"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class _named:  # noqa: N801 - used as a statement
    """Name the file in what is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CauteryError) and not str(error).startswith(str(self._path)):
            raise InputError(f"{self._path}: {error}", hint=error.hint) from error
