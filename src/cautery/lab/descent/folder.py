"""A world of descendants as a folder: what a follower may read, and ``truth.json`` apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.formats.seen import seen_lines, trait_sets_json
from cautery.lab.descent.world import DescentWorld
from cautery.lab.operations.tables import STAMP, as_json
from cautery.lab.whole_folder import whole_folder

FORMAT = "cautery-lab-descent/1"


def write_descent(world: DescentWorld, folder: Path) -> int:
    """Write a world into a new or empty folder, whole or not at all; return how many days it has.

    ``traits.json`` is what the cases knew on the days of their acts; ``seen/DAY.jsonl`` is what
    arrived on a day.

    Raises
    ------
    InputError
        If the folder holds something already, or is no folder.
    StorageError
        If it cannot be written; nothing partial survives.
    """
    with whole_folder(folder) as work_folder:
        (work_folder / "seen").mkdir()
        (work_folder / "traits.json").write_bytes(trait_sets_json(world.sets))
        (work_folder / "truth.json").write_bytes(as_json(truth_of(world)))
        for day, traits in world.days.items():
            (work_folder / "seen" / f"{day}.jsonl").write_bytes(b"".join(seen_lines(traits)))
    return len(world.days)


def truth_of(world: DescentWorld) -> dict[str, Any]:
    """Return the truth as plain JSON: what each newcomer is, and since when."""
    return {
        "lab": True,
        "stamp": STAMP,
        "format": FORMAT,
        "version": __version__,
        "seed": world.seed,
        "newcomers": [
            {
                "entity": newcomer.entity,
                "what": newcomer.what,
                "of": newcomer.of,
                "appeared": newcomer.appeared.isoformat(),
                "role": newcomer.role,
                "kept": [kind.value for kind in newcomer.kept],
                "shares_hoster_template_and_payment": newcomer.shares,
            }
            for newcomer in world.truth.values()
        ],
    }
