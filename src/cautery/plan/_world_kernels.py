"""Loops over 64 drawn worlds at once, a bit each, compiled and cached.

``up[v, w]`` holds whether node ``v`` is up in the worlds of word ``w``. Groups lie as in
``_standing_kernels``. Nodes are settled component by component, members first; within a circle
from "nobody is up", so that what is reached is the least fixed point.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import heapq

import numpy as np

from cautery.kernels import kernel

_ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE_BIT = np.uint64(1)


@kernel(nogil=True)
def in_order(component, count, owner, start, member):
    """Return components numbered so that members stand before owners, and which hold a circle."""
    size = np.zeros(count, np.int64)
    for v in range(component.size):
        size[component[v]] += 1
    circle = size > 1
    uses = np.zeros(count + 1, np.int64)
    waiting = np.zeros(count, np.int64)
    for g in range(owner.size):
        for e in range(start[g], start[g + 1]):
            if member[e] == owner[g]:
                circle[component[owner[g]]] = True
            if component[member[e]] != component[owner[g]]:
                uses[component[member[e]] + 1] += 1
                waiting[component[owner[g]]] += 1
    uses = np.cumsum(uses)
    user = np.empty(uses[-1], np.int64)
    filled = uses[:-1].copy()
    for g in range(owner.size):
        for e in range(start[g], start[g + 1]):
            c = component[member[e]]
            if c != component[owner[g]]:
                user[filled[c]] = component[owner[g]]
                filled[c] += 1
    number = np.empty(count, np.int64)
    queue = np.empty(count, np.int64)
    last = 0
    for c in range(count):
        if waiting[c] == 0:
            queue[last] = c
            last += 1
    head = 0
    while head < last:
        c = queue[head]
        number[c] = head
        head += 1
        for i in range(uses[c], uses[c + 1]):
            waiting[user[i]] -= 1
            if waiting[user[i]] == 0:
                queue[last] = user[i]
                last += 1
    renumbered = np.empty(component.size, np.int64)
    circles = np.zeros(count, np.bool_)
    for v in range(component.size):
        renumbered[v] = number[component[v]]
        circles[renumbered[v]] = circle[component[v]]
    return renumbered, circles


@kernel(nogil=True)
def _evaluate(frame, plan, up, v, new):
    """Write to ``new`` where ``v`` is up, given its members."""
    words = new.size
    row = frame.exists_row[v]
    for w in range(words):
        new[w] = frame.exists[row, w] if row >= 0 else _ALL_BITS
    if plan[v]:
        row = frame.works_row[v]
        for w in range(words):
            new[w] &= ~frame.works[row, w] if row >= 0 else np.uint64(0)
    for j in range(frame.group_start[v], frame.group_start[v + 1]):
        g = frame.groups_of_node[j]
        first, last, need = frame.start[g], frame.start[g + 1], frame.need[g]
        for w in range(words):
            if new[w] == 0:
                continue
            if need == 1:
                any_up = np.uint64(0)
                for e in range(first, last):
                    any_up |= up[frame.member[e], w]
                new[w] &= any_up
                continue
            if need == last - first:
                for e in range(first, last):
                    new[w] &= up[frame.member[e], w]
                continue
            # Counters of 64 worlds, a plane of bits for each power of two.
            planes = np.zeros(32, np.uint64)
            used = 0
            for e in range(first, last):
                carry = up[frame.member[e], w]
                b = 0
                while carry != 0:
                    planes[b], carry = planes[b] ^ carry, planes[b] & carry
                    b += 1
                used = max(used, b)
            above, equal = np.uint64(0), _ALL_BITS
            while need >> used:
                used += 1
            for b in range(used - 1, -1, -1):
                if (need >> b) & 1:
                    equal &= planes[b]
                else:
                    above |= equal & planes[b]
                    equal &= ~planes[b]
            new[w] &= above | equal


@kernel(nogil=True)
def _moved(frame, up, served, v, new, log, words_log, logged):
    """Take ``new`` for ``v``; tell whether anything changed."""
    changed = False
    for w in range(new.size):
        if up[v, w] != new[w]:
            changed = True
            break
    if not changed:
        return False
    log[logged] = v
    weight = frame.weight[v]
    for w in range(new.size):
        old = up[v, w]
        words_log[logged, w] = old
        up[v, w] = new[w]
        if weight > 0 and old != new[w]:
            fallen, risen = old & ~new[w], new[w] & ~old
            for b in range(64):
                bit = np.uint64(b)
                served[64 * w + b] += weight * (
                    np.float64((risen >> bit) & _ONE_BIT) - np.float64((fallen >> bit) & _ONE_BIT)
                )
    return True


@kernel(nogil=True)
def settle(frame, plan, up, served, seeds, log, words_log):
    """Settle what follows from the nodes ``seeds``; return how many nodes changed.

    ``log`` and ``words_log`` get each node that changed and its words of before.
    """
    words = up.shape[1]
    new = np.empty(words, np.uint64)
    waiting = [np.int64(0)]
    waiting.pop()
    for v in seeds:
        c = frame.component[v]
        if not frame.queued[c]:
            frame.queued[c] = True
            heapq.heappush(waiting, c)
    logged = 0
    while waiting:
        c = heapq.heappop(waiting)
        frame.queued[c] = False
        first, last = frame.inside_start[c], frame.inside_start[c + 1]
        before = logged
        if not frame.circle[c]:
            v = frame.inside[first]
            _evaluate(frame, plan, up, v, new)
            if _moved(frame, up, served, v, new, log, words_log, logged):
                logged += 1
        else:
            now = np.empty((last - first, words), np.uint64)
            for i in range(first, last):
                now[i - first] = up[frame.inside[i]]
                up[frame.inside[i]] = 0
            rising = True
            while rising:
                rising = False
                for i in range(first, last):
                    v = frame.inside[i]
                    _evaluate(frame, plan, up, v, new)
                    for w in range(words):
                        if up[v, w] != new[w]:
                            up[v, w] = new[w]
                            rising = True
            for i in range(first, last):
                v = frame.inside[i]
                new[:] = up[v]
                up[v] = now[i - first]
                if _moved(frame, up, served, v, new, log, words_log, logged):
                    logged += 1
        for i in range(before, logged):
            m = log[i]
            for j in range(frame.use_start[m], frame.use_start[m + 1]):
                user = frame.component[frame.owner[frame.uses[j]]]
                if user != c and not frame.queued[user]:
                    frame.queued[user] = True
                    heapq.heappush(waiting, user)
    return logged


@kernel(nogil=True)
def unsettle(up, log, words_log, logged):
    """Put back what :func:`settle` changed."""
    for i in range(logged - 1, -1, -1):
        up[log[i]] = words_log[i]


@kernel(nogil=True)
def weigh(frame, up, served):
    """Sum anew what is up in each world."""
    served[:] = 0.0
    for v in range(up.shape[0]):
        weight = frame.weight[v]
        if weight == 0:
            continue
        for w in range(up.shape[1]):
            for b in range(64):
                served[64 * w + b] += weight * np.float64((up[v, w] >> np.uint64(b)) & _ONE_BIT)
