"""Loops that fold private nodes into their owners, compiled and cached.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel


@kernel(plain=True, nogil=True)
def behind(start, member, group_start, groups_of_node, marked):
    """Mark everything that a marked node needs, directly or not; ``marked`` is changed."""
    stack = np.empty(marked.size, np.int32)
    top = 0
    for v in range(marked.size):
        if marked[v]:
            stack[top] = v
            top += 1
    while top > 0:
        top -= 1
        v = stack[top]
        for j in range(group_start[v], group_start[v + 1]):
            g = groups_of_node[j]
            for e in range(start[g], start[g + 1]):
                m = member[e]
                if not marked[m]:
                    marked[m] = True
                    stack[top] = m
                    top += 1


@kernel(plain=True, nogil=True)
def said_again(need, start, member, nodes):
    """Mark links of any-of groups that say again what an earlier link of the group says."""
    repeats = np.zeros(member.size, np.bool_)
    last = np.full(nodes, -1, np.int64)
    for g in range(need.size):
        if need[g] != 1:
            continue
        for e in range(start[g], start[g + 1]):
            repeats[e] = last[member[e]] == g
            last[member[e]] = g
    return repeats


@kernel(plain=True, nogil=True)
def fold(owner, need, start, member, leaf, cost, via, parts, size, drop):
    """Turn groups of private leaves into a price of their owner; say what that price buys."""
    largest = 1
    for g in range(need.size):
        largest = max(largest, start[g + 1] - start[g])
    values = np.empty(largest)
    folded = 0
    for g in range(need.size):
        first, last = start[g], start[g + 1]
        private = True
        for e in range(first, last):
            if not leaf[member[e]]:
                private = False
                break
        if not private:
            continue
        for e in range(first, last):
            values[e - first] = cost[member[e]]
        ranked = np.argsort(values[: last - first], kind="mergesort")
        price = 0.0
        fall = last - first - need[g] + 1
        for i in range(fall):
            price += values[ranked[i]]
        if price < cost[owner[g]]:
            cost[owner[g]] = price
            via[owner[g], 0] = size
            for i in range(fall):
                parts[size] = member[first + ranked[i]]
                size += 1
            via[owner[g], 1] = size
        drop[g] = True
        folded += 1
    return size, folded


@kernel(plain=True, nogil=True)
def merge(owner, start, member, inner, cost, via, parts, size, drop, into):
    """Let a private node that one owner needs alone hand its groups and price to that owner."""
    merged = 0
    for g in range(owner.size):
        if drop[g] or start[g + 1] - start[g] != 1:
            continue
        v, u = member[start[g]], owner[g]
        if not inner[v] or into[u] != u or u == v:
            continue
        into[v] = u
        drop[g] = True
        merged += 1
        if cost[v] < cost[u]:
            cost[u] = cost[v]
            via[u, 0] = size
            parts[size] = v
            size += 1
            via[u, 1] = size
    return size, merged


@kernel(plain=True, nogil=True)
def unfold(via, parts, plan):
    """Replace what stands for others by these; ``plan`` is changed."""
    stack = np.empty(plan.size, np.int32)
    for v in range(plan.size):
        if not plan[v] or via[v, 0] < 0:
            continue
        plan[v] = False
        top = 1
        stack[0] = v
        while top > 0:
            top -= 1
            u = stack[top]
            if via[u, 0] < 0:
                plan[u] = True
                continue
            for i in range(via[u, 0], via[u, 1]):
                stack[top] = parts[i]
                top += 1
