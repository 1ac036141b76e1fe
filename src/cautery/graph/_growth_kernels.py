"""Passes over all links for what a few new ones change, and the few links that lie across."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def inserted(entries, at, more):
    """Return entries with further ones, each before the place ``at`` (rising) that it names."""
    out = np.empty(entries.size + more.size, entries.dtype)
    done = 0
    for number in range(at.size):
        goal = at[number]
        out[done + number : goal + number] = entries[done:goal]
        out[goal + number] = more[number]
        done = goal
    out[done + at.size :] = entries[done:]
    return out


@njit(cache=True)
def across(starts, values, owner, label, near):
    """Return label, owner and value of the links to another network's value.

    Only links with one end in a network that is ``near``; by subject.
    """
    found = np.empty((1024, 3), np.int64)
    count = 0
    for subject in range(label.size):
        network = label[subject]
        close = near[network]
        for at in range(starts[subject], starts[subject + 1]):
            other = owner[values[at]]
            if other < 0 or other == network or not (close or near[other]):
                continue
            if count == found.shape[0]:
                more = np.empty((2 * count, 3), np.int64)
                more[:count] = found
                found = more
            found[count, 0] = network
            found[count, 1] = other
            found[count, 2] = values[at]
            count += 1
    return found[:count]
