"""Bit-error codes: what survives another voice, noise and echo, and how to look for it.

A word says, for each of 32 bands, whether its energy has grown against the next band's over
64 ms. Sounds add, so where a commentator is silent, in time or in frequency, the bits stay the
reference's. ``meeting`` says how well they meet.

After Haitsma & Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002, with fewer and
longer steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import _code_kernels as _kernels
from cautery.fingerprint.audio import Floats, Ints, Words
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.spectrum import band_of

Longs = NDArray[np.int64]
BITS = 32
WORD_FRAMES = 4
"""64 ms: a word and its neighbour share half their sound; closer ones say little more."""
_FLOOR = 2e-3
"""Energy of both instants under which a word is nothing: 80 dB below a full-scale sine, above
what 16-bit sound rounds to."""
_STEADY = 1e-3
"""Share of the energy that must move: a test tone's bits are rounding errors."""
SAMPLED = 2048
"""Places of a sample."""


def bands_of(power: Floats, recipe: Recipe, *, pitch: float = 1.0) -> Floats:
    """Return the energy in 33 bands, 200 to 3,000 Hz of the sound before a change of pitch.

    Parameters
    ----------
    power : ndarray, shape (frames, bins), float32
        From :func:`cautery.fingerprint.spectrum.power_of`.
    pitch : float
        By which the sound's frequencies were multiplied.

    Returns
    -------
    ndarray, shape (frames, 33), float32
    """
    first, weights, starts = _edges(recipe, round(pitch, 4))
    energies: Floats = _kernels.banded(power, first, weights, starts)
    return energies


@lru_cache(maxsize=256)
def _edges(recipe: Recipe, pitch: float) -> tuple[Longs, Floats, Longs]:
    low, high = band_of(recipe)
    edges = np.geomspace(recipe.code_low_hz, recipe.code_high_hz, BITS + 2) * pitch
    # A pitch above 1 pushes the top edges out of the spectrogram. They end at its last bin, and a
    # band keeps a sliver of width, so that none sums no bin at all.
    edges = np.clip(edges * recipe.window / recipe.rate_hz - low, 0, high - low - 1e-3)
    first, weights, starts = [], [], [0]
    for begin, end in zip(edges[:-1], np.maximum(edges[1:], edges[:-1] + 1e-3), strict=True):
        bins = np.arange(int(begin), int(np.ceil(end)))
        share = np.minimum(bins + 1, end) - np.maximum(bins, begin)
        first.append(int(begin))
        weights.append(share)
        starts.append(starts[-1] + len(share))
    return np.array(first), np.concatenate(weights).astype(np.float32), np.array(starts)


def words_on_grid(power: Floats, recipe: Recipe, *, frame: int, start: int) -> Words:
    """Return a reference's words on the grid of its time axis.

    Parameters
    ----------
    power : ndarray, shape (frames, bins), float32
    frame : int
        Frame of the axis at which it begins.
    start : int
        First word wanted; word ``i`` compares frame ``4 * i`` with the one 4 before.

    Returns
    -------
    ndarray, shape (words,), uint32
        Up to the last one that is complete; 0 where there is nothing to say.
    """
    end = (frame + len(power) - 1) // WORD_FRAMES + 1
    if end <= start:
        return np.empty(0, np.uint32)
    at = np.arange(start, end, dtype=np.float64) * WORD_FRAMES - frame
    skip = max(0, int(at[0]) - WORD_FRAMES)
    words: Words = _kernels.words(
        bands_of(power[skip:], recipe), at - skip, float(WORD_FRAMES),
        np.float32(_FLOOR), np.float32(_STEADY),
    )  # fmt: skip
    return words


