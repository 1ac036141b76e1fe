"""How common each value is among all entities seen so far, in memory that does not grow with them.

An entity that shows a value again is not counted again: Bloom filters remember which pairs were
counted. There are two, a younger and an older one; when the younger is full it becomes the older
one, and what only the oldest had is forgotten. A value is given a counter when a second entity
shows it: most values are one entity's alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cautery.model.descent import TraitKind

Keys = NDArray[np.uint64]

BITS = 1 << 27
"""Bits of each of the two filters: 16 MiB."""
BITS_A_KEY = 10
"""Bits for each key when a filter is full: with four hashes 1.2 % of new keys are then taken for
known (Broder and Mitzenmacher 2004, "Network applications of Bloom filters", section 2.2)."""
MOST_COUNTERS = 4_000_000
"""Values with a counter; beyond, those seen at two entities are forgotten."""
_HASHES = 4
_ENTITY, _KIND, _PAIR = (np.uint64(number) for number in (0x9E37, 0x79B9, 0x7F4A))
_KIND_NUMBERS = {kind: number for number, kind in enumerate(TraitKind)}


class Background:
    """Counts of entities by kind and by value.

    Parameters
    ----------
    bits : int
        Of each filter, a power of two.

    Attributes
    ----------
    entities : int
        Seen so far.
    by_kind : dict of TraitKind to int
        Entities that showed a trait of the kind.
    by_value : dict of int to int
        Entities that showed a value, by its key; only values of two entities or more.
    """

    def __init__(self, bits: int = BITS) -> None:
        self.bits = bits
        self.younger = np.zeros(bits // 8, np.uint8)
        self.older = np.zeros(bits // 8, np.uint8)
        self.filled = 0
        self.entities = 0
        self.by_kind: dict[TraitKind, int] = dict.fromkeys(TraitKind, 0)
        self.by_value: dict[int, int] = {}

    def add(self, day: Iterable[tuple[str, TraitKind, int]]) -> int:
        """Count a day's traits, each ``(entity, kind, key of its value)``, in any order.

        Returns
        -------
        int
            Entities that were new.
        """
        rows = list(day)
        if not rows:
            return 0
        of_name = {entity: _hash(entity.encode()) for entity in {row[0] for row in rows}}
        entity = np.array([of_name[row[0]] for row in rows], np.uint64)
        kind = np.array([_KIND_NUMBERS[row[1]] for row in rows], np.uint64)
        value = np.array([row[2] for row in rows], np.uint64)
        new_entities = self._new(np.unique(_mixed(entity, _ENTITY)))
        self.entities += int(new_entities.sum())
        pairs, first = np.unique(_mixed(entity, _KIND + kind * _PAIR), return_index=True)
        fresh = self._new(pairs)
        counts = np.bincount(kind[first][fresh].astype(np.int64), minlength=len(TraitKind))
        for name, number in _KIND_NUMBERS.items():
            self.by_kind[name] += int(counts[number])
        pairs, first = np.unique(_mixed(entity, value), return_index=True)
        shown_keys, times = np.unique(value[first][self._new(pairs)], return_counts=True)
        once = ~self._new(shown_keys)
        for key, count, was_shown in zip(
            shown_keys.tolist(), times.tolist(), once.tolist(), strict=True
        ):
            if key in self.by_value:
                self.by_value[key] += count
            elif was_shown or count > 1:
                self.by_value[key] = count + was_shown
        self._age()
        return int(new_entities.sum())

    def bearers(self, key: int) -> int:
        """Return at how many entities a value was seen; 1 stands for one or none."""
        return self.by_value.get(key, 1)

    def _new(self, keys: Keys) -> NDArray[np.bool_]:
        """Put keys, each once, into the filter; tell which neither filter had."""
        places = _places(keys, self.bits)
        new: NDArray[np.bool_] = ~(_has(self.younger, places) | _has(self.older, places))
        np.bitwise_or.at(
            self.younger, (places >> 3).ravel(), (1 << (places & 7)).astype(np.uint8).ravel()
        )
        self.filled += keys.size
        return new

    def _age(self) -> None:
        if self.filled * BITS_A_KEY >= self.bits:
            self.older, self.younger, self.filled = self.younger, np.zeros_like(self.younger), 0
        if len(self.by_value) > MOST_COUNTERS:
            rarest = Counter(self.by_value.values())
            bound, kept_count = 2, len(self.by_value) - rarest[2]
            while kept_count > MOST_COUNTERS // 2:
                bound += 1
                kept_count -= rarest[bound]
            self.by_value = {key: n for key, n in self.by_value.items() if n > bound}


def key_of(kind: TraitKind, value: str) -> int:
    """Return the key of a value: 64 bits of BLAKE2b."""
    return _hash(f"{kind.value}\0{value}".encode("utf-8", "surrogatepass"))


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _mixed(keys: Keys, second: Keys | np.uint64) -> Keys:
    """Mix two numbers into one, as splitmix64 does (Steele, Lea and Flood 2014)."""
    mixed = keys ^ (np.asarray(second, np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: Keys = mixed ^ (mixed >> np.uint64(31))
    return result


def _places(keys: Keys, bits: int) -> NDArray[np.int64]:
    """Return the bits of each key: double hashing (Kirsch and Mitzenmacher 2006)."""
    first, step = keys, _mixed(keys, np.uint64(1)) | np.uint64(1)
    hashes = np.arange(_HASHES, dtype=np.uint64)[:, None]
    return ((first + hashes * step) & np.uint64(bits - 1)).astype(np.int64)


def _has(filled: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    are_present: NDArray[np.bool_] = (
        (filled[places >> 3] >> (places & 7).astype(np.uint8)) & 1
    ).all(axis=0)
    return are_present
