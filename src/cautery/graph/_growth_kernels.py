"""Passes over all links for what a few new ones change."""

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
