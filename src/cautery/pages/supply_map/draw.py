"""The supply graph as a picture: layered by role or by country, whole or around one asset."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import dot, fit, hint, rect, text, width
from cautery.errors import InputError
from cautery.messages import tr, tr_n
from cautery.model import Role
from cautery.pages.supply_map.layers import (
    Layer,
    Row,
    band_of,
    layer_name,
    layers_of,
    rows_of,
)
from cautery.pages.supply_map.naming import (
    SURE,
    is_weak,
    label_of,
    relation_name,
    shortened,
    title_of,
    tooltip,
)
from cautery.pages.supply_map.view import Drawn, Picture

COLOURS = 6
"""Networks, or roles, drawn in a colour of their own, the largest first; the others are pale."""
_ROW, _PAD, _DOT = 24.0, 40.0, 5.0
_TITLED, _KEY, _HEAD = 84.0, 100.0, 164.0
"""How far down the title reaches, the first line of the key stands, and the first row begins."""
_KEY_LINE = 20.0
_LINES = 76.0
"""Units behind the names of a layer for lines, which then cross no names beside them."""
_LEAST_WIDE = 848.0
_BULGE = 26.0
"""How far a line between two of one layer leaves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a row's dot stands, and where the text behind it ends."""

    column: int
    x: float
    y: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """An SVG element, what it shows in words, and the rows of each layer.

    ``untitled`` is the same for a page that has the title and the sentence itself; ``bare`` is
    that for a page that has the style, too.
    """

    svg: str
    untitled: str
    bare: Markup
    summary: str
    rows: tuple[tuple[str, tuple[Row, ...]], ...]


def draw_supply(
    picture: Picture,
    *,
    middle: str | None = None,
    by_country: bool = False,
    leads: Callable[[str], str] | None = None,
) -> Drawing:
    """Draw a supply graph: every asset has a row or is in a heap, and no relation is left out.

    Parameters
    ----------
    middle : str, optional
        The asset whose relations are red.
    leads : callable, optional
        Returns where the link on an asset leads; without it there are no links.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    if not picture.assets:
        raise InputError("there is nothing to draw: the graph has no assets")
    layers = layers_of(picture, by_country=by_country)
    rows = rows_of(picture, layers, by_country=by_country, middle=middle)
    return _Sheet(picture, layers, rows, middle, by_country=by_country, leads=leads).drawing()


def svg_file(drawing: Drawing) -> str:
    """Return a drawing as a file of its own."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing.svg}\n'


