"""The countries of Europe: shapes and names, and where marks stand beside them.

Shapes are Natural Earth's (``europe.json``, made by tools/europe.py; see SOURCES.md).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

SHADES = 5
"""Classes of the choropleth; more cannot be told apart on paper."""

ALIASES = {"UK": "GB", "EL": "GR"}
"""Eurostat's codes, which the press uses, to ISO 3166-1's."""

MARK_LETTER, MARK_HIGH = 44.0, 62.0
"""A mark's letter size and height, in the map's own units (2 km)."""

_OFFSETS = tuple(
    (reach * math.cos(turn * math.pi / 8), reach * math.sin(turn * math.pi / 8))
    for reach in (0.0, 70.0, 110.0, 150.0, 200.0, 260.0, 330.0)
    for turn in ((0,) if reach == 0 else (8, 0, 4, 12, 6, 10, 2, 14, 7, 9, 1, 15, 5, 11, 3, 13))
)
"""Where a mark may stand around its country, nearest first."""


def country_name(code: str) -> str:
    """Return a country's English name; the code itself where it is not known.

    Examples
    --------
    >>> country_name("HR"), country_name("UK"), country_name("??")
    ('Croatia', 'United Kingdom', '??')
    """
    code = ALIASES.get(code, code)
    if code == "EU":
        return "European Union"
    world = europe()
    if code in world["countries"]:
        return str(world["countries"][code]["name"])
    return str(world["elsewhere"].get(code, code))


@cache
def europe() -> dict[str, Any]:
    """Return the shapes: ``countries`` by code, each with name, path and anchor, and the size."""
    raw = files("cautery.drawing").joinpath("europe.json").read_text(encoding="utf-8")
    world: dict[str, Any] = json.loads(raw)
    return world


def frame_of(
    anchors: Sequence[tuple[float, float]], world: dict[str, Any]
) -> tuple[float, float, float, float]:
    """Return the part of the map that holds all anchors (left, top, wide, high), most of it."""
    wide, high = float(world["wide"]), float(world["high"])
    left = max(0.0, min(140.0, min(x for x, _ in anchors) - 120))
    right = min(wide, max(1760.0, max(x for x, _ in anchors) + 240))
    top = max(0.0, min(500.0, min(y for _, y in anchors) - 150))
    return left, top, right - left, high - top


def spots(
    anchors: Sequence[tuple[float, float, float]], frame: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    """Return where marks stand: near their anchors, within the frame, none over another.

    Parameters
    ----------
    anchors : sequence of (float, float, float)
        Place of each country, and how wide its mark is; the first ones choose first.
    """
    left, top, wide, high = frame
    boxes: list[tuple[float, float, float, float]] = []
    places = []
    for x, y, across in anchors:
        px, py = next(
            (
                (x + dx, y + dy)
                for dx, dy in _OFFSETS
                if _free(x + dx, y + dy, across, boxes)
                and left + 8 < x + dx - across / 2
                and x + dx + across / 2 < left + wide - 8
                and top + 8 < y + dy - MARK_HIGH / 2
                and y + dy + MARK_HIGH / 2 < top + high - 8
            ),
            (float(x), float(y)),
        )
        boxes.append((px - across / 2, py - MARK_HIGH / 2, px + across / 2, py + MARK_HIGH / 2))
        places.append((px, py))
    return places


def _free(
    x: float, y: float, across: float, boxes: Sequence[tuple[float, float, float, float]]
) -> bool:
    return all(
        x + across / 2 + 12 < a
        or c + 12 < x - across / 2
        or y + MARK_HIGH / 2 + 12 < b
        or d + 12 < y - MARK_HIGH / 2
        for a, b, c, d in boxes
    )
