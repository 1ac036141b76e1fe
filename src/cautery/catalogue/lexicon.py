"""What was learnt beforehand: rarity of words, how readily titles drop them, how to choose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

GRAMS = 1 << 18
"""Runs of three of 64 letters."""


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Words and runs of three letters, weighed on a public catalogue; see ``bench/resolve/fit.py``.

    Parameters
    ----------
    words : dict of str to int
        Numbered from 0.
    weight : ndarray, shape (words,), float32
        Natural logarithm of how many names there are to one that has the word.
    title_drop, name_drop : ndarray, shape (words,), float32
        How often a title has the word where the right name has not, and the other way round.
    rarest : float
        The weight of a word that is not here.
    unknown_drop : tuple of float
        Both drops of such a word.
    gram_weight : ndarray, shape (GRAMS,), float32
        The same as ``weight``, for runs of letters.
    """

    words: dict[str, int]
    weight: npt.NDArray[np.float32]
    title_drop: npt.NDArray[np.float32]
    name_drop: npt.NDArray[np.float32]
    rarest: float
    unknown_drop: tuple[float, float]
    gram_weight: npt.NDArray[np.float32]


class Trees(NamedTuple):
    """Boosted regression trees, flat: a child below 0 is the leaf ``-child - 1``."""

    root: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]


@cache
def learnt() -> tuple[Lexicon, Trees]:
    """Load what ``bench/resolve/fit.py`` wrote."""
    with (
        resources.files("cautery.catalogue").joinpath("data/resolve.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        words = bytes(arrays["words"]).decode().split("\n")
        rarest, *unknown_drop = (float(value) for value in arrays["unknown"])
        lexicon = Lexicon(
            words={word: number for number, word in enumerate(words)},
            weight=arrays["weight"].astype(np.float32),
            title_drop=arrays["title_drop"].astype(np.float32),
            name_drop=arrays["name_drop"].astype(np.float32),
            rarest=rarest,
            unknown_drop=(unknown_drop[0], unknown_drop[1]),
            gram_weight=arrays["gram_weight"].astype(np.float32),
        )
        trees = Trees(*(arrays[name] for name in Trees._fields))
    return lexicon, trees
