"""What a probe has at the references' peaks, scored: how a programme is known under a crowd."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import Floats
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.tops import FEW, Cells, Tops, chances_at, sums_at, sums_near

# Of a normal distribution, whose third quartile lies 0.6745 sigma above the mean.
_SIGMA_PER_MAD = 1.4826
_FEW_A_BLOCK = 4
_SEARCHED_S = 5.0
"""Of a longer probe its middle is searched for: half the work, and as much of it as is needed."""
_LEAST = 3.0
"""Deviations from which a place is proposed; of 24 million, chance brings some 30,000 there."""

Scores = NDArray[np.float64]


class Proposal(NamedTuple):
    """A reference, an offset in frames, and by how many deviations the probe stands out there."""

    reference: int
    offset: int
    score: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A probe's relief, and the references' peaks that it is held against.

    Parameters
    ----------
    relief : ndarray, shape (frames, 256), float32
    tops : (Tops, Tops)
        Of what is live, and of the works.
    """

    relief: Floats
    tops: tuple[Tops, Tops]
    recipe: Recipe
    _chances: dict[bool, tuple[float, float]] = field(default_factory=dict)

    def chance(self, *, works: bool) -> tuple[float, float]:
        """Return (mean, deviation) of what the probe has at peaks that are not its own."""
        if works not in self._chances:
            cells = self.tops[works].sample(len(self.relief))
            relief, _ = sums_at(self.relief, cells, np.zeros(1, np.int64))
            count = np.bincount(cells.window)
            sums = np.bincount(cells.window, relief[0]) / np.sqrt(np.maximum(count, FEW))
            middle = float(np.median(sums)) if len(sums) else 0.0
            off = float(np.median(np.abs(sums - middle))) if len(sums) else 0.0
            least = float(self.relief.std()) if len(self.relief) else 1.0
            self._chances[works] = middle, max(_SIGMA_PER_MAD * off, least, 1e-6)
        return self._chances[works]

    def proposed(
        self,
        speed: tuple[float, float],
        *,
        low: int,
        high: int,
        most: int,
        works: bool,
        among: Collection[int] | None = None,
    ) -> list[Proposal]:
        """Return the places at which most of the probe's middle stands out."""
        if not len(self.tops[works].keys):
            return []
        tempo, pitch = speed
        middle = min(len(self.relief), round(_SEARCHED_S * self.recipe.frames_per_s / tempo))
        skipped = (len(self.relief) - middle) // 2
        relief = self.relief[skipped : skipped + middle]
        if speed != (1.0, 1.0) and middle:
            at = np.rint(np.arange(int((middle - 1) * tempo) + 1) / tempo).astype(np.int64)
            steps = np.arange(relief.shape[1]) + self._steps(pitch)
            inside = (steps >= 0) & (steps < relief.shape[1])
            relief = np.where(inside, relief[at[:, None], np.where(inside, steps, 0)], 0)
        before = round(skipped * tempo)
        mean, sigma = self.chance(works=works)
        found = self.tops[works].found(
            relief, low=low + before, high=high + before, least=mean + _LEAST * sigma, most=most,
            among=among,
        )  # fmt: skip
        return [
            Proposal(one.reference, one.offset - before, (one.sum - mean) / sigma) for one in found
        ]

    def at(
        self,
        number: int,
        offsets: NDArray[np.int64],
        speed: tuple[float, float],
        *,
        works: bool,
    ) -> Stood:
        """Return how the probe stands out at the peaks of a reference, at some rising offsets."""
        first, last = int(offsets[0]), int(offsets[-1])
        cells = self.tops[works].within(
            number, first, last + round(len(self.relief) * speed[0]) + 1
        )
        return Stood(self.relief, cells, offsets - first, speed[0], self._steps(speed[1]),
                     self.chance(works=works))  # fmt: skip

    def _steps(self, pitch: float) -> int:
        return round(self.recipe.steps_per_octave * float(np.log2(pitch)))


@dataclass(frozen=True, slots=True)
class Stood:
    """A probe at a reference's peaks, at some offsets from the first of them."""

    relief: Floats
    cells: Cells
    offsets: NDArray[np.int64]
    tempo: float
    pitch_steps: int
    chance: tuple[float, float]

    @property
    def scores(self) -> Scores:
        """By how many deviations the probe stands out at each offset, beyond chance."""
        mean, sigma = self.chance
        sums = sums_near(
            self.relief, self.cells, self.offsets, tempo=self.tempo, pitch_steps=self.pitch_steps
        )
        return (sums - mean) / sigma

    def alike(self, which: int) -> float:
        """Return by how much a score counts less, for what these peaks meet in the probe anyway.

        Turned round in time, the probe stands out at the same peaks by chance alone: by more than
        elsewhere where both hold the same few tones. And what stands out within a quarter of a
        second is one event: a few beats that fall together are a few, however many peaks each has.
        A geometric mean of the three deviations counts, that by turns twice.
        """
        mean, sigma = self.chance
        by_turns, by_bursts = chances_at(
            self.relief, self.cells, int(self.offsets[which]), mean,
            tempo=self.tempo, pitch_steps=self.pitch_steps,
        )  # fmt: skip
        more = max(1.0, by_turns / sigma**2) ** 2 * max(1.0, by_bursts / sigma**2)
        return math.pow(more, 1 / 8)

    def blocks(self, block_frames: float, size: int) -> Scores:
        """Return the score of each block of the probe at the first offset, of so many frames."""
        relief, inside = sums_at(
            self.relief, self.cells, self.offsets[:1], tempo=self.tempo,
            pitch_steps=self.pitch_steps,
        )  # fmt: skip
        at = np.rint(self.cells.frames / self.tempo)
        block = np.clip(at / block_frames, 0, size - 1).astype(np.int64)
        count = np.bincount(block[inside[0]], minlength=size)
        sums = np.bincount(block, relief[0], minlength=size)
        scores: Scores = sums / np.sqrt(np.maximum(count, _FEW_A_BLOCK))
        return scores / (self.chance[1] * self.alike(0))
