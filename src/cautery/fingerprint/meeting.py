"""How far below chance a probe's words meet those of a reference, and where they meet best.

Words are compared by the bits that differ; how few that is gets its meaning from the probe itself,
which meets thousands of places that are not its own: the score is how many of their standard
deviations it lies below them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import _code_kernels as _kernels
from cautery.fingerprint.audio import Words
from cautery.fingerprint.codes import BITS, SAMPLED, WORD_FRAMES, Code, Longs, Stack

_LEAST_SIGMA = 1.05
"""Of the binomial's: neighbouring words overlap, so real sound never lies below it (measured on
music of two games: 1.08 to 1.15)."""
# Of a normal distribution, whose third quartile lies 0.6745 sigma above the mean.
_SIGMA_PER_MAD = 1.4826
_NEAR = 6
"""Frames around a place that something else proposed."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What a probe's words meet at places that are not their own."""

    mean: float
    sigma: float
    words: int

    def score(self, bits: Longs, words: int | Longs) -> NDArray[np.float64]:
        """Return by how many standard deviations each number of bits lies below chance.

        Parameters
        ----------
        words : int or ndarray
            That the bits were counted over, as many as chance was measured with or others.
        """
        share = np.asarray(words) / max(1, self.words)
        scores: NDArray[np.float64] = (self.mean * share - bits) / (
            self.sigma * np.sqrt(np.maximum(share, 1e-3))
        )
        return scores


@dataclass(frozen=True, slots=True)
class Place:
    """Where a probe may lie: ``offset`` is reference frame minus tempo times probe frame."""

    piece: int
    offset: int
    score: float


def chance(stack: Stack, words: Words, at: Longs) -> Chance:
    """Measure what chance gives, at places spread over all references.

    Parameters
    ----------
    words, at : ndarray, shape (words,)
        Of a code, in any order.
    """
    expected = BITS / 2 * len(words)
    least = _LEAST_SIGMA * np.sqrt(BITS / 4 * max(1, len(words)))
    if len(stack.held) - 2 * stack.MARGIN < SAMPLED or not len(words):
        return Chance(expected, float(least), len(words))
    # A sample has no more words. A later word meets the sample's last, which is as much chance.
    at = np.minimum(at, 2 * stack.MARGIN - 1)
    mean, off = _kernels.usual(stack.sample(int(at.max()) + 1), words, at)
    return Chance(mean, max(float(least), _SIGMA_PER_MAD * off), len(words))


def judged(
    stack: Stack, code: Code, wanted: Sequence[tuple[int, int]], usual: Chance | None = None
) -> list[Place]:
    """Return the best place near each of those that something else proposed.

    Parameters
    ----------
    wanted : sequence of (int, int)
        (piece, offset in frames); 6 frames around each are looked at.
    usual : Chance, optional
        Of the probe at whatever speed, when it was measured before.

    Returns
    -------
    list of Place
        One for each that was wanted; its score is -inf beyond what is held, and of a probe that
        says nothing.
    """
    if not wanted:
        return []
    # All phases are one sound: chance is measured on the first, and scaled by words for others.
    usual = usual or chance(stack, code.words[0], code.at[0])
    return [_nearest(stack, code, *proposal, usual) for proposal in wanted]


def judged_each(
    stack: Stack, codes: Sequence[Code], wanted: Sequence[tuple[int, int]], usual: Chance
) -> list[Place]:
    """Return the best place near each of those that were proposed, each with its own code.

    As :func:`judged`.
    """
    return [
        _nearest(stack, code, *proposal, usual)
        for code, proposal in zip(codes, wanted, strict=True)
    ]


def scores_at(
    stack: Stack, code: Code, pieces: Longs, offsets: Longs, usual: Chance
) -> NDArray[np.float64]:
    """Return a probe's score at each (piece, offset in frames); -inf beyond what is held.

    Parameters
    ----------
    pieces, offsets : ndarray, shape (places,), int64
    """
    phases = -offsets % WORD_FRAMES
    # The first word at or after the offset; the phase is the distance between the two.
    places = (stack.starts - stack.first)[pieces] + (offsets + phases) // WORD_FRAMES
    inside = (places >= 0) & (places <= len(stack.held) - code.length - WORD_FRAMES)
    places[~inside] = -1
    words = np.array([len(phase_words) for phase_words in code.words])
    bits = _kernels.met(stack.held, places, phases, code.words, code.at)
    return np.where(inside & (words[0] > 0), usual.score(bits, words[phases]), -np.inf)


def _nearest(stack: Stack, code: Code, piece: int, offset: int, usual: Chance) -> Place:
    offset, score = _kernels.best_near(
        stack.held, stack.place(piece, 0), offset, _NEAR, code.words, code.at, code.length,
        usual.mean, usual.sigma, max(1, usual.words),
    )  # fmt: skip
    return Place(piece, int(offset), float(score))


def agreeing(stack: Stack, code: Code, place: Place) -> tuple[Longs, NDArray[np.int32]]:
    """Return (words' numbers, bits that differ) at a place.

    Returns
    -------
    at : ndarray, shape (words,), int64
        Word ``j`` lies at probe frame ``(phase + 4 j) / tempo``.
    bits : ndarray, shape (words,), int32
    """
    word, phase = -(-place.offset // WORD_FRAMES), -place.offset % WORD_FRAMES
    start, words, at = stack.place(place.piece, word), code.words[phase], code.at[phase]
    bits: NDArray[np.int32] = _kernels.differing(stack.held, start, words, at)
    return at, bits


def shift_of(stack: Stack, code: Code, place: Place) -> float:
    """Return by how many frames, at most half of one, a place's offset would be better.

    It is the vertex of the parabola through the bits that differ there and a frame to each side.
    """
    offsets = np.arange(place.offset - 1, place.offset + 2)
    phases = -offsets % WORD_FRAMES
    places = stack.place(place.piece, 0) + (offsets + phases) // WORD_FRAMES
    bits = _kernels.met(stack.held, places, phases, code.words, code.at).tolist()
    counts = [len(code.words[phase]) for phase in phases]
    # A phase without words says what chance says: half of 32 bits.
    left, middle, right = (
        total / count if count else 16.0 for total, count in zip(bits, counts, strict=True)
    )
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend > 1e-9 else 0.0
    return min(0.5, max(-0.5, shift))
