"""``cautery operation board`` and ``report``: the day as it happens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cautery import wiring
from cautery.cli import render
from cautery.cli._terminal import Terminal
from cautery.errors import InputError
from cautery.model import CriterionAnswer, StepReport, StepState, to_json
from cautery.operation.board import BoardStep, BoardView
from cautery.wiring import desks
from cautery.workflows.operation.picture import Picture
from cautery.workflows.operation.read_day import read_day
from cautery.workflows.operation.run_day import running_day

REFRESH_S = 2.0
"""How often the case is read again: reports come by people, not by the second."""

COLOURS = {
    "GO": "bold white on green",
    "NO-GO": "bold white on red",
    "OPEN": "bold black on yellow",
}


def board(
    case: Annotated[Path, typer.Argument(help="Case of the agency that leads.")],
    once: Annotated[bool, typer.Option("--once", help="Print once, also on a terminal.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Show who has done what, what is late or failed, and what is still served.

    On a terminal it follows the case until Ctrl-C; elsewhere it prints once.

    Example: cautery operation board cases/it
    """
    console = Terminal()
    view, picture = _look(case)
    has_demand = picture.demand > 0
    if json:
        body = to_json(view) | {
            "words": _served_words(view, has_demand=has_demand),
            "sources": picture.sources,
        }
        if not has_demand:
            body |= {"served_before": None, "served_left": None, "served_confirmed": None}
        render.json_line(body)
        return
    if once or not console.is_terminal:
        console.print(shown(view, known=has_demand, sources=picture.sources))
        return

    with Live(
        shown(view, known=has_demand, sources=picture.sources),
        console=console,
        auto_refresh=False,
        screen=True,
    ) as live:
        while True:
            time.sleep(REFRESH_S)
            view, _ = _look(case, picture)
            live.update(shown(view, known=has_demand, sources=picture.sources), refresh=True)


