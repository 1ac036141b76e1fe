"""Whether two services lay the same mark over the programmes that they carry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE

LEAST_CELLS = 30
"""Of 36 x 64, 1.3 % of the picture: in a smaller mark no letters are resolved, and one like it of
another service would be the same."""
LEAST_OVERLAP = 0.7
LEAST_DETAIL = 12.0
"""Standard deviation of its light: a plain box covers, and is nobody's."""
MOST_APART = 6.0
"""Root mean square of the difference, of 255 levels (bench/identify/logos.py): up to 5 where one
mark lay over two licensees' feeds, from 11 where a digit differs."""
LEAST_ALIKE = 0.98
"""Correlation of both marks' light."""
MOST_MARKS = 500
"""Different marks with which a newcomer is compared: a pirate may show another one at each look.
When one more comes, the one that was met again the longest ago is compared no more."""

_SLACK = 1e-3
"""Squared levels, so that no rounding tells apart what is the same."""

Slots = NDArray[np.int64]


def same_logo(one: Logo, other: Logo) -> bool:
    """Tell whether two marks lie in one place and have the same detail there."""
    visible = one.known & other.known
    common = one.mark & other.mark & visible
    if common.sum() < LEAST_CELLS:
        return False
    if common.sum() < LEAST_OVERLAP * ((one.mark | other.mark) & visible).sum():
        return False
    a, b = one.light[common].astype(np.float64), other.light[common].astype(np.float64)
    if min(a.std(), b.std()) < LEAST_DETAIL or float(np.sqrt(((a - b) ** 2).mean())) > MOST_APART:
        return False
    return float(np.corrcoef(a, b)[0, 1]) >= LEAST_ALIKE


def marks_alike(logos: Sequence[Logo]) -> list[int]:
    """Return for each mark the place of the first one that is the same; its own if there is none.

    The time grows linearly: each mark is compared with at most ``MOST_MARKS`` others.
    """
    firsts = _Firsts()
    return [firsts.place(logo, at) for at, logo in enumerate(logos)]


class _Firsts:
    """The first of each group of equal marks, laid side by side so that one look goes over all."""

    def __init__(self) -> None:
        cells = LUMA_SHAPE[0] * LUMA_SHAPE[1]
        self._at = np.full(MOST_MARKS, -1)
        self._met = np.full(MOST_MARKS, -1)
        self._logos: list[Logo | None] = [None] * MOST_MARKS
        self._known = np.zeros((MOST_MARKS, cells // 8), np.uint8)
        self._mark = np.zeros((MOST_MARKS, cells // 8), np.uint8)
        self._light = np.zeros((MOST_MARKS, cells), np.uint8)

    def place(self, logo: Logo, at: int) -> int:
        """Return the place of the first mark that is the same; keep this one if there is none."""
        for slot in self._maybe_same(logo):
            first = self._logos[slot]
            if first is not None and same_logo(first, logo):
                self._met[slot] = at
                return int(self._at[slot])
        slot = int(np.argmin(self._met))
        self._at[slot] = self._met[slot] = at
        self._logos[slot] = logo
        self._known[slot] = np.packbits(logo.known)
        self._mark[slot] = np.packbits(logo.mark & logo.known)
        self._light[slot] = logo.light.ravel()
        return at

    def _maybe_same(self, logo: Logo) -> Slots:
        """Return the slots, oldest first, that :func:`same_logo` may say yes to: nearly no other.

        The same counts and moments as there, for all slots at once.
        """
        cells_known, mark = np.packbits(logo.known), np.packbits(logo.mark & logo.known)
        common = _count(self._mark & mark)
        either = _count(self._mark & cells_known) + _count(self._known & mark) - common
        near = np.flatnonzero((common >= LEAST_CELLS) & (common >= LEAST_OVERLAP * either))
        cells = np.flatnonzero(logo.mark & logo.known)
        size = common[near]
        mark_here = np.unpackbits(self._mark[near], axis=1)[:, cells].astype(np.float64)
        a, b = logo.light.ravel()[cells].astype(np.float64), self._light[near][:, cells] * mark_here
        sum_a, sum_b = mark_here @ a, b.sum(axis=1)
        square_a, square_b, product = mark_here @ (a * a), (b * b).sum(axis=1), b @ a
        spread_a, spread_b = square_a - sum_a**2 / size, square_b - sum_b**2 / size
        fits = square_a - 2 * product + square_b <= MOST_APART**2 * size + _SLACK
        fits &= np.minimum(spread_a, spread_b) >= LEAST_DETAIL**2 * size - _SLACK
        alike = LEAST_ALIKE * np.sqrt(np.maximum(spread_a * spread_b, 0.0))
        fits &= product - sum_a * sum_b / size >= alike - _SLACK
        near = near[fits]
        slots: Slots = near[np.argsort(self._at[near])]
        return slots


def _count(bits: NDArray[np.uint8]) -> Slots:
    counts: Slots = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    return counts
