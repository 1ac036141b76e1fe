"""The scan: a probe's code words held against every place of the references.

A few words are summed at all places by vector instructions; only what lies far enough below
chance there is looked at more closely, so that a probe is found in hours of sound where no
landmark speaks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import _code_kernels as _kernels
from cautery.fingerprint._scan_kernels import TOGETHER, near
from cautery.fingerprint.audio import Words
from cautery.fingerprint.codes import (
    SAMPLED,
    WORD_FRAMES,
    Code,
    Spans,
    Stack,
    bands_of,
    code_of,
    words_on_grid,
)
from cautery.fingerprint.meeting import Chance, Place, agreeing, chance, judged, shift_of

Longs = NDArray[np.int64]
FEW = 16
"""Words that are summed at every place."""
_MORE, _COARSE = 8, 40
"""Words that are looked at next, and all that are."""
FEW_Z = 2.6
_COARSE_Z = 3.6
"""Of 23 million places (2,500 channels x 10 min) chance sends 110,000 and 3,000 on."""
# Five times what chance sends on at 23 million places. Where a reference repeats itself and more
# come, the later places are dropped.
_ROOM = 16384
_MOST_PLACES = 16
"""Places of one code that a scan tells."""


def scan(
    stack: Stack,
    code: Code,
    spans: Spans,
    *,
    phases: Sequence[int] = (0, 2),
    usual: Chance | None = None,
) -> list[Place]:
    """Look for a probe at every place of the references: :func:`scans` of one code."""
    return scans(stack, [code], spans, phases=phases, usual=usual)[0]


def scans(
    stack: Stack,
    codes: Sequence[Code],
    spans: Spans,
    *,
    phases: Sequence[int] = (0, 2),
    usual: Chance | None = None,
    few: int = FEW,
    few_z: float = FEW_Z,
) -> list[list[Place]]:
    """Look for one probe, with several speeds undone, at every place of the references.

    All of them meet a place while its words are at hand, four with one look at it: to read the
    references takes as long as to compare them.

    Parameters
    ----------
    spans : Spans
        From :meth:`Stack.within`.
    phases : sequence of int
        Of the grid; two of the four miss a place by 16 ms at most.
    usual : Chance, optional
        Of the probe at whatever speed, when it was measured before.
    few : int
        Words that are summed at every place.
    few_z : float
        By how many standard deviations these must lie below chance.

    Returns
    -------
    list of list of Place
        For each code at most 16, best first, judged by all words and phases.
    """
    if not len(spans.first):
        return [[] for _ in codes]
    needles = [(number, phase) for number in range(len(codes)) for phase in phases]
    # Neighbours in tempo have their words at the same numbers.
    needles.sort(key=lambda needle: codes[needle[0]].length)
    tiles = []
    for first in range(0, len(needles), TOGETHER):
        tile = _Tile.of(codes, needles[first : first + TOGETHER])
        if len(tile.shared) >= few:
            tiles.append(tile)
    promising: list[dict[tuple[int, int], float]] = [{} for _ in codes]
    measured = [usual or chance(stack, code.words[0], code.at[0]) for code in codes]
    sought = [needle for tile in tiles for needle in tile.needles]
    for (number, phase), hits in zip(sought, _met(stack, spans, tiles, few, few_z), strict=True):
        words, at = codes[number].words[phase], codes[number].at[phase]
        bits = _kernels.distances(stack.held, hits[:, 1].copy(), words, at)
        scores = measured[number].score(bits, len(words))
        for best in np.argsort(bits, kind="stable")[: 2 * _MOST_PLACES]:
            piece, place = int(spans.piece[hits[best, 0]]), int(hits[best, 1])
            word = place - int(stack.starts[piece]) + int(stack.first[piece])
            promising[number][piece, word * WORD_FRAMES - phase] = float(scores[best])
    return [
        _apart(stack, code, proposed, chances)
        for code, proposed, chances in zip(codes, promising, measured, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Tile:
    """Codes and phases that are met together, and the words' numbers that all of them have."""

    needles: tuple[tuple[int, int], ...]
    shared: Longs
    words: NDArray[np.uint32]
    """Shape (needles, shared)."""

    @classmethod
    def of(cls, codes: Sequence[Code], needles: Sequence[tuple[int, int]]) -> _Tile:
        said = [(codes[number].words[phase], codes[number].at[phase]) for number, phase in needles]
        shared = said[0][1]
        for _, at in said[1:]:
            shared = np.intersect1d(shared, at, assume_unique=True)
        words = [words[np.searchsorted(at, shared)] for words, at in said]
        return cls(tuple(needles), shared, np.array(words))