def report(
    case: Annotated[Path, typer.Argument(help="Case of the agency that leads.")],
    step: Annotated[str, typer.Argument(help="The step's id, as on the call sheet.")],
    state: Annotated[str, typer.Argument(help="State: ready, running, done, late or failed.")],
    text: Annotated[str, typer.Option("--text", help="What the team says.")] = "",
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who reports, as a service number or role; default: the desk."),
    ] = None,
    instead: Annotated[
        Path | None,
        typer.Option("--instead", help="For a failed step: file of the steps that replace it."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The board as one JSON line.")] = False,
) -> None:
    """Record a team's report on a step; a failed step is re-planned at once.

    Example: cautery operation report cases/it rack failed --text "the wrong data centre"
    """
    states = ("ready", "running", "done", "late", "failed")
    if state not in states:
        raise InputError(
            f"{state!r} is not a state to report", hint="Give one of: " + ", ".join(states)
        )
    if len(text) > 2000 or len(by or "") > 200:
        raise InputError("--text may have at most 2,000 characters, --by at most 200")
    if instead is not None and state != "failed":
        raise InputError("--instead is only for a failed step")
    with desks.desk(case) as desk:
        running, picture = running_day(desk)
        offered = None if instead is None else read_day(instead, desk.operation).steps
        view = running.hear(
            StepReport(
                step=step,
                state=StepState(state),
                at=wiring.clock().now(),
                by=by or desk.agency.id,
                text=text,
            ),
            replacements=offered,
        )
    if json:
        render.json_line(to_json(view))
        return
    if view.note:
        typer.echo(render.printable_lines(view.note))
    typer.echo(render.printable_lines(_served_words(view, has_demand=picture.demand > 0)))


def answer(
    case: Annotated[Path, typer.Argument(help="Case of the agency that leads.")],
    criterion: Annotated[str, typer.Argument(help="The criterion's id.")],
    yes: Annotated[bool, typer.Option("--yes/--no", help="The answer.")],
    by: Annotated[str, typer.Option("--by", help="Who answers, as a role or service number.")],
    text: Annotated[str, typer.Option("--text", help="The answer in their own words.")] = "",
) -> None:
    """Record the answer to a go/no-go criterion.

    Example: cautery operation answer cases/it warrants --yes --by "prosecutor, Catania"
    """
    if not by.strip() or len(text) > 2000 or len(by) > 200:
        raise InputError(
            "--by must name who answers (at most 200 characters); --text may have at most 2,000"
        )
    with desks.desk(case) as desk:
        running, _ = running_day(desk)
        now = wiring.clock().now()
        running.answer(CriterionAnswer(criterion=criterion, yes=yes, by=by, at=now, text=text))
        view = running.board(now)
    typer.echo(view.go.value)


def _look(case: Path, picture: Picture | None = None) -> tuple[BoardView, Picture]:

    with desks.desk(case, read_only=True) as desk:
        running, picture = running_day(desk, seen=picture)
    return running.board(wiring.clock().now()), picture


def shown(view: BoardView, *, known: bool = True, sources: str = "") -> Group:
    """Return the board for a terminal; ``known``: whether the picture holds any demand."""
    head = Table.grid(expand=True, padding=(0, 2))
    head.add_column()
    head.add_column(justify="center", ratio=1)
    head.add_column(justify="right")
    head.add_row(
        Text.assemble(
            (f" {view.go.value} ", COLOURS[view.go.value]), f"  {render.printable(view.operation)}"
        ),
        Text(_countdown(view.countdown_s), style="bold"),
        Text(f"{view.at:%H:%M:%S} UTC"),
    )
    parts: list[RenderableType] = [Panel(head)]
    open_ = [criterion for criterion in view.criteria if criterion.yes is not True]
    if open_:
        lines = Text()
        for criterion in open_:
            word = "no" if criterion.yes is False else "no answer"
            lines.append(f"  {word}: {render.printable(criterion.question)} ", style="bold")
            lines.append(
                f"({render.printable(criterion.asks)}{', vital' if criterion.vital else ''})\n"
            )
        parts.append(lines)
    table = Table(expand=True, header_style="bold", box=None, pad_edge=False)
    table.add_column("agency")
    for name in ("done", "running", "late", "failed", "replaced", "ready", "to come"):
        table.add_column(name, justify="right")
    table.add_column("last report", ratio=1, overflow="ellipsis", no_wrap=True)
    for row in view.rows:
        table.add_row(
            render.printable(row.agency),
            f"{row.done}/{row.total}",
            str(row.running),
            Text(str(row.late), style="bold yellow" if row.late else ""),
            Text(str(row.failed), style="bold red" if row.failed else ""),
            str(row.replaced),
            str(row.ready),
            str(row.planned),
            Text(render.printable(row.last)),
        )
    parts += [table, Text("\n" + _served_words(view, has_demand=known), style="bold")]
    if sources:
        parts.append(Text(f"known from {render.printable(sources)}", style="dim"))
    if view.note:
        parts.append(Text(render.printable_lines(view.note)))
    for title, steps, style in (
        ("failed", view.failed, "red"),
        ("late", view.late, "yellow"),
        ("next", view.next_steps, ""),
    ):
        if steps:
            parts.append(_steps(title, steps[:8], style))
            if len(steps) > 8:
                parts.append(Text(f"         and {len(steps) - 8} more", style="dim"))
    return Group(*parts)


def _steps(title: str, steps: tuple[BoardStep, ...], style: str) -> RenderableType:

    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=7)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    for number, step in enumerate(steps):
        table.add_row(
            Text(title if number == 0 else "", style=f"bold {style}".strip()),
            f"{step.starts_at:%H:%M}",
            Text(render.printable(step.id)),
            Text(render.printable(f"{step.agency}: {step.text}; {step.word}")),
        )
    return table


def _served_words(view: BoardView, *, has_demand: bool) -> str:
    if not has_demand:
        return "what is still served is unknown: the picture of this case has no demand"
    return view.words


def _countdown(seconds: float) -> str:
    whole = abs(round(seconds))
    sign = "-" if seconds > 0 else "+"
    days = f"{whole // 86_400} d " if whole >= 86_400 else ""
    clock = f"{whole % 86_400 // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"T {sign} {days}{clock}"
