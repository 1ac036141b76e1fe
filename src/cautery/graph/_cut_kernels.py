"""False bridges: pieces of a network that hang on the rest, and whether they are better apart."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

from math import lgamma

import numpy as np
from numba import njit

from cautery.graph._move_kernels import entropy


@njit(cache=True)
def joined(size, piece, log_theta):
    """Return the prior log-odds that a piece and the rest of a network are one."""
    return lgamma(size) - lgamma(piece) - lgamma(size - piece) - log_theta


@njit(cache=True)
def _deeper(array):
    longer = np.zeros((array.shape[0] * 2, array.shape[1]), array.dtype)
    longer[: array.shape[0]] = array
    return longer


@njit(cache=True)
def cut(
    roots,
    s_starts,
    s_values,
    v_starts,
    v_subjects,
    kind,
    owner,
    label,
    size,
    own,
    reward,
    log_theta,
    finer,
    free,
    spare,
    weakest,
    dry,
):
    """Cut off pieces behind one subject or value when they are better apart.

    A walk in depth over each network's own links (Tarjan's low points) gives the pieces that
    only one node holds; ``weakest`` takes, by subject, the least log-odds of any such piece of
    at most half its network that holds it. With ``dry`` nothing is cut.
    """
    subjects = label.size
    nodes = subjects + owner.size
    kinds = reward.size
    found = np.zeros(nodes, np.int64)
    low = np.zeros(nodes, np.int64)
    stack = np.empty(nodes + 1, np.int64)
    at = np.zeros(nodes + 1, np.int64)
    walk = np.empty(nodes, np.int64)
    begun = np.empty(nodes + 1, np.int64)
    room = 1024
    inner = np.zeros((room, kinds), np.int64)
    outer = np.zeros((room, kinds), np.int64)
    # Nodes and subjects of each piece, and subjects of each network.
    count = np.zeros((room, 2), np.int64)
    members = np.bincount(label, minlength=size.size)
    clock = 0
    cuts = 0
    for root in roots:
        if found[root]:
            continue
        network = label[root]
        depth = 0
        clock += 1
        stack[0] = root
        at[0] = s_starts[root]
        found[root] = clock
        low[root] = clock
        inner[0] = 0
        outer[0] = 0
        count[0] = 1
        walk[0] = root
        walked = 1
        begun[0] = 0
        while True:
            node = stack[depth]
            end = s_starts[node + 1] if node < subjects else v_starts[node - subjects + 1]
            if at[depth] < end:
                place = at[depth]
                at[depth] += 1
                if node < subjects:
                    value = s_values[place]
                    if owner[value] != network:
                        continue
                    goal = subjects + value
                else:
                    value = node - subjects
                    goal = v_subjects[place]
                    if label[goal] != network:
                        continue
                one = kind[value]
                if found[goal] == 0:
                    depth += 1
                    if depth == room:
                        inner, outer, count = _deeper(inner), _deeper(outer), _deeper(count)
                        room *= 2
                    clock += 1
                    stack[depth] = goal
                    at[depth] = s_starts[goal] if goal < subjects else v_starts[goal - subjects]
                    found[goal] = clock
                    low[goal] = clock
                    inner[depth] = 0
                    outer[depth] = 0
                    outer[depth, one] = 1
                    count[depth, 0] = 1
                    count[depth, 1] = goal < subjects
                    begun[depth] = walked
                    walk[walked] = goal
                    walked += 1
                elif found[goal] < found[node] and (depth == 0 or goal != stack[depth - 1]):
                    low[node] = min(low[node], found[goal])
                    lower, upper = 0, depth
                    while lower < upper:
                        middle = (lower + upper) // 2
                        if found[stack[middle]] < found[goal]:
                            lower = middle + 1
                        else:
                            upper = middle
                    outer[lower + 1, one] += 1
                continue
            if depth == 0:
                break
            parent = stack[depth - 1]
            piece = count[depth, 0]
            if low[node] >= found[parent] and 0 < piece < size[network]:
                bearers = count[depth, 1]
                if bearers:
                    score = joined(size[network], piece, log_theta)
                    if bearers > 1 and members[network] - bearers > 1:
                        score -= finer
                    for one in range(kinds):
                        mine = inner[depth, one]
                        ties = outer[depth, one]
                        if mine == 0 and ties == 0:
                            continue  # its share is zero, and logarithms are dear
                        whole = own[network, one]
                        score += (
                            ties * reward[one]
                            - entropy(whole)
                            + entropy(mine)
                            + entropy(whole - mine - ties)
                        )
                    if dry:
                        if 2 * piece <= size[network]:
                            for step in range(begun[depth], walked):
                                if walk[step] < subjects:
                                    weakest[walk[step]] = min(weakest[walk[step]], score)
                    elif score < 0 and spare > 0:
                        spare -= 1
                        fresh = free[spare]
                        for step in range(begun[depth], walked):
                            here = walk[step]
                            if here < subjects:
                                if label[here] == network:
                                    label[here] = fresh
                            elif owner[here - subjects] == network:
                                owner[here - subjects] = fresh
                        size[fresh] = piece
                        size[network] -= piece
                        members[fresh] = bearers
                        members[network] -= bearers
                        for one in range(kinds):
                            own[fresh, one] = inner[depth, one]
                            own[network, one] -= inner[depth, one] + outer[depth, one]
                        cuts += 1
                        inner[depth] = 0
                        outer[depth] = 0
                        count[depth] = 0
            low[parent] = min(low[parent], low[node])
            for one in range(kinds):
                inner[depth - 1, one] += inner[depth, one] + outer[depth, one]
            count[depth - 1] += count[depth]
            depth -= 1
    return cuts
