"""Fit the four numbers by which log-odds of a membership become a probability.

Run: python bench/networks/fit.py

On worlds of ``cautery.lab.links`` alone; prints BASE, SLOPE, SIZE and FALSE of
``cautery.graph.membership``. A membership is right when its true network holds most of its cluster.
"""

from __future__ import annotations

import numpy as np
from run import right_of
from scipy.optimize import minimize

from cautery.graph.membership import CEILING, FLOOR, falseness, log_odds
from cautery.graph.networks import find_networks
from cautery.lab.links import link_world


def main() -> None:
    rows, rights = [], []
    for seed, falser in ((21, 1.0), (22, 2.0), (23, 4.0), (24, 1.0)):
        world = link_world(12_000, seed=seed, falser=falser)
        evidence, _ = world.table.evidence()
        part = find_networks(evidence, common=np.empty(0, np.int64), seed=0)
        label = np.unique(part.label, return_inverse=True)[1]
        members = np.bincount(label)[label]
        several = members > 1
        least = np.clip(log_odds(part, np.arange(label.size)), FLOOR, CEILING)
        false = np.full(label.size, np.log(falseness(part)))
        rows.append(np.column_stack([np.ones(label.size), least, np.log(members), false])[several])
        rights.append(right_of(world.truth, label)[several])
    features, right = np.concatenate(rows), np.concatenate(rights).astype(float)

    def loss(weights: np.ndarray) -> float:
        logit = features @ weights
        return float(np.mean(np.logaddexp(0, logit) - right * logit))

    found = minimize(loss, np.zeros(4), method="BFGS").x
    print(f"N={right.size} right {right.mean():.3f}")
    print("BASE, SLOPE, SIZE, FALSE =", ", ".join(f"{one:.3f}" for one in found))


if __name__ == "__main__":
    main()
