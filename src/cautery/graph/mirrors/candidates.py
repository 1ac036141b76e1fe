"""Which pairs of groups are compared: those that share something rare, the rarest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cautery.graph.mirrors.vocabulary import FloatArray, IntArray, distinct

NAME_BLOCK, EVENT_BLOCK = 40, 30
"""Groups that share a fragment of a name, or a day or value, and are compared pair by pair for it.
What more have in common tells none of them apart."""
NAME_PAIRS, EVENT_PAIRS = 40, 15
"""Pairs compared for either, a group on average: only lists that are hostile, or of days drawn at
random, have more."""
_FEWEST = 1_000
"""Groups that a shorter list is taken to have: it has time for all its pairs."""
_PIECE = 4
_EDGE = 3
Keys = NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd, of the golden ratio (Knuth, TAOCP 3, 6.4): spreads fragments over 64 bits."""


def pairs_by_name(text: IntArray, begins: IntArray, name: IntArray, group: IntArray) -> IntArray:
    """Return pairs of groups whose names share a fragment, each once, the lower number first.

    Parameters
    ----------
    text, begins : ndarray
        Letters of names, and where each name begins.
    name, group : ndarray
        Which names which groups have, side by side.

    Returns
    -------
    ndarray, shape (pairs, 2)
        A fragment is four letters anywhere, three at an edge, or a whole name.
    """
    size = np.diff(begins)[name]
    begin = begins[name]
    keys, owners = [], []
    for kind, (at, length, owner) in enumerate(
        (
            _inside(begin, size, group),
            (begin, np.minimum(size, _EDGE), group),
            (begin + np.maximum(size - _EDGE, 0), np.minimum(size, _EDGE), group),
            (begin, size, group),
        )
    ):
        keys.append(_fingerprints(text, at, length, kind))
        owners.append(owner)
    groups = int(group.max(initial=-1)) + 1
    fingerprints = np.concatenate(keys)
    keys.clear()
    _, key = np.unique(fingerprints, return_inverse=True)
    del fingerprints
    owner = np.concatenate(owners)
    owners.clear()
    parts = _parts(*_members(key, owner), NAME_BLOCK, NAME_PAIRS * max(groups, _FEWEST))
    pairs = distinct(np.concatenate([np.empty(0, np.int64), *(pair for pair, _ in parts)]))
    width = int(owner.max(initial=0)) + 1
    return np.stack((pairs // width, pairs % width), axis=1)


def pairs_by_events(told: Sequence[Mapping[object, float]]) -> tuple[IntArray, FloatArray]:
    """Return pairs of groups that share a day or a value, and the most that all they share can say.

    Parameters
    ----------
    told : sequence of mappings
        Of each group: its days and values, with the most log-odds that each can say.
    """
    place: dict[object, int] = {}
    weights: list[float] = []
    keys: list[int] = []
    owners: list[int] = []
    for number, events in enumerate(told):
        for event, worth in events.items():
            if event not in place:
                place[event] = len(place)
                weights.append(worth)
            keys.append(place[event])
            owners.append(number)
    key, owner, weight = np.array(keys, np.int64), np.array(owners, np.int64), np.array(weights)
    pairs, nats = _pairs(key, owner, EVENT_BLOCK, EVENT_PAIRS * max(len(told), _FEWEST), weight)
    # What too many have in common brings no pair about, but adds to what others say.
    busy = np.bincount(key, minlength=weight.size)[key] > EVENT_BLOCK
    common = np.bincount(owner[busy], weight[key[busy]], minlength=len(told))
    return pairs, nats + common[pairs].min(axis=1)


def _inside(begin: IntArray, size: IntArray, group: IntArray) -> tuple[IntArray, ...]:
    count = np.maximum(size - _PIECE + 1, 0)
    first = np.repeat(begin - np.concatenate(([0], np.cumsum(count)[:-1])), count)
    at = first + np.arange(first.size)
    return at, np.full(at.size, _PIECE), np.repeat(group, count)


def _fingerprints(text: IntArray, at: IntArray, length: IntArray, kind: int) -> Keys:
    """Return a number for each piece of text, the same for the same letters and kind."""
    out = np.full(at.size, kind + 1, np.uint64) * _MIX
    for letter in range(int(length.max(initial=0))):
        inside = letter < length
        code = text[np.minimum(at + letter, text.size - 1)].astype(np.uint64) + np.uint64(1)
        mixed = (out ^ code) * _MIX
        out = np.where(inside, mixed ^ (mixed >> np.uint64(29)), out)
    return out


def _pairs(
    key: IntArray, owner: IntArray, block: int, room: int, weight: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return the pairs of owners of one key, from the rarest keys on, while there is room.

    And the sum of the weights of the keys that each pair has in common.
    """
    width = int(owner.max(initial=0)) + 1
    parts, weights = [np.empty(0, np.int64)], [np.empty(0)]
    for pair, keys in _parts(*_members(key, owner), block, room):
        parts.append(pair)
        weights.append(np.repeat(weight[keys], pair.size // max(1, keys.size)))
    pairs, place = np.unique(np.concatenate(parts), return_inverse=True)
    summed = np.bincount(place, np.concatenate(weights), minlength=pairs.size).astype(np.float64)
    return np.stack((pairs // width, pairs % width), axis=1), summed


def _members(key: IntArray, owner: IntArray) -> tuple[IntArray, IntArray]:
    """Return keys in order and their owners: a group has a fragment once, however often in it."""
    width = int(owner.max(initial=0)) + 1
    member = distinct(key * width + owner)
    return member // width, member % width


def _parts(
    key: IntArray, owner: IntArray, block: int, room: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield pairs of owners of one key, as one number each, and the keys; the rarest keys first."""
    width = int(owner.max(initial=0)) + 1
    first = np.flatnonzero(np.diff(key, prepend=-1))
    count = np.diff(first, append=key.size)
    for size in range(2, block + 1):
        firsts = first[count == size][: max(0, room) // (size * (size - 1) // 2)]
        left, right = np.triu_indices(size, 1)
        pair = owner[firsts[:, None] + left] * width + owner[firsts[:, None] + right]
        room -= pair.size
        yield pair.ravel(), key[firsts]
