"""A loop that proves of nodes that every good plan acts on them, or none; compiled and cached.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import heapq

import numpy as np

from cautery.kernels import kernel
from cautery.plan._price_kernels import least_price


@kernel(plain=True, nogil=True)
def settle(
    candidates,
    cost,
    need,
    owner,
    start,
    member,
    group_start,
    groups_of_node,
    place,
    use_start,
    uses,
    order,
    share,
    price,
    weight,
    dearest,
    bound,
    ceiling,
    never,
    always,
):
    """Mark candidates that no plan of at most ``ceiling`` acts on, and those that each acts on.

    The demand is relaxed at the price ``dearest`` by weight: then the bound is a sum over the
    sinks, and a candidate's other price changes only what stands above it.
    """
    now = price.copy()
    by = np.empty(price.size, np.int64)
    used = np.empty(member.size, np.bool_)
    queued = np.zeros(price.size, np.bool_)
    changed = np.empty(price.size, np.int32)
    for v in candidates:
        for acts in (True, False):
            total = bound + cost[v] if acts else bound
            own_price = 0.0 if acts else np.inf
            size = 0
            waiting = [place[v]]
            queued[v] = True
            open_ = not acts or total > ceiling
            while len(waiting) > 0:
                u = order[heapq.heappop(waiting)]
                queued[u] = False
                if not open_:
                    continue
                if u == v and acts:
                    new = 0.0
                else:
                    new = least_price(
                        u,
                        own_price if u == v else cost[u],
                        need,
                        start,
                        member,
                        group_start,
                        groups_of_node,
                        share,
                        now,
                        by,
                        used,
                    )
                if new == now[u]:
                    continue
                if weight[u] > 0:
                    worth = dearest * weight[u]
                    total += min(0.0, new - worth) - min(0.0, now[u] - worth)
                now[u] = new
                changed[size] = u
                size += 1
                open_ = total > ceiling if acts else total <= ceiling
                for i in range(use_start[u], use_start[u + 1]):
                    above = owner[uses[i]]
                    if not queued[above] and place[above] > place[u]:
                        queued[above] = True
                        heapq.heappush(waiting, place[above])
            for i in range(size):
                now[changed[i]] = price[changed[i]]
            if total > ceiling:
                if acts:
                    never[v] = True
                else:
                    always[v] = True
                break