@dataclass(frozen=True, slots=True)
class Code:
    """A probe's words at one speed, at each of the four places it may have on the grid.

    Parameters
    ----------
    words : tuple of ndarray, uint32
        For phase ``p``, words at probe frames ``(p + 4 j) / tempo`` that say something.
    at : tuple of ndarray, int64
        Their ``j``.
    length : int
        Words that there may be, said or not.
    """

    words: tuple[Words, ...]
    at: tuple[Longs, ...]
    length: int
    tempo: float = 1.0
    pitch: float = 1.0

    def middle(self, length: int) -> Code:
        """Return its middle alone, of so many words at most; places stay those of the whole.

        A tempo that is a little wrong shifts the ends and leaves the middle where it is.
        """
        first = max(0, (self.length - length) // 2)
        inside = [(first <= at) & (at < first + length) for at in self.at]
        return replace(
            self,
            words=tuple(words[part] for words, part in zip(self.words, inside, strict=True)),
            at=tuple(places[part] for places, part in zip(self.at, inside, strict=True)),
        )


def code_of(bands: Floats, *, tempo: float = 1.0, pitch: float = 1.0) -> Code:
    """Return a probe's words as they were before a change of tempo.

    Parameters
    ----------
    bands : ndarray, shape (frames, 33), float32
        Made with the same ``pitch``.
    """
    length = max(0, int((len(bands) - 1) * tempo) // WORD_FRAMES - 1)
    # The kernel takes the number of phases for the frames of a word as well: a word begins at every
    # frame.
    coded, number, counts = _kernels.said(
        bands, length, WORD_FRAMES, tempo, np.float32(_FLOOR), np.float32(_STEADY)
    )
    words = [row[:count] for row, count in zip(coded, counts, strict=True)]
    at = [row[:count] for row, count in zip(number, counts, strict=True)]
    return Code(tuple(words), tuple(at), length + 1, tempo, pitch)


@dataclass(frozen=True, slots=True)
class Spans:
    """Places of a stack at which a probe may begin: ``first`` to before ``last`` of a piece."""

    piece: Longs
    first: Longs
    last: Longs


@dataclass(frozen=True, slots=True)
class Stack:
    """The words of many references, end to end, so that one loop meets them all.

    Parameters
    ----------
    held : ndarray, shape (words,), uint32
        Nothing is dithered, and so is a margin behind each piece.
    starts, ends : ndarray, shape (pieces,), int64
        Where each piece lies in ``held``.
    first : ndarray, shape (pieces,), int64
        Grid number of its first word.
    references : ndarray, shape (pieces,), int32
        Whose it is.
    """

    held: Words
    starts: Longs
    ends: Longs
    first: Longs
    references: Ints
    _sampled: dict[int, Words] = field(default_factory=dict, repr=False, compare=False)

    MARGIN = 1024
    """Words behind each piece: a probe of a minute may hang over its end."""

    @classmethod
    def of(cls, pieces: Iterable[tuple[int, int, Words]]) -> Stack:
        """Stack (reference, grid number of the first word, words)."""
        listed = [piece for piece in pieces if len(piece[2])]
        sizes = np.array([len(piece[2]) for piece in listed], np.int64)
        starts = np.concatenate(([0], np.cumsum(sizes + cls.MARGIN)))[:-1] + cls.MARGIN
        stacked = np.zeros(int(sizes.sum()) + cls.MARGIN * (len(listed) + 1), np.uint32)
        for start, (_, _, words) in zip(starts, listed, strict=False):
            stacked[start : start + len(words)] = words
        _kernels.dithered(stacked, 0)
        return cls(
            stacked,
            starts[: len(listed)],
            starts[: len(listed)] + sizes,
            np.array([piece[1] for piece in listed], np.int64),
            np.array([piece[0] for piece in listed], np.int32),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.held.nbytes

    def place(self, piece: int, word: int) -> int:
        """Return where a grid number of a piece lies in ``held``."""
        return int(self.starts[piece] + word - self.first[piece])

    def sample(self, words: int) -> Words:
        """Return at least so many words from places spread over all references.

        Made once: a probe is held against it several times, and it lies together.

        Returns
        -------
        ndarray, shape (words or more, 2048), uint32
        """
        size = 1 << (words - 1).bit_length()
        if size not in self._sampled:
            # The last place still has 2 * MARGIN words behind it, the most that ``chance`` wants.
            step = max(1, (len(self.held) - 2 * self.MARGIN) // SAMPLED)
            self._sampled[size] = _kernels.sampled(self.held, step, SAMPLED, size)
        return self._sampled[size]

    def within(
        self, length: int, low: int, high: int, among: frozenset[int] | None = None
    ) -> Spans:
        """Return where a probe may begin.

        A probe may hang over either end of a piece by half its length.

        Parameters
        ----------
        length : int
            Of the probe, words.
        low, high : int
            Grid numbers of the probe's first word, ``high`` excluded.
        among : frozenset of int, optional
            References to look at; ``None``: all.
        """
        # Pieces lie MARGIN words apart: a probe that hangs over by half of that meets dithered
        # words and never the neighbouring piece.
        half = min(length // 2, self.MARGIN // 2)
        base = self.starts - self.first
        first = np.maximum(self.starts - half, low + base)
        last = np.minimum(self.ends - length + half + 1, high + base)
        possible = first < last
        if among is not None:
            possible &= np.isin(self.references, list(among))
        return Spans(np.flatnonzero(possible), first[possible], last[possible])
