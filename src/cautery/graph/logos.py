"""Whether two services lay the same mark over the programmes that they carry."""

from __future__ import annotations

import numpy as np

from cautery.model.logo import Logo

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
