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
_ROOM = 16384
_MOST = 16
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
    measured = [usual or chance(stack, one.words[0], one.at[0]) for one in codes]
    for needle, met in zip(sought, _met(stack, spans, sought), strict=True):
        code, phase = codes[needle.code], needle.phase
        words, at = code.words[phase], code.at[phase]
        bits = _kernels.distances(stack.held, met[:, 1].copy(), words, at)
        scores = measured[needle.code].score(bits, len(words))
        for best in np.argsort(bits, kind="stable")[: 2 * _MOST]:
            piece, place = int(spans.piece[met[best, 0]]), int(met[best, 1])
            word = place - int(stack.starts[piece]) + int(stack.first[piece])
            promising[needle.code][piece, word * WORD_FRAMES - phase] = float(scores[best])
    return [
        _apart(stack, code, found, chances)
        for code, found, chances in zip(codes, promising, measured, strict=True)
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
        chosen = _spread(len(code.words[phase]))
        words, at = code.words[phase][chosen], code.at[phase][chosen]
        few = chance(stack, words[: _kernels.FEW], at[: _kernels.FEW])
        all_of = chance(stack, words, at)
        return cls(
            number, phase, words, at,
            max(0.0, few.mean - _FEW_Z * few.sigma),
            max(0.0, all_of.mean - _COARSE_Z * all_of.sigma),
        )  # fmt: skip


def _met(stack: Stack, spans: Spans, sought: Sequence[_Needle]) -> list[Longs]:
    """Return for each needle the (span, place, bits) where it may lie, shape (places, 3)."""
    probes = np.zeros((len(sought), _COARSE), np.uint32)
    at = np.zeros((len(sought), _COARSE), np.int64)
    for row, one in enumerate(sought):
        probes[row, : len(one.words)], at[row, : len(one.at)] = one.words, one.at
    out = np.empty((len(sought), _ROOM, 3), np.int64)
    found = np.zeros(len(sought), np.int64)
    _kernels.near(
        stack.held, spans.first, spans.last, probes, at,
        np.array([len(one.words) for one in sought], np.int64),
        np.array([one.few_limit for one in sought]).astype(np.uint32),
        np.array([one.limit for one in sought]).astype(np.uint32), out, found,
    )  # fmt: skip
    return [mine[: min(count, _ROOM)] for mine, count in zip(out, found, strict=True)]


def _apart(
    stack: Stack, code: Code, found: dict[tuple[int, int], float], usual: Chance
) -> list[Place]:
    """Return the best places judged by all words, of those within 16 frames the best."""
    best_first = sorted(found, key=lambda one: -found[one])[: 2 * _MOST]
    kept: list[Place] = []
    for one in sorted(judged(stack, code, best_first, usual), key=lambda one: -one.score):
        if one.score > -np.inf and all(
            one.piece != two.piece or abs(one.offset - two.offset) > 16 for two in kept
        ):
            kept.append(one)
    return kept[:_MOST]


@lru_cache(maxsize=1024)
def _spread(count: int) -> Longs:
    """Return at most 40 words' indices, the first ``FEW`` spread over the whole probe."""
    every = np.unique(np.linspace(0, count - 1, min(_COARSE, count)).astype(np.int64))
    first = np.unique(np.linspace(0, len(every) - 1, _kernels.FEW).astype(np.int64))
    rest = np.setdiff1d(np.arange(len(every)), first)
    chosen = every[np.concatenate((first, rest))]
    chosen.setflags(write=False)
    return chosen


def warm() -> None:
    """Compile the kernels."""
    from cautery.fingerprint.recipe import DEFAULT_RECIPE  # noqa: PLC0415 - only here
    from cautery.fingerprint.spectrum import power_of  # noqa: PLC0415

    noise = np.random.default_rng(0).standard_normal(8 * DEFAULT_RECIPE.rate_hz)
    power = power_of(noise.astype(np.float32) * np.float32(0.1), DEFAULT_RECIPE)
    stack = Stack.of([(0, 0, words_on_grid(power, DEFAULT_RECIPE, frame=0, start=0))])
    code = code_of(bands_of(power, DEFAULT_RECIPE))
    places = scan(stack, code, stack.within(code.length, -(1 << 40), 1 << 40))
    for place in places[:1]:
        agreeing(stack, code, place)
        shift_of(stack, code, place)
