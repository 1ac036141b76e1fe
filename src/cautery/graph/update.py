"""New links among known networks: only the networks that they touch are decided again.

A value that gained a bearer, a subject that gained a link and those beside them are placed again,
piece by piece; whatever moved hands its neighbours on to the next round. Weights stay as they are.
"""

from __future__ import annotations

import numpy as np

from cautery.graph.evidence import Ints, slices
from cautery.graph.partition import Partition

ROUNDS = 12
CROWD = 64
"""Over a value of more subjects no neighbours are looked for."""


def placed(part: Partition, subjects: Ints, values: Ints) -> Ints:
    """Decide touched subjects and values anew; return the subjects whose place was weighed.

    Parameters
    ----------
    part : Partition
        With frozen weights and with all links; a new subject has a label of its own, a new value
        no owner.
    subjects, values : ndarray of int
        Ends of the new links.
    """
    part.claim(values)
    part.count()
    weighed = subjects
    for _ in range(ROUNDS):
        members, shared = _around(part, subjects, values)
        label, owner = part.label.copy(), part.owner.copy()
        part.place(members, shared)
        moved = np.flatnonzero(part.label != label)
        changed = np.flatnonzero(part.owner != owner)
        weighed = np.union1d(weighed, moved)
        if moved.size + changed.size == 0:
            break
        subjects, values = moved, np.union1d(changed, _own(part, moved))
    return weighed


def _around(part: Partition, subjects: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Return these subjects, their neighbours by shared own values, and the values of both."""
    evidence = part.evidence
    values = np.union1d(values, _own(part, subjects))
    degree = evidence.v_starts[values + 1] - evidence.v_starts[values]
    near = slices(evidence.v_starts, evidence.v_subjects, values[degree <= CROWD])
    members = np.union1d(subjects, near)
    shared = np.union1d(values, _own(part, members))
    return members, shared[evidence.v_starts[shared + 1] - evidence.v_starts[shared] > 1]


def _own(part: Partition, subjects: Ints) -> Ints:
    """Return the values that subjects bear and that are somebody's own."""
    evidence = part.evidence
    borne = np.unique(slices(evidence.s_starts, evidence.value, subjects))
    owned: Ints = borne[part.owner[borne] >= 0]
    return owned