def _met(stack: Stack, spans: Spans, tiles: Sequence[_Tile], few: int, few_z: float) -> list[Longs]:
    """Return for each needle the (span, place, bits) where it may lie, shape (places, 3)."""
    if not tiles:
        return []
    count = min(_COARSE, *(len(tile.shared) for tile in tiles))
    needles = sum(len(tile.needles) for tile in tiles)
    at = np.empty((len(tiles), count), np.int64)
    words = np.zeros((len(tiles), TOGETHER, count), np.uint32)
    few_limits = np.zeros((len(tiles), TOGETHER), np.uint32)
    limits = np.empty((needles, 2), np.uint32)
    more = min(_MORE, count - few)
    for row, tile in enumerate(tiles):
        indices = _spread(len(tile.shared), count, few)
        at[row] = tile.shared[indices]
        words[row, : len(tile.needles)] = tile.words[:, indices]
        for lane in range(len(tile.needles)):
            sought = words[row, lane]
            few_limits[row, lane] = _limit(stack, sought[:few], at[row, :few], few_z)
            limits[row * TOGETHER + lane] = (
                _limit(stack, sought[: few + more], at[row, : few + more], few_z),
                _limit(stack, sought, at[row], _COARSE_Z),
            )
    out = np.empty((needles, _ROOM, 3), np.int64)
    counts = np.zeros(needles, np.int64)
    near(
        stack.held, spans.first, spans.last, at[:, :few].copy(),
        words[:, :, :few].transpose(0, 2, 1).copy(), few_limits, at[:, few:].copy(),
        words.reshape(-1, count)[:needles, few:].copy(), more, limits, out, counts,
    )  # fmt: skip
    return [places[: min(count, _ROOM)] for places, count in zip(out, counts, strict=True)]


def _limit(stack: Stack, words: Words, at: Longs, sigmas: float) -> int:
    usual = chance(stack, words, at)
    return int(max(0.0, usual.mean - sigmas * usual.sigma))


def _apart(
    stack: Stack, code: Code, scores: dict[tuple[int, int], float], usual: Chance
) -> list[Place]:
    """Return the best places judged by all words, of those within 16 frames the best."""
    best_first = sorted(scores, key=lambda key: -scores[key])[: 2 * _MOST_PLACES]
    places: list[Place] = []
    for place in sorted(judged(stack, code, best_first, usual), key=lambda place: -place.score):
        if place.score > -np.inf and all(
            place.piece != two.piece or abs(place.offset - two.offset) > 16 for two in places
        ):
            places.append(place)
    return places[:_MOST_PLACES]


@lru_cache(maxsize=1024)
def _spread(available: int, wanted: int, few: int) -> Longs:
    """Return the indices of so many words, the first ``few`` spread over the whole probe."""
    indices = np.unique(np.linspace(0, available - 1, wanted).astype(np.int64))
    # ``near`` passes or drops a place by its first few words alone, so these come from the whole
    # probe: neighbouring words share half their sound and together say little more than one.
    first = np.unique(np.linspace(0, len(indices) - 1, few).astype(np.int64))
    between = np.setdiff1d(np.arange(len(indices)), first)
    order = indices[np.concatenate((first, between))]
    # The cache hands the same array to every caller.
    order.setflags(write=False)
    return order


def warm() -> None:
    """Compile the kernels."""
    from cautery.fingerprint.recipe import DEFAULT_RECIPE  # noqa: PLC0415 - only here
    from cautery.fingerprint.spectrum import power_of  # noqa: PLC0415

    noise = np.random.default_rng(0).standard_normal(8 * DEFAULT_RECIPE.rate_hz)
    power = power_of(noise.astype(np.float32) * np.float32(0.1), DEFAULT_RECIPE)
    words = words_on_grid(power, DEFAULT_RECIPE, frame=0, start=0)
    # So long that places are sampled: on less, what chance gives is not measured.
    stack = Stack.of([(0, 0, np.tile(words, 1 + 2 * SAMPLED // len(words)))])
    code = code_of(bands_of(power, DEFAULT_RECIPE))
    places = scan(stack, code, stack.within(code.length, -(1 << 40), 1 << 40))
    for place in places[:1]:
        agreeing(stack, code, place)
        shift_of(stack, code, place)
