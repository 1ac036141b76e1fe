"""How far memberships are borne out: whether those with more to share do share more than one value.

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
SOME = 0.25
"""A value is of some of a network's subjects if so many bear it at most."""
FEW_TIED = 0.1
"""A network has no ties among some of its subjects if fewer have one."""


def doubts(part: Partition) -> list[str]:
    """Return what to tell of memberships, and of networks, that may be none."""
    told = []
    could, does = borne_out(part)
    if could >= FEWEST and does < LEAST * could:
        told.append(
            f"of {could:,} memberships that a second shared value could bear out, {does:,} are: "
            "most may be strangers who meet in a small hub, whatever the probabilities say"
        )
    sizes = uniform(part)
    if sizes.size:
        networks = "network" if sizes.size == 1 else "networks"
        told.append(
            f"{sizes.size:,} {networks} of {LARGE} subjects and more ({int(sizes.sum()):,} in all) "
            "hang together by values that nearly all bear, and by nothing that some share: "
            "customers of one content network or hoster look the same, only facts tell them"
        )
    return told


def uniform(part: Partition) -> Ints:
    """Return the sizes of large networks whose subjects share hardly anything among some only."""
    held = part.evidence
    sizes = np.bincount(part.label)
    shared = np.flatnonzero(part.owner >= 0)
    size = sizes[part.owner[shared]]
    degree = held.degree[shared]
    some = shared[(size >= LARGE) & (degree > 1) & (degree <= SOME * size)]
    bearers = slices(held.v_starts, held.v_subjects, some)
    of_own = part.label[bearers] == np.repeat(part.owner[some], held.degree[some])
    tied = np.zeros(held.subjects, dtype=bool)
    tied[bearers[of_own]] = True
    inside = np.bincount(part.label[tied], minlength=sizes.size)
    found: Ints = sizes[(sizes >= LARGE) & (inside < FEW_TIED * sizes)]
    return found


def borne_out(part: Partition) -> tuple[int, int]:
    """Return how many memberships a second value could bear out, and how many one does.

    Of a sample; a value could if it is no hub, were it the subject's alone.
    """
    held = part.evidence
    joined = np.flatnonzero(np.bincount(part.label)[part.label] > 1)
    chosen = joined[:: max(joined.size // SAMPLE, 1)]
    borne = slices(held.s_starts, held.value, chosen)
    bearer = np.repeat(np.arange(chosen.size), np.diff(held.s_starts)[chosen])
    values, place = np.unique(borne, return_inverse=True)
    owned = np.flatnonzero(part.owner[values] >= 0)  # hubs have most of all links
    bearers = slices(held.v_starts, held.v_subjects, values[owned])
    of_value = np.repeat(owned, held.degree[values[owned]])
    inside = np.bincount(
        of_value,
        part.label[bearers] == part.owner[values][of_value],
        minlength=values.size,
    )
    ties = (part.owner[borne] == part.label[chosen][bearer]) & (inside[place] > 1)
    several = np.bincount(bearer, ties, minlength=chosen.size) > 1
    own = np.bincount(bearer, part.owner[borne] >= 0, minlength=chosen.size)
    return int(np.count_nonzero(own > 1)), int(np.count_nonzero(several))
