"""Check how many memberships a second shared value confirms.

Sites of one network share several things; strangers who meet in a small hub share that alone, and
have the rest to themselves. A membership's probability is that of worlds in which there are
networks; this tells of those in which there may be none.
"""

from __future__ import annotations

import numpy as np

from cautery.graph.evidence import Ints, slices
from cautery.graph.partition import Partition

FEWEST = 100
"""With fewer memberships that a second value could bear out nothing is said."""
LEAST = 0.25
"""Of 15 kinds of synthetic worlds three of strangers alone had 0.05 to 0.14 borne out; those of
networks, even with four false links in ten, 0.35 to 1."""
SAMPLE = 20_000
LARGE = 30
SHARE_OF_SOME = 0.25
"""A value is of some of a network's subjects if so many bear it at most."""
FEW_TIED = 0.1
"""A network has no ties among some of its subjects if fewer have one."""


def doubts(part: Partition) -> list[str]:
    """Return what to tell of memberships, and of networks, that may be none."""
    sentences = []
    could, does = borne_out(part)
    if could >= FEWEST and does < LEAST * could:
        sentences.append(
            f"a second shared value could confirm {could:,} memberships, but confirms only "
            f"{does:,}: most of these subjects may be strangers that meet in a small hub, even "
            "if their probabilities are high"
        )
    sizes = uniform(part)
    if sizes.size:
        networks = "network" if sizes.size == 1 else "networks"
        sentences.append(
            f"{sizes.size:,} {networks} of {LARGE} subjects or more ({int(sizes.sum()):,} in "
            "all) rest on values that almost all members have, and on no value that only some of "
            "them share: the customers of one content network or hoster look the same, so only "
            "facts can tell them apart"
        )
    return sentences


def uniform(part: Partition) -> Ints:
    """Return the sizes of large networks whose subjects share hardly anything among some only."""
    evidence = part.evidence
    sizes = np.bincount(part.label)
    shared = np.flatnonzero(part.owner >= 0)
    size = sizes[part.owner[shared]]
    degree = evidence.degree[shared]
    partly_shared = shared[(size >= LARGE) & (degree > 1) & (degree <= SHARE_OF_SOME * size)]
    bearers = slices(evidence.v_starts, evidence.v_subjects, partly_shared)
    of_own = part.label[bearers] == np.repeat(
        part.owner[partly_shared], evidence.degree[partly_shared]
    )
    tied = np.zeros(evidence.subjects, dtype=bool)
    tied[bearers[of_own]] = True
    inside = np.bincount(part.label[tied], minlength=sizes.size)
    uniform_sizes: Ints = sizes[(sizes >= LARGE) & (inside < FEW_TIED * sizes)]
    return uniform_sizes


def borne_out(part: Partition) -> tuple[int, int]:
    """Return how many memberships a second value could bear out, and how many one does.

    Of a sample; a value could if it is no hub, were it the subject's alone.
    """
    evidence = part.evidence
    joined = np.flatnonzero(np.bincount(part.label)[part.label] > 1)
    sample = joined[:: max(joined.size // SAMPLE, 1)]
    borne = slices(evidence.s_starts, evidence.value, sample)
    bearer = np.repeat(np.arange(sample.size), np.diff(evidence.s_starts)[sample])
    values, place = np.unique(borne, return_inverse=True)
    owned = np.flatnonzero(part.owner[values] >= 0)  # hubs have most of all links
    bearers = slices(evidence.v_starts, evidence.v_subjects, values[owned])
    of_value = np.repeat(owned, evidence.degree[values[owned]])
    inside = np.bincount(
        of_value,
        part.label[bearers] == part.owner[values][of_value],
        minlength=values.size,
    )
    ties = (part.owner[borne] == part.label[sample][bearer]) & (inside[place] > 1)
    several = np.bincount(bearer, ties, minlength=sample.size) > 1
    own_counts = np.bincount(bearer, part.owner[borne] >= 0, minlength=sample.size)
    return int(np.count_nonzero(own_counts > 1)), int(np.count_nonzero(several))
