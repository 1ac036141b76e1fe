"""Where a piece of a network is likeliest: the one move of a partition."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

from itertools import accumulate
from math import log, log1p, pi
from operator import mul

import numpy as np

from cautery.kernels import kernel

TABLE = 4_096
_LOG = np.log(np.maximum(np.arange(TABLE), 1))
# Of whole numbers, so that each is right to its last bit; SciPy would take 0.2 s to load.
_LOG_FACTORIAL = np.array([log(number) for number in accumulate(range(1, TABLE), mul, initial=1)])
_HALF_LOG_TWO_PI = 0.5 * log(2 * pi)
"""Constant of Stirling's series for the logarithm of a factorial."""


@kernel(plain=True, nogil=True)
def place(
    starts,
    nodes,
    largest,
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
    heat,
    uncut,
    seed,
):
    """Put each piece into the network where it is likeliest, one of its own or nobody's.

    Pieces of more than ``largest`` nodes stay; one that nothing ties to its network leaves it.
    ``nobody`` is by value the worth of a hub, which a single value may become; ``astray`` by kind
    what a link to a value that is somebody's costs beside it. With ``odds``, by piece, nothing
    moves: it takes the log-odds of each piece's place against all others, infinite where it has
    no other. With ``heat`` above 0 it goes to any place by chance, as likely as that is
    (raised to ``1 / heat``); ``uncut`` is the log of the chance with which an own link was taken
    away when pieces were made, without which chances would not be those of the likelihood (Barbu
    and Zhu, PAMI 2005).

    Returns the number of pieces that moved.
    """
    subjects = label.size
    kinds = reward.size
    dry = odds.size > 0
    noise = np.full(1, seed, np.int64).view(np.uint64)  # a seed may be below 0
    # An update moves few of millions: what is as long as all is kept small, or not looked through.
    piece_of = np.full(subjects + owner.size, -1, np.int32)
    where = np.full(size.size, -1, np.int32)
    free = np.empty(size.size, np.int64)
    spare = unseen = 0
    room = 1024
    beside = np.empty(room, np.int64)
    gain = np.empty(room)
    ties = np.empty(room, np.int64)
    score = np.empty(room)
    piece_values = np.zeros(kinds, np.int64)
    piece_links = np.zeros(kinds, np.int64)
    moved = 0
    for piece in range(starts.size - 1):
        first, last = starts[piece], starts[piece + 1]
        if dry:
            odds[piece] = np.inf
        if last - first > largest:
            continue
        node = nodes[first]
        home = label[node] if node < subjects else owner[node - subjects]
        for at in range(first, last):
            piece_of[nodes[at]] = piece
        # What the piece holds, and its links to each network beside it.
        bearers = beside_count = inner = 0
        piece_values[:] = 0
        piece_links[:] = 0
        for at in range(first, last):
            node = nodes[at]
            if node < subjects:
                bearers += 1
                begin, end = s_starts[node], s_starts[node + 1]
            else:
                begin, end = v_starts[node - subjects], v_starts[node - subjects + 1]
                piece_values[kind[node - subjects]] += 1
                piece_links[kind[node - subjects]] += end - begin
            if beside_count + end - begin > room:
                room = 2 * (beside_count + end - begin)
                beside, gain, ties = _longer(beside, room), _longer(gain, room), _longer(ties, room)
                score = np.empty(room)
            for link in range(begin, end):
                if node < subjects:
                    value = s_values[link]
                    network = owner[value]
                    if piece_of[subjects + value] == piece:
                        inner += 1
                        continue
                else:
                    value = node - subjects
                    network = label[v_subjects[link]]
                    if piece_of[v_subjects[link]] == piece:
                        continue
                if network < 0:
                    continue
                if where[network] < 0:
                    where[network] = beside_count
                    beside[beside_count] = network
                    gain[beside_count] = 0.0
                    ties[beside_count] = 0
                    beside_count += 1
                gain[where[network]] += reward[kind[value]]
                ties[where[network]] += 1
        # Links to the piece's values from outside. Some of its network are among them, and as
        # some of its own lead to values there, by all those ties fewer stray once it is there.
        outer = piece_links.sum() - inner
        if home >= 0 and size[home] == bearers and values[home].sum() > piece_values.sum():
            # Values would be left without any subject; they go first.
            for at in range(beside_count):
                where[beside[at]] = -1
            continue
        home_at = where[home] if home >= 0 else -1
        if home >= 0:
            size[home] -= bearers
            strayed[home] -= outer - (ties[home_at] if home_at >= 0 else 0)
            values[home] -= piece_values
            links[home] -= piece_links
        best = -np.inf
        goal = home
        for at in range(beside_count):
            network = beside[at]
            score[at] = -np.inf
            if size[network] > 0:
                score[at] = gain[at] + _difference(
                    size[network],
                    bearers,
                    strayed[network],
                    outer - ties[at],
                    values[network],
                    piece_values,
                    links[network],
                    piece_links,
                    rate,
                )
                if heat > 0:
                    score[at] = score[at] / heat + ties[at] * uncut + _gumbel(noise)
            if score[at] > best or (score[at] == best and network == home):
                best = score[at]
                goal = network
        if bearers > 0:
            alone = log_theta + _log_gamma(bearers) + outer * _log(bearers)
            for number in range(kinds):
                alone += law(piece_values[number], piece_links[number], rate[number] * bearers)
        elif last - first == 1:
            alone = nobody[nodes[first] - subjects]
            alone -= astray[kind[nodes[first] - subjects]] * outer
        else:
            alone = -np.inf
        if heat > 0:
            alone = alone / heat + _gumbel(noise)
        if dry:
            goal = home
            if home >= 0 and size[home] > 0:
                against = alone
                for at in range(beside_count):
                    if beside[at] != home:
                        against = np.logaddexp(against, score[at])
                odds[piece] = (score[home_at] if home_at >= 0 else -np.inf) - against
        elif alone >= best and (alone > best or (home >= 0 and size[home] == 0)):
            goal = home
            if bearers == 0:
                goal = -1
            elif size[home] > 0:
                # Networks that became free, as far as they still are; then those never looked at.
                while spare > 0 and goal == home:
                    spare -= 1
                    if size[free[spare]] == 0:
                        goal = free[spare]
                while goal == home and unseen < size.size:
                    if size[unseen] == 0:
                        goal = unseen
                    unseen += 1
        if goal != home:
            moved += 1
            if home >= 0 and size[home] == 0 and spare < free.size:
                free[spare] = home
                spare += 1
            for at in range(first, last):
                node = nodes[at]
                if node < subjects:
                    label[node] = goal
                else:
                    owner[node - subjects] = goal
        if goal >= 0:
            size[goal] += bearers
            strayed[goal] += outer - (ties[where[goal]] if where[goal] >= 0 else 0)
            values[goal] += piece_values
            links[goal] += piece_links
        for at in range(beside_count):
            where[beside[at]] = -1
    return moved


