"""Plan: what may be done, whom it would hurt, and the cheapest set that cuts the most streams.

Examples
--------
>>> from cautery.plan import parse_target
>>> parse_target("[2001:DB8::1]").text
'2001:db8::1'
>>> parse_target("203.0.113.0/24").network.num_addresses
256
"""

from cautery.plan.choose import choose
from cautery.plan.cut import Act, Cut, cut
from cautery.plan.guard.guard import GuardPolicy, guard, no_target
from cautery.plan.guard.targets import Target, parse_target
from cautery.plan.interventions import COSTS, candidates
from cautery.plan.supply import Node, Supply

__all__ = [
    "COSTS",
    "Act",
    "Cut",
    "GuardPolicy",
    "Node",
    "Supply",
    "Target",
    "candidates",
    "choose",
    "cut",
    "guard",
    "no_target",
    "parse_target",
]
