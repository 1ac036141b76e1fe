"""Operations of the lab: a network at full size with its truth, and two published operations.

Examples
--------
>>> from cautery.lab.operations import build_world, fact_sheet
>>> world = build_world("taken-down", seed=7, scale=0.01)
>>> world.lab, world.lead.id, len(world.countries), len(world.months)
(True, 'it-postal', 12, 24)
>>> fact_sheet("kratos").fact("users").kind
'same-totals'
"""

from cautery.lab.operations.biases import COMMON
from cautery.lab.operations.fact_sheet import SHEETS, Fact, FactSheet, fact_sheet
from cautery.lab.operations.shapes import LIKES
from cautery.lab.operations.sources import sizing_sources
from cautery.lab.operations.spec import (
    Biases,
    Descendant,
    Drawn,
    Find,
    Happening,
    OperationWorld,
    Purchase,
    SearchPlace,
    Truth,
    WorldPerson,
)
from cautery.lab.operations.store import read_world, write_world
from cautery.lab.operations.world import build_world

__all__ = [
    "COMMON",
    "LIKES",
    "SHEETS",
    "Biases",
    "Descendant",
    "Drawn",
    "Fact",
    "FactSheet",
    "Find",
    "Happening",
    "OperationWorld",
    "Purchase",
    "SearchPlace",
    "Truth",
    "WorldPerson",
    "build_world",
    "fact_sheet",
    "read_world",
    "sizing_sources",
    "write_world",
]
