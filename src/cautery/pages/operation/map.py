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

from cautery.drawing.apart import Mark, bottom_of, kept_apart
from cautery.drawing.europe import (
    ALIASES,
    MARK_GAP,
    MARK_HIGH,
    MARK_LETTER,
    SHADES,
    breaks_of,
    country_name,
    europe,
    frame_of,
    marks_frame,
    shade_in,
)
from cautery.drawing.formatting import number
from cautery.drawing.svg import dot, drawing, hint, line, sentence, text
from cautery.messages import tr, tr_n
from cautery.pages.operation import formatting
from cautery.pages.operation.view.course import CountryLine

_PAD = 14.0
"""A mark's inner margin, in the map's own units (2 km)."""

_CODE_WIDE, _CODE_HIGH = 58.0, 40.0
"""The room of a country's code, where it has no mark."""


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
            sentence(tr("Nothing is known by country of Europe.")), "users", (), elsewhere, 0
        )
    measure = "users" if any(country.users for country in lines.values()) else "searches"
    breaks = breaks_of([_measured(country, measure) for country in lines.values()])
    left, top, wide, high = frame_of([shapes[code]["at"] for code in inside], world)
    body = [""]
    for code, shape in shapes.items():
        counts = inside.get(code)
        kind = f"c{shade_in(_measured(counts, measure), breaks)}" if counts else "land"
        name = country_name(code)
        tooltip = f"{name}: {_counted(counts)}" if counts else name
        body.append(f'<path class="{kind}" d="{shape["path"]}">{hint(tooltip)}</path>')
    marks, bottom = _marks(inside, shapes, (left, top, wide, high))
    body += marks
    high = max(high, bottom + MARK_GAP - top)
    body[0] = f'<rect class="sea" x="{left}" y="{top}" width="{wide}" height="{high}"/>'
    title = tr(
        "Map of Europe by country, %(measure)s: %(countries)s",
        measure=measure_name(measure),
        countries="; ".join(
            f"{country_name(code)} {_counted(country)}"
            for code, country in list(inside.items())[:60]
        ),
    )
    svg = drawing(
        "europe", left=left, top=top, wide=wide, high=high, title=title, body="".join(body)
    )
    return MapDrawing(svg, measure, _legend(breaks), elsewhere, len(inside))


def shade_of(line: CountryLine, drawn: MapDrawing, countries: Sequence[CountryLine]) -> int:
    """Return the class of shade of a country, as the map would give it."""
    return shade_in(
        _measured(line, drawn.measure),
        breaks_of([_measured(country, drawn.measure) for country in countries]),
    )


def _measured(line: CountryLine, measure: str) -> float:
    if measure == "users":
        return line.users.mid if line.users else 0.0
    return float(line.searches)


def measure_name(measure: str) -> str:
    """Return what the shades stand for, in words."""
    return tr("users") if measure == "users" else tr("searches")


def _counted(line: CountryLine) -> str:
    """Return what was counted in a country, in words."""
    parts = []
    if line.users:
        parts.append(
            tr(
                "%(middle)s users, %(interval)s",
                middle=formatting.big(line.users.mid),
                interval=formatting.within(line.users),
            )
        )
    if line.searches:
        parts.append(tr_n("%(count)s search", "%(count)s searches", line.searches, number))
    if line.servers:
        parts.append(tr_n("%(count)s server", "%(count)s servers", line.servers, number))
    if line.arrests:
        parts.append(tr_n("%(count)s arrest", "%(count)s arrests", line.arrests, number))
    return ", ".join(parts) or tr("nothing counted")


def _legend(breaks: Sequence[float]) -> tuple[tuple[str, int], ...]:
    if not breaks:
        return ()
    first = SHADES - len(breaks)
    entries = [(tr("under %(bound)s", bound=formatting.big(breaks[0])), first)]
    for place, (low, high) in enumerate(pairwise(breaks), first + 1):
        class_bounds = tr("%(low)s to %(high)s", low=formatting.big(low), high=formatting.big(high))
        entries.append((class_bounds, place))
    return (*entries, (tr("%(bound)s and more", bound=formatting.big(breaks[-1])), SHADES))


def _marks(
    lines: dict[str, CountryLine],
    shapes: dict[str, dict[str, Any]],
    frame: tuple[float, float, float, float],
) -> tuple[list[str], float]:
    """Draw a mark with its counts by each country, or its code; none over another.

    Returns
    -------
    list of str
        The lines that lead to what stands aside, then the marks.
    float
        How far down they reach.
    """
    counted = {code: _counts(country) for code, country in lines.items()}
    ranked = sorted(
        lines,
        key=lambda code: (
            not counted[code],
            -lines[code].searches - lines[code].servers - lines[code].arrests,
            code,
        ),
    )
    boxes = []
    for code in ranked:
        x, y = shapes[code]["at"]
        across = sum(map(_span, counted[code]))
        boxes.append(
            Mark(x, y, across, MARK_HIGH) if across else Mark(x, y, _CODE_WIDE, _CODE_HIGH)
        )
    room = marks_frame(frame)
    places = kept_apart(boxes, room, gap=MARK_GAP)
    leads: list[str] = []
    marks: list[str] = []
    for code, box, (x, y) in zip(ranked, boxes, places, strict=True):
        if math.hypot(x - box.x, y - box.y) > 20:
            leads.append(line("lead", box.x, box.y, x, y) + dot("anchor", box.x, box.y, 9))
        if counted[code]:
            title = f"{country_name(code)}: {_counted(lines[code])}"
            marks.append(_mark(counted[code], title, x, y, box.wide))
        else:
            marks.append(text(x, y + 14, code, "code", "middle"))
    return leads + marks, bottom_of(boxes, places, room)


def _counts(country: CountryLine) -> list[tuple[str, str]]:
    """Return what was counted there, by kind, as it is written in a mark."""
    return [
        (kind, number(count, 9))
        for kind, count in (
            ("searches", country.searches),
            ("servers", country.servers),
            ("arrests", country.arrests),
        )
        if count
    ]


def _mark(parts: Sequence[tuple[str, str]], title: str, x: float, y: float, across: float) -> str:
    at = x - across / 2
    boxes = []
    for kind, label in parts:
        span = _span((kind, label))
        boxes.append(
            f'<rect class="k-{kind}" x="{at:.0f}" y="{y - MARK_HIGH / 2:.0f}" '
            f'width="{span:.0f}" height="{MARK_HIGH:.0f}"/>'
            + text(at + span / 2, y + MARK_LETTER * 0.36, label, "", "middle")
        )
        at += span
    return (
        f'<g class="mark">{hint(title)}'
        f'<rect class="rim" x="{x - across / 2 - 4:.0f}" y="{y - MARK_HIGH / 2 - 4:.0f}" '
        f'width="{across + 8:.0f}" height="{MARK_HIGH + 8:.0f}" rx="8"/>{"".join(boxes)}</g>'
    )


def _span(part: tuple[str, str]) -> float:
    return 2 * _PAD + len(part[1]) * MARK_LETTER * 0.6
