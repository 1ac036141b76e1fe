"""From evidence to networks: many starts, what they agree on, and the moves from there.

One greedy run ends a little elsewhere with each seed, above all while hubs are as small as values
of one's own. So small graphs are run many times: whether a value is a hub is voted, weights are
averaged, and the last run starts from what no run parted (core groups: Ovelgoenne and
Geyer-Schulz, DIMACS challenge 2012), in an order that new links do not change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cautery.graph.evidence import Evidence, Ints
from cautery.graph.granularity import choose
from cautery.graph.partition import Partition
from cautery.graph.starts import start_from
from cautery.graph.weights import MATCH_FLOOR, Weights, averaged, bins_of, match_rates

START_DEGREE = 50
"""A value on more subjects is no part of the first start (reference/clustering.md measured it);
whether it is a hub is decided afterwards."""
RUN_SUBJECTS = 300_000
"""So many subjects are run over at each of two stages, in runs of the whole graph."""
MOST_RUNS = 15


def find_networks(
    evidence: Evidence,
    *,
    common: Ints,
    seed: int,
    told: Callable[[str], None] = lambda _: None,
) -> Partition:
    """Return the likeliest partition found, with the weights learnt on the way.

    Parameters
    ----------
    common : ndarray of int
        Kinds that are known to tie nobody.
    told : callable
        Hears what is being done.
    """
    rng = np.random.default_rng(seed)
    runs = min(max(RUN_SUBJECTS // max(evidence.subjects, 1), 1), MOST_RUNS)
    votes = np.zeros(evidence.values, dtype=np.int64)
    weights: list[Weights] = []
    for run in range(runs):
        told(f"a first partition, {run + 1} of {runs}")
        # Drawn anew for each run: near the floor chance decides which values a start sees, and one
        # draw for all runs parted two runs that differ by a hundred links.
        rates = match_rates(evidence, rng, common=common)
        used = (rates[evidence.kind, bins_of(evidence.degree)] >= MATCH_FLOOR) & (
            evidence.degree <= START_DEGREE
        )
        part = start_from(evidence, used, rng=rng)
        part.settle(4)
        votes += part.owner >= 0
        weights.append(part.weights)
    used = 2 * votes > runs
    told("choosing the grain by hidden kinds")
    learnt = averaged(weights, finer=choose(evidence, part, used, rng))
    found = [(part.label, part.owner)]
    for run in range(runs):
        told(f"starting again, {run + 1} of {runs}")
        part = start_from(evidence, used, rng=rng, weights=learnt)
        part.settle(3)
        found.append((part.label, part.owner))
    told("joining what all runs agree on")
    # A single run is checked by its first partition, which many runs can do without.
    return _joined(evidence, found[runs > 1 :], learnt)


def _joined(evidence: Evidence, found: Sequence[tuple[Ints, Ints]], weights: Weights) -> Partition:
    part = Partition(evidence, *_agreed(evidence, found), frozen=weights)
    part.move_values()
    part.join()
    part.settle(8)
    part.learn()
    return part


def _agreed(evidence: Evidence, found: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """Return labels and owners of the groups of subjects and values that no partition parts."""
    label, owner = found[0]
    for other_label, other_owner in found[1:]:
        width = np.int64(evidence.subjects)
        names, label = np.unique(label * width + other_label, return_inverse=True)
        both = np.where((owner >= 0) & (other_owner >= 0), owner * width + other_owner, -1)
        place = np.minimum(np.searchsorted(names, both), names.size - 1)
        owner = np.where(names[place] == both, place, -1)
    return label.astype(np.int64), owner.astype(np.int64)
