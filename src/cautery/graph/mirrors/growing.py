"""What it takes to write names, in nats, by the words of the families known so far.

The same costs as ``vocabulary`` has for a whole list, for names that come one after another: only
what came before is counted, and each name is read once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cautery.graph.mirrors import _name_kernels
from cautery.graph.mirrors.costs import EDGE_NATS, INSTEAD, SHORTEST, UNSHARED
from cautery.graph.mirrors.names import GENERIC, skeleton
from cautery.graph.mirrors.vocabulary import (
    BACKGROUND,
    BRANDED,
    FEWEST_FAMILIES,
    GENERIC_SHARE,
    LETTER_NATS,
    LONGEST_WORD,
    SHORTEST_WORD,
    WORD_NATS,
    FloatArray,
    letters_of,
)

SPARSE = 1e-4
"""The part of families that must use a piece before longer ones are counted: names made by chance
share so many short pieces that all the longer ones would take a gigabyte for a million."""
_LEAST = min(map(len, GENERIC))


class GrowingWords:
    """Words by how many families use them, counted as families come."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self.families = 0

    def learn(self, name: str) -> None:
        """Count the pieces of a new family's name; a longer one only where its parts are words."""
        self.families += 1
        used, often = self._used, max(FEWEST_FAMILIES, SPARSE * self.families)
        pieces = {name[at : at + 2] for at in range(len(name) - 1)}
        pieces = {piece for piece in pieces if piece.isalpha()}
        for size in range(2, LONGEST_WORD + 1):
            for piece in pieces:
                used[piece] = used.get(piece, 0) + 1
            frequent = {piece for piece in pieces if used[piece] >= often}
            pieces = {
                name[at : at + size + 1]
                for at in range(len(name) - size)
                if name[at : at + size] in frequent and name[at + 1 : at + size + 1] in frequent
            }
            if not pieces:
                break

    def whole(self, name: str) -> float:
        """Return what it says, in nats, that two domains have the very same name."""
        *words, _ = self._words((name,))
        begins = np.array([0, len(name)])
        return float(_name_kernels.wholes(begins, LETTER_NATS, *words)[0]) + 2 * EDGE_NATS

    def shared(self, texts: Sequence[str], candidates: Sequence[str]) -> FloatArray:
        """Return what a domain's name, read as ``texts``, shares with each candidate, in nats.

        Below 0: what only one of them has weighs more.
        """
        names = [*texts, *candidates]
        *words, of_trade = self._words(names)
        text, begins = letters_of(names)
        is_letter = np.array([letter.isalpha() for name in names for letter in name], np.bool_)
        generic = _name_kernels.covered(begins, is_letter, words[0], words[1], of_trade)
        whole = _name_kernels.wholes(begins, LETTER_NATS, *words) + 2 * EDGE_NATS
        looks: dict[str, int] = {}
        alike = np.array([looks.setdefault(skeleton(name), len(looks)) for name in names], np.int64)
        numbers = np.arange(len(names))
        begins_of = np.array([0, *range(len(texts), len(names) + 1)])
        places = np.arange(1, len(candidates) + 1)
        pairs = np.stack((np.zeros_like(places), places), axis=1)
        nats: FloatArray = _name_kernels.nearest(
            pairs, numbers, begins_of, alike, generic, whole, text, begins,
            SHORTEST, LETTER_NATS, EDGE_NATS, UNSHARED, INSTEAD, *words,
        )  # fmt: skip
        return nats

    def _words(self, names: Sequence[str]) -> tuple[Any, ...]:
        """Return the words of names as ``vocabulary.Words``, for names one after another."""
        ends, begin = [0], 0
        starts: list[int] = []
        costs: list[float] = []
        of_trade: list[bool] = []
        for name in names:
            for end in range(1, len(name) + 1):
                ends.append(len(starts))
                for size in range(_LEAST, min(LONGEST_WORD, end) + 1):
                    cost = self._cost(name[end - size : end])
                    if cost is not None:
                        starts.append(begin + end - size)
                        costs.append(cost + WORD_NATS)
                        of_trade.append(name[end - size : end] in GENERIC)
            begin += len(name)
        ends.append(len(starts))
        return (
            np.array(ends, np.int64),
            np.array(starts, np.int64),
            np.array(costs, np.float64),
            np.array(of_trade, np.bool_),
        )

    def _cost(self, piece: str) -> float | None:
        used, of_all = self._used.get(piece, 0), self.families + BACKGROUND
        if piece in GENERIC:
            share = (used + BACKGROUND * GENERIC_SHARE) / of_all
            return -math.log(max(share, GENERIC_SHARE))
        if used < FEWEST_FAMILIES or len(piece) < SHORTEST_WORD:
            return None
        return max(math.log(of_all / used), BRANDED * LETTER_NATS * len(piece))
