"""Sets of countries as bits, and titles that are a name of one right only: compiled and cached."""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel


@kernel(plain=True, nogil=True)
def has(mask, country):
    """Tell whether a set of countries has one."""
    return (mask[country >> 5] >> np.uint32(country & 31)) & np.uint32(1)


@kernel(plain=True, nogil=True)
def overlaps(first, second):
    """Tell whether two sets of countries share one."""
    shared = np.uint32(0)
    for at in range(len(first)):
        shared |= first[at] & second[at]
    return shared != 0


@kernel(plain=True, nogil=True)
def found_among(codes, code):
    """Return where ``code`` stands among sorted codes, or -1."""
    low, high = 0, len(codes)
    while low < high:
        middle = (low + high) >> 1
        if codes[middle] < code:
            low = middle + 1
        else:
            high = middle
    return low if low < len(codes) and codes[low] == code else -1


def _steps_of_titles(_batch, _names, home, *_out):
    """Return how many steps they take: a title has few names, of however many."""
    return 10 * home.size


@kernel(plain=_steps_of_titles, nogil=True)
def unmistakable(batch, names, home, votes, only):
    """Find the titles that are a name of one right only, anywhere or where the title is from.

    Writes the country of the only right anywhere, or 0, and the only right there, or -1.
    """
    for title in range(len(home)):
        votes[title], only[title] = 0, -1
        key = batch.keys[title, 1]
        if key < 0:
            continue
        anywhere, at_home = -1, -1
        for at in range(names.key_at[key], names.key_at[key + 1]):
            name = names.key_names[at]
            if names.key_whole[name] != key:
                continue
            right = names.right[name]
            if anywhere != right:
                anywhere = right if anywhere == -1 else -2
            if home[title] > 0 and has(names.areas[right], home[title]) and at_home != right:
                at_home = right if at_home == -1 else -2
        if anywhere >= 0:
            votes[title] = names.home[anywhere]
        only[title] = anywhere if anywhere >= 0 else at_home
