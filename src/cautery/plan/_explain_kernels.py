"""Loops that explain a plan, compiled and cached: who stands behind whom, what falls with whom.

Arrays are those of :mod:`cautery.plan._standing_kernels`. Each has a plain twin in tests.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel
from cautery.plan._standing_kernels import count_in, count_out, raise_with, standing


@kernel(plain=True, nogil=True)
def behind(owner, use_start, uses, alive, seeds):
    """Mark who is alive and can be supplied through any of ``seeds``, these included."""
    marked = np.zeros(alive.size, np.bool_)
    stack = np.empty(alive.size, np.int32)
    top = 0
    for seed in seeds:
        if alive[seed] and not marked[seed]:
            marked[seed] = True
            stack[top] = seed
            top += 1
    while top > 0:
        top -= 1
        m = stack[top]
        for i in range(use_start[m], use_start[m + 1]):
            v = owner[uses[i]]
            if alive[v] and not marked[v]:
                marked[v] = True
                stack[top] = v
                top += 1
    return marked


@kernel(plain=True, nogil=True)
def fallen_each(groups_of, owner, need, use_start, uses, weight, items):
    """Return, for each item, the weight behind it and what falls when it alone is gone.

    Only who stands behind it can fall: these are taken down, and raised again without it.
    """
    n = groups_of.size
    count = np.zeros(owner.size, np.int32)
    lacking = groups_of.copy()
    removed = np.zeros(n, np.bool_)
    up = standing(groups_of, owner, need, use_start, uses, removed)
    for m in range(n):
        if up[m]:
            count_in(m, owner, need, use_start, uses, count, lacking)
    carries = np.zeros(items.size)
    alone = np.zeros(items.size)
    inside = np.full(n, -1, np.int32)
    reach = np.empty(n, np.int32)
    raised = np.empty(n, np.int32)
    barred = np.ones(n, np.bool_)
    for k in range(items.size):
        item = items[k]
        if not up[item]:
            continue
        inside[item] = k
        reach[0] = item
        size = 1
        head = 0
        while head < size:
            m = reach[head]
            head += 1
            carries[k] += weight[m]
            for i in range(use_start[m], use_start[m + 1]):
                v = owner[uses[i]]
                if up[v] and inside[v] != k:
                    inside[v] = k
                    reach[size] = v
                    size += 1
        for place in range(size):
            m = reach[place]
            up[m] = False
            count_out(m, owner, need, use_start, uses, count, lacking)
        raised_count = 0
        for place in range(1, size):
            m = reach[place]
            barred[m] = False
            if lacking[m] == 0:
                up[m] = True
                raised[raised_count] = m
                raised_count += 1
        head = 0
        while head < raised_count:
            m = raised[head]
            head += 1
            raised_count = raise_with(
                m, owner, need, use_start, uses, count, lacking, barred, up, raised, raised_count
            )
        for place in range(1, size):
            barred[reach[place]] = True
        for place in range(size):
            m = reach[place]
            if not up[m]:
                alone[k] += weight[m]
        for place in range(size):
            m = reach[place]
            if not up[m]:
                up[m] = True
                count_in(m, owner, need, use_start, uses, count, lacking)
    return carries, alone


@kernel(plain=True, nogil=True)
def risen_each(groups_of, owner, need, use_start, uses, removed, items):
    """Return who stands again when one item alone is spared: where each item's begin, and who."""
    n = groups_of.size
    count = np.zeros(owner.size, np.int32)
    lacking = groups_of.copy()
    up = standing(groups_of, owner, need, use_start, uses, removed)
    for m in range(n):
        if up[m]:
            count_in(m, owner, need, use_start, uses, count, lacking)
    start = np.zeros(items.size + 1, np.int64)
    risen = np.empty(1024, np.int32)
    total = 0
    raised = np.empty(n, np.int32)
    for k in range(items.size):
        item = items[k]
        size = 0
        if lacking[item] == 0 and not up[item]:
            up[item] = True
            raised[0] = item
            size = 1
        head = 0
        while head < size:
            m = raised[head]
            head += 1
            size = raise_with(
                m, owner, need, use_start, uses, count, lacking, removed, up, raised, size
            )
        while total + size > risen.size:
            risen = np.concatenate((risen, np.empty(risen.size, np.int32)))
        for place in range(size):
            m = raised[place]
            risen[total + place] = m
            up[m] = False
            count_out(m, owner, need, use_start, uses, count, lacking)
        total += size
        start[k + 1] = total
    return start, risen[:total].copy()
