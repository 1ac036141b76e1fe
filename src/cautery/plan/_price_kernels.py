"""Loops that price nodes, compiled and cached. Tests hold them against exhaustive search.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import heapq
import math

import numpy as np

from cautery.kernels import kernel

_LARGEST_EXPONENT = 700.0
"""Python refuses an exponential that has no float; compiled it would be infinite."""


@kernel(plain=True, nogil=True)
def members_first(owner, start, member, group_start, groups_of_node, use_start, uses):
    """Order the nodes so that members stand before owners; say which links point back."""
    n = use_start.size - 1
    open_links = np.zeros(n, np.int64)
    for g in range(owner.size):
        open_links[owner[g]] += start[g + 1] - start[g]
    order = np.empty(n, np.int32)
    placed = np.zeros(n, np.bool_)
    back = np.zeros(member.size, np.bool_)
    # The first in the file that is ready comes next: files tell of a network at a time, and passes
    # in an order of their own wait for memory eight times as long.
    ready = [np.int64(0) for _ in range(0)]
    for v in range(n):
        if open_links[v] == 0:
            ready.append(np.int64(v))
            placed[v] = True
    size = 0
    next_stuck = 0
    while True:
        while len(ready) > 0:
            first = heapq.heappop(ready)
            order[size] = first
            size += 1
            for i in range(use_start[first], use_start[first + 1]):
                user = np.int64(owner[uses[i]])
                open_links[user] -= 1
                if open_links[user] == 0 and not placed[user]:
                    heapq.heappush(ready, user)
                    placed[user] = True
        while next_stuck < n and placed[next_stuck]:
            next_stuck += 1
        if next_stuck == n:
            return order, back
        for j in range(group_start[next_stuck], group_start[next_stuck + 1]):
            g = groups_of_node[j]
            for e in range(start[g], start[g + 1]):
                if not placed[member[e]]:
                    back[e] = True
        placed[next_stuck] = True
        ready.append(np.int64(next_stuck))


@kernel(
    plain=True, nogil=True, inline="always"
)  # called, it takes ten times as long: so many arrays
def least_price(
    v, own_price, need, start, member, group_start, groups_of_node, share, price, by, used
):
    """Return the least that any removal of ``v`` can cost; say which group that fails, by whom."""
    best = own_price
    by[v] = -1
    for j in range(group_start[v], group_start[v + 1]):
        g = groups_of_node[j]
        first, last = start[g], start[g + 1]
        fall = last - first - need[g] + 1
        total = 0.0
        if fall == last - first:
            for e in range(first, last):
                if share[e] > 0:  # a price may be infinite
                    total += share[e] * price[member[e]]
                used[e] = True
        else:
            values = np.zeros(last - first)
            for e in range(first, last):
                if share[e] > 0:
                    values[e - first] = share[e] * price[member[e]]
                used[e] = False
            ranked = np.argsort(values, kind="mergesort")
            for i in range(fall):
                total += values[ranked[i]]
                used[first + ranked[i]] = True
        if total < best:
            best = total
            by[v] = g
    return best


@kernel(plain=True, nogil=True)
def price_pass(
    cost, need, start, member, group_start, groups_of_node, order, share, price, by, used
):
    """Price each node at the least that any removal of it can cost, given the split of prices."""
    for place in range(order.size):
        v = order[place]
        price[v] = least_price(
            v, cost[v], need, start, member, group_start, groups_of_node, share, price, by, used
        )


@kernel(plain=True, nogil=True)
def knapsack(price, weight, sinks, must, fractions):
    """Buy ``must`` of the sinks' weight at the least price, the last one in part.

    Return the price, and that of the last one by weight.
    """
    ratio = np.empty(sinks.size)
    for i in range(sinks.size):
        ratio[i] = price[sinks[i]] / weight[sinks[i]]
    total = 0.0
    left = must
    dearest = 0.0
    fractions[:] = 0.0
    for i in np.argsort(ratio, kind="mergesort"):
        if left <= 0:
            break
        v = sinks[i]
        part = min(1.0, left / weight[v])
        if price[v] == np.inf:
            return np.inf, np.inf
        fractions[v] = part
        total += part * price[v]
        left -= weight[v]
        dearest = ratio[i]
    # Floats round: a billionth that is left of the weight is no lack.
    if left > 1e-9 * must:
        return np.inf, np.inf
    return total, dearest


@kernel(plain=True, nogil=True)
def flow_pass(start, member, order, share, by, used, flow, link_flow, purchases):
    """Follow purchases back to the nodes that are paid; ``flow`` begins as the sinks' fractions."""
    link_flow[:] = 0.0
    for place in range(order.size - 1, -1, -1):
        v = order[place]
        if flow[v] <= 0:
            purchases[v] = 0.0
            continue
        g = by[v]
        if g < 0:
            purchases[v] = flow[v]
            continue
        purchases[v] = 0.0
        for e in range(start[g], start[g + 1]):
            if used[e]:
                link_flow[e] = flow[v]
                flow[member[e]] += share[e] * flow[v]


@kernel(plain=True, nogil=True)
def share_step(use_start, link, back, share, link_flow, step):
    """Move each node's price towards the links that were asked for it; shares sum to one."""
    for m in range(use_start.size - 1):
        first, last = use_start[m], use_start[m + 1]
        if last - first < 2:
            continue
        has_flow = False
        for i in range(first, last):
            if link_flow[link[i]] > 0:
                has_flow = True
                break
        if not has_flow:
            continue
        total = 0.0
        for i in range(first, last):
            e = link[i]
            if back[e]:
                continue
            if link_flow[e] > 0:
                share[e] *= math.exp(min(step * link_flow[e], _LARGEST_EXPONENT))
            share[e] = max(share[e], 1e-7)
            total += share[e]
        if total > 0:
            for i in range(first, last):
                share[link[i]] /= total
