"""A tournament as a folder: ``sources`` as a user would have them, and ``truth.json`` apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.formats.daily import daily_table
from cautery.formats.ical import Fixture
from cautery.formats.preparation import channels_table, checks_table, orders_table, roster_table
from cautery.lab.daily.folder import calendar_of
from cautery.lab.operations.tables import STAMP, as_json
from cautery.lab.tournament.spec import TournamentWorld
from cautery.lab.whole_folder import whole_folder
from cautery.model.preparation import Match

FORMAT = "cautery-lab-tournament/1"


def write_tournament(world: TournamentWorld, folder: Path) -> tuple[str, ...]:
    """Write a tournament into a new or empty folder, whole or not at all; return the files' paths.

    Raises
    ------
    InputError
        If the folder holds something already, or is no folder.
    StorageError
        If it cannot be written; nothing partial survives.
    """
    fixtures = [_fixture(match) for match in (*world.played, *world.matches)]
    files = {
        "sources/daily.csv": daily_table(world.series),
        "sources/fixtures.ics": calendar_of(fixtures),
        "sources/orders.csv": orders_table(world.orders),
        "sources/roster.csv": roster_table(world.roster),
        "sources/channels.csv": channels_table(world.channels),
        "sources/checks.csv": checks_table(world.checks),
        "truth.json": as_json(truth_of(world)),
    }
    with whole_folder(folder) as work_folder:
        (work_folder / "sources").mkdir()
        for name, content in files.items():
            (work_folder / name).write_bytes(content)
    return tuple(files)


def truth_of(world: TournamentWorld) -> dict[str, Any]:
    """Return what nobody knows before the tournament: levels, demand, and gaps."""
    return {
        "lab": True,
        "stamp": STAMP,
        "format": FORMAT,
        "version": __version__,
        "seed": world.seed,
        "begins": world.begins.isoformat(),
        "gaps": [
            {"item": str(gap.item), "subject": gap.subject, "matches": list(gap.matches)}
            for gap in world.gaps
        ],
        "drawn": [
            {"match": match, "country": country, "level": round(level, 1)}
            for (match, country), level in world.match_levels.items()
        ],
        "levels": daily_table(world.to_come).decode(),
    }


def _fixture(match: Match) -> Fixture:
    categories = [
        category for category in (match.competition, match.stage, *match.countries) if category
    ]
    return Fixture(
        id=match.id,
        title=match.name,
        starts_at=match.starts_at,
        ends_at=match.ends_at,
        whole_day=False,
        cancelled=False,
        place=None,
        url=None,
        categories=tuple(categories),
        other=(),
    )
