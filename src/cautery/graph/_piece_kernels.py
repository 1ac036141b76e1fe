"""Pieces grown around one value inside a network, and whether they are better apart."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np
from numba import njit

from cautery.graph._cut_kernels import joined
from cautery.graph._move_kernels import entropy

MOST_SUBJECTS = 128
MOST_VALUES = 512
GROWTHS = 4


@njit(cache=True)
def split_pieces(
    order,
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
):
    """Split off, around each value, the subjects and values that hold to each other most.

    From the value's bearers: a value belongs to the piece when most of its bearers in the network
    do, a subject when most of its values in the network do; a few times over. Unlike a bridge, a
    piece may hang on the rest by several false links.
    """
    kinds = reward.size
    in_piece = np.zeros(label.size, np.int64)
    mine = np.zeros(owner.size, np.int64)
    touched = np.zeros(owner.size, np.int64)
    weighed = np.zeros(label.size, np.int64)
    subjects = np.empty(MOST_SUBJECTS, np.int64)
    values = np.empty(MOST_VALUES, np.int64)
    rim = np.empty(MOST_SUBJECTS * 8, np.int64)
    ties = np.zeros(kinds, np.int64)
    inner = np.zeros(kinds, np.int64)
    members = np.bincount(label, minlength=size.size)
    stamp = 0
    cuts = 0
    for seed in order:
        network = owner[seed]
        if network < 0 or v_starts[seed + 1] - v_starts[seed] > MOST_SUBJECTS:
            continue
        stamp += 1
        count = 0
        for at in range(v_starts[seed], v_starts[seed + 1]):
            if label[v_subjects[at]] == network:
                in_piece[v_subjects[at]] = stamp
                subjects[count] = v_subjects[at]
                count += 1
        if count < 2:
            continue
        held = 0
        for growth in range(GROWTHS):
            stamp_values = stamp * GROWTHS + growth
            held = 0
            full = False
            for place in range(count):
                subject = subjects[place]
                for at in range(s_starts[subject], s_starts[subject + 1]):
                    value = s_values[at]
                    if owner[value] != network or touched[value] == stamp_values:
                        continue
                    touched[value] = stamp_values
                    inside = 0
                    outside = 0
                    for other in range(v_starts[value], v_starts[value + 1]):
                        bearer = v_subjects[other]
                        if in_piece[bearer] == stamp:
                            inside += 1
                        elif label[bearer] == network:
                            outside += 1
                    if inside > outside or value == seed:
                        if held == MOST_VALUES:
                            full = True
                            break
                        mine[value] = stamp
                        values[held] = value
                        held += 1
                    else:
                        mine[value] = 0
            if full or growth == GROWTHS - 1:
                break
            reached = 0
            for place in range(held):
                for at in range(v_starts[values[place]], v_starts[values[place] + 1]):
                    subject = v_subjects[at]
                    if label[subject] != network or weighed[subject] == stamp_values:
                        continue
                    weighed[subject] = stamp_values
                    inside = 0
                    outside = 0
                    for other in range(s_starts[subject], s_starts[subject + 1]):
                        value = s_values[other]
                        if owner[value] == network:
                            if mine[value] == stamp:
                                inside += 1
                            else:
                                outside += 1
                    held_here = inside == outside and in_piece[subject] == stamp
                    if (inside > outside or held_here) and reached < rim.size:
                        rim[reached] = subject
                        reached += 1
            if reached > MOST_SUBJECTS or reached == 0:
                break
            same = reached == count
            for place in range(reached):
                if in_piece[rim[place]] != stamp:
                    same = False
            if same:
                break
            for place in range(count):
                in_piece[subjects[place]] = 0
            for place in range(held):
                mine[values[place]] = 0
            count = reached
            for place in range(reached):
                subjects[place] = rim[place]
                in_piece[rim[place]] = stamp
        piece = count + held
        if held == 0 or 2 * piece > size[network]:
            for place in range(held):
                mine[values[place]] = 0
            continue
        ties[:] = 0
        inner[:] = 0
        for place in range(count):
            subject = subjects[place]
            for at in range(s_starts[subject], s_starts[subject + 1]):
                value = s_values[at]
                if owner[value] == network:
                    if mine[value] == stamp:
                        inner[kind[value]] += 1
                    else:
                        ties[kind[value]] += 1
        for place in range(held):
            value = values[place]
            for at in range(v_starts[value], v_starts[value + 1]):
                if label[v_subjects[at]] == network and in_piece[v_subjects[at]] != stamp:
                    ties[kind[value]] += 1
        score = joined(size[network], piece, log_theta)
        if count > 1 and members[network] - count > 1:
            score -= finer
        for one in range(kinds):
            whole = own[network, one]
            score += (
                ties[one] * reward[one]
                - entropy(whole)
                + entropy(inner[one])
                + entropy(whole - inner[one] - ties[one])
            )
        if score < 0 and spare > 0:
            spare -= 1
            fresh = free[spare]
            for place in range(count):
                label[subjects[place]] = fresh
            for place in range(held):
                owner[values[place]] = fresh
            size[fresh] = piece
            size[network] -= piece
            members[fresh] = count
            members[network] -= count
            for one in range(kinds):
                own[fresh, one] = inner[one]
                own[network, one] -= inner[one] + ties[one]
            cuts += 1
        for place in range(held):
            mine[values[place]] = 0
    return cuts
