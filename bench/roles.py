"""Roles in the supply graph on lab worlds: how often right, per trap, and whether the odds hold.

Run: ``python bench/roles.py [--worlds 40]``. Seeds 1 to 20 were set apart for tuning and those from
1,001 on for the test; the tables of ``graph/roles.py`` were written down once and not changed after
either was run. The worlds (``lab/behaviours.py``) and the tables are by one hand and share their
idea of what a panel or an edge shows, so the figures say how well the model undoes missing marks,
decoys and traps; how well it reads real networks nobody has labels to tell. Peers in the same run:
marks alone (no relations), and the commonest role. Intervals: Clopper-Pearson, 95 %; assets of one
world are not independent, so they are too narrow.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

from scipy.stats import beta

from cautery.graph.roles import RoleBelief, infer_roles
from cautery.lab.behaviours import BehaviourWorld, draw_behaviours
from cautery.model import Role

TUNED, TESTED = range(1, 21), 1001


def main() -> None:
    """Print one row per question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=40)
    asked = parser.parse_args()
    print("| seeds | what | right | N | share (95 %) |\n| --- | --- | --- | --- | --- |")
    for name, seeds in (
        ("1-20 (tuned on)", TUNED),
        (f"{TESTED}-{TESTED + asked.worlds - 1}", range(TESTED, TESTED + asked.worlds)),
    ):
        worlds = [draw_behaviours(seed) for seed in seeds]
        told = [infer_roles(one.marks, one.relations) for one in worlds]
        alone = [infer_roles(one.marks, ()) for one in worlds]
        _rows(name, worlds, told)
        _row(name, "peer: marks alone", _right(worlds, alone))
        edges = [role is Role.EDGE for one in worlds for role in one.roles.values()]
        _row(name, "peer: always edge", edges)
        print(f"calibration error, ten bins: {_calibration(worlds, told):.3f}")


def _rows(name: str, worlds: list[BehaviourWorld], told: list[tuple[RoleBelief, ...]]) -> None:
    _row(name, "all", _right(worlds, told))
    by: defaultdict[str, list[bool]] = defaultdict(list)
    for world, beliefs in zip(worlds, told, strict=True):
        for one in beliefs:
            right = world.roles[one.name] is one.role
            by[f"trap {world.traps.get(one.name, 'none')}"].append(right)
            by[f"role {world.roles[one.name]}"].append(right)
    for what in sorted(by):
        _row(name, what, by[what])


def _right(worlds: list[BehaviourWorld], told: list[tuple[RoleBelief, ...]]) -> list[bool]:
    return [
        world.roles[one.name] is one.role
        for world, beliefs in zip(worlds, told, strict=True)
        for one in beliefs
    ]


def _calibration(worlds: list[BehaviourWorld], told: list[tuple[RoleBelief, ...]]) -> float:
    gaps: defaultdict[int, float] = defaultdict(float)
    count = 0
    for world, beliefs in zip(worlds, told, strict=True):
        for one in beliefs:
            gaps[min(9, int(one.probability * 10))] += one.probability - (
                world.roles[one.name] is one.role
            )
            count += 1
    return sum(abs(gap) for gap in gaps.values()) / count


def _row(name: str, what: str, right: list[bool]) -> None:
    hits, number = sum(right), len(right)
    low = beta.ppf(0.025, hits, number - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, number - hits) if hits < number else 1.0
    print(f"| {name} | {what} | {hits} | {number} | {hits / number:.3f} ({low:.3f}-{high:.3f}) |")


if __name__ == "__main__":
    main()
