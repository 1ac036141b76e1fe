"""``cautery lab descent``: what grows back after acts, among strangers, a day a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.lab.descent import Settings, descent_world
from cautery.lab.descent.folder import write_descent
from cautery.lab.whole_folder import require_empty

_USUAL = Settings()


@render.tabular
def descent(
    folder: Annotated[Path, typer.Argument(help="A new folder for the world.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world: same seed, same world.")] = 1,
    networks: Annotated[int, typer.Option(help="Networks that are struck.")] = _USUAL.networks,
    strangers: Annotated[
        float, typer.Option(help="Newcomers of others on a day.")
    ] = _USUAL.strangers_a_day,
    descendants: Annotated[
        int, typer.Option(help="About how many a network has.")
    ] = _USUAL.descendants,
    days: Annotated[int, typer.Option(help="Days after the first act.")] = _USUAL.after_d,
    care: Annotated[
        float,
        typer.Option(
            help="Added care of operators: the odds of keeping a trait fall by exp(care)."
        ),
    ] = _USUAL.care,
    json: Annotated[bool, typer.Option("--json", help="The summary as one JSON line.")] = False,
) -> None:
    """Build a world of descendants: traits.json of the struck, seen/DAY.jsonl, truth.json apart.

    seen/DAY.jsonl holds what certificate logs, passive DNS, playlists and watches bring on a day.
    Nobody who follows reads truth.json.

    Example: cautery lab descent /tmp/regrowth --seed 7
    """
    settings = Settings(
        networks=networks,
        strangers_a_day=strangers,
        descendants=descendants,
        after_d=days,
        care=care,
    )
    require_empty(folder)  # before the work, not after
    world = descent_world(seed, settings)
    count = write_descent(world, folder)
    newcomers = Counter(newcomer.what for newcomer in world.truth.values())
    if json:
        render.json_line(
            {
                "lab": True,
                "folder": str(folder),
                "seed": seed,
                "networks": [traits.of for traits in world.sets],
                "days": count,
                "seen": sum(map(len, world.days.values())),
                "newcomers": dict(sorted(newcomers.items())),
            }
        )
        return
    render.table(
        ("network", "struck on", "traits known", "hosts known", "descendants"),
        (
            (
                traits.of,
                traits.acted_on.isoformat(),
                len(traits.traits),
                len(traits.members),
                sum(
                    newcomer.what == "descendant" and newcomer.of == traits.of
                    for newcomer in world.truth.values()
                ),
            )
            for traits in world.sets
        ),
        title=f"LAB: {newcomers.total():,} newcomers over {count} days",
    )
    render.say(f"traits  {folder / 'traits.json'}")
    render.say(f"seen    {folder / 'seen'}   ({count} days)")
    render.say(f"truth   {folder / 'truth.json'}   (for scoring alone)")
