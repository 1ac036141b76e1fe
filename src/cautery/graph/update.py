"""New links among networks that stand: only what they touch is decided anew.

A value that gained a bearer is given to a network or called a hub again, a subject that gained a
link is placed again; whatever changed hands its neighbours on to the next round. Then touched
networks join where the new ties are enough. Weights stay as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cautery.graph.evidence import Evidence, Ints, slices
from cautery.graph.partition import Partition

ROUNDS = 6
ROUNDING = 1e-6
"""Log-odds that sums in another order may differ by."""


def placed(part: Partition, subjects: Ints, values: Ints) -> Ints:
    """Decide touched subjects and values anew; return the subjects whose place was weighed.

    Parameters
    ----------
    part : Partition
        With frozen weights and with all links; a new subject has a label of its own, a new value
        no owner.
    subjects, values : ndarray of int
        Ends of the new links. A value that one subject bears ties nobody and is passed over.
    """
    held = part.evidence
    weighed = _settled(part, subjects, values)
    near = np.zeros(part.size.size, dtype=bool)
    near[part.label[weighed]] = True
    before = part.label.copy()
    if part.join(near):
        moved = np.flatnonzero(part.label != before)
        weighed = np.union1d(weighed, moved)
        weighed = np.union1d(weighed, _settled(part, moved, _borne(held, moved)))
    return weighed


def _settled(part: Partition, subjects: Ints, values: Ints) -> Ints:
    held = part.evidence
    shared = held.degree >= 2
    weighed = [subjects]
    for _ in range(ROUNDS):
        values = values[shared[values]]
        values = values[~_hubs_anyway(part, values)]
        owner = part.owner[values]
        part.move_values(values)
        changed = values[part.owner[values] != owner]
        subjects = np.union1d(subjects, slices(held.v_starts, held.v_subjects, changed))
        label = part.label[subjects]
        part.move_subjects(subjects)
        weighed.append(subjects)
        moved = subjects[part.label[subjects] != label]
        if moved.size == 0:
            break
        subjects, values = moved, _borne(held, moved)
    return np.unique(np.concatenate(weighed))


def _hubs_anyway(part: Partition, values: Ints) -> NDArray[np.bool_]:
    """Tell which hubs stay such whoever bears them, without a look at their many bearers.

    A value is worth most to the largest network, if that has no other link of the kind, and if as
    many of its subjects bear it as pays: each further one speaks for it, but makes it commoner.
    """
    held, weights = part.evidence, part.weights
    kind, degree = held.kind[values], held.v_starts[values + 1] - held.v_starts[values]
    astray = np.log(weights.false)[kind]
    gain = weights.true[kind] - astray
    inside = np.minimum(degree, np.bincount(part.label, minlength=1).max())
    inside = np.minimum(inside, np.exp(gain - 1))
    most = (
        np.log(part.size.max(initial=1))
        - np.log(part.size.sum() + np.exp(weights.log_theta))
        + inside * (gain - np.log(inside))
        + degree * astray
    )
    found: NDArray[np.bool_] = (part.owner[values] < 0) & (
        most < weights.hub_odds(kind, degree) - ROUNDING
    )
    return found


def _borne(held: Evidence, subjects: Ints) -> Ints:
    return np.unique(slices(held.s_starts, held.value, subjects))
