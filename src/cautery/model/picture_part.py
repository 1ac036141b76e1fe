"""A part of a picture: where a content is seen that does not fill all of it."""

from __future__ import annotations

Part = tuple[float, float, float, float]
"""(top, left, height, width), shares of the whole."""
WHOLE: Part = (0.0, 0.0, 1.0, 1.0)
ONE_PART = 0.5
"""Overlap from which two parts are one: a picture is not the inset that covers a corner of it."""


def overlap(first: Part, second: Part) -> float:
    """Return what two parts share over what they cover together."""
    return shared(_box(first), _box(second))


def shared(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float]
) -> float:
    """Return the same of two boxes, (top, left, bottom, right) in any unit."""
    down = min(first[2], second[2]) - max(first[0], second[0])
    across = min(first[3], second[3]) - max(first[1], second[1])
    if down <= 0 or across <= 0:
        return 0.0
    areas = [(bottom - top) * (right - left) for top, left, bottom, right in (first, second)]
    return down * across / (sum(areas) - down * across)


def _box(part: Part) -> tuple[float, float, float, float]:
    top, left, high, wide = part
    return top, left, top + high, left + wide
