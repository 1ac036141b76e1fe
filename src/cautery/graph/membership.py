"""How sure a membership is, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cautery.graph.evidence import Floats, Ints, Small, slices
from cautery.graph.partition import Partition

MOST = 0.999
"""More is never claimed from shared values alone: all could be copied."""
BASE, SLOPE, SIZE, FALSE = -1.354, 0.281, -0.022, -0.881
"""The probability's logit from the least log-odds that hold a subject in its network, and from
the logarithms of the network's size and of the share of false links. Fitted on worlds of
``cautery.lab.links`` (``bench/networks/fit.py``), which neither the shared generator nor any case
took part in."""
FLOOR, CEILING = -5.0, 20.0


def probabilities(
    part: Partition, chosen: Ints | None = None, *, most: int | None = None
) -> Floats:
    """Return, by subject (chosen), the chance that it is of the network most of its own are of.

    Two odds are asked for: that of the subject against every other place for it, and that of the
    weakest tie by which a piece that holds it hangs on its network. The lesser counts, and how far
    other searches kept it with its companions: of few links, weights are guesses. A network
    of one subject is right by itself.

    Returns
    -------
    ndarray, shape (subjects,)
        Between 0 and ``MOST``; 1 for a subject that nothing joins.
    """
    if chosen is None:
        part.count()
        chosen = np.arange(part.evidence.subjects)
    least = log_odds(part, chosen, most=most)
    members = np.bincount(part.label, minlength=part.size.size)[part.label[chosen]]
    logit = (
        BASE
        + SLOPE * np.clip(least, FLOOR, CEILING)
        + SIZE * np.log(members)
        + FALSE * np.log(falseness(part))
    )
    chance = np.minimum(1 / (1 + np.exp(-logit)), MOST)
    if part.steady is not None:
        chance *= part.steady[chosen]
    # A partition of one cannot be wrong about whom it holds together.
    probability: Floats = np.where(members == 1, 1.0, chance)
    return probability


def falseness(part: Partition) -> float:
    """Return the share of false links over all kinds."""
    weights = part.weights
    return float(np.average(weights.false, weights=weights.links * weights.owned + 1))


def log_odds(part: Partition, chosen: Ints, *, most: int | None = None) -> Floats:
    """Return, by subject chosen, the least log-odds that hold it in its network.

    Of networks of more than ``most`` subjects only pieces of those chosen are tried.
    """
    evidence = part.evidence
    near = np.zeros(part.size.size, dtype=bool)
    near[part.label[chosen]] = True
    members = np.flatnonzero(near[part.label])
    if most is not None:
        is_chosen = np.zeros(evidence.subjects, dtype=bool)
        is_chosen[chosen] = True
        members = members[is_chosen[members] | (part.size[part.label[members]] <= most)]
    borne = np.zeros(evidence.values, dtype=bool)
    borne[slices(evidence.s_starts, evidence.value, members)] = True
    values = np.flatnonzero(borne)
    owner = part.owner[values]
    values = values[(owner >= 0) & near[owner]]
    odds: Floats = part.odds(members, values)[chosen]
    return odds


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that holds subjects together, with its log-odds."""

    value: int
    log_odds: float


def ties_of(part: Partition, subject: int) -> tuple[Shared, ...]:
    """Return the values by which a subject belongs to its network, strongest first."""
    return tuple(
        sorted(
            (
                Shared(int(value), worth(part, int(value)))
                for value in values_of(part, subject)
                if part.owner[value] == part.label[subject]
            ),
            key=lambda tie: (-tie.log_odds, tie.value),
        )
    )


def values_of(part: Partition, subject: int) -> Small:
    """Return the values that a subject bears."""
    evidence = part.evidence
    return evidence.value[evidence.s_starts[subject] : evidence.s_starts[subject + 1]]


def worth(part: Partition, value: int) -> float:
    """Return how much a link to a value of its own network speaks for that network."""
    size = max(int(part.size[part.owner[value]]), 1)
    return float(part.weights.reward[int(part.evidence.kind[value])] - np.log(size))
