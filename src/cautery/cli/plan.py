"""``cautery plan``: the cheapest lawful acts that cut the supply, with a proven bound."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from cautery.cli import render
from cautery.errors import InputError

if TYPE_CHECKING:
    from datetime import date

    from cautery.plan.supply_plan import SupplyPlan

MOST_ROWS = 40


def plan(
    graph: Annotated[
        Path | None, typer.Argument(help="GRAPH.json (.xz, .gz, .zst too), or - for stdin.")
    ] = None,
    served: Annotated[
        float, typer.Option(min=0, max=1, help="Most of all demand that may stay served.")
    ] = 0.05,
    countries: Annotated[int | None, typer.Option(min=0, help="Most countries that act.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Day on which every action is usable, 2026-12-24.")
    ] = None,
    collateral: Annotated[
        float | None, typer.Option(min=0, help="Most bystanders, over all actions.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Of reaching the goal where the graph is uncertain.")
    ] = 0.95,
    time_limit: Annotated[
        float, typer.Option(min=0, help="Seconds; the best so far is told.")
    ] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of the search and the draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the graph's JSON Schema and stop.")
    ] = False,
) -> None:
    """Choose the cheapest acts after which at most a share of the demand is served.

    No plan costs less than the bound. Ctrl-C ends the search and tells the best so far.
    Exit code 1: no plan reaches the goal; what clashes is told.

    Example: cautery plan graph.json --served 0.05 --countries 5 --by 2026-12-24
    """
    from cautery.plan.read_graph import graph_schema

    if schema:
        render.json_line(graph_schema())
        return
    if graph is None:
        raise InputError(
            "no graph given",
            hint="cautery plan GRAPH.json; --schema prints what a graph holds.",
        )
    from cautery import wiring
    from cautery.plan.goal import Goal
    from cautery.plan.supply_plan import plan_supply
    from cautery.workflows.plan_graph import read_graph_file

    goal = Goal(
        served=served,
        countries=countries,
        by=_day(by),
        collateral=collateral,
        confidence=confidence,
    )
    read = read_graph_file(graph)
    with _Shown() as shown:
        found = plan_supply(
            read,
            goal,
            today=wiring.clock().now().date(),
            seed=seed,
            time_limit_s=time_limit,
            progress=shown.tell,
        )
    if json:
        render.json_line(found.as_json())
    else:
        _table(found, {name: role or "" for name, role in zip(read.ids, read.roles, strict=False)})
    if found.status == "infeasible":
        raise typer.Exit(1)


def _table(found: SupplyPlan, roles: dict[str, str]) -> None:
    if found.remove:
        render.table(
            ("act on", "role"),
            ((name, roles.get(name, "action")) for name in found.remove[:MOST_ROWS]),
        )
    if len(found.remove) > MOST_ROWS:
        render.say(f"{MOST_ROWS} of {len(found.remove)} shown; all with --json")
    lines = [
        ("status", found.status),
        ("served", f"{found.served:.2%}"),
        ("cost", _number(found.cost)),
        ("bound", f"{_number(found.bound)}: no plan costs less"),
        ("gap", "" if found.gap is None else f"{found.gap:.2%}"),
        ("countries", ", ".join(found.countries)),
        ("from", "" if found.date is None else found.date.isoformat()),
        ("collateral", _number(found.collateral)),
        ("seed", found.seed),
        ("seconds", f"{found.seconds:.1f}"),
    ]
    if found.p_served is not None:
        chance = found.p_served
        interval = f"{chance.low:.1%} to {chance.high:.1%}"
        told = f"{chance.value:.1%} ({interval}) of {chance.draws} fresh draws reach the goal"
        lines.insert(2, ("chance", told))
    if found.status == "infeasible":
        lines = [one for one in lines if one[0] not in ("bound", "gap")]
        lines.append(("clash", "; ".join(found.conflict)))
        render.say(f"no plan reaches the goal; {found.served:.2%} served is the least within reach")
    render.table(("", ""), lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.6g}"


def _day(text: str | None) -> date | None:
    from datetime import datetime

    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise InputError(f"--by: {text!r} is no day", hint="Such as 2026-12-24.") from error


class _Shown:
    """Shows bound, best and gap on a terminal while the search goes on; elsewhere nothing."""

    def __init__(self) -> None:
        self._status: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True, highlight=False).status("reading")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, what: str, best: float | None, bound: float) -> None:
        """Show how far the search is."""
        if self._status is None:
            return
        words = f"{what}: bound {bound:,.6g}"
        if best is not None and best > 0:
            words += f", best {best:,.6g}, gap {max(0.0, best - bound) / best:.2%}"
        self._status.update(words)
