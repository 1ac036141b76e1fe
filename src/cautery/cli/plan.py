"""``cautery plan``: the cheapest lawful acts that cut the supply, with a proven bound."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._plan_run import AXES, Asked, Run
from cautery.cli._progress import Progress
from cautery.cli.guard import moment
from cautery.errors import InputError
from cautery.plan.goal import Goal
from cautery.plan.graph import PlanGraph
from cautery.plan.graph_schema import graph_schema
from cautery.plan.levers import LEVERS
from cautery.plan.regrowth_model import DEFAULT, RegrowthModel
from cautery.plan.warm import is_small, warm
from cautery.wiring.facts import known_facts
from cautery.workflows.guard.graph import Judged, guarded
from cautery.workflows.plan.graph import marked, read_graph_file
from cautery.workflows.plan.regrowth import read_regrowth


def plan(
    graph: Annotated[
        Path | None, typer.Argument(help="GRAPH.json (also .xz, .gz, .zst), or - for stdin.")
    ] = None,
    served: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of the demand that may stay served.")
    ] = 0.05,
    countries: Annotated[
        int | None, typer.Option(min=0, help="Largest number of countries that may act.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Date by which every act is usable, such as 2026-12-24.")
    ] = None,
    collateral: Annotated[
        float | None, typer.Option(min=0, help="Largest number of bystanders of all acts together.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Probability of reaching the goal, if the graph is uncertain.")
    ] = 0.95,
    risk: Annotated[
        str,
        typer.Option(
            help="If the graph is uncertain: chance reaches the goal with --confidence; tail also "
            "reaches it on average in the remaining, worst cases."
        ),
    ] = "chance",
    forbid: Annotated[
        list[str] | None, typer.Option(help="Node or action that is not used; may be repeated.")
    ] = None,
    require: Annotated[
        list[str] | None, typer.Option(help="Node or action that must be used; may be repeated.")
    ] = None,
    guard: Annotated[
        Path | None,
        typer.Option(help="Facts folder: leave out acts on targets that the guard refuses."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Time at which the guard judges; default: now.")
    ] = None,
    reaction: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Days that the network needs to react; show the dates on which all acts fit into "
            "these days.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Explain each act, and give the next-best plan without it."),
    ] = False,
    pareto: Annotated[
        str | None, typer.Option(help=f"Print a table of plans over one limit: {', '.join(AXES)}.")
    ] = None,
    points: Annotated[int, typer.Option(min=2, help="Largest number of points in --pareto.")] = 12,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print the points of --pareto as CSV.")
    ] = False,
    map: Annotated[
        Path | None, typer.Option(help="FILE.svg or .html: draw the plan by country.")
    ] = None,
    regrowth: Annotated[
        bool,
        typer.Option(
            "--regrowth",
            help="Estimate the share of demand that is served in the 30 and 90 days after acts.",
        ),
    ] = False,
    regrowth_model: Annotated[
        Path | None, typer.Option(help="TOML file: other assumptions on what comes back, and when.")
    ] = None,
    waves: Annotated[
        int | None,
        typer.Option(min=1, max=89, help="Compare with two waves, this many days apart."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="FILE.svg or .png: draw --pareto, or --regrowth.")
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(min=0, help="Seconds for the whole run; then the best plan found is shown."),
    ] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search and the draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the graph's JSON Schema and exit.")
    ] = False,
    assumptions: Annotated[
        bool,
        typer.Option(
            "--assumptions", help="Print levers and regrowth with their sources as JSON and exit."
        ),
    ] = False,
) -> None:
    """Find the cheapest acts that leave at most a given share of the demand served.

    No plan costs less than the bound. Press Ctrl-C to stop the search and keep the best plan found.
    The exit code is 1 if no plan reaches the goal. The command then names the limits that
    contradict one another.

    Example: cautery plan graph.json --served 0.05 --countries 5 --by 2026-12-24 --explain
    """
    if schema:
        render.json_line(graph_schema())
        return
    if assumptions:
        _assumptions()
        return
    if graph is None:
        raise InputError(
            "no graph given",
            hint="cautery plan GRAPH.json; --schema prints what a graph holds.",
        )
    request = Asked(
        explain=explain,
        reaction=reaction,
        regrowth=_regrowth(regrowth_model) if regrowth or regrowth_model or waves else None,
        waves=waves,
        plot=plot,
        map=map,
        csv=csv,
        json=json,
    )
    request.check(pareto)

    goal = Goal(
        served=served,
        countries=countries,
        by=_day(by),
        collateral=collateral,
        confidence=confidence,
        risk=risk,
    )
    read = marked(read_graph_file(graph), forbid=forbid or (), require=require or ())
    judged: tuple[Judged, ...] | None = None
    if guard is not None:
        read, judged = _guarded(read, guard, at, budgeted=collateral is not None)
    elif unjudged := sum(target is not None for target in read.targets):
        render.say(
            f"the guard has not judged the graph's {unjudged:,} target(s): give --guard FACTS"
        )
    if not is_small(read):
        warm()
    run = Run(
        read,
        goal,
        today=wiring.clock().now().date(),
        seed=seed,
        time_limit_s=time_limit,
        judged=judged,
    )
    try:
        if pareto is not None:
            run.pareto(pareto, points, request)
        else:
            run.plan(request)
    except MemoryError as error:
        raise InputError(
            f"planning on {read.nodes:,} nodes needs more memory than there is",
            hint="Use a machine with more memory, or plan on a part of the graph.",
        ) from error


def _guarded(
    graph: PlanGraph, facts: Path, at: str | None, *, budgeted: bool
) -> tuple[PlanGraph, tuple[Judged, ...]]:

    now = wiring.clock().now if at is None else moment(at)
    with Progress("judging", None) as progress:
        return guarded(
            graph, facts=known_facts(facts), at=now(), budgeted=budgeted, step=progress.step
        )


def _regrowth(model_file: Path | None) -> RegrowthModel:

    return DEFAULT if model_file is None else read_regrowth(model_file)


def _assumptions() -> None:

    render.json_line(
        {
            "levers": {name: lever.as_json() for name, lever in LEVERS.items()},
            "regrowth": DEFAULT.as_json(),
        }
    )


def _day(text: str | None) -> date | None:

    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise InputError(f"--by: {text!r} is not a valid date", hint="Write 2026-12-24.") from error
