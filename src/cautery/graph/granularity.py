"""How finely to tell networks apart: as predicts a kind of link best that was hidden.

The likelihood alone prefers networks a little too coarse: owners of values are fitted, and what is
fitted flatters what is joined. So one kind of link is hidden, networks are found from the others
at several grains, and the grain is taken whose networks tell best who shares the hidden values.
"""

from __future__ import annotations

import numpy as np

from cautery.graph.evidence import Evidence, Ints, Small, evidence_of
from cautery.graph.partition import Partition
from cautery.graph.starts import start_from

STEPS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
"""Log-odds added to a network of one's own, coarse to fine."""
HIDDEN = 2
"""Kinds that are hidden, one at a time: those that tie the most subjects."""
FEW_VALUES = 300
"""With fewer values of a kind nothing is chosen by it."""
SAMPLE_SUBJECTS = 40_000
"""A grain is chosen on so many subjects of whole networks at most; judged by cost."""


def choose(
    evidence: Evidence, coarse: Partition, used: np.ndarray, rng: np.random.Generator
) -> float:
    """Return the grain.

    Parameters
    ----------
    coarse : Partition
        A first partition: its networks are sampled whole, its hubs tie nobody.
    used : ndarray of bool, shape (values,)
        Values that tie somebody at all.
    """
    subject, value = _sample(evidence, coarse, used, rng)
    # Numbered anew, so that the sample's size counts and not the whole's.
    met = np.bincount(value, minlength=evidence.values) > 0
    kind = evidence.kind[met]
    value = (np.cumsum(met) - 1)[value].astype(np.int32)
    bears = np.bincount(subject, minlength=evidence.subjects) > 0
    subject = (np.cumsum(bears) - 1)[subject].astype(np.int32)
    ties = np.bincount(kind[value], minlength=evidence.kinds)
    values = np.bincount(kind, minlength=evidence.kinds)
    hidden = [int(one) for one in np.argsort(-ties, kind="stable") if values[one] >= FEW_VALUES]
    total = np.zeros(len(STEPS))
    for one in hidden[:HIDDEN]:
        total += _predicted(subject, value, kind, one, rng)
    return _peak(total)


def _peak(height: np.ndarray) -> float:
    """Return where a parabola through the highest step and its neighbours is highest.

    Between steps too, so that a few links more do not shift the grain by a whole step.
    """
    best = int(np.argmax(height))
    if best in {0, len(STEPS) - 1}:
        return STEPS[best]
    left, middle, right = height[best - 1 : best + 2]
    bent = left - 2 * middle + right
    shift = 0.5 * (left - right) / bent if bent < 0 else 0.0
    return STEPS[best] + shift * (STEPS[best + 1] - STEPS[best])


def _sample(
    evidence: Evidence, coarse: Partition, used: np.ndarray, rng: np.random.Generator
) -> tuple[Small, Small]:
    """Return the links of networks taken whole.

    A link that leads out of the sample is false; it is led to a value within, drawn as links
    draw values, so that the sample is as false as the whole.
    """
    keep = used[evidence.value]
    subject, value = evidence.subject[keep], evidence.value[keep]
    if evidence.subjects <= SAMPLE_SUBJECTS:
        return subject, value
    held = np.bincount(coarse.label, minlength=coarse.size.size)
    order = rng.permutation(held.size)
    taken = np.zeros(held.size, dtype=bool)
    taken[order[: int(np.searchsorted(np.cumsum(held[order]), SAMPLE_SUBJECTS)) + 1]] = True
    inside = taken[coarse.label[subject]]
    subject, value = subject[inside], value[inside].copy()
    home = coarse.owner[value]
    within = (home >= 0) & taken[home]
    for kind in range(evidence.kinds):
        of_kind = evidence.kind[value] == kind
        pool = value[of_kind & within]
        out = np.flatnonzero(of_kind & ~within & (home >= 0))
        if pool.size:
            value[out] = rng.choice(pool, out.size)
    known = coarse.owner[value] >= 0
    return subject[known], value[known]


def _predicted(
    subject: Small, value: Small, kind: Ints, hidden: int, rng: np.random.Generator
) -> np.ndarray:
    """Return, by grain, the log-likelihood of a hidden kind's links, per link."""
    shown = kind[value] != hidden
    subjects, kinds = int(subject.max(initial=-1)) + 1, int(kind.max(initial=-1)) + 1
    rest, asked = (
        evidence_of(subject[part], value[part], kind, subjects=subjects, kinds=kinds)
        for part in (shown, ~shown)
    )
    part = start_from(rest, np.ones(rest.values, dtype=bool), rng=rng)
    part.settle(3)
    found = np.full(len(STEPS), -np.inf)
    for step, finer in enumerate(STEPS):
        part.finer = finer
        part.settle(3)
        found[step] = likelihood(asked, part.label)
        if step >= 2 and found[step] < found[step - 1] < found[step - 2]:
            break
    worst = found[np.isfinite(found)].min()
    return np.where(np.isfinite(found), found, worst)


def likelihood(asked: Evidence, label: Ints) -> float:
    """Return the mean log-likelihood ratio of links against hubs, given networks.

    Each value is the network's that most of its bearers are of, or a hub; the share of false
    links is fitted.
    """
    count = int(label.max(initial=0)) + 1
    cells, bearing = np.unique(
        asked.value.astype(np.int64) * count + label[asked.subject], return_counts=True
    )
    value, network = cells // count, cells % count
    order = np.lexsort((-bearing, value))
    first = np.ones(order.size, dtype=bool)
    first[1:] = value[order][1:] != value[order][:-1]
    best = order[first]
    own, degree = bearing[best], asked.degree
    if own.size == 0:
        return 0.0
    false, somebody = 0.1, np.ones(own.size, dtype=bool)
    gain = np.zeros(own.size)
    for _ in range(10):
        inside = np.bincount(network[best][somebody], own[somebody], minlength=count)
        links = max(float(degree[somebody].sum()), 1.0)
        held = np.maximum(inside[network[best]], own)
        gain = own * np.log((1 - false) * links / held) + (degree - own) * np.log(false)
        somebody = gain > 0
        astray = float((degree - own)[somebody].sum())
        false = min(max(astray / max(float(degree[somebody].sum()), 1.0), 1e-3), 0.5)
    return float(np.maximum(gain, 0).sum() / degree.sum())
