"""Make the map of Europe for the page of an operation from Natural Earth's countries.

Usage: ``npm pack world-atlas && tar xzf world-atlas-*.tgz``, then
``python tools/europe.py package/countries-50m.json``. Nothing of the download is kept.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parents[1] / "src/cautery/drawing/europe.json"

CENTRE_LON, CENTRE_LAT, EARTH_KM = 10.0, 52.0, 6371.0
"""Lambert's azimuthal equal-area projection at the centre of ETRS89-LAEA (EPSG:3035), on a sphere:
areas are true, which a choropleth needs."""

WEST, EAST, SOUTH, NORTH = -1980.0, 2380.0, -1960.0, 2170.0
"""The window in kilometres from the centre: Iceland's west to the Caucasus, Crete to the Cape."""

UNIT_KM = 2.0
"""Kilometres of one unit of the drawing; coordinates are whole units."""

LEAST_KM2 = 9.0
"""Points whose triangle is smaller are left out (Visvalingam & Whyatt, 1993)."""

LEAST_ISLAND_KM2 = 260.0
"""Smaller islands are left out, unless they are their country's largest piece."""

FARTHEST_KM = 11_000.0
"""Rings that come nearer to the projection's far pole (12,742 km) are torn by it: none is shown."""

CRIMEA = ((1600.0, 2050.0), (-700.0, -300.0))
"""Where it lies in the window: drawn with Ukraine (UN General Assembly, resolution 68/262)."""

Point = tuple[float, float]

CODES = {
    "008": "AL", "020": "AD", "031": "AZ", "040": "AT", "051": "AM", "056": "BE", "070": "BA",
    "100": "BG", "112": "BY", "191": "HR", "196": "CY", "203": "CZ", "208": "DK", "233": "EE",
    "234": "FO", "246": "FI", "248": "AX", "250": "FR", "268": "GE", "276": "DE", "300": "GR",
    "348": "HU", "352": "IS", "372": "IE", "380": "IT", "428": "LV", "438": "LI", "440": "LT",
    "442": "LU", "470": "MT", "492": "MC", "498": "MD", "499": "ME", "528": "NL", "578": "NO",
    "616": "PL", "620": "PT", "642": "RO", "643": "RU", "674": "SM", "688": "RS", "703": "SK",
    "705": "SI", "724": "ES", "752": "SE", "756": "CH", "792": "TR", "804": "UA", "807": "MK",
    "826": "GB", "831": "GG", "832": "JE", "833": "IM", "336": "VA",
    "012": "DZ", "422": "LB", "504": "MA", "760": "SY", "788": "TN", "818": "EG", "368": "IQ",
    "364": "IR", "376": "IL", "434": "LY", "398": "KZ", "400": "JO", "275": "PS", "304": "GL",
}  # fmt: skip
"""ISO 3166-1 numeric to alpha-2 for whatever the window shows."""

ELSEWHERE = {
    "344": "HK", "156": "CN", "124": "CA", "410": "KR", "840": "US", "784": "AE", "356": "IN",
    "702": "SG", "392": "JP", "036": "AU", "076": "BR", "710": "ZA", "158": "TW", "764": "TH",
    "704": "VN", "458": "MY", "360": "ID", "484": "MX", "032": "AR", "682": "SA", "634": "QA",
    "690": "SC", "591": "PA", "084": "BZ", "566": "NG", "586": "PK", "608": "PH", "554": "NZ",
}  # fmt: skip
"""The same for countries that the page may list under its map."""

NAMES = {"BA": "Bosnia and Herzegovina", "MK": "North Macedonia", "US": "United States",
         "TR": "Türkiye", "FO": "Faroe Islands"}  # fmt: skip
"""Names that the source abbreviates or that have changed since."""


def project(lon: float, lat: float) -> Point:
    """Return kilometres east and north of the centre."""
    away, up, mid = (math.radians(one) for one in (lon - CENTRE_LON, lat, CENTRE_LAT))
    cosine = math.sin(mid) * math.sin(up) + math.cos(mid) * math.cos(up) * math.cos(away)
    scale = EARTH_KM * math.sqrt(2 / max(1e-9, 1 + cosine))
    return (
        scale * math.cos(up) * math.sin(away),
        scale * (math.cos(mid) * math.sin(up) - math.sin(mid) * math.cos(up) * math.cos(away)),
    )


def thinned(points: list[Point]) -> list[Point]:
    """Drop the points that change a line least; its ends stay, so shared borders still meet."""
    kept = list(points)
    while len(kept) > 4:
        areas = [
            abs(
                (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
            ) / 2
            for a, b, c in zip(kept, kept[1:], kept[2:], strict=False)
        ]  # fmt: skip
        least = min(range(len(areas)), key=areas.__getitem__)
        if areas[least] >= LEAST_KM2:
            break
        del kept[least + 1]
    return kept


def area(ring: list[Point]) -> float:
    """Return a ring's area, positive."""
    turns = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in turns)) / 2


