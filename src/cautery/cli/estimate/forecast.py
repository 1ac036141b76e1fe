"""``cautery estimate forecast``: what comes next, and what must be ready for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cautery.cells import table_of
from cautery.cli import render
from cautery.errors import InputError
from cautery.estimate.forecast import (
    FARTHEST,
    DayForecast,
    Deadline,
    EventDemand,
    Standing,
    costs,
    forecast_plot,
)
from cautery.messages import say
from cautery.model import Estimate, to_json
from cautery.wiring import cases
from cautery.workflows.forecast.deadlines_ics import deadlines_calendar
from cautery.workflows.forecast.look_ahead import Outlook, SeriesAhead, Watching, look_ahead
from cautery.workflows.forecast.read import (
    Calendar,
    find,
    folder_of,
    read_calendar,
    read_holdings,
    read_series,
    span_of,
)

_CSV_COLUMNS = (
    "kind", "day", "unit", "market", "subject", "low", "mid", "high", "chance_loud", "standing",
    "words",
)  # fmt: skip
_MOST_COLUMNS = 5
_MOST_GAPS = 40
_MOST_EVENTS = 40
"""Rows that a terminal shows; --csv and --json have all."""


def forecast(
    series: Annotated[
        Path,
        typer.Argument(
            help="daily.csv, changes of a list (time,op,ip), or a folder of daily.csv and tables."
        ),
    ],
    calendar: Annotated[
        Path | None,
        typer.Option(help="Fixtures (.ics), past ones too; default: fixtures.ics of the folder."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=FARTHEST, help="Days to forecast.")] = 7,
    unit: Annotated[str | None, typer.Option(help="Forecast this unit of the file only.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="Zone of fixtures that name none, such as Europe/Madrid.")
    ] = None,
    streams: Annotated[
        float | None,
        typer.Option(help="Streams found on a usual match evening: says what a watch takes."),
    ] = None,
    every_s: Annotated[
        float,
        typer.Option("--every", min=1, max=86_400, help="Seconds between two probes of a stream."),
    ] = 60.0,
    plot: Annotated[Path | None, typer.Option(help="Write a picture to this SVG file.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write levels, events and deadlines to this CSV file.")
    ] = None,
    ics: Annotated[
        Path | None, typer.Option(help="Write what is not ready yet to this calendar (.ics).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Forecast the next days of a series, the demand for each fixture, and what must be ready.

    All is said as of the end of the series' last day, from the past alone. With a calendar, each
    fixture to come gets the demand that past ones of its competition had, and a list of what must
    be ready by when. A folder may have orders.csv, roster.csv, channels.csv and checks.csv; then
    gaps are named: an order that ends too early, a night with nobody on call.

    Example: cautery estimate forecast daily.csv --calendar league.ics --plot next.svg
    """
    folder = folder_of(series)
    path = series if folder is None else find(folder, "daily.csv")
    if path is None:
        raise InputError(f"{series}: no daily.csv in this folder")
    read = read_series(path, unit=unit)
    if folder is not None and calendar is None:
        calendar = find(folder, "fixtures.ics") or find(folder, "calendar.ics")
    fixtures: Calendar | None = None
    if calendar is not None:
        fixtures = read_calendar(calendar, span_of(read), zone=_zone(zone))
    outlook = look_ahead(
        read,
        days=days,
        calendar=fixtures,
        holdings=None if folder is None else read_holdings(folder),
        watching=None if streams is None else Watching(streams=streams, every_s=every_s),
        progress=lambda name: render.say(f"forecast: {name}") if len(read) > 1 else None,
    )
    if plot is not None:
        drawing = forecast_plot([(entry.series, entry.days) for entry in outlook.ahead])
        _write(plot, drawing.encode(), "plot")
    if csv is not None:
        _write(csv, table_of([_CSV_COLUMNS, *_csv_rows(outlook)]), "table")
    if ics is not None:
        entries = deadlines_calendar(outlook.deadlines, made_at=outlook.as_of)
        _write(ics, entries, "calendar")
    if json:
        render.json_line(_as_json(outlook))
        return
    _show(outlook)


