"""A pirate world with its truth, built from a seed and served live on loopback.

Examples
--------
>>> from cautery.lab import plan_world
>>> plan = plan_world(7)
>>> len([one for one in plan.streams if one.kind == "rebroadcast"])
36
>>> sorted(network.id for network in plan.networks)
['A', 'B', 'C']
>>> plan == plan_world(7)
True
"""

from cautery.lab.scoreboard import Scoreboard, score, stream_key
from cautery.lab.spec import Plan
from cautery.lab.start import LiveLab, start_lab
from cautery.lab.truth import HostTruth, StreamTruth, Truth
from cautery.lab.world import World, build_world, plan_world

__all__ = [
    "HostTruth",
    "LiveLab",
    "Plan",
    "Scoreboard",
    "StreamTruth",
    "Truth",
    "World",
    "build_world",
    "plan_world",
    "score",
    "start_lab",
    "stream_key",
]
