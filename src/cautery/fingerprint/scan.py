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
_COARSE = 40
_FEW_Z, _COARSE_Z = 2.6, 3.6
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
) -> list[list[Place]]:
    """Look for one probe, with several speeds undone, at every place of the references.

    All of them meet a place while its words are at hand: to read the references takes as long as
    to compare them.

    Parameters
    ----------
    spans : Spans
        From :meth:`Stack.within`.
    phases : sequence of int
        Of the grid; two of the four miss a place by 16 ms at most.
    usual : Chance, optional
        Of the probe at whatever speed, when it was measured before.

    Returns
    -------
    list of list of Place
        For each code at most 16, best first, judged by all words and phases.
    """
    if not len(spans.first):
        return [[] for _ in codes]
    sought = [
        _Needle.of(stack, code, number, phase)
        for number, code in enumerate(codes)
        for phase in phases
        if len(code.words[phase]) >= _kernels.FEW
    ]
    promising: list[dict[tuple[int, int], float]] = [{} for _ in codes]
    measured = [usual or chance(stack, code.words[0], code.at[0]) for code in codes]
    for needle, hits in zip(sought, _met(stack, spans, sought), strict=True):
        code, phase = codes[needle.code], needle.phase
        words, at = code.words[phase], code.at[phase]
        bits = _kernels.distances(stack.held, hits[:, 1].copy(), words, at)
        scores = measured[needle.code].score(bits, len(words))
        for best in np.argsort(bits, kind="stable")[: 2 * _MOST_PLACES]:
            piece, place = int(spans.piece[hits[best, 0]]), int(hits[best, 1])
            word = place - int(stack.starts[piece]) + int(stack.first[piece])
            promising[needle.code][piece, word * WORD_FRAMES - phase] = float(scores[best])
    return [
        _apart(stack, code, proposed, chances)
        for code, proposed, chances in zip(codes, promising, measured, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Needle:
    """What a scan looks for: some words of one phase of a code, and from how few bits on."""

    code: int
    phase: int
    words: Words
    at: Longs
    few_limit: float
    limit: float

    @classmethod
    def of(cls, stack: Stack, code: Code, number: int, phase: int) -> _Needle:
        indices = _spread(len(code.words[phase]))
        words, at = code.words[phase][indices], code.at[phase][indices]
        first_chance = chance(stack, words[: _kernels.FEW], at[: _kernels.FEW])
        all_of = chance(stack, words, at)
        return cls(
            number, phase, words, at,
            max(0.0, first_chance.mean - _FEW_Z * first_chance.sigma),
            max(0.0, all_of.mean - _COARSE_Z * all_of.sigma),
        )  # fmt: skip


def _met(stack: Stack, spans: Spans, sought: Sequence[_Needle]) -> list[Longs]:
    """Return for each needle the (span, place, bits) where it may lie, shape (places, 3)."""
    probes = np.zeros((len(sought), _COARSE), np.uint32)
    at = np.zeros((len(sought), _COARSE), np.int64)
    for row, needle in enumerate(sought):
        probes[row, : len(needle.words)], at[row, : len(needle.at)] = needle.words, needle.at
    out = np.empty((len(sought), _ROOM, 3), np.int64)
    counts = np.zeros(len(sought), np.int64)
    _kernels.near(
        stack.held, spans.first, spans.last, probes, at,
        np.array([len(needle.words) for needle in sought], np.int64),
        np.array([needle.few_limit for needle in sought]).astype(np.uint32),
        np.array([needle.limit for needle in sought]).astype(np.uint32), out, counts,
    )  # fmt: skip
    return [places[: min(count, _ROOM)] for places, count in zip(out, counts, strict=True)]


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
def _spread(count: int) -> Longs:
    """Return at most 40 words' indices, the first ``FEW`` spread over the whole probe."""
    indices = np.unique(np.linspace(0, count - 1, min(_COARSE, count)).astype(np.int64))
    # ``near`` passes or drops a place by its first FEW words alone, so these come from the whole
    # probe: neighbouring words share half their sound and together say little more than one.
    first = np.unique(np.linspace(0, len(indices) - 1, _kernels.FEW).astype(np.int64))
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
