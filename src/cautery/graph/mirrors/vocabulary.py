"""Which pieces of names are words, by how many families use them, and what a word costs to write.

A word that many families use says little (``torrent``, ``movies``). Words are counted by their
length, and a longer one only where both shorter ones in it are words: nothing rarer can be one, so
that the work and the memory stay in proportion to the letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cautery.graph.mirrors.names import GENERIC

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

LETTER_NATS = 2.3
"""A letter of a brand: the entropy of letters in made-up names lies between English text's (about
1.3 bit a letter in context) and that of free letters (log 26 = 3.3 nats)."""
WORD_NATS = 0.3
"""What it takes to say that a word follows rather than a letter."""
BACKGROUND = 300.0
"""Families that the packaged words stand for, beside those of the list at hand."""
GENERIC_SHARE = 0.05
"""The least part of families that uses any one packaged word."""
BRANDED = 0.5
"""A word that several families use may yet be one brand's, not joined so far: it costs no less than
this part of its letters."""
SHORTEST_WORD, LONGEST_WORD = 3, 12
FEWEST_FAMILIES = 3


class Words(NamedTuple):
    """The words in a text: ``ends[p]`` to ``ends[p + 1]`` are those that end before letter p.

    ``of_trade``: whether a word is a packaged one.
    """

    ends: IntArray
    starts: IntArray
    costs: FloatArray
    of_trade: NDArray[np.bool_]


def letters_of(names: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Return the letters of names one after another, and where each begins (and the last ends)."""
    begins = np.zeros(len(names) + 1, np.int64)
    np.cumsum([len(name) for name in names], out=begins[1:])
    text = np.frombuffer("".join(names).encode("utf-32-le", "surrogatepass"), np.uint32)
    return text.astype(np.int64), begins


def words_in(names: Sequence[str], families: IntArray, total: int) -> Words:
    """Return the words of names, each of a family; -1: it has words, but is not counted.

    Parameters
    ----------
    names : sequence of str
        Plain names.
    families : ndarray
        A number for each name; a word counts once a family, so that a family of a thousand domains
        does not make its own brand generic.
    total : int
        How many families there are.
    """
    generic = sorted(GENERIC)
    text, begins = letters_of([*names, *generic])
    sizes = np.diff(begins)
    # Of 32 bits: there are ten of these numbers for each letter, and a million names.
    room = np.arange(text.size, dtype=np.int32)
    room = np.repeat(begins[1:].astype(np.int32), sizes) - room
    family = np.concatenate((families, np.full(len(generic), -1))).astype(np.int32)
    family = np.repeat(family, sizes)
    packaged = np.repeat(np.arange(sizes.size) >= len(names), sizes)
    whole = np.zeros(text.size, np.int32)
    whole[begins[len(names) : -1]] = sizes[len(names) :]
    kinds = _letter_kinds(text)
    of_all = total + BACKGROUND
    spans: list[tuple[NDArray[Any], ...]] = []
    for size in range(2, LONGEST_WORD + 1):
        at = np.flatnonzero((kinds[:-1] >= 0) & (kinds[1:] >= 0) & (room[:-1] >= size))
        if not at.size:
            break
        kind = _ranked(kinds[at], kinds[at + 1])
        used = _families(kind, family[at])
        in_packaged = np.zeros(used.size, bool)
        in_packaged[kind[packaged[at]]] = True
        is_packaged = np.zeros(used.size, bool)
        is_packaged[kind[whole[at] == size]] = True
        often = used >= FEWEST_FAMILIES
        cost = np.full(used.size, math.inf)
        if size >= SHORTEST_WORD:
            # Less one: the family that is asked about must not make its own words known.
            rarity = np.log(of_all / np.maximum(used - 1, 1))
            cost[often] = np.maximum(rarity, BRANDED * LETTER_NATS * size)[often]
        share = (used + BACKGROUND * GENERIC_SHARE) / of_all
        cost[is_packaged] = -np.log(np.maximum(share, GENERIC_SHARE))[is_packaged]
        finite = np.isfinite(cost)[kind]
        span_kinds = kind[finite]
        spans.append(
            (at[finite] + size, at[finite], cost[span_kinds] + WORD_NATS, is_packaged[span_kinds])
        )
        longer = often | in_packaged
        kinds = np.full(text.size, -1, np.int32)
        kinds[at] = np.where(longer[kind], kind, -1)
    end, start, costs, of_trade = (np.concatenate(column) for column in zip(*spans, strict=True))
    order = np.lexsort((start, end))
    ends = np.searchsorted(end[order], np.arange(text.size + 2))
    return Words(ends, start[order], costs[order], of_trade[order])


def _letter_kinds(text: IntArray) -> NDArray[np.int32]:
    """Return a number for each letter's kind, in order of letters; -1 for what is no letter."""
    alphabet = distinct(text.copy())
    alphabetic = np.array([chr(letter).isalpha() for letter in alphabet], bool)
    kinds = np.searchsorted(alphabet, text).astype(np.int32)
    kinds[~alphabetic[kinds]] = -1
    return kinds


def _ranked(first: NDArray[np.int32], second: NDArray[np.int32]) -> IntArray:
    """Return each pair's place among the different pairs, in order."""
    width = int(second.max()) + 1
    pair = first.astype(np.int64) * width + second
    room = (int(first.max()) + 1) * width
    if room > _TABLE * pair.size:
        _, sparse = np.unique(pair, return_inverse=True)
        return np.asarray(sparse, np.int64)
    is_there = np.zeros(room, np.bool_)
    is_there[pair] = True
    place: IntArray = np.cumsum(is_there, dtype=np.int64) - 1
    return np.asarray(place[pair], np.int64)


_TABLE = 2
"""Times the pairs, up to which a table of all that there can be takes less room than to sort."""


def _families(kind: IntArray, family: NDArray[np.int32]) -> IntArray:
    """Return in how many families each kind is."""
    counted = family >= 0
    width = int(family.max(initial=0)) + 1
    pairs = kind[counted]
    pairs *= width
    pairs += family[counted]
    pairs = distinct(pairs)
    pairs //= width
    return np.bincount(pairs, minlength=int(kind.max()) + 1)


def distinct(numbers: IntArray) -> IntArray:
    """Return the different numbers, in order; sorted in place, which needs no room.

    ``np.unique`` keeps a table of hashes, which takes several times the memory of the numbers.
    """
    numbers.sort()
    if not numbers.size:
        return numbers
    is_first = np.empty(numbers.size, np.bool_)
    is_first[0] = True
    np.not_equal(numbers[1:], numbers[:-1], out=is_first[1:])
    return numbers[is_first]
