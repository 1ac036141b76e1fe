"""Worlds of struck networks whose descendants appear among strangers, with the truth apart.

Examples
--------
>>> world = descent_world(7, Settings(strangers_a_day=2.0, descendants=4, after_d=30))
>>> [traits.of for traits in world.sets], "descendant" in {one.what for one in world.truth.values()}
(['network-1', 'network-2', 'network-3'], True)
"""

from cautery.lab.descent.world import DescentWorld, Newcomer, Settings, descent_world

__all__ = ["DescentWorld", "Newcomer", "Settings", "descent_world"]
