"""Learn the weights of descent on development worlds, and write ``graph/descent/weights.toml``.

Run: ``python bench/estimate/descent_fit.py [--worlds 12] [--rounds 2]``. Seeds are 1000 and on: all
below 5000 are for development. Each round follows the worlds with the weights of the round before:

- ``kept``: by EM, how often an entity of each kind has the network's value on purpose, given that
  it may have it by chance, too;
- ``share``: of each kind of stranger among newcomers, for one network;
- ``appear``: descendants of one network a day, by days since the act;
- ``calibration``: slope and shift of a logistic regression of the truth on the odds.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from cautery.graph.descent import Follower
from cautery.graph.descent.odds import Level, Shown
from cautery.graph.descent.weights import DESCENDANT, STRANGER, Weights, learnt_weights
from cautery.lab.descent import DescentWorld, descent_world
from cautery.model.descent import TraitKind

TARGET = Path(__file__).resolve().parents[2] / "src/cautery/graph/descent/weights.toml"
FIRST_SEED = 1000
NAMED = {"near": "neighbour"}
UNTIL = (1, 3, 7, 14, 30, 60, 150, 430)
SAMPLED = 10
"""One plain stranger in ten is looked at, and counts ten times."""
LEAST_RATE = 0.01
"""Descendants of a network a day at any time: none were drawn on some days, but real ones come."""
SEEN_D = 21
"""Days after it appeared in which an entity is looked at: by then all that is seen of it is."""

Samples = dict[str, list[tuple[Shown, ...]]]


def main() -> None:
    """Learn in rounds, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    weights = learnt_weights()
    for number in range(asked.rounds):
        samples: Samples = defaultdict(list)
        odds: list[tuple[float, bool, float]] = []
        counts: defaultdict[str, float] = defaultdict(float)
        ages: list[int] = []
        networks = 0
        for seed in range(FIRST_SEED, FIRST_SEED + asked.worlds):
            world = descent_world(seed)
            networks += len(world.sets)
            _follow(world, weights, samples, odds)
            acts = {traits.of: traits.acted_on for traits in world.sets}
            for newcomer in world.truth.values():
                counts[newcomer.what] += 1 / len(world.sets)
                if newcomer.what == "descendant":
                    ages.append((newcomer.appeared - acts[newcomer.of]).days)
        slope, shift = _calibrated(odds, weights)
        weights = _learnt(samples, counts, ages, networks, weights)
        if number == asked.rounds - 1:
            weights = replace(weights, slope=slope, shift=shift)
        print(f"round {number + 1}: slope {slope:.3f}, shift {shift:.3f}, N {len(odds)}")
    seeds = f"{FIRST_SEED} to {FIRST_SEED + asked.worlds - 1}"
    basis = (
        f"bench/estimate/descent_fit.py, development worlds of cautery.lab.descent, seeds {seeds}"
    )
    TARGET.write_text(_toml(replace(weights, basis=basis)), encoding="utf-8")


def _follow(
    world: DescentWorld, weights: Weights, samples: Samples, odds: list[tuple[float, bool, float]]
) -> None:
    """Follow a world; keep what each entity showed in the end, and its odds."""
    follower = Follower(world.sets, weights=weights, bits=1 << 24)
    last: dict[str, tuple[str, tuple[Shown, ...], float, float]] = {}
    for day, seen in world.days.items():
        follower.day(day, seen)
        for entity in {trait.entity for trait in seen}:
            newcomer = world.truth.get(entity)
            if newcomer is None or newcomer.what == "sibling":
                continue
            plain = newcomer.what == "stranger"
            if plain and sum(entity.encode()) % SAMPLED:
                continue
            if day > newcomer.appeared + timedelta(days=SEEN_D):
                continue
            of = newcomer.of or world.sets[sum(entity.encode()) // SAMPLED % len(world.sets)].of
            evidence = follower.evidence(entity, of)
            standing = follower.standing(entity)
            last[entity] = (newcomer.what, evidence, standing, SAMPLED if plain else 1.0)
    for what, evidence, standing, weight in last.values():
        samples[NAMED.get(what, what)].append(evidence)
        if np.isfinite(standing):
            odds.append((standing, what == "descendant", weight))


def _learnt(
    samples: Samples,
    counts: dict[str, float],
    ages: list[int],
    networks: int,
    before: Weights,
) -> Weights:
    newcomers = sum(counts.values())
    edges = (0, *UNTIL)
    return replace(
        before,
        kept={what: _kept(samples[what]) for what in (DESCENDANT, STRANGER, *before.share)},
        share={
            NAMED.get(what, what): counts[what] / newcomers
            for what in counts
            if NAMED.get(what, what) in before.share
        },
        appear=tuple(
            (
                until,
                max(LEAST_RATE, sum(low <= age < until for age in ages) / networks / (until - low)),
            )
            for low, until in zip(edges, UNTIL, strict=False)
        ),
    )


def _kept(samples: list[tuple[Shown, ...]]) -> dict[TraitKind, tuple[float, ...]]:
    """Return, by EM, how often each kind is kept, by level."""
    by_kind: defaultdict[TraitKind, list[Shown]] = defaultdict(list)
    for shown in samples:
        for trait in shown:
            by_kind[trait.kind].append(trait)
    kept = {}
    none = len(Level)
    for kind in TraitKind:
        rows = by_kind[kind]
        rates = np.array([0.2, 0.1, 0.1, 0.6])
        level = np.array([none if row.level is None else row.level for row in rows], int)
        ratio = np.array([row.ratio for row in rows])
        for _ in range(50):
            on_purpose = np.where(level < none, rates[level] * ratio, 0.0)
            surely = on_purpose / (on_purpose + rates[none]) if len(rows) else on_purpose
            # A little of each is added, or what was never seen would be impossible.
            kept_at = [surely[level == n].sum() + 0.25 for n in Level]
            rates = np.array([*kept_at, len(rows) + 50.0 - sum(kept_at)]) / (len(rows) + 50.0)
        kept[kind] = tuple(rates[:none].tolist())
    return kept


def _calibrated(odds: list[tuple[float, bool, float]], weights: Weights) -> tuple[float, float]:
    """Return slope and shift by weighted logistic regression on the uncalibrated odds."""
    values = np.array(odds, float)
    raw = np.clip((values[:, 0] - weights.shift) / weights.slope, -15, 15)

    def loss(line: np.ndarray) -> float:
        log_odds = line[0] * raw + line[1]
        sign = np.where(values[:, 1] > 0, -1.0, 1.0)
        return float((values[:, 2] * np.logaddexp(0.0, sign * log_odds)).sum())

    slope, shift = minimize(loss, np.array([1.0, 0.0])).x
    return float(slope), float(shift)


def _toml(weights: Weights) -> str:
    rows = [
        "# How often each kind of entity has a struck network's value on purpose:",
        "# [the same and hardly any stranger's, the same, near].",
        f'basis = "{weights.basis}"',
        "",
        "[calibration]",
        f"slope = {weights.slope:.4f}",
        f"shift = {weights.shift:.4f}",
        "",
        "[appear]",
        "# [days after the act up to which, descendants of one network a day]",
        f"rates = [{', '.join(f'[{until}, {rate:.4f}]' for until, rate in weights.appear)}]",
        "",
        "[share]",
        "# of newcomers, for one network",
        *(f"{what} = {share:.5f}" for what, share in weights.share.items()),
    ]
    for what, kinds in weights.kept.items():
        rows += ["", f"[kept.{what}]"]
        rows += [
            f"{kind.value} = [{', '.join(f'{rate:.5f}' for rate in rates)}]"
            for kind, rates in kinds.items()
        ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
