"""Marks kept apart: each as near to its own place as it can stand without lying over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Mark(NamedTuple):
    """A box that wants to stand with its middle at a place."""

    x: float
    y: float
    wide: float
    high: float


class Frame(NamedTuple):
    """Where boxes may stand: left, top, width and height."""

    left: float
    top: float
    wide: float
    high: float


def kept_apart(
    marks: Sequence[Mark], frame: Frame, *, gap: float = 0.0, sideways: float = 1.0
) -> list[tuple[float, float]]:
    """Return the middle of each mark: inside the frame, none nearer to another than the gap.

    The first ones choose first. What a full frame has no room for stands beneath it: whoever
    draws it makes the picture higher (:func:`bottom_of`).

    Parameters
    ----------
    gap : float
        Least room between two marks.
    sideways : float
        How much a step to the side counts beside one up or down: more than 1 where the side means
        something, such as a time.

    Notes
    -----
    Where a box may not stand is a union of rectangles, so the nearest free place has each
    coordinate either from its own place or from an edge: all of these are tried, nearest first.

    Examples
    --------
    >>> kept_apart([Mark(50, 50, 20, 20), Mark(50, 50, 20, 20)], Frame(0, 0, 100, 100))
    [(50.0, 50.0), (50.0, 30.0)]
    """
    centres = np.empty((0, 2))
    sizes = np.empty((0, 2))
    for mark in marks:
        least = (sizes + np.array([mark.wide, mark.high])) / 2 + gap
        place = _nearest(mark, frame, centres, least, sideways)
        if place is None:
            lowest = (centres[:, 1] + sizes[:, 1] / 2).max(initial=frame.top + frame.high)
            place = (frame.left + frame.wide / 2, float(lowest) + gap + mark.high / 2)
        centres = np.vstack((centres, place))
        sizes = np.vstack((sizes, (mark.wide, mark.high)))
    return [(float(x), float(y)) for x, y in centres]


def bottom_of(marks: Sequence[Mark], places: Sequence[tuple[float, float]], frame: Frame) -> float:
    """Return how far down a picture reaches that holds the frame and all marks."""
    return max(
        [frame.top + frame.high]
        + [y + mark.high / 2 for mark, (_, y) in zip(marks, places, strict=True)]
    )


def _nearest(
    mark: Mark,
    frame: Frame,
    centres: NDArray[np.float64],
    least: NDArray[np.float64],
    sideways: float,
) -> tuple[float, float] | None:
    """Return the nearest free place in the frame; of equally near ones the highest, then left."""
    left, right = frame.left + mark.wide / 2, frame.left + frame.wide - mark.wide / 2
    top, bottom = frame.top + mark.high / 2, frame.top + frame.high - mark.high / 2
    if left > right or top > bottom:
        return None
    xs = np.unique(np.clip(_edges(mark.x, centres[:, 0], least[:, 0]), left, right))
    ys = np.unique(np.clip(_edges(mark.y, centres[:, 1], least[:, 1]), top, bottom))
    # A hair of rounding must not forbid what touches an edge exactly.
    beside_x = np.abs(xs[:, None] - centres[:, 0]) < least[:, 0] - 1e-6
    beside_y = np.abs(ys[:, None] - centres[:, 1]) < least[:, 1] - 1e-6
    touching = beside_x.astype(np.int32) @ beside_y.T.astype(np.int32) > 0
    far = (sideways * (xs[:, None] - mark.x)) ** 2 + (ys - mark.y) ** 2
    far[touching] = np.inf
    best = far.min()
    if not np.isfinite(best):
        return None
    at_x, at_y = np.nonzero(far <= best + 1e-6)
    y, x = min(zip(ys[at_y].tolist(), xs[at_x].tolist(), strict=True))
    return x, y


def _edges(
    own: float, centres: NDArray[np.float64], least: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.concatenate(([own], centres - least, centres + least))
