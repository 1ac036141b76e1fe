"""New links among networks that stand: only what they touch is decided anew.

A value that gained a bearer and a subject that gained a link are placed again, with the pieces of
their networks that own links hold together; whatever moved hands its neighbours on to the next
round. Weights stay as they are.
"""

from __future__ import annotations

import numpy as np

from cautery.graph.evidence import Evidence, Ints, slices
from cautery.graph.partition import Partition

ROUNDS = 12


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
    held = part.evidence
    part.claim(values)
    weighed = subjects
    for _ in range(ROUNDS):
        near = np.zeros(part.size.size, dtype=bool)
        near[part.label[subjects]] = True
        owner = part.owner[values]
        near[owner[owner >= 0]] = True
        members = np.flatnonzero(near[part.label])
        whose = part.owner >= 0
        owned = np.flatnonzero(whose & near[np.where(whose, part.owner, 0)])
        shared = np.union1d(owned, values)
        shared = shared[held.v_starts[shared + 1] - held.v_starts[shared] > 1]
        label, owner = part.label.copy(), part.owner.copy()
        part.place(members, shared)
        moved = np.flatnonzero(part.label != label)
        changed = np.flatnonzero(part.owner != owner)
        weighed = np.union1d(weighed, moved)
        if moved.size + changed.size == 0:
            break
        subjects = np.union1d(moved, slices(held.v_starts, held.v_subjects, changed))
        values = _borne(held, moved)
    return weighed


def _borne(held: Evidence, subjects: Ints) -> Ints:
    return np.unique(slices(held.s_starts, held.value, subjects))
