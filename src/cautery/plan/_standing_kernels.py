"""Loops over supply graphs, compiled and cached. Each has a plain twin in its test.

Groups lie end to end: group ``g`` belongs to ``owner[g]`` and asks ``need[g]`` of the members
``member[start[g]:start[g + 1]]``; ``uses[use_start[m]:use_start[m + 1]]`` are the groups that
``m`` stands in, once for each link.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel


@kernel(plain=True, nogil=True)
def gathered(key, keys):
    """Return where each key's places begin, and the places by key: a stable counting sort."""
    begin = np.zeros(keys + 1, np.int64)
    for i in range(key.size):
        begin[key[i] + 1] += 1
    for k in range(keys):
        begin[k + 1] += begin[k]
    free = begin[:-1].copy()
    places = np.empty(key.size, np.int64)
    for i in range(key.size):
        places[free[key[i]]] = i
        free[key[i]] += 1
    return begin, places


@kernel(plain=True, nogil=True)
def standing_in(groups_of, owner, need, use_start, uses, link, link_exists, removed):
    """Tell who is up where ``link[i]``, the link of ``uses[i]``, may be missing.

    An empty ``link_exists``: every link exists.
    """
    lacking = groups_of.copy()
    count = np.zeros(owner.size, np.int32)
    up = np.zeros(groups_of.size, np.bool_)
    rising = np.empty(groups_of.size, np.int32)
    some_missing = link_exists.size > 0
    top = 0
    for v in range(groups_of.size):
        if lacking[v] == 0 and not removed[v]:
            up[v] = True
            rising[top] = v
            top += 1
    while top > 0:
        top -= 1
        m = rising[top]
        for i in range(use_start[m], use_start[m + 1]):
            if some_missing and not link_exists[link[i]]:
                continue
            g = uses[i]
            count[g] += 1
            if count[g] == need[g]:
                v = owner[g]
                lacking[v] -= 1
                if lacking[v] == 0 and not removed[v]:
                    up[v] = True
                    rising[top] = v
                    top += 1
    return up


@kernel(plain=True, nogil=True)
def standing(groups_of, owner, need, use_start, uses, removed):
    """Tell who is up where every link exists."""
    none_missing = np.ones(0, np.bool_)
    return standing_in(groups_of, owner, need, use_start, uses, use_start, none_missing, removed)


@kernel(plain=True, nogil=True)
def count_in(m, owner, need, use_start, uses, count, lacking):
    """Count ``m`` in all groups that it stands in; owners lack one group less that has enough."""
    for i in range(use_start[m], use_start[m + 1]):
        g = uses[i]
        count[g] += 1
        if count[g] == need[g]:
            lacking[owner[g]] -= 1


@kernel(plain=True, nogil=True)
def count_out(m, owner, need, use_start, uses, count, lacking):
    """Undo :func:`count_in`."""
    for i in range(use_start[m], use_start[m + 1]):
        g = uses[i]
        if count[g] == need[g]:
            lacking[owner[g]] += 1
        count[g] -= 1


@kernel(plain=True, nogil=True)
def raise_with(m, owner, need, use_start, uses, count, lacking, barred, up, raised, size):
    """Count ``m`` in as :func:`count_in` does, and raise the owners that lack nothing any more.

    These are appended to the first ``size`` of ``raised``, except those that are ``barred``; the
    new size is returned.
    """
    for i in range(use_start[m], use_start[m + 1]):
        g = uses[i]
        count[g] += 1
        if count[g] == need[g]:
            v = owner[g]
            lacking[v] -= 1
            if lacking[v] == 0 and not barred[v] and not up[v]:
                up[v] = True
                raised[size] = v
                size += 1
    return size


@kernel(plain=True, nogil=True)
def give_back(groups_of, owner, need, use_start, uses, weight, removed, order, ceiling):
    """Give back, in ``order``, whatever leaves at most ``ceiling`` up; ``removed`` is changed."""
    count = np.zeros(owner.size, np.int32)
    lacking = groups_of.copy()
    up = standing(groups_of, owner, need, use_start, uses, removed)
    left = 0.0
    for m in range(groups_of.size):
        if up[m]:
            left += weight[m]
            count_in(m, owner, need, use_start, uses, count, lacking)
    raised = np.empty(groups_of.size, np.int32)
    for place in range(order.size):
        v = order[place]
        if not removed[v]:
            continue
        removed[v] = False
        if lacking[v] > 0:
            continue
        up[v] = True
        raised[0] = v
        size = 1
        head = 0
        total = left + weight[v]
        while head < size and total <= ceiling:
            m = raised[head]
            head += 1
            before = size
            size = raise_with(
                m, owner, need, use_start, uses, count, lacking, removed, up, raised, size
            )
            for new in range(before, size):
                total += weight[raised[new]]
        if total <= ceiling:
            left = total
            continue
        removed[v] = True
        for place_raised in range(size):
            m = raised[place_raised]
            up[m] = False
            if place_raised < head:
                count_out(m, owner, need, use_start, uses, count, lacking)
    return left
