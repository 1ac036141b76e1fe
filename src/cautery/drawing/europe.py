"""The countries of Europe: shapes and names, and where marks stand beside them.

Shapes are Natural Earth's (``europe.json``, made by tools/europe.py; see SOURCES.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from cautery.drawing.apart import Frame, Mark, kept_apart
from cautery.json_text import parsed_json
from cautery.messages import tr
from cautery.messages.language import gettext

SHADES = 5
"""Classes of the choropleth; more cannot be told apart on paper."""

ALIASES = {"UK": "GB", "EL": "GR"}
"""Eurostat's codes, which the press uses, to ISO 3166-1's."""

MARK_LETTER, MARK_HIGH = 44.0, 62.0
"""A mark's letter size and height, in the map's own units (2 km)."""

MARK_GAP = 12.0
"""Between two marks, and between a mark and the frame."""


def country_name(code: str) -> str:
    """Return a country's name in the language in use; the code itself where it is not known.

    Examples
    --------
    >>> country_name("HR"), country_name("UK"), country_name("??")
    ('Croatia', 'United Kingdom', '??')
    """
    code = ALIASES.get(code, code)
    if code == "EU":
        return tr("European Union")
    name = country_names().get(code)
    return code if name is None else gettext(name)


def country_names() -> dict[str, str]:
    """Return the English names of the countries of the world, by code."""
    world = europe()
    elsewhere: dict[str, str] = world["elsewhere"]
    return elsewhere | {code: country["name"] for code, country in world["countries"].items()}


@cache
def europe() -> dict[str, Any]:
    """Return the shapes: ``countries`` by code, each with name, path and anchor, and the size."""
    raw = files("cautery.drawing").joinpath("europe.json").read_text(encoding="utf-8")
    world: dict[str, Any] = parsed_json(raw)
    return world


def breaks_of(values: Sequence[float]) -> tuple[float, ...]:
    """Return up to four round bounds between the classes: 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> breaks_of([1, 3, 40])
    (2.0, 5.0, 10.0, 20.0)
    """
    positive = [value for value in values if value > 0]
    if not positive:
        return ()
    low, high = min(positive), max(positive)
    ladder = [
        lead * 10.0**power
        for power in range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
        for lead in (1, 2, 5)
        if low < lead * 10.0**power <= high
    ]
    return tuple(ladder[-(SHADES - 1) :])


def shade_in(value: float, breaks: Sequence[float]) -> int:
    """Return 0 for none, 1 to ``SHADES`` from few to many."""
    return (
        0 if value <= 0 else 1 + sum(value >= bound for bound in breaks) + SHADES - 1 - len(breaks)
    )


def frame_of(
    anchors: Sequence[tuple[float, float]], world: dict[str, Any]
) -> tuple[float, float, float, float]:
    """Return the part of the map that holds all anchors (left, top, wide, high), most of it."""
    wide, high = float(world["wide"]), float(world["high"])
    left = max(0.0, min(140.0, min(x for x, _ in anchors) - 120))
    right = min(wide, max(1760.0, max(x for x, _ in anchors) + 240))
    top = max(0.0, min(500.0, min(y for _, y in anchors) - 150))
    return left, top, right - left, high - top


def marks_frame(frame: tuple[float, float, float, float]) -> Frame:
    """Return the part of a map's frame that marks may stand in."""
    left, top, wide, high = frame
    return Frame(left + MARK_GAP, top + MARK_GAP, wide - 2 * MARK_GAP, high - 2 * MARK_GAP)


def spots(
    anchors: Sequence[tuple[float, float, float]], frame: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    """Return where marks stand: near their anchors, within the frame, none over another.

    Parameters
    ----------
    anchors : sequence of (float, float, float)
        Place of each country, and how wide its mark is; the first ones choose first.
    """
    marks = [Mark(x, y, across, MARK_HIGH) for x, y, across in anchors]
    return kept_apart(marks, marks_frame(frame), gap=MARK_GAP)
