"""Separate streams of chance for each part of a world, so that a change in one moves no other."""

from __future__ import annotations

import hashlib

import numpy as np

_PARTS = (
    "card",
    "audience",
    "supply",
    "table",
    "intelligence",
    "money",
    "day",
    "regrowth",
    "biases",
    "sources",
    "lines",
    "titles",
    "sharing",
)


def chance(seed: int, part: str, *more: int) -> np.random.Generator:
    """Return the stream of one part of the world of a seed."""
    return np.random.default_rng([seed, 300 + _PARTS.index(part), *more])


def token(seed: int, *parts: object, length: int = 20) -> str:
    """Return hex digits that follow from the seed and tell nothing.

    >>> token(7, "statement", 1) == token(7, "statement", 1)
    True
    """
    text = "\x1f".join(["cautery-lab", str(seed), *map(str, parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def secret(seed: int, *parts: object) -> bytes:
    """Return 32 bytes that follow from the seed: a hash, so nobody's key."""
    text = "\x1f".join(["cautery-lab", str(seed), *map(str, parts)])
    return hashlib.sha256(text.encode()).digest()
