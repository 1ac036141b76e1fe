"""Mirror families: which domains are one and the same site under other names.

Examples
--------
>>> from cautery.graph.mirrors import Domain, mirror_families
>>> names = ("arenacinevox.example", "arenacinevox2.example", "tennisworld.example")
>>> [len(one.members) for one in mirror_families(Domain(name=name) for name in names)]
[2, 1]
"""

from cautery.graph.mirrors.costs import name_odds
from cautery.graph.mirrors.dates import NO_DAYS, NOTHING, Days, all_days
from cautery.graph.mirrors.families import Domain, Family, mirror_families
from cautery.graph.mirrors.joining import Join
from cautery.graph.mirrors.online import Arrival, Arrivals

__all__ = [
    "NOTHING",
    "NO_DAYS",
    "Arrival",
    "Arrivals",
    "Days",
    "Domain",
    "Family",
    "Join",
    "all_days",
    "mirror_families",
    "name_odds",
]
