"""``cautery lab daily``: a daily world with strikes whose effect is known."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery.cli import render
from cautery.errors import InputError
from cautery.lab.daily import Act, DailySpec, DailyTruth, daily_world
from cautery.lab.daily.folder import write_daily
from cautery.lab.whole_folder import require_empty

_USUAL = DailySpec()


@render.tabular
def daily(
    folder: Annotated[Path, typer.Argument(help="A new folder for the world.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world: same seed, same world.")] = 1,
    networks: Annotated[int, typer.Option(help="Networks.")] = _USUAL.networks,
    markets: Annotated[int, typer.Option(help="Countries, 2 to 12.")] = _USUAL.markets,
    days: Annotated[int, typer.Option(help="Days; at least 200.")] = _USUAL.days,
    strike: Annotated[
        str, typer.Option(help="What a strike is: seizure, blocking, wave or spill-over.")
    ] = _USUAL.act,
    strikes: Annotated[int, typer.Option(help="How many strikes; 0: none.")] = _USUAL.strikes,
    displacement: Annotated[
        float | None,
        typer.Option(
            help="Share of those driven out who go to other networks, 0 to 0.9; default: drawn."
        ),
    ] = None,
    served_left: Annotated[
        float | None,
        typer.Option(help="Share served on the first day after a strike; default: drawn."),
    ] = None,
    probes: Annotated[float, typer.Option(help="Probes of each network a day.")] = _USUAL.probes,
    json: Annotated[bool, typer.Option("--json", help="The summary as one JSON line.")] = False,
) -> None:
    """Build months of daily series with strikes: sources/ as a user has them, truth.json apart.

    No estimator reads truth.json: cautery estimate reads only what lies in sources/.

    Example: cautery lab daily /tmp/days --seed 7 --strike seizure --displacement 0.6
    """
    try:
        act = Act(strike)
    except ValueError as error:
        raise InputError(
            f"--strike: {strike!r} is not valid", hint=f"Give one of {', '.join(Act)}."
        ) from error
    spec = DailySpec(
        networks=networks,
        markets=markets,
        days=days,
        act=act,
        strikes=strikes,
        displacement=displacement,
        served_left=served_left,
        probes=probes,
    )
    require_empty(folder)  # before the work, not after
    begun = time.perf_counter()
    sources, truth = daily_world(seed, spec)
    files = write_daily(sources, truth, folder)
    if json:
        render.json_line(
            {
                "lab": True,
                "folder": str(folder),
                "files": list(files),
                "seed": seed,
                "series": len(sources.series),
                "fixtures": len(sources.fixtures),
                "lifetimes": len(sources.lifetimes),
                "struck": _struck(truth),
                "seconds": round(time.perf_counter() - begun, 3),
            }
        )
        return
    render.table(
        (
            "strike",
            "network",
            "market",
            "true change of use, 30 days",
            "90 days",
            "served, 30 days",
        ),
        (
            (
                row["on"],
                row["unit"],
                row["market"],
                _change(row["log_effect_30_d"]),
                _change(row["log_effect_90_d"]),
                f"{row['area_served_30_d']:.0%}",
            )
            for row in _struck(truth)
        ),
        title=f"LAB: {networks} networks in {markets} markets over {days} days",
    )
    render.say(f"sources  {folder / 'sources'}   ({len(sources.series)} series)")
    render.say(f"picture  {folder / 'picture.svg'}")
    render.say(f"truth    {folder / 'truth.json'}   (for scoring alone)")


def _struck(truth: DailyTruth) -> list[dict[str, Any]]:
    return [
        {
            "on": (truth.first.fromordinal(truth.first.toordinal() + row.day)).isoformat(),
            "unit": row.unit,
            "market": row.market,
            "log_effect_30_d": row.effect[30],
            "log_effect_90_d": row.effect[90],
            "area_served_30_d": row.area[30],
            "area_served_90_d": row.area[90],
        }
        for row in truth.struck
    ]


def _change(log_ratio: float | None) -> str:
    return "" if log_ratio is None else f"{math.expm1(log_ratio):+.0%}"
