"""Roles in the supply graph on lab worlds: how often right, per trap, and whether the odds hold.

Run: ``python bench/networks/roles.py [--worlds 40] [--others 200]``. Of the lab's worlds
(``lab/behaviours.py``), which share the tables' idea of what a panel or an edge shows, seeds 1 to
20 were for tuning and those from 1,001 on for the test. Of the others (``_roles_worlds.py``: by
another hand, seen from outside or inside, 30 % missing) seeds 1 to 100 were for mending and those
from 1,001 on for the test. The figures say how well the model undoes what is missing, decoys and
traps; how well it reads real networks nobody has labels to tell. Peers in the same run: marks alone
(no relations), the commonest role, and for the others the same model with tables learnt from 400
worlds of the same kind (``_roles_learnt.py``): what these data hold. Intervals: Clopper-Pearson,
95 %; assets of one world are not independent, so they are too narrow.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

from roles_learnt import learnt
from roles_worlds import World, draw_world
from scipy.stats import beta

from cautery.graph.roles import RoleBelief, infer_roles
from cautery.lab.behaviours import draw_behaviours
from cautery.model import Role

TUNED, OTHERS_TUNED, TESTED = range(1, 21), range(1, 101), 1001
LESSONS = range(1, 401)


def main() -> None:
    """Print one row per question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--others", type=int, default=200)
    asked = parser.parse_args()
    print("| seeds | what | right | N | share (95 %) |\n| --- | --- | --- | --- | --- |")
    for seeds in (TUNED, range(TESTED, TESTED + asked.worlds)):
        _worlds(f"lab {seeds[0]}-{seeds[-1]}", [_of_lab(seed) for seed in seeds])
    for seeds in (OTHERS_TUNED, range(TESTED, TESTED + asked.others)):
        worlds = [draw_world(seed) for seed in seeds]
        for where, outside in (("outside", True), ("inside", False)):
            name = f"others {seeds[0]}-{seeds[-1]}, {where}"
            alike = [one for one in worlds if one.outside is outside]
            _worlds(name, alike)
            if seeds[0] == TESTED:
                lessons = [one for one in map(draw_world, LESSONS) if one.outside is outside]
                with learnt(lessons):
                    told = [infer_roles(one.marks, one.relations) for one in alike]
                _row(name, "yardstick: learnt tables", _right(alike, told))


def _of_lab(seed: int) -> World:
    drawn = draw_behaviours(seed)
    roles = {name: frozenset({role}) for name, role in drawn.roles.items()}
    return World(False, drawn.marks, drawn.relations, roles, drawn.traps)


def _worlds(name: str, worlds: list[World]) -> None:
    told = [infer_roles(one.marks, one.relations) for one in worlds]
    _rows(name, worlds, told)
    alone = [infer_roles(one.marks, ()) for one in worlds]
    _row(name, "peer: marks alone", _right(worlds, alone))
    _row(name, "peer: always edge", [Role.EDGE in one for w in worlds for one in w.roles.values()])
    print(f"{name}: {len(worlds)} worlds, calibration error {_calibration(worlds, told):.3f}")


def _rows(name: str, worlds: list[World], told: list[tuple[RoleBelief, ...]]) -> None:
    _row(name, "all", _right(worlds, told))
    by: defaultdict[str, list[bool]] = defaultdict(list)
    for world, beliefs in zip(worlds, told, strict=True):
        for one in beliefs:
            does = world.roles[one.name]
            by[f"trap {world.traps.get(one.name, 'none')}"].append(one.role in does)
            by[f"role {' + '.join(sorted(does))}"].append(one.role in does)
    for what in sorted(by):
        _row(name, what, by[what])


def _right(worlds: list[World], told: list[tuple[RoleBelief, ...]]) -> list[bool]:
    return [
        one.role in world.roles[one.name]
        for world, beliefs in zip(worlds, told, strict=True)
        for one in beliefs
    ]


def _calibration(worlds: list[World], told: list[tuple[RoleBelief, ...]]) -> float:
    """Return how far probabilities and shares right lie apart, in ten bins."""
    gaps: defaultdict[int, float] = defaultdict(float)
    count = 0
    for world, beliefs in zip(worlds, told, strict=True):
        for one in beliefs:
            right = one.role in world.roles[one.name]
            gaps[min(9, int(one.probability * 10))] += one.probability - right
            count += 1
    return sum(abs(gap) for gap in gaps.values()) / count


def _row(name: str, what: str, right: list[bool]) -> None:
    hits, number = sum(right), len(right)
    low = beta.ppf(0.025, hits, number - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, number - hits) if hits < number else 1.0
    print(f"| {name} | {what} | {hits} | {number} | {hits / number:.3f} ({low:.3f}-{high:.3f}) |")


if __name__ == "__main__":
    main()
