"""A loop that grows neighbourhoods in a supply graph, compiled and cached.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel


@kernel(plain=True, nogil=True)
def grow(
    owner, start, member, group_start, groups_of_node, use_start, uses, seeds, hub_users, size
):
    """Collect about ``size`` nodes around the seeds, each seed's in turn, past no hub."""
    n = use_start.size - 1
    inside = np.zeros(n, np.bool_)
    queue = np.empty(n, np.int32)
    end = 0
    head = 0
    for seed in seeds:
        if end >= size:
            break
        if inside[seed]:
            continue
        inside[seed] = True
        queue[end] = seed
        end += 1
        while head < end < size:
            v = queue[head]
            head += 1
            if use_start[v + 1] - use_start[v] <= hub_users:
                for i in range(use_start[v], use_start[v + 1]):
                    u = owner[uses[i]]
                    if not inside[u]:
                        inside[u] = True
                        queue[end] = u
                        end += 1
            for j in range(group_start[v], group_start[v + 1]):
                g = groups_of_node[j]
                for e in range(start[g], start[g + 1]):
                    m = member[e]
                    if not inside[m] and use_start[m + 1] - use_start[m] <= hub_users:
                        inside[m] = True
                        queue[end] = m
                        end += 1
        head = end
    return inside
