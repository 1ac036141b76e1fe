"""The map: users by country as shade, searches, servers and arrests as marks; counts only.

Countries outside the window are returned by name, to be listed beneath the map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from cautery.drawing.europe import (
    ALIASES,
    MARK_HIGH,
    MARK_LETTER,
    SHADES,
    country_name,
    europe,
    frame_of,
    spots,
)
from cautery.drawing.svg import dot, drawing, hint, line, sentence, text
from cautery.drawing.words import number, plural
from cautery.operation.page import words
from cautery.operation.page.view.course import CountryLine

_PAD = 14.0
"""A mark's inner margin, in the map's own units (2 km)."""


@dataclass(frozen=True, slots=True)
class MapDrawing:
    """The map, its shades for the legend (label, class) and the countries that it does not show."""

    svg: Markup
    measure: str
    legend: tuple[tuple[str, int], ...]
    elsewhere: tuple[CountryLine, ...]
    shown: int


def map_drawing(countries: Sequence[CountryLine]) -> MapDrawing:
    """Draw the map.

    Parameters
    ----------
    countries : sequence of CountryLine
        Each country once; a second line of the same country is drawn with the first one's shade.

    Returns
    -------
    MapDrawing
        A sentence in place of the map when nothing is known by country.
    """
    world = europe()
    shapes: dict[str, dict[str, Any]] = world["countries"]
    lines: dict[str, CountryLine] = {}
    for country in countries:
        lines.setdefault(ALIASES.get(country.country, country.country), country)
    inside = {code: country for code, country in lines.items() if code in shapes}
    elsewhere = tuple(country for code, country in lines.items() if code not in shapes)
    if not inside:
        return MapDrawing(
            sentence("Nothing is known by country of Europe."), "users", (), elsewhere, 0
        )
    measure = "users" if any(country.users for country in lines.values()) else "searches"
    breaks = _breaks([_measured(country, measure) for country in lines.values()])
    left, top, wide, high = frame_of([shapes[code]["at"] for code in inside], world)
    body = [f'<rect class="sea" x="{left}" y="{top}" width="{wide}" height="{high}"/>']
    for code, shape in shapes.items():
        counts = inside.get(code)
        kind = f"c{_class(_measured(counts, measure), breaks)}" if counts else "land"
        tooltip = f"{shape['name']}: {_said(counts)}" if counts else str(shape["name"])
        body.append(f'<path class="{kind}" d="{shape["path"]}">{hint(tooltip)}</path>')
    body += [
        text(shapes[code]["at"][0], shapes[code]["at"][1] + 14, code, "code", "middle")
        for code, country in inside.items()
        if not (country.searches or country.servers or country.arrests)
    ]
    body += _marks(inside, shapes, (left, top, wide, high))
    title = f"Map of Europe by country, {measure}: " + "; ".join(
        f"{shapes[code]['name']} {_said(country)}" for code, country in list(inside.items())[:60]
    )
    svg = drawing(
        "europe", left=left, top=top, wide=wide, high=high, title=title, body="".join(body)
    )
    return MapDrawing(svg, measure, _legend(breaks), elsewhere, len(inside))


def shade_of(line: CountryLine, drawn: MapDrawing, countries: Sequence[CountryLine]) -> int:
    """Return the class of shade of a country, as the map would give it."""
    return _class(
        _measured(line, drawn.measure),
        _breaks([_measured(country, drawn.measure) for country in countries]),
    )


def _measured(line: CountryLine, measure: str) -> float:
    if measure == "users":
        return line.users.mid if line.users else 0.0
    return float(line.searches)


def _said(line: CountryLine) -> str:
    parts = []
    if line.users:
        parts.append(f"{words.big(line.users.mid)} users, {words.within(line.users)}")
    for count, noun, nouns in (
        (line.searches, "search", "searches"),
        (line.servers, "server", "servers"),
        (line.arrests, "arrest", "arrests"),
    ):
        if count:
            parts.append(plural(count, noun, nouns))
    return ", ".join(parts) or "nothing counted"


def _breaks(values: Sequence[float]) -> tuple[float, ...]:
    """Return up to four round bounds between the classes: 1, 2 or 5 times a power of ten."""
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


def _class(value: float, breaks: Sequence[float]) -> int:
    """Return 0 for none, 1 to ``SHADES`` from few to many."""
    return (
        0 if value <= 0 else 1 + sum(value >= bound for bound in breaks) + SHADES - 1 - len(breaks)
    )


def _legend(breaks: Sequence[float]) -> tuple[tuple[str, int], ...]:
    if not breaks:
        return ()
    first = SHADES - len(breaks)
    entries = [(f"under {words.big(breaks[0])}", first)]
    for place, (low, high) in enumerate(pairwise(breaks), first + 1):
        entries.append((f"{words.big(low)} to {words.big(high)}", place))
    return (*entries, (f"{words.big(breaks[-1])} and more", SHADES))


def _marks(
    lines: dict[str, CountryLine],
    shapes: dict[str, dict[str, Any]],
    frame: tuple[float, float, float, float],
) -> list[str]:
    """Place a mark with its counts by each country, none over another."""
    marks: list[str] = []
    ranked = sorted(
        (item for item in lines.items() if item[1].searches or item[1].servers or item[1].arrests),
        key=lambda item: (-item[1].searches - item[1].servers - item[1].arrests, item[0]),
    )
    counts = [
        [
            (kind, number(count, 9))
            for kind, count in (
                ("searches", country.searches),
                ("servers", country.servers),
                ("arrests", country.arrests),
            )
            if count
        ]
        for _, country in ranked
    ]
    anchors = [
        (*shapes[code]["at"], sum(map(_span, parts)))
        for (code, _), parts in zip(ranked, counts, strict=True)
    ]
    for (code, country), parts, (x, y, across), (px, py) in zip(
        ranked, counts, anchors, spots(anchors, frame), strict=True
    ):
        lead = (
            line("lead", x, y, px, py) + dot("anchor", x, y, 9)
            if math.hypot(px - x, py - y) > 20
            else ""
        )
        at = px - across / 2
        boxes = []
        for kind, label in parts:
            span = _span((kind, label))
            boxes.append(
                f'<rect class="k-{kind}" x="{at:.0f}" y="{py - MARK_HIGH / 2:.0f}" '
                f'width="{span:.0f}" height="{MARK_HIGH:.0f}"/>'
                + text(at + span / 2, py + MARK_LETTER * 0.36, label, "", "middle")
            )
            at += span
        marks.append(
            f'<g class="mark">{hint(f"{country_name(code)}: {_said(country)}")}{lead}'
            f'<rect class="rim" x="{px - across / 2 - 4:.0f}" y="{py - MARK_HIGH / 2 - 4:.0f}" '
            f'width="{across + 8:.0f}" height="{MARK_HIGH + 8:.0f}" rx="8"/>{"".join(boxes)}</g>'
        )
    return marks


def _span(part: tuple[str, str]) -> float:
    return 2 * _PAD + len(part[1]) * MARK_LETTER * 0.6
