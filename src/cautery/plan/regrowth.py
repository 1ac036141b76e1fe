"""Served capacity over the weeks after a plan: nodes return, customers wait, move or leave.

A world draws the parameters, what exists and which acts work. Each node that was taken is back
after a drawn time, or never. A demand that is down loses those who wait for it with a half-life;
some of them go to what still stands in the graph, the others are lost to it. What counts is the
*area* under the served share, not the drop on the first day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.plan.graph import Bools, Floats, PlanGraph
from cautery.plan.regrowth_model import RegrowthModel

HORIZONS = (30, 90)
"""Days over which the area is stated."""
DRAWS = 200
LEAST_DRAWS = 20
"""Draws made whatever the time: fewer give no interval."""
_TAIL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Median and 90 % interval over draws."""

    mid: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Return the public JSON."""
        return {"value": self.mid, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When each act of a plan is done.

    Parameters
    ----------
    day : ndarray
        Days after the first act, for each place that is acted on, in the plan's order.
    again : int or None
        Day on which whatever of it is back is acted on once more.
    """

    name: str
    day: Floats
    again: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What one schedule leaves served.

    Parameters
    ----------
    served : tuple of Interval
        Share of all demand served at the end of each day, from day 0 (just after the first act).
    area : dict of int to Interval
        Days' worth of the whole demand that is served over the first 30 and 90 days.
    extra : Interval
        Cost of acting again.
    """

    schedule: Schedule
    served: tuple[Interval, ...]
    area: dict[int, Interval]
    extra: Interval
    draws: int

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        return {
            "name": self.schedule.name,
            "last_act_day": float(self.schedule.day.max(initial=0.0)),
            "area": [
                {
                    "days": days,
                    **interval.as_json(),
                    "share": {key: value / days for key, value in interval.as_json().items()},
                }
                for days, interval in self.area.items()
            ],
            "extra_cost": self.extra.as_json(),
            "served": [
                {"day": day, **interval.as_json()} for day, interval in enumerate(self.served)
            ],
            "draws": self.draws,
        }


def schedules(
    graph: PlanGraph, items: NDArray[np.int64], *, waves_days: int | None = None
) -> tuple[Schedule, ...]:
    """Return the ways to time a plan that are worth comparing.

    All at once; each act as soon as it is usable, where that is not the same; and, given the days
    between two waves, the half of the cost that is usable first before the rest, and all at once
    and again whatever is back by then.
    """
    at_once = np.zeros(items.size)
    ways = [Schedule(name="all at once", day=at_once)]
    if not items.size:
        return tuple(ways)
    usable = np.ceil(graph.delay_days[items])
    spread: Floats = (usable - usable.min()).astype(np.float64)
    if spread.max() > 0:
        ways.append(Schedule(name="each once usable", day=spread))
    if waves_days is not None and items.size > 1:
        order = np.lexsort((np.arange(items.size), usable))
        spent = np.cumsum(graph.cost[items][order])
        late = np.empty(items.size, np.bool_)
        # Exactly half of the cost may come out a hair above it.
        late[order] = spent > spent[-1] / 2 + 1e-12
        late[order[0]] = False
        ways.append(
            Schedule(
                name=f"two halves, {waves_days} days apart",
                day=np.where(late, float(waves_days), 0.0),
            )
        )
    if waves_days is not None:
        ways.append(
            Schedule(
                name=f"all at once, and again after {waves_days} days",
                day=at_once,
                again=waves_days,
            )
        )
    return tuple(ways)


def regrow(
    graph: PlanGraph,
    items: NDArray[np.int64],
    timing: Sequence[Schedule],
    model: RegrowthModel,
    *,
    seed: int,
    left_s: Callable[[], float],
    draws: int = DRAWS,
    progress: Callable[[int, int], None] = lambda _finished, _total: None,
) -> tuple[Course, ...]:
    """Simulate every schedule in the same worlds.

    Parameters
    ----------
    items : ndarray
        Places that the plan acts on.
    left_s : callable
        Seconds left; when they end, the draws made so far are told, at least
        :data:`LEAST_DRAWS`.
    """
    sim = _Simulation(graph, items, model)
    days = HORIZONS[-1]
    served = np.empty((len(timing), draws, days + 1))
    extra = np.zeros((len(timing), draws))
    finished = 0
    for draw in range(draws):
        # A generator for each draw: all schedules meet the same worlds, and a run that time cuts
        # short has the first ones of a whole run.
        world = sim.world(np.random.default_rng([seed, 2, draw]))
        try:
            for number, schedule in enumerate(timing):
                served[number, draw], extra[number, draw] = sim.run(world, schedule, days)
        except KeyboardInterrupt:
            if finished == 0:
                raise
            break
        finished = draw + 1
        progress(finished, draws)
        if finished >= LEAST_DRAWS and left_s() <= 0:
            break
    courses = []
    for number, schedule in enumerate(timing):
        runs = served[number, :finished]
        # Trapezoids: the share changes over the day, not at its stroke.
        areas = {
            horizon: _interval((runs[:, :horizon] + runs[:, 1 : horizon + 1]).sum(axis=1) / 2)
            for horizon in HORIZONS
        }
        quantiles = np.quantile(runs, [0.5, _TAIL, 1 - _TAIL], axis=0)
        courses.append(
            Course(
                schedule=schedule,
                served=tuple(
                    Interval(mid=mid, low=low, high=high) for mid, low, high in quantiles.T.tolist()
                ),
                area=areas,
                extra=_interval(extra[number, :finished]),
                draws=finished,
            )
        )
    return tuple(courses)


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """One draw: parameters, the nodes in it, and when each node is back; ``inf``: never."""

    absent: Bools
    exists: Bools | None
    works: NDArray[np.bool_]
    back: Floats
    keeps: Floats
    half_life: float
    moves: float


class _Simulation:
    """What of a plan stays the same from world to world."""

    def __init__(self, graph: PlanGraph, items: NDArray[np.int64], model: RegrowthModel) -> None:
        self._graph, self._items, self._model = graph, items, model
        self._demand = np.flatnonzero(graph.weight > 0)
        self._weight = graph.weight[self._demand] / graph.demand
        covered = covered_by(graph)
        # An act takes nodes, and nodes come back one by one: elsewhere, not by leave of the act.
        self._nodes_by_act = [covered.get(int(act), np.array([act], np.int64)) for act in items]
        self._nodes = np.unique(np.concatenate([*self._nodes_by_act, np.zeros(0, np.int64)]))
        place = {int(node): number for number, node in enumerate(self._nodes)}
        self._nodes_of = [
            np.array([place[int(n)] for n in act_nodes], np.int64)
            for act_nodes in self._nodes_by_act
        ]
        names = list(model.classes)
        self._class = np.array(
            [names.index(model.class_of(graph.roles[node])) for node in self._nodes], np.int64
        )
        self._links_sure = bool((graph.link_exists >= 1).all())
        self._unsure = np.flatnonzero(graph.exists < 1)

    def world(self, rng: np.random.Generator) -> _World:
        graph, classes = self._graph, list(self._model.classes.values())
        absent = np.zeros(len(graph.ids), np.bool_)
        absent[self._unsure] = rng.random(self._unsure.size) >= graph.exists[self._unsure]
        returns = np.array([float(class_.returns.draw(rng)) for class_ in classes])
        keeps = np.array([float(class_.keeps.draw(rng)) for class_ in classes])
        # Twice: a node that is taken again has a second time to come back.
        back = np.empty((2, self._nodes.size))
        for turn in range(2):
            for number, class_ in enumerate(classes):
                members = np.flatnonzero(self._class == number)
                days = class_.days.draw(rng, members.size)
                stays = rng.random(members.size) >= returns[number]
                back[turn, members] = np.where(stays, np.inf, days)
        return _World(
            absent=absent,
            exists=None
            if self._links_sure
            else rng.random(graph.link_exists.size) < graph.link_exists,
            works=rng.random((2, self._items.size)) < graph.success[self._items],
            back=back,
            keeps=keeps[self._class],
            half_life=float(self._model.half_life_days.draw(rng)),
            moves=float(self._model.moves.draw(rng)),
        )

    def run(self, world: _World, timing: Schedule, days: int) -> tuple[Floats, float]:
        """Return the share served at the end of each day, and what acting again cost."""
        taken_day, back = self._times(world, timing, turn=0)
        extra = 0.0
        repeat = timing.again
        retaken = np.full(self._nodes.size, np.inf)
        second = np.full(self._nodes.size, np.inf)
        if repeat is not None:
            returned = back <= repeat
            hit = np.array([returned[nodes].any() for nodes in self._nodes_of], np.bool_)
            extra = float(self._graph.cost[self._items[hit]].sum())
            once_more, second_back = self._times(
                world, Schedule(name="", day=np.where(hit, float(repeat), np.inf)), turn=1
            )
            retaken = np.where(returned, once_more, np.inf)
            second = np.where(np.isfinite(retaken), second_back, np.inf)
        stays = np.ones(self._demand.size)
        moved = 0.0
        # The share of those who wait that gives up in a day: half of them have left after a
        # half-life.
        leaves = 1 - 0.5 ** (1 / world.half_life)
        shares = np.empty(days + 1)
        last: tuple[bytes, bytes] | None = None
        share, is_served = np.ones(self._demand.size), True
        for day in range(days + 1):
            down = ((taken_day <= day) & (back > day)) | ((retaken <= day) & (second > day))
            returned = ~down & (taken_day <= day)
            state = down.tobytes(), returned.tobytes()
            # On most days nobody comes or goes, and the share is that of the day before.
            if state != last:
                share, last = self._share(world, down, returned), state
                is_served = bool(share.any())
            waiting = stays * (1 - share)
            served = float(np.add.reduce(self._weight * (stays - waiting)))
            shares[day] = served + (moved if is_served else 0.0)
            left = waiting * leaves
            stays = stays - left
            moved += world.moves * float(np.add.reduce(self._weight * left))
        return shares, extra

    def _times(self, world: _World, timing: Schedule, *, turn: int) -> tuple[Floats, Floats]:
        """Return the day on which each node is taken, and is back; an act that fails takes none."""
        taken_day = np.full(self._nodes.size, np.inf)
        for number, nodes in enumerate(self._nodes_of):
            if world.works[turn, number]:
                taken_day[nodes] = np.minimum(taken_day[nodes], timing.day[number])
        return taken_day, taken_day + world.back[turn]

    def _share(self, world: _World, down: Bools, returned: Bools) -> Floats:
        """Return how much of its customers each demand reaches: by the best way that is up."""
        removed = world.absent.copy()
        removed[self._nodes[down]] = True
        share = np.zeros(self._demand.size)
        levels = np.unique(np.append(world.keeps[returned], 1.0))
        for level in levels.tolist():
            without = removed.copy()
            without[self._nodes[returned & (world.keeps < level)]] = True
            if world.exists is None:
                up = self._graph.groups.standing(without)
            else:
                up = self._graph.groups.standing_in(without, world.exists)
            share[up[self._demand]] = level
        return share


def covered_by(graph: PlanGraph) -> dict[int, NDArray[np.int64]]:
    """Return the nodes that each action takes down."""
    groups = graph.groups
    alone = groups.sizes == 1
    member = groups.member[groups.start[:-1][alone]]
    owner = groups.owner[alone]
    acts = member >= graph.nodes
    nodes_of: dict[int, list[int]] = {}
    for action, node in zip(member[acts].tolist(), owner[acts].tolist(), strict=True):
        nodes_of.setdefault(action, []).append(node)
    return {action: np.array(nodes, np.int64) for action, nodes in nodes_of.items()}


def _interval(values: Floats) -> Interval:
    mid, low, high = np.quantile(values, [0.5, _TAIL, 1 - _TAIL]).tolist()
    return Interval(mid=mid, low=low, high=high)
