"""How far the planted links let anybody fall: the generator's own likelihood, all of it known.

Run: python bench/networks/ideal.py [FOLDER with the shared data] --links 3e5 --seed 5

Shares of false links, values of a network, how many networks there are and which values are hubs
are told; only who belongs where is sought, from the truth itself and from single subjects. What
both end at is the likeliest partition, by the same moves as ``cautery cluster``. How many values a
network of so many subjects has is spread as there (geometric), or with ``--exact`` the very number
that the generator gives it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from math import lgamma
from pathlib import Path

if "NUMBA_CACHE_DIR" not in os.environ:  # compiled with another law, nothing of it may be kept
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="cluster-ideal-")

import numpy as np
from numba import njit

from cautery.graph import _place_kernels
from cautery.graph.evidence import Evidence, Ints, evidence_of
from cautery.graph.partition import Partition
from cautery.graph.weights import BINS, Weights
from planted import generator

FALSE = np.array([1, 0.5, 2, 1, 0.5, 0.5])
"""Share of false links by kind, in shares of ``--mix``; the kinds that tie nobody are left out."""
FEWER = np.array([8, 4, 20, 15, 25, 12])
"""Subjects for a value of a network's own, by kind."""
ROUNDS = 25
ONE_MORE = 6.0
"""What a value more than the generator gives costs, in log-odds: without any no piece could move
into a network that still lacks others."""


@njit
def exact_law(distinct: int, links: int, expected: float) -> float:
    """Return ``_place_kernels.law`` of the very number of values that the generator gives."""
    if distinct == 0:
        return 0.0
    there = max(1, int(np.ceil(expected - 1e-9)))
    more = max(distinct - there, 0)
    there += more
    arranged = lgamma(there + 1.0) - lgamma(there - distinct + 1.0)
    return arranged - links * np.log(float(there)) - ONE_MORE * more


def owners(evidence: Evidence, label: Ints) -> tuple[Ints, Ints]:
    """Return whose most bearers of each value are, and how many."""
    width = np.int64(label.max() + 1)
    cells, count = np.unique(
        evidence.value.astype(np.int64) * width + label[evidence.subject], return_counts=True
    )
    order = np.lexsort((-count, cells // width))
    first = np.ones(order.size, dtype=bool)
    first[1:] = (cells // width)[order][1:] != (cells // width)[order][:-1]
    best = order[first]
    owner, own = np.full(evidence.values, -1), np.zeros(evidence.values, np.int64)
    owner[cells[best] // width] = cells[best] % width
    own[cells[best] // width] = count[best]
    return owner, own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=os.environ.get("CAUTERY_DATA"), type=Path)
    parser.add_argument("--links", type=float, default=3e5)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--mix", nargs="+", type=float, default=[0.02, 0.10])
    parser.add_argument("--exact", action="store_true", help="numbers of values known as well")
    asked = parser.parse_args()
    if asked.folder is None:
        raise SystemExit("name the folder with the shared data, or set CAUTERY_DATA")
    if asked.exact:
        _place_kernels.law = exact_law
    planted = generator(Path(asked.folder))
    for mix in asked.mix:
        world = planted.planted(int(asked.links), asked.seed, mix)
        ties = world["kind"] < FALSE.size
        value = (world["v"] - world["nd"])[ties]
        kind = np.zeros(value.max() + 1, np.int64)
        kind[value] = world["kind"][ties]
        truth = world["truth"].astype(np.int64)
        evidence = evidence_of(world["u"][ties], value, kind, subjects=truth.size, kinds=FALSE.size)
        own = owners(evidence, truth)[1]
        hub = (2 * own < evidence.degree) & (evidence.degree > 4)
        weights = Weights(
            false=FALSE * mix,
            links=np.bincount(evidence.kind[evidence.value]).astype(float),
            owned=np.full(FALSE.size, 0.5),
            rate=1 / FEWER,
            hub=np.full((FALSE.size, BINS), -1e9),
            subjects=truth.size,
            log_theta=float(np.log(truth.max() + 1)),
        )
        for start, label in (("the truth", truth), ("single subjects", np.arange(truth.size))):
            owner = np.where(hub, -1, owners(evidence, label)[0])
            part = Partition(evidence, label.copy(), owner, frozen=weights)
            shared = np.flatnonzero(~hub & (evidence.degree > 1))
            for _ in range(ROUNDS):
                part.place(np.arange(truth.size), shared)
            found = planted.scores(truth, np.unique(part.label, return_inverse=True)[1])
            print(
                f"{asked.links:.0e} links, {mix:.0%} false, from {start}: B3 P {found['b3p']:.3f} "
                f"R {found['b3r']:.3f} F {found['b3f']:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