def _write(path: Path, content: bytes, what: str) -> None:
    cases.reading_store().write(path.parent, path.name, content)
    render.say(f"{what}: {path}")


def _zone(name: str | None) -> ZoneInfo | None:

    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise InputError(
            f"--zone: {name[:60]!r} is not a zone", hint="Write it as Europe/Madrid."
        ) from error


def _show(outlook: Outlook) -> None:

    if len(outlook.ahead) == 1:
        _show_one(outlook.ahead[0])
    else:
        _show_many(outlook)
    if outlook.events:
        _show_events(outlook)
    if outlook.capacity:
        _show_capacity(outlook)
    if outlook.deadlines:
        _show_deadlines(outlook)
    for note in outlook.notes:
        render.say(f"note: {say(note)}")


def _show_one(entry: SeriesAhead) -> None:

    render.table(
        ("day", "level", "90 % interval", "chance of a loud day"),
        (
            (
                _day(day),
                _number(day.estimate.mid),
                f"{_number(day.estimate.low)} - {_number(day.estimate.high)}",
                f"{100 * day.chance_loud:.0f} %",
            )
            for day in entry.days
        ),
        title=_named(entry),
    )


def _show_many(outlook: Outlook) -> None:
    """Show a column for each series, or a table for each where they are many."""
    for at in range(0, len(outlook.ahead), _MOST_COLUMNS):
        columns = outlook.ahead[at : at + _MOST_COLUMNS]
        render.table(
            ("day", *(_named(entry) for entry in columns)),
            (
                (_day(days[0]), *(_interval(day.estimate) for day in days))
                for days in zip(*(entry.days for entry in columns), strict=True)
            ),
            title="Level of each day, with 90 % intervals",
        )


def _show_events(outlook: Outlook) -> None:

    of_match: dict[str, list[EventDemand]] = {}
    for event in outlook.events:
        of_match.setdefault(event.match.id, []).append(event)
    rows = list(of_match.values())
    for at in range(0, len(outlook.ahead), _MOST_COLUMNS):
        columns = outlook.ahead[at : at + _MOST_COLUMNS]
        render.table(
            ("kick-off", "event", *(_named(entry) for entry in columns), "remark"),
            (
                (
                    f"{events[0].match.starts_at:%a %m-%d %H:%MZ}",
                    render.printable(events[0].match.name),
                    *(_drawn(events, entry) for entry in columns),
                    "" if (note := events[0].estimate.note) is None else say(note),
                )
                for events in rows[:_MOST_EVENTS]
            ),
            title="Demand for each event, over a day without one",
        )
    if len(rows) > _MOST_EVENTS:
        render.say(f"{len(rows) - _MOST_EVENTS} more events: --csv or --json has all")


def _drawn(events: list[EventDemand], entry: SeriesAhead) -> str:

    for event in events:
        if (event.series, event.market) == (entry.series.unit, entry.series.market):
            return _interval(event.estimate)
    return ""


def _show_capacity(outlook: Outlook) -> None:

    render.table(
        ("day", "streams", "probes a minute", "cores", "watches at once", "references"),
        (
            (
                _day(day),
                _up_to(need.streams),
                _up_to(need.probes_a_minute),
                f"{need.cores[0]}, up to {need.cores[1]}",
                str(need.watches),
                str(need.references),
            )
            for day, need in outlook.capacity
        ),
        title="What a watch takes: expected, and for the interval's upper end",
    )


