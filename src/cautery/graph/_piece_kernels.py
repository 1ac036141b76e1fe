"""What networks hold, and the pieces that their own links hold together."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel


@kernel(plain=True, nogil=True)
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


@kernel(plain=True, nogil=True)
def _chance(subject, value, seed):
    """Return a number of 24 bits that hangs on the link and the seed alone (splitmix64)."""
    state = np.uint64(subject) * np.uint64(0x9E3779B97F4A7C15)
    state ^= (np.uint64(value) + seed) * np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    return np.int64((state ^ (state >> np.uint64(31))) >> np.uint64(40))


@kernel(plain=True, nogil=True)
def _root(above, node):
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node


@kernel(plain=True, nogil=True)
def pieces(subjects, values, s_starts, s_values, v_starts, owner, label, share, seed):
    """Return pieces of networks: starts, and nodes by piece (values follow all subjects).

    A piece is what own links hold together among some subjects and values once each link but a
    ``share`` is taken away by chance; a value of one bearer always goes with it.
    """
    count = label.size
    nodes = count + owner.size
    bits = np.full(1, seed, np.int64).view(np.uint64)[0]  # a seed may be below 0
    above = np.full(nodes, -1, np.int32)
    heavy = np.empty(nodes, np.int32)
    listed = np.empty(nodes, np.int64)
    listed_count = 0
    # _chance gives 24 bits, so this is the share of them below the bar.
    bar = np.int64(share * (1 << 24))
    for subject in subjects:
        above[subject] = subject
        heavy[subject] = 1
        listed[listed_count] = subject
        listed_count += 1
    for value in values:
        above[count + value] = count + value
        heavy[count + value] = 1
        listed[listed_count] = count + value
        listed_count += 1
    for subject in subjects:
        for at in range(s_starts[subject], s_starts[subject + 1]):
            value = s_values[at]
            if owner[value] != label[subject]:
                continue
            lone = v_starts[value + 1] - v_starts[value] == 1
            if above[count + value] < 0:
                if not lone:
                    continue
                above[count + value] = count + value
                heavy[count + value] = 1
                listed[listed_count] = count + value
                listed_count += 1
            elif not lone and _chance(subject, value, bits) >= bar:
                continue
            larger, smaller = _root(above, subject), _root(above, count + value)
            if larger != smaller:
                if heavy[larger] < heavy[smaller]:
                    larger, smaller = smaller, larger
                above[smaller] = larger
                heavy[larger] += heavy[smaller]
    # Pieces in the order of their first nodes.
    number = np.empty(nodes, np.int64)
    for place in range(listed_count):
        number[_root(above, listed[place])] = -1
    piece_count = 0
    ends = np.zeros(listed_count + 1, np.int64)
    for place in range(listed_count):
        root = _root(above, listed[place])
        if number[root] < 0:
            number[root] = piece_count
            piece_count += 1
        ends[number[root] + 1] += 1
    for piece in range(piece_count):
        ends[piece + 1] += ends[piece]
    by_piece = np.empty(listed_count, np.int64)
    filled = ends[:piece_count].copy()
    for place in range(listed_count):
        piece = number[_root(above, listed[place])]
        by_piece[filled[piece]] = listed[place]
        filled[piece] += 1
    return ends[: piece_count + 1], by_piece
