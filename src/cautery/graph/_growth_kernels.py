"""Passes over all links for what a few new ones change."""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel


@kernel(plain=True, nogil=True)
def inserted(entries, at, further):
    """Return entries with further ones, each before the place ``at`` (rising) that it names."""
    out = np.empty(entries.size + further.size, entries.dtype)
    copied = 0
    for number in range(at.size):
        goal = at[number]
        out[copied + number : goal + number] = entries[copied:goal]
        out[goal + number] = further[number]
        copied = goal
    out[copied + at.size :] = entries[copied:]
    return out
