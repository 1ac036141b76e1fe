"""Europe with a shade and a counted mark for some countries, as the inside of an SVG.

The classes that a style sheet has to know: ``sea``, ``shape`` with ``land`` or ``c1`` to ``c5``,
``mark`` with ``count``, ``rim``, ``lead`` and ``anchor``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cautery.drawing.europe import (
    MARK_HIGH,
    MARK_LETTER,
    country_name,
    europe,
    frame_of,
    spots,
)
from cautery.drawing.svg import dot, hint, line, rect, text

MapFrame = tuple[float, float, float, float]
"""Left, top, width and height, in the map's own units (2 km)."""


@dataclass(frozen=True, slots=True)
class CountryMark:
    """What the map says of a country.

    Parameters
    ----------
    code : str
        ISO 3166-1, of a country that the map shows.
    shade : int
        1 to 5.
    count : int
        Written in the mark; marks of large counts choose their place first.
    said : str
        The same in words, for those who hear it.
    """

    code: str
    shade: int
    count: int
    said: str


def europe_marks(marks: Sequence[CountryMark]) -> tuple[str, MapFrame]:
    """Return the inside of the drawing, and the part of the map that it shows.

    Parameters
    ----------
    marks : sequence of CountryMark
        At least one; each country once.
    """
    world = europe()
    shapes = world["countries"]
    frame = left, top, wide, high = frame_of([shapes[mark.code]["at"] for mark in marks], world)
    by_code = {mark.code: mark for mark in marks}
    body = [f'<rect class="sea" x="{left}" y="{top}" width="{wide}" height="{high}"/>']
    for code, shape in shapes.items():
        mark = by_code.get(code)
        kind = "land" if mark is None else f"c{mark.shade}"
        title = country_name(code) if mark is None else _title(mark)
        body.append(f'<path class="shape {kind}" d="{shape["path"]}">{hint(title)}</path>')
    ranked = sorted(marks, key=lambda mark: (-mark.count, mark.code))
    anchors = [
        (*shapes[mark.code]["at"], 28 + len(str(mark.count)) * MARK_LETTER * 0.6) for mark in ranked
    ]
    for mark, (x, y, across), (px, py) in zip(ranked, anchors, spots(anchors, frame), strict=True):
        lead = ""
        if math.hypot(px - x, py - y) > 20:
            lead = line("lead", x, y, px, py) + dot("anchor", x, y, 9)
        body.append(
            f'<g class="mark">{hint(_title(mark))}{lead}'
            + rect("rim", px - across / 2 - 4, py - MARK_HIGH / 2 - 4, across + 8, MARK_HIGH + 8)
            + rect("count", px - across / 2, py - MARK_HIGH / 2, across, MARK_HIGH)
            + text(px, py + MARK_LETTER * 0.36, str(mark.count), "", "middle")
            + "</g>"
        )
    return "".join(body), frame


def _title(mark: CountryMark) -> str:
    return f"{country_name(mark.code)}: {mark.said}"