@kernel(plain=True, nogil=True)
def worths(s_starts, s_values, kind, owner, label, size, values, links, strayed, reward, rate):
    """Return the log-likelihood of each network, but for the prior weight of one more."""
    worth = np.zeros(size.size)
    for network in range(size.size):
        if size[network] > 0:
            worth[network] = _log_gamma(size[network])
            worth[network] += strayed[network] * _log(size[network])
            for number in range(rate.size):
                worth[network] += law(
                    values[network, number], links[network, number], rate[number] * size[network]
                )
    for subject in range(label.size):
        for at in range(s_starts[subject], s_starts[subject + 1]):
            if owner[s_values[at]] == label[subject]:
                worth[label[subject]] += reward[kind[s_values[at]]]
    return worth


@kernel(plain=True, nogil=True)
def _difference(size, bearers, strayed, further, values, piece_values, links, piece_links, rate):
    """Return what a network gains in log-likelihood by a piece, but for the ties between them."""
    total = (
        _log_gamma(size + bearers)
        - _log_gamma(size)
        + (strayed + further) * _log(size + bearers)
        - strayed * _log(size)
    )
    for number in range(rate.size):
        if values[number] + piece_values[number] > 0:
            total += law(
                values[number] + piece_values[number],
                links[number] + piece_links[number],
                rate[number] * (size + bearers),
            ) - law(values[number], links[number], rate[number] * size)
    return total


@kernel(plain=True, nogil=True)
def _gumbel(state):
    """Return noise by which the greatest of several scores is each as often as its exponential.

    From SplitMix64 (Steele et al., OOPSLA 2014); ``state`` is one number, and moves on.
    """
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    bits = state[0]
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    share = (np.float64((bits ^ (bits >> np.uint64(31))) >> np.uint64(12)) + 0.5) / 2.0**52
    return -_log(-_log(share))


@kernel(plain=True, nogil=True)
def _log(number):
    """Return the logarithm of the C library, which NumPy's differs from by a bit here and there."""
    return log(number) if number > 0 else -np.inf


@kernel(plain=True, nogil=True)
def _log_gamma(number):
    """Return the logarithm of ``(number - 1)!``: numba's and Python's differ in the last bit."""
    if number <= TABLE:
        return _LOG_FACTORIAL[number - 1]
    number = float(number)
    # Stirling's series: the omitted terms are below 1e-21 here.
    return (
        (number - 0.5) * log(number)
        - number
        + _HALF_LOG_TWO_PI
        + (1 - 1 / (30 * (number * number))) / (12 * number)
    )


@kernel(plain=True, nogil=True)
def _longer(array, room):
    longer = np.empty(room, array.dtype)
    for at in range(array.size):  # a slice would take two seconds to compile
        longer[at] = array[at]
    return longer


@kernel(plain=True, nogil=True)
def law(distinct, links, expected):
    """Return the log-likelihood that so many links meet so many distinct values of one network.

    A network has ``V >= 1`` values of a kind, ``V - 1`` geometric with the mean ``expected``, and
    each link meets any of them alike: ``V! / (V - distinct)! / V ** links``, at the best ``V``.
    """
    if distinct == 0:
        return 0.0
    ratio = _log(expected / (1 + expected))
    pool = distinct
    value = _at(pool, distinct, links, ratio)
    step = max(1, distinct // 8)
    while step > 0:
        raised = _at(pool + step, distinct, links, ratio)
        if raised > value:
            pool += step
            value = raised
            continue
        if pool - step >= distinct:
            lowered = _at(pool - step, distinct, links, ratio)
            if lowered > value:
                pool -= step
                value = lowered
                continue
        step //= 2
    return value - log1p(expected)


@kernel(plain=True, nogil=True, inline="always")
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
        + _log_gamma(count + 1)
        - _log_gamma(count - distinct + 1)
        - links * _log(float(count))
    )
