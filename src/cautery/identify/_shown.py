"""One probe's pictures, prepared for every possible place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import placement
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.steady import Windows, held_still, steady_windows
from cautery.fingerprint.video import Cells, Floats, Signature, Times, cells_of, signature
from cautery.identify._views import PLAIN, View, seen
from cautery.model.media import Decoded


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe's pictures on its own axis, 0 its start.

    Parameters
    ----------
    luma : ndarray, shape (pictures, 36, 64), uint8
    cells : ndarray, shape (pictures, 192), float16
    times : ndarray, shape (pictures,), float64
    at : ndarray, shape (instants,), float64
    fine : ndarray, shape (instants, 2304), float32
        How the small pictures change.
    change : ndarray, shape (instants, 192), float32
        How the cells change, evened.
    known : ndarray, shape (instants,), bool
    windows : ndarray, shape (pictures, 4), or None
        What was taken of each picture to hold a shaking one still.
    """

    luma: NDArray[np.uint8]
    cells: Cells
    times: Times
    at: Times
    fine: Floats
    change: Floats
    known: NDArray[np.bool_]
    windows: Windows | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.at[-1] - self.at[0])

    def backwards(self) -> Probe:
        """Return what moves in the opposite order: no reference holds it, and it moves as much.

        Only its changes are turned.
        """
        return replace(
            self, fine=_turned(self.fine), change=_turned(self.change),
            known=self.known[::-1].copy(),
        )  # fmt: skip

    def seen(self, view: View) -> Floats:
        """Return a view's changes, evened: what moves around a part weighs nothing in it."""
        if view == PLAIN:
            return self.change
        from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

        rows, columns = view.weights
        read: Floats = _video_kernels.read(self.fine, rows, columns, self.luma.shape[2])
        return placement.evened(-read if view.negative else read)

    def signature(self, view: View, recipe: Recipe, *, speed: float = 1.0) -> Signature:
        """Return the coarse signature of a view."""
        cells = self.cells if view == PLAIN else seen(self.luma, view).astype(np.float16)
        return signature(cells, self.times, recipe, speed=speed)

    def steady(self, recipe: Recipe) -> list[Probe]:
        """Return the probe with a shaking picture held still, in each way that this can be."""
        return [
            replace(
                self._of(held_still(self.luma, windows), self.times, recipe), windows=windows
            )
            for windows in steady_windows(self.luma)
        ]  # fmt: skip

    @classmethod
    def of(cls, decoded: Decoded, recipe: Recipe) -> Probe:
        start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
        return cls._of(decoded.luma, decoded.luma_s - start_s, recipe)

    @classmethod
    def _of(cls, luma: NDArray[np.uint8], times: Times, recipe: Recipe) -> Probe:
        cells = cells_of(luma)
        count = int((times[-1] - times[0]) * recipe.luma_rate_hz) + 1
        at = times[0] + np.arange(count) / recipe.luma_rate_hz
        change, valid = placement.changes(cells, times, at)
        fine, _ = placement.changes(luma.reshape(len(times), -1), times, at)
        return cls(luma, cells, times, at, fine, placement.evened(change), valid)


def _turned(change: Floats) -> Floats:
    # The kernels want rows that follow on one another.
    return np.ascontiguousarray(change[::-1])
