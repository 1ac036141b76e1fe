"""How many machines a night needs, from what one look and one channel were measured to take.

Examples
--------
>>> night = Night(channels=500, looks_a_minute=60)
>>> needs(night, Machine()).nodes
2
"""

from cautery.estimate.machines.needs import (
    FULL,
    MOST_IN_ONE_INDEX,
    Machine,
    Needs,
    Night,
    UnitCost,
    hearing_cores,
    look_bytes,
    look_cpu_s,
    measured,
    needs,
    unit_costs,
)

__all__ = [
    "FULL",
    "MOST_IN_ONE_INDEX",
    "Machine",
    "Needs",
    "Night",
    "UnitCost",
    "hearing_cores",
    "look_bytes",
    "look_cpu_s",
    "measured",
    "needs",
    "unit_costs",
]