class _Sheet:
    """One drawing in the making: where each row stands, and what is on it."""

    def __init__(
        self,
        picture: Picture,
        layers: Sequence[Layer],
        rows: Sequence[list[Row]],
        middle: str | None,
        *,
        by_country: bool,
        leads: Callable[[str], str] | None,
    ) -> None:
        self._picture, self._layers, self._rows, self._middle = picture, layers, rows, middle
        self._by_country, self._leads = by_country, leads
        self._colours, self._legend = _colours(picture, by_country=by_country)
        self._highest = max(len(layer_rows) for layer_rows in rows)
        self._heads = [f"{layer_name(name)} ({len(assets):,})" for name, assets in layers]
        self._lefts: list[float] = []
        self._rooms: list[float] = []
        left = right = _PAD
        for head, layer_rows in zip(self._heads, rows, strict=True):
            room = 12 + max(width(label_of(row)) for row in layer_rows)
            self._lefts.append(left)
            self._rooms.append(room)
            right = left + max(room, width(head, 14))
            left += max(room + _LINES, width(head, 14) + 24)
        self._wide = max(_LEAST_WIDE, right + _PAD)
        self._key_lines = self._key()
        self._head = _HEAD + _KEY_LINE * (len(self._key_lines) - 1)
        self._spots: dict[tuple[int, str], Spot] = {}
        self._row_of: dict[str, tuple[int, Row]] = {}
        for column, layer_rows in enumerate(rows):
            for at, row in enumerate(layer_rows):
                x = self._lefts[column] + _DOT
                y = self._top(column) + _ROW * (at + 0.5)
                end = x + _DOT + 7 + width(label_of(row))
                self._spots[column, row.label] = Spot(column=column, x=x, y=y, end=end)
                self._row_of |= {asset.name: (column, row) for asset in row.assets}

    def drawing(self) -> Drawing:
        """Return the whole."""
        links, summary = self._lines()
        nodes = [
            self._node(row, self._spots[column, row.label])
            for column, layer_rows in enumerate(self._rows)
            for row in layer_rows
        ]
        heads = [
            text(left, self._head - 18, head, "head")
            for left, head in zip(self._lefts, self._heads, strict=True)
        ]
        high = self._head + _ROW * (self._highest + 1)
        wide = self._wide
        title = title_of(self._middle)
        layered = (
            tr("%(title)s, by country: %(summary)s", title=title, summary=summary)
            if self._by_country
            else tr("%(title)s, by role: %(summary)s", title=title, summary=summary)
        )
        label = markup(layered, 400)
        titled = (
            text(_PAD, 40, fit(title, wide - 2 * _PAD, 22), "title")
            + text(_PAD, 62, fit(summary, wide - 2 * _PAD), "sub")
            + text(_PAD, 80, fit(self._picture.source, wide - 2 * _PAD), "sub")
        )

        # What has links is no mere image: a reader of screens goes into it.
        part = "img" if self._leads is None else "group"

        def drawn(top: float, heading: str, style: str) -> str:
            return (
                f'<svg xmlns="http://www.w3.org/2000/svg" class="map" '
                f'viewBox="0 {top:.0f} {wide:.0f} {high - top:.0f}" width="{wide:.0f}" '
                f'height="{high - top:.0f}" role="{part}" aria-label="{label}">'
                f"<title>{label}</title>{style}"
                f"{rect('paper', 0, top, wide, high - top)}{heading}"
                f"{''.join(self._key_lines)}{''.join(links)}{''.join(heads)}{''.join(nodes)}</svg>"
            )

        styled = f"<style>{_style()}</style>"
        return Drawing(
            svg=drawn(0, titled, styled),
            untitled=drawn(_TITLED, "", styled),
            bare=Markup(drawn(_TITLED, "", "")),  # noqa: S704 - each text in it is escaped
            summary=summary,
            rows=tuple(
                (name, tuple(layer_rows))
                for (name, _), layer_rows in zip(self._layers, self._rows, strict=True)
            ),
        )

    def _top(self, column: int) -> float:
        return self._head + _ROW * (self._highest - len(self._rows[column])) / 2

    def _lines(self) -> tuple[list[str], str]:
        """Return the lines, and the drawing in words."""
        between: defaultdict[tuple[tuple[int, str], tuple[int, str]], list[str]] = defaultdict(list)
        alone: list[tuple[str, str, str]] = []
        inside = 0
        for source, relation, target in self._picture.relations:
            (source_column, row), (target_column, target_row) = (
                self._row_of[source],
                self._row_of[target],
            )
            if not row.heap and not target_row.heap:
                alone.append((source, relation, target))
            elif row is target_row:
                inside += 1
            else:
                between[(source_column, row.label), (target_column, target_row.label)].append(
                    relation
                )
        paths = []
        for (begin, end), relations in sorted(between.items()):
            counts = ", ".join(
                f"{count:,} {relation_name(relation)}"
                for relation, count in Counter(relations).most_common()
            )
            title = hint(f"{begin[1]}: {counts}: {end[1]}")
            way = self._way(self._spots[begin], self._spots[end])
            thick = 1 + 0.8 * math.log2(len(relations))
            paths.append(
                f'<path class="bundle" stroke-width="{thick:.1f}" d="{way}" '
                f"{_ends(begin, end)}>{title}</path>"
            )
        linked = set()
        for source, relation, target in alone:
            kind = "near" if self._middle in (source, target) else "link"
            begin, end = (self._row_of[source][0], source), (self._row_of[target][0], target)
            linked.add((source, target))
            way = self._way(self._spots[begin], self._spots[end])
            title = hint(f"{source} {relation_name(relation)} {target}")
            paths.append(f'<path class="{kind}" d="{way}" {_ends(begin, end)}>{title}</path>')
        paths.sort(key=lambda path: ('class="near"' in path, 'class="link"' in path))
        bundled = sum(map(len, between.values()))
        return paths, self._summary(len(alone), bundled, len(between), inside)

    def _summary(self, alone: int, bundled: int, bundles: int, inside: int) -> str:
        """Return how many assets and relations are drawn, and how."""
        heaps = [row for layer_rows in self._rows for row in layer_rows if row.heap]
        heaped = sum(len(row.assets) for row in heaps)
        count = len(self._picture.assets)
        assets = tr_n("%(count)s asset", "%(count)s assets", count)
        relations = tr_n("%(count)s relation", "%(count)s relations", alone + bundled + inside)
        if not heaps:
            return f"{assets}; {relations}"
        assets = tr(
            "%(assets)s: %(named)s by name, %(heaped)s less connected in %(heaps)s",
            assets=assets,
            named=count - heaped,
            heaped=heaped,
            heaps=tr_n("%(count)s heap", "%(count)s heaps", len(heaps)),
        )
        lines = [tr("%(relations)s: %(alone)s one by one", relations=relations, alone=alone)]
        if bundles:
            lines.append(
                tr_n(
                    "%(lines)s in %(count)s bundle",
                    "%(lines)s in %(count)s bundles",
                    bundles,
                    lines=bundled,
                )
            )
        if inside:
            lines.append(tr("%(count)s within heaps", count=inside))
        return f"{assets}; {', '.join(lines)}"

    def _way(self, begin: Spot, end: Spot) -> str:
        """Return a path from behind one name to the other's dot, through gaps between names.

        Within a layer it swings out to the left; across layers in between it keeps to the
        space between two rows of each.
        """
        first, last = sorted((begin, end), key=lambda spot: (spot.column, spot.y))
        if first.column == last.column:
            out = first.x - _BULGE
            return (
                f"M {first.x:.1f} {first.y:.1f} C {out:.1f} {first.y:.1f}, "
                f"{out:.1f} {last.y:.1f}, {last.x:.1f} {last.y:.1f}"
            )
        after = max(first.end, first.x + self._rooms[first.column])
        points = [(first.end, first.y), (after, first.y)]
        for column in range(first.column + 1, last.column):
            x = self._lefts[column]
            from_x, y = points[-1]
            y += (last.y - y) * (x - from_x) / (last.x - from_x)
            gap = self._gap(column, y)
            points += [(x - _DOT, gap), (x + self._rooms[column] + 2 * _DOT, gap)]
        points.append((last.x, last.y))
        return "M " + " L ".join(f"{x:.1f} {y:.1f}" for x, y in points)

    def _gap(self, column: int, y: float) -> float:
        """Return where a line may pass a layer nearest to ``y`` without crossing a name."""
        place = (y - self._top(column)) / _ROW
        if not 0 < place < len(self._rows[column]):
            return y
        return self._top(column) + _ROW * round(place)

    def _key(self) -> list[str]:
        """Return lines of what the colours mean, as far as they are in the picture."""
        rows = [row for layer_rows in self._rows for row in layer_rows]
        kinds = {self._kind(asset) for asset in self._picture.assets}
        entries = list(self._legend)
        if not self._colours:
            entries.append(("node", tr("an asset")))
        entries += [
            (
                "alone",
                tr("others") if self._by_country else tr("of no network, or a smaller one"),
            ),
            ("shared", tr("shared with strangers")),
            ("middle", tr("%(asset)s: its relations are red", asset=shortened(self._middle or ""))),
        ]
        entries = [(kind, meaning) for kind, meaning in entries if kind in kinds]
        if any(is_weak(asset) for asset in self._picture.assets):
            hollow = tr("hollow: less than %(share)s sure of its role", share=f"{SURE:.0%}")
            entries.append(("node weak", hollow))
        marks = [(kind, meaning, _DOT) for kind, meaning in entries]
        if any(row.heap for row in rows):
            marks.append(("alone", tr("a heap; its lines are as thick as many"), _DOT + 2))
        lines, x = [""], _PAD
        for kind, meaning, radius in marks:
            across = 2 * _DOT + 29 + width(meaning)
            if x + across - 24 > self._wide - _PAD and lines[-1]:
                lines.append("")
                x = _PAD
            y = _KEY + _KEY_LINE * (len(lines) - 1)
            lines[-1] += dot(kind, x + _DOT, y, radius)
            lines[-1] += text(x + _DOT + radius + 5, y + 4, meaning, "sub")
            x += across
        return lines

    def _kind(self, asset: Drawn) -> str:
        """Return the class that an asset's colour has."""
        if asset.name == self._middle:
            return "middle"
        if self._by_country:
            return self._colours.get(band_of(asset.role), "alone")
        if asset.role == str(Role.SHARED):
            return "shared"
        if self._colours:
            return self._colours.get(asset.network or "", "alone")
        return "node"

    def _node(self, row: Row, spot: Spot) -> str:
        name, title = label_of(row), tooltip(row)
        if row.heap:
            kinds = {self._kind(asset) for asset in row.assets} - {"middle"}
            shape = dot(kinds.pop() if len(kinds) == 1 else "alone", spot.x, spot.y, _DOT + 2)
        else:
            (asset,) = row.assets
            weak = " weak" if is_weak(asset) else ""
            shape = dot(self._kind(asset) + weak, spot.x, spot.y, _DOT)
        back = rect("paper", spot.x + _DOT + 3, spot.y - 8, width(name) + 4, 16)
        label = text(spot.x + _DOT + 5, spot.y + 4, name, "many" if row.heap else "")
        row_id = _row_id(spot.column, row.label)
        names = "&#10;".join(markup(asset.name, 400) for asset in row.assets)
        shown = (
            f'<g class="row" data-row="{row_id}" data-assets="{names}">{hint(title)}{back}{shape}'
            f"{label}</g>"
        )
        if self._leads is None or row.heap:
            return shown
        return f'<a href="{markup(self._leads(row.label), 4_000)}">{shown}</a>'


def _ends(begin: tuple[int, str], end: tuple[int, str]) -> str:
    return f'data-from="{_row_id(*begin)}" data-to="{_row_id(*end)}"'


def _row_id(column: int, label: str) -> str:
    return markup(f"{column} {label}", 400)


def _colours(
    picture: Picture, *, by_country: bool
) -> tuple[Mapping[str, str], list[tuple[str, str]]]:
    """Return the class of the largest networks, or of the roles by country; and their words."""
    sizes = Counter(
        band_of(asset.role) if by_country else asset.network
        for asset in picture.assets
        if by_country or asset.network is not None
    )
    largest = sorted(sizes, key=lambda name: (-sizes[name], name or ""))[:COLOURS]
    classes = {name or "": f"c{place}" for place, name in enumerate(largest)}
    return classes, [(kind, layer_name(name)) for name, kind in classes.items()]


@cache
def _style() -> str:
    return files("cautery.pages.supply_map").joinpath("map.css").read_text(encoding="utf-8")
