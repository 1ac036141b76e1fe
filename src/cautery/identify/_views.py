"""Ways to take a probe's picture before it is compared: a part of it, turned over, as a negative.

A place found in one is told of the whole picture, so that a score does not depend on how its place
was found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.placement import Placement
from cautery.fingerprint.video import COLUMNS, ROWS, Floats, shares
from cautery.model.media import LUMA_SHAPE
from cautery.model.picture_part import WHOLE, Part


@dataclass(frozen=True, slots=True)
class View:
    """One way to take a probe's picture.

    Parameters
    ----------
    part : tuple of float
        Of the picture.
    upended : bool
        Turned upside down. A mirror is told by the placement.
    negative : bool
        With dark and light exchanged.
    """

    part: Part = WHOLE
    upended: bool = False
    negative: bool = False

    @property
    def weights(self) -> tuple[Floats, Floats]:
        """What rows, then columns of 12x16 cells take of the small pictures' pixels."""
        top, left, high, wide = self.part
        rows, columns = (
            shares(top, high, LUMA_SHAPE[0], ROWS),
            shares(left, wide, LUMA_SHAPE[1], COLUMNS),
        )
        return (np.ascontiguousarray(rows[::-1]) if self.upended else rows), columns

    def onto(self, where: Placement) -> Placement:
        """Return how the whole picture lies, if this view of it lies so."""
        top, left, high, wide = self.part
        tall = -high if self.upended else high
        across, down = where.across / wide, where.down / tall
        return Placement(
            across, where.sideways - across * (left + wide / 2 - 0.5),
            down, where.upwards - down * (top + high / 2 - 0.5),
        )  # fmt: skip

    def off(self, where: Placement) -> Placement:
        """Return how this view lies, if the whole picture lies so."""
        top, left, high, wide = self.part
        tall = -high if self.upended else high
        return Placement(
            where.across * wide, where.sideways + where.across * (left + wide / 2 - 0.5),
            where.down * tall, where.upwards + where.down * (top + high / 2 - 0.5),
        )  # fmt: skip


PLAIN = View()
TURNED = (View(upended=True), View(negative=True), View(upended=True, negative=True))


def laid(part: Part, *, mirrored: bool) -> Placement:
    """Return how a picture lies on a reference of which it shows a part."""
    top, left, high, wide = part
    return Placement(-wide if mirrored else wide, left + wide / 2 - 0.5, high, top + high / 2 - 0.5)


def covered(view: View, where: Placement) -> Part:
    """Return the part of the whole picture that shows a reference which lies so."""
    sides: list[tuple[float, float]] = []
    for begin, size, scale, shift in (
        (view.part[0], view.part[2], where.down, where.upwards),
        (view.part[1], view.part[3], where.across, where.sideways),
    ):
        low, high = sorted(((edge - shift) / scale + 0.5) for edge in (-0.5, 0.5))
        low, high = max(low, begin), min(high, begin + size)
        sides.append((round(low, 4), round(max(high - low, 0.0), 4)))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]


def seen(luma: NDArray[np.uint8], view: View) -> Floats:
    """Return a view's 12x16 cell means of small pictures, shape (pictures, 192)."""
    rows, columns = view.weights
    read = np.matmul(np.matmul(rows, luma.astype(np.float32)), columns.T)
    means: Floats = read.reshape(len(luma), ROWS * COLUMNS)
    return 255 - means if view.negative else means
