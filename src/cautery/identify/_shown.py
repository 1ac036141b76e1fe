"""One probe's pictures, prepared for every possible place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import placement
from cautery.fingerprint.detail import detail_of
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.video import (
    COLUMNS,
    INSETS,
    ROWS,
    WHOLE,
    Cells,
    Floats,
    Signature,
    Times,
    cells_of,
)
from cautery.model.media import LUMA_SHAPE, Decoded


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe's cells on its own axis, 0 its start."""

    cells: Cells
    times: Times
    at: Times
    fine: Floats
    rough: Floats
    change: Floats
    known: NDArray[np.bool_]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.at[-1] - self.at[0])

    def backwards(self) -> Probe:
        """Return what moves in the opposite order: no reference holds it, and it moves as much."""
        return replace(
            self, fine=_turned(self.fine), rough=_turned(self.rough),
            change=_turned(self.change), known=self.known[::-1].copy(),
        )  # fmt: skip

    def within(self, inset: tuple[float, float, float]) -> Floats:
        """Return changes evened among the cells of a part of the picture; elsewhere zero.

        What little moves in a picture in a picture weighs nothing beside what moves around it.
        """
        if inset == WHOLE:
            return self.change
        top, left, size = inset
        down, across = (np.arange(ROWS) + 0.5) / ROWS, (np.arange(COLUMNS) + 0.5) / COLUMNS
        inside = np.outer(
            (down > top) & (down < top + size), (across > left) & (across < left + size)
        ).ravel()
        even = np.zeros_like(self.rough)
        even[:, inside] = placement.evened(self.rough[:, inside])
        return even

    def details(self, rate_hz: float) -> list[tuple[tuple[float, float, float], bool, Signature]]:
        """Return (inset, mirrored?, finer signature) of every inset that is looked at."""
        return [
            (
                inset, mirrored,
                detail_of(
                    self.fine, LUMA_SHAPE, start_s=float(self.at[0]), rate_hz=rate_hz, inset=inset,
                    mirrored=mirrored,
                ),
            )
            for inset in INSETS
            for mirrored in (False, True)
        ]  # fmt: skip

    @classmethod
    def of(cls, decoded: Decoded, recipe: Recipe) -> Probe:
        start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
        times, cells = decoded.luma_s - start_s, cells_of(decoded.luma)
        count = int((times[-1] - times[0]) * recipe.luma_rate_hz) + 1
        at = times[0] + np.arange(count) / recipe.luma_rate_hz
        change, valid = placement.changes(cells, times, at)
        fine, _ = placement.changes(decoded.luma.reshape(len(times), -1), times, at)
        return cls(cells, times, at, fine, change, placement.evened(change), valid)


def _turned(change: Floats) -> Floats:
    # The kernels want rows that follow on one another.
    return np.ascontiguousarray(change[::-1])