def clipped(ring: list[Point], pad: float = 40.0) -> list[Point]:
    """Return a ring's part in the padded window (Sutherland & Hodgman, 1974)."""
    for axis, limit, sign in (
        (0, WEST - pad, 1), (0, EAST + pad, -1), (1, SOUTH - pad, 1), (1, NORTH + pad, -1),
    ):  # fmt: skip
        out: list[Point] = []
        for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
            inside, next_in = (sign * (one[axis] - limit) >= 0 for one in (here, there))
            if inside:
                out.append(here)
            if inside != next_in:
                part = (limit - here[axis]) / (there[axis] - here[axis])
                out.append(
                    (here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1]))
                )
        ring = out
        if not ring:
            return []
    return ring


def middle(ring: list[Point]) -> Point:
    """Return the point of a grid that lies deepest inside a ring, where a label may stand."""
    xs, ys = [one[0] for one in ring], [one[1] for one in ring]
    best, depth = ring[0], -1.0
    for across in range(1, 28):
        for up in range(1, 28):
            x = min(xs) + (max(xs) - min(xs)) * across / 28
            y = min(ys) + (max(ys) - min(ys)) * up / 28
            if WEST < x < EAST and SOUTH < y < NORTH and _within(ring, x, y):
                far = min(_distance(x, y, a, b) for a, b in pairwise(ring))
                far = min(far, x - WEST, EAST - x, y - SOUTH, NORTH - y)
                if far > depth:
                    best, depth = (x, y), far
    return best


def _in_crimea(ring: list[Point]) -> bool:
    (left, right), (low, high) = CRIMEA
    return all(left < x < right and low < y < high for x, y in ring)


def _within(ring: list[Point], x: float, y: float) -> bool:
    inside = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def _distance(x: float, y: float, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    part = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy or 1.0)
    part = min(1.0, max(0.0, part))
    return math.hypot(x - a[0] - part * dx, y - a[1] - part * dy)


def path(rings: list[list[Point]]) -> str:
    """Return rings as an SVG path in whole units, relative after each start."""
    parts: list[str] = []
    for ring in rings:
        spots = [(round((x - WEST) / UNIT_KM), round((NORTH - y) / UNIT_KM)) for x, y in ring]
        steps = [
            (bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(spots) if (ax, ay) != (bx, by)
        ]
        if len(steps) < 3:
            continue
        line = "".join(f"{one if one < 0 else f' {one}'}" for step in steps for one in step)
        parts.append(f"M{spots[0][0]} {spots[0][1]}l{line.strip()}z")
    return "".join(parts)


def main(source: Path) -> None:
    """Read the TopoJSON and write the map."""
    atlas: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs: list[list[Point]] = []
    for arc in atlas["arcs"]:
        x = y = 0
        line: list[Point] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append(project(x * sx + tx, y * sy + ty))
        arcs.append(line)
    near = [
        thinned(arc)
        if any(WEST - 400 < x < EAST + 400 and SOUTH - 400 < y < NORTH + 400 for x, y in arc)
        else arc
        for arc in arcs
    ]
    countries: dict[str, dict[str, Any]] = {}
    extra = ""
    elsewhere: dict[str, str] = {}
    shapes = atlas["objects"]["countries"]["geometries"]
    for shape in sorted(shapes, key=lambda one: str(one["properties"]["name"]) == "N. Cyprus"):
        name, number = shape["properties"]["name"], shape.get("id", "")
        if number in ELSEWHERE:
            elsewhere[ELSEWHERE[number]] = NAMES.get(ELSEWHERE[number], name)
        code = {"Kosovo": "XK", "N. Cyprus": "CY"}.get(name) or CODES.get(number)
        if code is None:
            continue
        pieces = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings: list[list[Point]] = []
        for piece in pieces:
            for ring in piece:
                whole: list[Point] = []
                for one in ring:
                    whole += (near[one] if one >= 0 else near[~one][::-1])[bool(whole) :]
                if all(math.hypot(x, y) < FARTHEST_KM for x, y in whole):
                    rings.append(clipped(whole[:-1]))
        rings = sorted((one for one in rings if len(one) > 2), key=area, reverse=True)
        rings = rings[:1] + [one for one in rings[1:] if area(one) >= LEAST_ISLAND_KM2]
        drawn = path(rings)
        if not drawn:
            continue
        if code == "RU":
            crimea = [one for one in rings if _in_crimea(one)]
            rings = [one for one in rings if not _in_crimea(one)]
            drawn = path(rings)
            extra = path(crimea)
        x, y = middle(rings[0])
        at = [round((x - WEST) / UNIT_KM), round((NORTH - y) / UNIT_KM)]
        if code in countries:  # the two halves of one island
            countries[code]["path"] += drawn
        else:
            countries[code] = {"name": NAMES.get(code, name), "at": at, "path": drawn}
    countries["UA"]["path"] += extra
    world = {
        "wide": round((EAST - WEST) / UNIT_KM),
        "high": round((NORTH - SOUTH) / UNIT_KM),
        "countries": dict(sorted(countries.items())),
        "elsewhere": dict(sorted(elsewhere.items())),
    }
    OUT.write_text(
        json.dumps(world, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    print(f"{OUT}: {len(countries)} countries, {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
