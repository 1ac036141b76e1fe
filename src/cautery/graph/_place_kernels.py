"""Pieces of networks, and the network where each is likeliest: the one move of a partition."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

from math import lgamma

import numpy as np
from numba import njit
from scipy.special import gammaln

TABLE = 4_096
_LOG = np.log(np.maximum(np.arange(TABLE), 1))
_LOG_FACTORIAL = gammaln(np.arange(TABLE) + 1.0)


@njit(cache=True)
def law(distinct, links, expected):
    """Return the log-likelihood that so many links meet so many distinct values of one network.

    A network has ``V >= 1`` values of a kind, ``V - 1`` geometric with the mean ``expected``, and
    each link meets any of them alike: ``V! / (V - distinct)! / V ** links``, at the best ``V``.
    """
    if distinct == 0:
        return 0.0
    ratio = np.log(expected / (1 + expected))
    here = distinct
    value = _at(here, distinct, links, ratio)
    step = max(1, distinct // 8)
    while step > 0:
        more = _at(here + step, distinct, links, ratio)
        if more > value:
            here += step
            value = more
            continue
        if here - step >= distinct:
            less = _at(here - step, distinct, links, ratio)
            if less > value:
                here -= step
                value = less
                continue
        step //= 2
    return value - np.log1p(expected)


@njit(cache=True, inline="always")
def _at(count, distinct, links, ratio):
    if count < TABLE:
        return (
            (count - 1) * ratio
            + _LOG_FACTORIAL[count]
            - _LOG_FACTORIAL[count - distinct]
            - links * _LOG[count]
        )
    return (
        (count - 1) * ratio
        + lgamma(count + 1.0)
        - lgamma(count - distinct + 1.0)
        - links * np.log(float(count))
    )


@njit(cache=True)
def count(s_starts, s_values, v_starts, kind, owner, label, size, values, links, strayed):
    """Count what a partition holds, into the arrays given.

    Into ``size`` subjects a network, into ``values`` and ``links`` its own values and all links to
    them by kind, into ``strayed`` links to them from subjects of other networks. Returns all own
    links, all false ones and all to hubs by kind.
    """
    true = np.zeros(values.shape[1], np.int64)
    false = np.zeros(values.shape[1], np.int64)
    hub = np.zeros(values.shape[1], np.int64)
    for subject in range(label.size):
        network = label[subject]
        size[network] += 1
        for at in range(s_starts[subject], s_starts[subject + 1]):
            value = s_values[at]
            if owner[value] == network:
                true[kind[value]] += 1
            elif owner[value] >= 0:
                false[kind[value]] += 1
                strayed[owner[value]] += 1
            else:
                hub[kind[value]] += 1
    for value in range(owner.size):
        if owner[value] >= 0:
            values[owner[value], kind[value]] += 1
            links[owner[value], kind[value]] += v_starts[value + 1] - v_starts[value]
    return true, false, hub


@njit(cache=True)
def _chance(subject, value, seed):
    """Return a number of 24 bits that hangs on the link and the seed alone (splitmix64)."""
    state = np.uint64(subject) * np.uint64(0x9E3779B97F4A7C15)
    state ^= (np.uint64(value) + np.uint64(seed)) * np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    return np.int64((state ^ (state >> np.uint64(31))) >> np.uint64(40))


@njit(cache=True)
def _root(above, node):
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node


@njit(cache=True)
def pieces(subjects, values, s_starts, s_values, v_starts, owner, label, share, seed):
    """Return pieces of networks: starts, and nodes by piece (values follow all subjects).

    A piece is what own links hold together among some subjects and values once each link but a
    ``share`` is taken away by chance; a value of one bearer always goes with it.
    """
    count = label.size
    nodes = count + owner.size
    above = np.full(nodes, -1, np.int64)
    heavy = np.zeros(nodes, np.int64)
    bar = np.int64(share * (1 << 24))
    for subject in subjects:
        above[subject] = subject
        heavy[subject] = 1
    for value in values:
        above[count + value] = count + value
        heavy[count + value] = 1
    for subject in subjects:
        for at in range(s_starts[subject], s_starts[subject + 1]):
            value = s_values[at]
            if owner[value] != label[subject]:
                continue
            if above[count + value] < 0:
                if v_starts[value + 1] - v_starts[value] > 1:
                    continue
                above[count + value] = count + value
                heavy[count + value] = 1
            elif v_starts[value + 1] - v_starts[value] > 1 and (
                _chance(subject, value, seed) >= bar
            ):
                continue
            one, other = _root(above, subject), _root(above, count + value)
            if one != other:
                if heavy[one] < heavy[other]:
                    one, other = other, one
                above[other] = one
                heavy[one] += heavy[other]
    starts = np.zeros(nodes + 1, np.int64)
    for node in range(nodes):
        if above[node] >= 0:
            starts[_root(above, node) + 1] += 1
    held = 0
    for node in range(nodes):
        held += starts[node + 1] > 0
        starts[node + 1] += starts[node]
    found = np.empty(starts[nodes], np.int64)
    place = starts[:-1].copy()
    for node in range(nodes):
        if above[node] >= 0:
            root = _root(above, node)
            found[place[root]] = node
            place[root] += 1
    ends = np.zeros(held + 1, np.int64)
    piece = 0
    for node in range(nodes):
        if starts[node + 1] > starts[node]:
            piece += 1
            ends[piece] = starts[node + 1]
    return ends, found


@njit(cache=True)
def place(
    starts,
    nodes,
    most,
    s_starts,
    s_values,
    v_starts,
    v_subjects,
    kind,
    owner,
    label,
    size,
    values,
    links,
    strayed,
    reward,
    astray,
    nobody,
    rate,
    log_theta,
    odds,
):
    """Put each piece into the network where it is likeliest, one of its own or nobody's.

    Pieces of more than ``most`` nodes stay. ``nobody`` is by value the worth of a hub, which a
    single value may become; ``astray`` by kind what a link costs beside it that leads to a
    value that is somebody's. With ``odds``, by piece, nothing moves: it takes the log-odds of
    each piece's place against all others, infinite where it has no other.

    Returns the number of pieces that moved.
    """
    count = label.size
    kinds = reward.size
    dry = odds.size > 0
    piece_of = np.full(count + owner.size, -1, np.int64)
    free = np.empty(size.size, np.int64)
    spare = 0
    for network in range(size.size):
        if size[network] == 0:
            free[spare] = network
            spare += 1
    where = np.full(size.size, -1, np.int64)
    room = 1024
    candidate = np.empty(room, np.int64)
    gain = np.empty(room)
    ties = np.empty(room, np.int64)
    score = np.empty(room)
    mine = np.zeros(kinds, np.int64)
    all_links = np.zeros(kinds, np.int64)
    moved = 0
    for piece in range(starts.size - 1):
        first, last = starts[piece], starts[piece + 1]
        if dry:
            odds[piece] = np.inf
        if last - first > most:
            continue
        node = nodes[first]
        home = label[node] if node < count else owner[node - count]
        # What the piece holds, and its links to all networks beside it.
        bearers = 0
        mine[:] = 0
        all_links[:] = 0
        for at in range(first, last):
            piece_of[nodes[at]] = piece
        found = 0
        inner = 0
        reach = 0
        for at in range(first, last):
            node = nodes[at]
            if node < count:
                bearers += 1
                begin, end = s_starts[node], s_starts[node + 1]
            else:
                one = kind[node - count]
                begin, end = v_starts[node - count], v_starts[node - count + 1]
                mine[one] += 1
                all_links[one] += end - begin
                reach += end - begin
            if found + end - begin > room:
                room = 2 * (found + end - begin)
                candidate = _longer(candidate, room)
                gain = _longer(gain, room)
                ties = _longer(ties, room)
                score = np.empty(room)
            for link in range(begin, end):
                if node < count:
                    other = s_values[link]
                    one = kind[other]
                    network = owner[other]
                    if network < 0:
                        continue
                    if piece_of[count + other] == piece:
                        inner += 1
                        continue
                else:
                    other = v_subjects[link]
                    one = kind[node - count]
                    if piece_of[other] == piece:
                        continue
                    network = label[other]
                if where[network] < 0:
                    where[network] = found
                    candidate[found] = network
                    gain[found] = 0.0
                    ties[found] = 0
                    found += 1
                gain[where[network]] += reward[one]
                # Links to this piece's values stray no more there; its own to others' do not.
                ties[where[network]] += 1
        own = where[home] if home >= 0 else -1
        if home >= 0:
            rest = size[home] - bearers
            orphans = 0
            for one in range(kinds):
                orphans += values[home, one] - mine[one]
            if rest == 0 and orphans > 0:
                # Its network's values would be without any subject: they go with it or first.
                for at in range(found):
                    where[candidate[at]] = -1
                continue
            size[home] = rest
            strayed[home] += (ties[own] if own >= 0 else 0) - (reach - inner)
            for one in range(kinds):
                values[home, one] -= mine[one]
                links[home, one] -= all_links[one]
        # A piece's own links into others' values, and theirs into its, were false all the same:
        # by ``ties`` fewer of them stray once it is there.
        best = -np.inf
        chosen = -1
        for at in range(found):
            network = candidate[at]
            if size[network] == 0:
                score[at] = -np.inf
                continue
            before, after = strayed[network], strayed[network] + reach - inner - ties[at]
            total = (
                gain[at]
                + lgamma(size[network] + bearers + 0.0)
                - lgamma(size[network] + 0.0)
                + after * np.log(size[network] + bearers)
                - before * np.log(size[network])
            )
            for one in range(kinds):
                if values[network, one] + mine[one] > 0:
                    total += law(
                        values[network, one] + mine[one],
                        links[network, one] + all_links[one],
                        rate[one] * (size[network] + bearers),
                    ) - law(values[network, one], links[network, one], rate[one] * size[network])
            score[at] = total
            if total > best or (total == best and network == home):
                best = total
                chosen = at
        alone = -np.inf
        if bearers > 0:
            alone = log_theta + lgamma(bearers + 0.0) + (reach - inner) * np.log(bearers)
            for one in range(kinds):
                alone += law(mine[one], all_links[one], rate[one] * bearers)
        elif last - first == 1:
            value = nodes[first] - count
            alone = nobody[value] - astray[kind[value]] * reach
        goal = home
        if dry:
            if home >= 0 and (size[home] > 0 or bearers == 0):
                against = alone
                for at in range(found):
                    if candidate[at] != home:
                        against = np.logaddexp(against, score[at])
                odds[piece] = (score[own] if own >= 0 else -np.inf) - against
        elif alone > best or (alone == best and home >= 0 and size[home] == 0):
            if bearers == 0:
                goal = -1
            elif home < 0 or size[home] > 0:
                if spare > 0:
                    spare -= 1
                    goal = free[spare]
        elif chosen >= 0:
            goal = candidate[chosen]
        if goal != home:
            moved += 1
            if home >= 0 and size[home] == 0:
                free[spare] = home
                spare += 1
            for at in range(first, last):
                node = nodes[at]
                if node < count:
                    label[node] = goal
                else:
                    owner[node - count] = goal
        if goal >= 0:
            size[goal] += bearers
            strayed[goal] += reach - inner - (ties[where[goal]] if where[goal] >= 0 else 0)
            for one in range(kinds):
                values[goal, one] += mine[one]
                links[goal, one] += all_links[one]
        for at in range(found):
            where[candidate[at]] = -1
    return moved


@njit(cache=True)
def _longer(array, room):
    longer = np.empty(room, array.dtype)
    longer[: array.size] = array
    return longer
