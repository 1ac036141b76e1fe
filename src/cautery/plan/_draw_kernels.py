"""A loop over drawn worlds, compiled and cached.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np
from numba import njit

from cautery.plan._standing_kernels import standing_in


@njit(cache=True)
def up_weights(
    groups_of,
    owner,
    need,
    use_start,
    uses,
    link,
    weight,
    gone,
    unsure_nodes,
    there,
    unsure_links,
    linked,
    unsure_acts,
    works,
    least,
    most_failures,
):
    """Return the weight up in each draw; stop when more than ``most_failures`` are over."""
    draws = there.shape[0]
    left = np.full(draws, -1.0)
    exists = np.ones(link.size, np.bool_)
    failures = 0
    for s in range(draws):
        now = gone.copy()
        for i in range(unsure_acts.size):
            if not works[s, i]:
                now[unsure_acts[i]] = False
        for i in range(unsure_nodes.size):
            if not there[s, i]:
                now[unsure_nodes[i]] = True
        for i in range(unsure_links.size):
            exists[unsure_links[i]] = linked[s, i]
        up = standing_in(groups_of, owner, need, use_start, uses, link, exists, now)
        total = 0.0
        for v in range(weight.size):
            if up[v]:
                total += weight[v]
        left[s] = total
        if total > least:
            failures += 1
            if failures > most_failures:
                return left
    return left
