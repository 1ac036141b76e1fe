"""Draws wallets whose checksum holds, as a reader of pages wants it; nobody has their key."""

from __future__ import annotations

import numpy as np

_SIGNS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PARTS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_PREFIX = (3, 3, 0, 2, 3)
"""``bc``, as the checksum takes it in."""
_CHECK = 6


def wallet(rng: np.random.Generator) -> str:
    """Return a Bitcoin address of 20 drawn bytes (BIP 173, witness version 0)."""
    # As many as the whole address was once drawn of, so that a seed's world stays what it was.
    drawn = rng.integers(0, len(_SIGNS), 32 + _CHECK)[:32]
    data = [0, *map(int, drawn)]
    rest = _remainder([*_PREFIX, *data, *[0] * _CHECK]) ^ 1
    check = [(rest >> 5 * (_CHECK - 1 - place)) & 31 for place in range(_CHECK)]
    return "bc1" + "".join(_SIGNS[one] for one in (*data, *check))


def _remainder(values: list[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate(_PARTS):
            rest ^= part if (top >> bit) & 1 else 0
    return rest