def _show_deadlines(outlook: Outlook) -> None:
    """Show gaps, each once with the matches it is for, and what is due next."""
    counts = Counter(entry.standing for entry in outlook.deadlines)
    gaps = _together([entry for entry in outlook.deadlines if entry.standing is Standing.MISSING])
    due = _together(
        [entry for entry in outlook.deadlines if entry.standing in (Standing.DUE, Standing.UNKNOWN)]
    )
    for title, rows in (("Missing", gaps), ("To do, or not known", due)):
        if not rows:
            continue
        render.table(
            ("due", "item", "where", "how it stands", "matches", "first of them"),
            (
                (
                    f"{alike[0].due_at:%Y-%m-%d}",
                    str(alike[0].item),
                    render.printable(alike[0].subject),
                    render.printable(say(alike[0].why)),
                    str(len(alike)),
                    render.printable(
                        f"{alike[0].match.starts_at:%m-%d %H:%MZ} {alike[0].match.name}"
                    ),
                )
                for alike in rows[:_MOST_GAPS]
            ),
            title=title,
        )
        if len(rows) > _MOST_GAPS:
            render.say(f"{len(rows) - _MOST_GAPS} more rows: --csv or --json has all")
    render.say(
        f"{len(outlook.matches)} matches to come; of {len(outlook.deadlines)} things to have ready "
        + ", ".join(f"{counts[standing]} {standing}" for standing in Standing)
    )


def _together(deadlines: list[Deadline]) -> list[list[Deadline]]:
    """Join deadlines that say the same of several matches; the earliest comes first."""
    rows: dict[tuple[str, str, str], list[Deadline]] = {}
    for entry in deadlines:
        why = entry.why.id if entry.why.id == "ready.to-do" else say(entry.why)
        rows.setdefault((entry.item, entry.subject, why), []).append(entry)
    return list(rows.values())


def _csv_rows(outlook: Outlook) -> Iterator[tuple[object, ...]]:

    for entry in outlook.ahead:
        for day in entry.days:
            yield (
                "level", day.day, entry.series.unit, entry.series.market, "",
                *_ends(day.estimate), round(day.chance_loud, 3), "", "",
            )  # fmt: skip
    for event in outlook.events:
        yield (
            "event", event.match.starts_at.date(), event.series, event.market, event.match.name,
            *_ends(event.estimate), None,
            "identified" if event.identified else "not identified", say(event.estimate.method),
        )  # fmt: skip
    for due in outlook.deadlines:
        yield (
            "ready", due.due_at.date(), str(due.item), "", due.subject, None, None, None, None,
            str(due.standing), f"{due.match.name}: {say(due.why)}",
        )  # fmt: skip


def _as_json(outlook: Outlook) -> dict[str, Any]:

    return {
        "as_of": outlook.as_of.isoformat(),
        "levels": [
            {
                "unit": entry.series.unit,
                "market": entry.series.market,
                "days": [
                    {
                        "day": day.day.isoformat(),
                        "ahead": day.ahead,
                        "chance_loud": round(day.chance_loud, 3),
                        "estimate": to_json(day.estimate, words=say),
                    }
                    for day in entry.days
                ],
            }
            for entry in outlook.ahead
        ],
        "events": [
            {
                "match": to_json(event.match),
                "unit": event.series,
                "market": event.market,
                "identified": event.identified,
                "past_events": event.past,
                "estimate": to_json(event.estimate, words=say),
            }
            for event in outlook.events
        ],
        "capacity": [
            {"day": day.day.isoformat(), **to_json(need)} for day, need in outlook.capacity
        ],
        "costs": {name: to_json(cost) for name, cost in costs().items()}
        if outlook.capacity
        else {},
        "deadlines": [
            {
                "match": due.match.name,
                "kick_off": due.match.starts_at.isoformat(),
                "item": str(due.item),
                "subject": due.subject,
                "due_at": due.due_at.isoformat(),
                "standing": str(due.standing),
                "why": say(due.why),
            }
            for due in outlook.deadlines
        ],
        "notes": to_json(outlook.notes, words=say),
    }


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return tuple(round(end, 3) for end in (estimate.low, estimate.mid, estimate.high))  # type: ignore[return-value]


def _day(day: DayForecast) -> str:
    return f"{day.day:%a %Y-%m-%d}"


def _named(entry: SeriesAhead) -> str:
    return render.printable(f"{entry.series.unit} ({entry.series.market})")


def _interval(estimate: Estimate) -> str:
    return f"{_number(estimate.mid)} ({_number(estimate.low)} - {_number(estimate.high)})"


def _up_to(pair: tuple[float, float]) -> str:
    return f"{_number(pair[0])}, up to {_number(pair[1])}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
