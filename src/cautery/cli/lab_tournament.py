"""``cautery lab tournament``: a tournament that is about to begin, with gaps that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.lab.tournament import tournament as tournament_of
from cautery.lab.tournament import write_tournament
from cautery.lab.whole_folder import require_empty


@render.tabular
def tournament(
    folder: Annotated[Path, typer.Argument(help="A new folder for the world.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world: same seed, same world.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="The summary as one JSON line.")] = False,
) -> None:
    """Build a tournament that begins tomorrow: sources/ as a user has them, truth.json apart.

    A month of matches in five countries, half a year of daily levels before it, court orders with
    their ends, a roster of people who sleep, and channels. One order ends too early, some nights
    have nobody on call, and one channel has no reference: truth.json says which.

    Example: cautery lab tournament /tmp/cup --seed 7
    """
    require_empty(folder)  # before the work, not after
    world = tournament_of(seed)
    files = write_tournament(world, folder)
    if json:
        render.json_line(
            {
                "lab": True,
                "folder": str(folder),
                "files": list(files),
                "seed": seed,
                "begins": world.begins.isoformat(),
                "matches": len(world.matches),
                "series": len(world.series),
                "gaps": [
                    {"item": str(gap.item), "subject": gap.subject, "matches": len(gap.matches)}
                    for gap in world.gaps
                ],
            }
        )
        return
    render.table(
        ("missing", "where", "matches"),
        ((str(gap.item), gap.subject, str(len(gap.matches))) for gap in world.gaps),
        title=f"LAB: {len(world.matches)} matches from {world.begins} on",
    )
    render.say(f"sources  {folder / 'sources'}   (cautery estimate forecast {folder})")
    render.say(f"truth    {folder / 'truth.json'}   (for scoring alone)")
