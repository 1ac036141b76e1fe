"""``cautery operation cut``: the cheapest acts on a desk's picture, with a proven bound."""

from __future__ import annotations

import json as text
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli.guard import moment
from cautery.cli.operation._places import check_place
from cautery.messages import say
from cautery.model import to_json
from cautery.plan.warm import warm
from cautery.wiring import desks
from cautery.wiring.facts import known_facts
from cautery.workflows.operation.guard_picture import judge_picture
from cautery.workflows.operation.plan_cut import day_file, plan_cut, steps_of

MOST_ROWS = 40


def cut(
    case: Annotated[Path, typer.Argument(help="Case of the agency that plans.")],
    served_at_most: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the known demand that may stay served.")
    ] = 0.05,
    countries_at_most: Annotated[
        int | None, typer.Option(min=1, help="Largest number of countries that may act.")
    ] = None,
    steps: Annotated[
        Path | None,
        typer.Option(help="Write the steps of an action day to this JSON file, to edit and plan."),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(min=1, help="Seconds for the search; then the best plan found is shown."),
    ] = 20.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver's choices.")] = 0,
    guard: Annotated[
        Path | None,
        typer.Option(help="Facts folder: leave out acts on targets that the guard objects to."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Time at which the guard judges; default: now.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Find the cheapest acts that cut the supply, as far as this desk's statements show it.

    Example: cautery operation cut cases/it --served-at-most 0.05 --steps day.json
    """
    if steps is not None:
        check_place(steps, case=case)
    judge = None
    if guard is None:
        render.say("the guard has not judged the targets: give --guard FACTS")
    if guard is not None:
        fact_source = known_facts(guard)
        now = (wiring.clock().now if at is None else moment(at))()
        judge = partial(judge_picture, facts=fact_source, at=now)
    warm()
    with desks.desk(case, read_only=dry_run) as desk:
        planned = plan_cut(
            desk,
            served_at_most=served_at_most,
            countries_at_most=countries_at_most,
            seed=seed,
            time_limit_s=time_limit,
            at=None if dry_run else wiring.clock().now(),
            judge=judge,
        )
        planned_steps = steps_of(planned, desk)
    if steps is not None:
        wiring.write_file(
            steps, text.dumps(day_file(planned_steps), indent=1, ensure_ascii=False).encode()
        )
    if json:
        render.json_line(
            {
                "served_before": planned.cut.served_before,
                "served_after": planned.cut.served_after,
                "floor": planned.floor,
                "goal": planned.goal,
                "cost": planned.cut.cost,
                "bound": planned.cut.bound,
                "gap": planned.cut.gap,
                "method": say(planned.cut.method),
                "acts": [to_json(act) for act in planned.cut.chosen],
                "guard": [
                    {
                        "node": node,
                        "verdict": str(verdict.decision),
                        "reasons": to_json(verdict.reasons, words=say),
                        "valid_until": to_json(verdict.valid_until),
                    }
                    for node, verdict in planned.judged.items()
                ],
                "left": [{"node": node, "why": why} for node, why in planned_steps.left],
            }
        )
    else:
        rows = [
            (", ".join(act.nodes), act.country or "", f"{act.cost:.1f}")
            for act in sorted(planned.cut.chosen, key=lambda act: (act.country or "", act.id))
        ]
        render.table(("act on", "country", "cost"), rows[: render.most_rows(MOST_ROWS)])
        if len(rows) > render.most_rows(MOST_ROWS):
            render.say(f"{MOST_ROWS} of {len(rows)} shown; --json lists all")
        for line in planned.words:
            render.say(line)
        for node, why in planned_steps.left[:5]:
            render.say(f"left out: {node}: {why}")
    if steps is not None:
        render.say(f"steps   {steps}: add each agency's clock, then run cautery operation day plan")
