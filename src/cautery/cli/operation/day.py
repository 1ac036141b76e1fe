"""``cautery operation day``: plan the action day, print its sheets, re-plan it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.drawing.formatting import counted
from cautery.errors import InputError, StorageError
from cautery.messages import say
from cautery.model import DayPlan, Operation, to_json, to_utc
from cautery.operation.calendar import calendar
from cautery.operation.schedule import schedule
from cautery.pages.call_sheet import call_sheet, call_sheet_html, call_sheet_typst
from cautery.wiring import desks
from cautery.workflows.operation.day_records import day_of, record_day, record_hours
from cautery.workflows.operation.read_day import EXAMPLE, read_day
from cautery.workflows.operation.run_day import running_day
from cautery.workflows.operation.withhold import day_for

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Plan the action day by the clock, show it, and re-plan it.",
)

Case = Annotated[Path, typer.Argument(help="Case of the agency that leads.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@app.command()
def example() -> None:
    """Print a complete file of steps as an example.

    Example: cautery operation day example > steps.toml
    """
    typer.echo(EXAMPLE, nl=False)


@app.command()
def plan(
    case: Case,
    steps: Annotated[Path, typer.Argument(help="File of steps, TOML or JSON.")],
    moment: Annotated[
        str | None,
        typer.Option(
            "--moment", help="The moment, with its time zone; default: [day] of the file."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing.")] = False,
    json: Json = False,
) -> None:
    """Time the steps and record the day, or refuse the steps and name the rule that they break.

    Example: cautery operation day plan cases/it steps.toml --moment 2026-11-26T05:00Z
    """
    with desks.desk(case, read_only=dry_run) as desk:
        day_file = read_day(steps, desk.operation)
        when = day_file.moment if moment is None else _moment(moment)
        if when is None:
            raise InputError("the day has no moment", hint="Give --moment 2026-11-26T05:00Z.")
        now = wiring.clock().now()
        day = schedule(
            day_file.steps,
            moment=when,
            operation=desk.operation,
            criteria=day_file.criteria,
            co_tenants=day_file.co_tenants,
            clocks=day_file.clocks,
            warning_s=day_file.warning_s,
            held=day_file.held,
            hours=day_file.hours,
            now=now,
        )
        if not dry_run:
            record_hours(desk, day_file.hours, at=now)
            record_day(desk, day, at=now)
        _print(day, desk.operation, json=json)
        render.say("nothing was recorded" if dry_run else f"recorded in {case}")


@app.command()
@render.tabular
def show(
    case: Case,
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only the steps of this agency.")
    ] = None,
    json: Json = False,
) -> None:
    """Show the day as it is planned now.

    Example: cautery operation day show cases/it --agency nl-fiod
    """
    with desks.desk(case, read_only=True) as desk:
        _print(day_of(desk), desk.operation, json=json, agency=agency)


@app.command()
def sheets(
    case: Case,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the sheets.")],
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only the sheet of this agency.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a call sheet for each agency that has a step: HTML, PDF and iCalendar.

    Example: cautery operation day sheets cases/it -o sheets
    """
    with desks.desk(case, read_only=True) as desk:
        day, operation = day_of(desk), desk.operation
        having = sorted({step.step.agency for step in day.steps})
        agencies = having if agency is None else [operation.agency(agency).id]
        days = {name: day_for(desk, day, operation.agency(name)) for name in agencies}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{out}: {error.strerror}", hint="Name a folder that can be written."
        ) from error
    for name, (agency_day, withheld) in days.items():
        view = call_sheet(agency_day, name, operation)
        book = calendar(agency_day, name, operation=operation, made_at=wiring.clock().now())
        # As bundles are: they bear the markings of what the agency may be told.
        wiring.write_secret(out / f"{name}.html", (call_sheet_html(view).encode(),))
        wiring.write_pdf(call_sheet_typst(view), out / f"{name}.pdf", private=True)
        wiring.write_secret(out / f"{name}.ics", (book,))
        for ending in ("html", "pdf", "ics"):
            if json:
                render.json_line({"agency": name, "file": str(out / f"{name}.{ending}")})
            else:
                typer.echo(out / f"{name}.{ending}")
        for marking, count in withheld:
            render.say(
                f"{name}: {counted(count, 'step')} withheld, on targets under {marking}: name the "
                "agency in the statement, or inform it by another channel"
            )
    render.say(f"{counted(len(agencies), 'call sheet')}: each agency's has only its own steps")


@app.command()
def replan(case: Case, json: Json = False) -> None:
    """Re-plan the day from now on: steps that depend on a late step are moved.

    A step that is reported as failed is re-planned at once; this command is for late steps.

    Example: cautery operation day replan cases/it
    """
    with desks.desk(case) as desk:
        running, _ = running_day(desk)
        running.late(wiring.clock().now())
        _print(running.day, desk.operation, json=json)


def _moment(text: str) -> datetime:

    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--moment: {text!r} is not a valid time", hint="Write it as 2026-11-26T05:00Z."
        ) from error
    return to_utc("--moment", when)


def _print(day: DayPlan, operation: Operation, *, json: bool, agency: str | None = None) -> None:

    if json:
        render.json_line(to_json(day, words=say))
        return
    if agency is not None:
        operation.agency(agency)
    zones = {member.id: ZoneInfo(member.zone) for member in operation.agencies}
    render.table(
        ("begins, UTC", "local", "step", "agency, team", "what, and why at that time"),
        (
            (
                f"{step.starts_at:%d %b %H:%M:%S}",
                "-".join(
                    f"{moment.astimezone(zones.get(step.step.agency, UTC)):%H:%M}"
                    for moment in (step.starts_at, step.ends_at)
                ),
                step.step.id,
                f"{step.step.agency}, {step.step.team}",
                f"{step.step.text} ({say(step.why)}"
                + (")" if step.replaces is None else f"; replaces {step.replaces})"),
            )
            for step in day.steps
            if agency in {None, step.step.agency}
        ),
        title=f"Action day of {day.operation}, the moment: {day.moment:%d %b %Y %H:%M:%S} UTC",
    )
    if day.dropped and agency is None:
        render.table(
            ("no longer in the day", "why"),
            ((dropped.step.id, say(dropped.why)) for dropped in day.dropped),
        )
