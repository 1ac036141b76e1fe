"""``cautery estimate effect``: did it work, where did users go, and what lives on?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cautery.cells import table_of
from cautery.cli import render
from cautery.errors import InputError
from cautery.estimate.course import HORIZON_D, Course, course_plot
from cautery.evidence.manifest import LEDGER
from cautery.messages import say
from cautery.model import Estimate, to_json
from cautery.model.message import Message
from cautery.wiring import cases
from cautery.workflows.aftermath.look_back import LookBack, look_back
from cautery.workflows.aftermath.read import Sources, read_looks, read_sources

_COLUMNS = (
    "unit", "market", "day", "observed", "without_strike", "low", "high", "days_after",
)  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def effect(
    sources: Annotated[
        Path,
        typer.Argument(help="Folder with daily.csv and strikes.csv, daily.csv alone, or a case."),
    ],
    case: Annotated[
        Path | None,
        typer.Argument(help="Case whose own looks say what was served, beside the tables."),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Only this service; default: all that were struck.")
    ] = None,
    strike: Annotated[
        str | None,
        typer.Option(help="Day of the strike, such as 2024-11-26; default: those of strikes.csv."),
    ] = None,
    calendar: Annotated[
        Path | None,
        typer.Option(help="Fixtures (.ics); default: fixtures.ics of the folder."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=7, max=120, help="Days after the strike that count.")
    ] = HORIZON_D,
    plot: Annotated[Path | None, typer.Option(help="Write a picture to this SVG file.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option(help="Write each day, measured and without the strike, to this CSV file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Estimate what a strike did: use lost, users displaced, streams served, and what lives on.

    The use of each service that was struck is compared with what services in other markets, and
    the calendar of fixtures, say that it would have been. The same estimate on other services and
    earlier dates, where nothing happened, says how wrong it is: that gives the interval. What
    cannot be measured is named with its reason.

    Example: cautery estimate effect lookups/ --calendar league.ics --plot effect.svg
    """
    read = _read(sources, case, calendar=calendar, unit=unit)
    outcome = look_back(read, unit=unit, strike_at=_day(strike), days=days)
    if plot is not None:
        _write(plot, course_plot(outcome.courses).encode(), "plot")
    if csv is not None:
        _write(csv, table_of([_COLUMNS, *_daily_rows(outcome.courses)]), "table")
    if json:
        render.json_line(_as_json(outcome))
        return
    _show(outcome)


def _read(sources: Path, case: Path | None, *, calendar: Path | None, unit: str | None) -> Sources:
    if case is None and cases.reading_store().exists(sources, LEDGER):
        return _looks(sources, unit)
    read = read_sources(sources, calendar=calendar)
    if case is None:
        return read
    looks = _looks(case, unit)
    return Sources(
        series=(*read.series, *looks.series),
        strikes=read.strikes or looks.strikes,
        lifetimes=read.lifetimes,
        fixtures=read.fixtures,
        notes=(*read.notes, *looks.notes),
    )


def _looks(case: Path, unit: str | None) -> Sources:
    with cases.reading(case) as opened:
        name = "-".join(case.name.split()) or "case"
        return read_looks(opened.ledger, unit=unit or name)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        day = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--strike: {text[:40]!r} is not a valid day", hint="Write 2024-11-26."
        ) from error
    if _DAY.fullmatch(text):
        return datetime.combine(day.date(), time(12), tzinfo=UTC)
    if day.tzinfo is None:
        raise InputError(
            f"--strike: {text[:40]!r} is a time without its zone",
            hint="Write 2024-11-26, or 2024-11-26T06:00:00Z.",
        )
    return day.astimezone(UTC)


def _write(path: Path, content: bytes, what: str) -> None:
    cases.reading_store().write(path.parent, path.name, content)
    render.say(f"{what}: {path}")


