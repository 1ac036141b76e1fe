"""Pairs of subjects that share a value, and on what else they agree."""

# ruff: noqa: NPY002, PLR0917 - numba has its own generator; compiled loops take plain arrays

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

MOST_OF_A_VALUE = 8


@kernel(nogil=True)
def sample_pairs(order, s_starts, s_values, v_starts, v_subjects, kind, seed, room):
    """Draw pairs from values; return the kind and degree drawn by, and two sets of kinds as bits.

    The first set holds the kinds in which a pair shares another value, the second those of
    which both have one.
    """
    # Inside a kernel this seeds Numba's generator, which is another than NumPy's.
    np.random.seed(seed & 0x7FFFFFFF)
    kinds = np.empty(room, np.int64)
    degrees = np.empty(room, np.int64)
    agree = np.zeros(room, np.int64)
    both_kinds = np.zeros(room, np.int64)
    count = 0
    for value in order:
        degree = v_starts[value + 1] - v_starts[value]
        for _ in range(min(degree // 2, MOST_OF_A_VALUE)):
            i = np.random.randint(0, degree)
            j = np.random.randint(0, degree - 1)
            if j >= i:
                j += 1
            a = v_subjects[v_starts[value] + i]
            b = v_subjects[v_starts[value] + j]
            first = 0
            second = 0
            same = 0
            for at in range(s_starts[a], s_starts[a + 1]):
                first |= 1 << min(kind[s_values[at]], 62)
            for at in range(s_starts[b], s_starts[b + 1]):
                second |= 1 << min(kind[s_values[at]], 62)
            # Both lie in order of values.
            p, q = s_starts[a], s_starts[b]
            while p < s_starts[a + 1] and q < s_starts[b + 1]:
                if s_values[p] < s_values[q]:
                    p += 1
                elif s_values[p] > s_values[q]:
                    q += 1
                else:
                    if s_values[p] != value:
                        same |= 1 << min(kind[s_values[p]], 62)
                    p += 1
                    q += 1
            kinds[count] = kind[value]
            degrees[count] = degree
            agree[count] = same
            both_kinds[count] = first & second
            count += 1
            if count == room:
                return kinds, degrees, agree, both_kinds
    return kinds[:count], degrees[:count], agree[:count], both_kinds[:count]
