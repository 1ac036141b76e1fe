"""How far memberships are borne out: whether those with more to share do share more than one value.

Sites of one network share several things; strangers who meet in a small hub share that alone, and
have the rest to themselves. A membership's probability is that of worlds in which there are
networks; this tells of those in which there may be none.
"""

from __future__ import annotations

import numpy as np

from cautery.graph.evidence import slices
from cautery.graph.partition import Partition

FEWEST = 100
"""With fewer memberships that a second value could bear out nothing is said."""
LEAST = 0.25
"""Of 15 kinds of synthetic worlds three of strangers alone had 0.05 to 0.14 borne out; those of
networks, even with four false links in ten, 0.35 to 1."""
SAMPLE = 20_000


def doubts(part: Partition) -> list[str]:
    """Return what to tell if hardly any membership is borne out by a second value, if so."""
    could, does = borne_out(part)
    if could < FEWEST or does >= LEAST * could:
        return []
    told = (
        f"of {could:,} memberships that a second shared value could bear out, {does:,} are: "
        "most may be strangers who meet in a small hub, whatever the probabilities say"
    )
    return [told]


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