def _show(outcome: LookBack) -> None:
    if outcome.courses:
        render.table(
            ("service", "market", "strike", "use", "90 % interval", "log ratio", "days", "remarks"),
            (
                (
                    course.column.unit,
                    course.column.market,
                    f"{course.strike.at:%Y-%m-%d}",
                    *_change(course.effect),
                    course.horizon if course.effect else "",
                    _remarks(course.reason, course.notes),
                )
                for course in outcome.courses
            ),
            title="Use after the strike, against the use without it",
        )
    if outcome.displacements:
        render.table(
            ("market", "strike", "others", "their use", "90 % interval", "log ratio", "users came",
             "remarks"),
            (
                (
                    displacement.market,
                    f"{displacement.strike.at:%Y-%m-%d}",
                    len(displacement.receivers),
                    *_change(displacement.gain),
                    _verdict(displacement.gain, claimed=displacement.claimed),
                    _remarks(displacement.reason, displacement.notes),
                )
                for displacement in outcome.displacements
            ),
            title="Other services of the market: the mean of their changes, never a sum",
        )  # fmt: skip
    if outcome.served:
        render.table(
            ("service", "seen from", "strike", "span", "served", "90 % interval", "remarks"),
            (
                (
                    span.unit,
                    span.vantage,
                    f"{span.strike.at:%Y-%m-%d}",
                    f"{span.days} days",
                    *_days(span.area),
                    _remarks(span.reason, () if span.area is None or span.area.note is None
                             else (span.area.note,)),
                )
                for span in outcome.served
            ),
            title="Served after the strike, in days of usual service",
        )  # fmt: skip
    if outcome.survivals:
        render.table(
            ("what", "group", "lives", "over", "median life", "95 % interval", "remarks"),
            (
                (
                    curve.kind,
                    curve.group or "all",
                    curve.lives,
                    curve.deaths,
                    *_days(curve.median),
                    _remarks(curve.reason, () if curve.median is None or curve.median.note is None
                             else (curve.median.note,)),
                )
                for curve in outcome.survivals
            ),
            title="How long parts live",
        )  # fmt: skip
    for test in outcome.compared:
        if test.chance is None:
            words = "too few lives to compare"
        elif test.shorter is None:
            words = f"no difference is shown (log-rank p = {test.chance:.2g})"
        else:
            words = f"{test.shorter!r} live shorter (log-rank p = {test.chance:.2g})"
        typer.echo(
            render.printable(f"{test.kind}: {test.first!r} against {test.second!r}: {words}")
        )
    for course in outcome.courses:
        if course.effect is not None:
            typer.echo(render.printable(f"{course.column}: {say(course.effect.method)}"))
    for note in outcome.notes:
        render.say(render.printable(f"note: {say(note)}"))


def _change(effect: Estimate | None) -> tuple[str, str, str]:
    """Return the change in words, its interval, and both as logs."""
    if effect is None:
        return "cannot be said", "", ""
    low, mid, high = (
        f"{100 * np.expm1(log):+.0f} %" for log in (effect.low, effect.mid, effect.high)
    )
    logs = f"{effect.mid:+.2f} ({effect.low:+.2f} to {effect.high:+.2f})"
    return mid, f"{low} to {high}", logs


def _verdict(gain: Estimate | None, *, claimed: bool) -> str:
    if gain is None:
        return ""
    return "yes" if claimed else "not shown"


def _days(estimate: Estimate | None) -> tuple[str, str]:
    if estimate is None:
        return "cannot be said", ""
    return f"{estimate.mid:.1f} days", f"{estimate.low:.1f} to {estimate.high:.1f}"


def _remarks(reason: Message | None, notes: Sequence[Message]) -> str:
    texts = ([] if reason is None else [reason]) + list(notes)
    return "; ".join(say(text) for text in texts)


def _daily_rows(courses: Sequence[Course]) -> Iterator[tuple[object, ...]]:
    """Yield each day of each course, as shares of the mean of what the 30 days before expected."""
    for course in courses:
        contrast = course.contrast
        if contrast is None:
            continue
        first_after = contrast.at - contrast.start
        usual = contrast.expected[:first_after][-30:].mean()
        for row, (observed, expected) in enumerate(
            zip(contrast.observed.tolist(), contrast.expected.tolist(), strict=True)
        ):
            after = row - first_after
            band = float(contrast.band[after]) if after >= 0 else None
            yield (
                course.column.unit,
                course.column.market,
                (course.first.fromordinal(course.first.toordinal() + row)).isoformat(),
                None if np.isnan(observed) else _share(observed - usual),
                _share(expected - usual),
                None if band is None else _share(expected - usual - band),
                None if band is None else _share(expected - usual + band),
                after + 1,
            )


def _share(log: float) -> float:
    return round(float(np.exp(log)), 4)


def _as_json(outcome: LookBack) -> dict[str, Any]:
    def whole(value: object) -> Any:
        return to_json(value, words=say)

    return {
        "strikes": [whole(strike) for strike in outcome.strikes],
        "effects": [
            {
                "unit": course.column.unit,
                "market": course.column.market,
                "strike": whole(course.strike),
                "days": course.horizon,
                "effect": whole(course.effect),
                "cannot_be_said": whole(course.reason),
                "notes": whole(course.notes),
            }
            for course in outcome.courses
        ],
        "displacements": [
            {
                "market": displacement.market,
                "strike": whole(displacement.strike),
                "receivers": list(displacement.receivers),
                "gain": whole(displacement.gain),
                "claimed": displacement.claimed,
                "cannot_be_said": whole(displacement.reason),
                "notes": whole(displacement.notes),
            }
            for displacement in outcome.displacements
        ],
        "served": [
            {
                "unit": span.unit,
                "market": span.market,
                "vantage": span.vantage,
                "strike": whole(span.strike),
                "days": span.days,
                "area": whole(span.area),
                "cannot_be_said": whole(span.reason),
            }
            for span in outcome.served
        ],
        "survival": [
            {
                "kind": curve.kind.value,
                "group": curve.group,
                "lives": curve.lives,
                "deaths": curve.deaths,
                "median": whole(curve.median),
                "cannot_be_said": whole(curve.reason),
                "curve": [
                    {"days": day, "alive": alive}
                    for day, alive in zip(curve.days.tolist(), curve.alive.tolist(), strict=True)
                ],
            }
            for curve in outcome.survivals
        ],
        "compared": [whole(test) for test in outcome.compared],
        "notes": whole(outcome.notes),
    }
