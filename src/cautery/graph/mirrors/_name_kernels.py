"""What pairs of names share, name by name and letter by letter."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

NINE = ord("9")
"""Plain names have letters and digits alone, of which these come first."""


@kernel(plain=True, nogil=True)
def nats(begin, end, letter, ends, starts, costs, least):
    """Return the least nats in which the letters from ``begin`` to ``end`` can be written.

    ``ends[p]`` to ``ends[p + 1]`` are the words that end before letter ``p``, with where they
    start and what they cost; ``least`` is room for the work.
    """
    least[0] = 0.0
    for at in range(begin + 1, end + 1):
        best = least[at - begin - 1] + letter
        for word in range(ends[at], ends[at + 1]):
            if starts[word] >= begin:
                best = min(best, least[starts[word] - begin] + costs[word])
        least[at - begin] = best
    return least[end - begin]


@kernel(plain=True, nogil=True)
def _longest_name(begins):
    longest = 0  # np.diff would take two seconds to compile
    for name in range(begins.size - 1):
        longest = max(longest, begins[name + 1] - begins[name])
    return longest


@kernel(plain=True, nogil=True)
def wholes(begins, letter, ends, starts, costs):
    """Return the nats of each name."""
    out = np.empty(begins.size - 1)
    least = np.empty(_longest_name(begins) + 1)
    for name in range(out.size):
        out[name] = nats(begins[name], begins[name + 1], letter, ends, starts, costs, least)
    return out


@kernel(plain=True, nogil=True)
def covered(begins, is_letter, ends, starts, of_trade):
    """Return whether each name is words of the trade from end to end, perhaps with digits."""
    out = np.empty(begins.size - 1, np.bool_)
    reached = np.empty(_longest_name(begins) + 1, np.bool_)
    for name in range(out.size):
        begin = begins[name]
        reached[0], has_word = True, False
        for at in range(begin + 1, begins[name + 1] + 1):
            has_word |= is_letter[at - 1]
            whole = reached[at - begin - 1] and not is_letter[at - 1]
            for word in range(ends[at], ends[at + 1]):
                if of_trade[word] and starts[word] >= begin and reached[starts[word] - begin]:
                    whole = True
            reached[at - begin] = whole
        out[name] = has_word and reached[begins[name + 1] - begin]
    return out


@kernel(plain=True, nogil=True)
def _longest(text, a, a_end, b, b_end, used_a, used_b, row):
    """Return the longest piece of letters unused so far, and where it begins in each name."""
    size = at_a = at_b = 0
    row[: b_end - b + 1] = 0
    for i in range(a_end - a):
        before = 0
        for j in range(b_end - b):
            above = row[j + 1]
            if used_a[i] or used_b[j] or text[a + i] != text[b + j]:
                row[j + 1] = 0
            else:
                row[j + 1] = before + 1
                if row[j + 1] > size:
                    size, at_a, at_b = row[j + 1], i - row[j + 1] + 1, j - row[j + 1] + 1
            before = above
    return size, at_a, at_b


@kernel(plain=True, nogil=True)
def nearest(
    pairs, name_places, begins_of, looks, generic, whole, text, begins,
    shortest, letter, edge, unshared, instead, ends, starts, costs,
):  # fmt: skip
    """Return the nats of what pairs of groups share in their names, less what only one has.

    Of the nearest two names; in these the longest common piece first, down to ``shortest`` letters.
    Two names of ``generic`` words alone share nothing unless they are the same.
    """
    longest = _longest_name(begins) + 1
    least, row = np.empty(longest + 1), np.empty(longest + 1, np.int64)
    used_a, used_b = np.empty(longest, np.bool_), np.empty(longest, np.bool_)
    out = np.full(len(pairs), -np.inf)
    for pair in range(len(pairs)):
        for name_a in name_places[begins_of[pairs[pair, 0]] : begins_of[pairs[pair, 0] + 1]]:
            for name_b in name_places[begins_of[pairs[pair, 1]] : begins_of[pairs[pair, 1] + 1]]:
                if looks[name_a] == looks[name_b]:
                    out[pair] = max(out[pair], min(whole[name_a], whole[name_b]))
                    continue
                if generic[name_a] and generic[name_b]:
                    continue
                a, a_end = begins[name_a], begins[name_a + 1]
                b, b_end = begins[name_b], begins[name_b + 1]
                used_a[: a_end - a] = False
                used_b[: b_end - b] = False
                total = 0.0
                while True:
                    size, i, j = _longest(text, a, a_end, b, b_end, used_a, used_b, row)
                    if size < shortest:
                        break
                    heads, tails = i + j == 0, a + i + size == a_end and b + j + size == b_end
                    total += edge * (heads + tails)
                    total += nats(a + i, a + i + size, letter, ends, starts, costs, least)
                    used_a[i : i + size] = True
                    used_b[j : j + size] = True
                fewest = np.inf
                for begin, end, used in ((a, a_end, used_a), (b, b_end, used_b)):
                    since, left_nats, letter_nats, is_word = begin, 0.0, 0.0, False
                    for at in range(begin, end + 1):
                        if at < end and not used[at - begin]:
                            is_word |= text[at] > NINE
                            continue
                        if at > since:
                            piece = nats(since, at, letter, ends, starts, costs, least)
                            left_nats += piece
                            if is_word:  # another number is a renewal, no other name
                                letter_nats += piece
                        since, is_word = at + 1, False
                    total -= unshared * left_nats
                    fewest = min(fewest, letter_nats)
                total -= instead * fewest
                out[pair] = max(out[pair], total)
    return out
