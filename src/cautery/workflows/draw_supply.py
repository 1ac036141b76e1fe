"""The supply graph as a picture: layered by role or by country, whole or around one asset."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.model import Role, SupplyGraph
from cautery.operation.page.graph import BANDS
from cautery.operation.page.svg import dot, fit, hint, line, rect, text
from cautery.operation.page.words import clean
from cautery.plan.graph import PlanGraph

MOST_OF_A_LAYER = 40
"""Assets drawn of one layer, the best connected first; the rest is counted at its end."""
MOST_LAYERS = 24
"""Layers drawn; the smallest go together."""
LONGEST_WAY = 2
"""Relations that lead from the asset in the middle to the farthest one drawn."""
_COLUMN, _ROW, _PAD, _HEAD, _DOT = 190.0, 24.0, 28.0, 104.0, 5.0
_STYLE = """
text { font: 12px "Source Sans 3", "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  fill: #1b1d22; }
.title { font-size: 22px; font-weight: 700; } .head { font-weight: 700; font-size: 13px; }
.sub, .foot { fill: #53575f; } .paper { fill: #fff; }
.link { stroke: #1b1d22; stroke-opacity: 0.22; stroke-width: 1; }
.near { stroke: #97300c; stroke-opacity: 0.8; stroke-width: 1.6; }
.node { fill: #2a7d82; } .weak { fill: #9fcbc9; } .shared { fill: #8a8f98; }
.middle { fill: #97300c; }
.label { paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One asset of the picture; ``sure`` is its role's or its own probability, if any."""

    name: str
    role: str
    country: str | None = None
    sure: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Assets and who points to whom, with the relation's word."""

    assets: tuple[Drawn, ...]
    relations: tuple[tuple[str, str, str], ...]


def of_supply(graph: SupplyGraph) -> Picture:
    """Take the map that a watch made."""
    return Picture(
        assets=tuple(
            Drawn(name=_name(one.id), role=str(one.role), country=one.country)
            for one in graph.assets
        ),
        relations=tuple(
            (_name(one.source), one.relation, _name(one.target)) for one in graph.edges
        ),
    )


def of_plan(graph: PlanGraph) -> Picture:
    """Take a graph of ``cautery plan``: who needs whom. Its actions are no assets."""
    groups = graph.groups
    members = np.split(groups.member, groups.start[1:-1])
    needs = tuple(
        (graph.ids[owner], "needs", graph.ids[member])
        for owner, found in zip(groups.owner, members, strict=True)
        for member in found
        if owner < graph.nodes and member < graph.nodes
    )
    return Picture(
        assets=tuple(
            Drawn(
                name=graph.ids[number],
                role=graph.roles[number] or str(Role.UNKNOWN),
                country=None
                if graph.country[number] < 0
                else graph.countries[graph.country[number]],
                sure=float(graph.exists[number]),
            )
            for number in range(graph.nodes)
        ),
        relations=needs,
    )


def around(picture: Picture, name: str, *, most: int = LONGEST_WAY) -> Picture:
    """Keep what lies at most so many relations from one asset, in either direction.

    Raises
    ------
    InputError
        If there is no such asset.
    """
    if name not in {one.name for one in picture.assets}:
        raise InputError(
            f"there is no asset {clean(name, 80)!r} in the map", hint="Names are as in the graph."
        )
    near = _near(picture.relations)
    way = {name: 0}
    queue = deque([name])
    while queue:
        here = queue.popleft()
        if way[here] < most:
            for other in near[here]:
                if other not in way:
                    way[other] = way[here] + 1
                    queue.append(other)
    return Picture(
        assets=tuple(one for one in picture.assets if one.name in way),
        relations=tuple(one for one in picture.relations if one[0] in way and one[2] in way),
    )


def layers_of(picture: Picture, *, by_country: bool) -> list[tuple[str, list[Drawn]]]:
    """Return the layers in drawing order, each by the mean place of its neighbours before it.

    Notes
    -----
    The barycentre of Sugiyama, Tagawa & Toda (1981), one pass, so that lines cross less.
    """
    near = _near(picture.relations)
    held: defaultdict[str, list[Drawn]] = defaultdict(list)
    for one in picture.assets:
        held[(one.country or "no country") if by_country else _band(one.role)].append(one)
    if len(held) > MOST_LAYERS:
        fewest = sorted(held, key=lambda name: (-len(held[name]), name))[MOST_LAYERS - 1 :]
        held["others"] = [one for name in fewest for one in held.pop(name)]
    order = {name: place for place, (name, _) in enumerate(BANDS)}
    names = sorted(held, key=lambda name: (order.get(name, len(order)), name))
    place: dict[str, float] = {}
    found = []
    for name in names:
        kept = sorted(held[name], key=lambda one: (-len(near[one.name]), one.name))
        shown = kept[:MOST_OF_A_LAYER]
        means = {one.name: _mean(place, near[one.name]) for one in shown}
        shown.sort(key=lambda one: (means[one.name], one.role, one.name))
        place |= {one.name: (number + 0.5) / len(shown) for number, one in enumerate(shown)}
        found.append((name, shown + kept[MOST_OF_A_LAYER:]))
    return found


def draw_supply(
    picture: Picture, *, middle: str | None = None, by_country: bool = False, html: bool = False
) -> str:
    """Draw a supply graph as SVG, or as one page that also lists all its relations.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    if not picture.assets:
        raise InputError("there is nothing to draw: the graph has no assets")
    layers = layers_of(picture, by_country=by_country)
    drawn = _svg(picture, layers, middle)
    if not html:
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawn}\n'
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(clean(cell, 400))}</td>" for cell in row) + "</tr>"
        for row in sorted(picture.relations)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<title>The supply graph</title><style>body { font: 15px/1.5 sans-serif; margin: 24px; } "
        "svg { max-width: 100%; height: auto; } td { padding: 1px 12px 1px 0; }</style></head>"
        f"<body>{drawn}<h2>Relations</h2><table>{rows}</table></body></html>\n"
    )


def as_json(picture: Picture, *, by_country: bool) -> dict[str, Any]:
    """Return what the picture shows, layer by layer."""
    return {
        "layers": [
            {
                "layer": name,
                "assets": [
                    {"name": one.name, "role": one.role, "country": one.country,
                     "probability": one.sure}
                    for one in held
                ],
            }
            for name, held in layers_of(picture, by_country=by_country)
        ],
        "relations": [
            {"source": source, "relation": relation, "target": target}
            for source, relation, target in sorted(picture.relations)
        ],
    }  # fmt: skip


def _svg(picture: Picture, layers: Sequence[tuple[str, list[Drawn]]], middle: str | None) -> str:
    spots: dict[str, tuple[float, float]] = {}
    highest = max(min(len(held), MOST_OF_A_LAYER) for _, held in layers)
    high = _HEAD + _ROW * (highest + 2) + 20
    wide = 2 * _PAD + _COLUMN * max(3, len(layers))
    over: list[str] = []
    for column, (name, held) in enumerate(layers):
        x = _PAD + _COLUMN * column
        over.append(text(x, _HEAD - 18, f"{name} ({len(held):,})", "head"))
        shown = held[:MOST_OF_A_LAYER]
        for row, one in enumerate(shown):
            y = _HEAD + _ROW * (row + 0.5 + (highest - len(shown)) / 2)
            spots[one.name] = (x + _DOT, y)
            over.append(_node(one, x, y, middle))
        if len(held) > len(shown):
            said = f"{len(held) - len(shown):,} more, less connected"
            over.append(text(x, _HEAD + _ROW * (highest + 0.8), said, "foot"))
    links = []
    for source, relation, target in picture.relations:
        if source in spots and target in spots:
            kind = "near" if middle in (source, target) else "link"
            body = line(kind, *spots[source], *spots[target]).removesuffix("/>")
            links.append(f"{body}>{hint(f'{source} {relation} {target}')}</line>")
    shown_text = (
        f"{len(spots):,} of {len(picture.assets):,} assets and {len(links):,} of "
        f"{len(picture.relations):,} relations shown"
    )
    title = "The supply graph" if middle is None else f"The supply graph around {middle}"
    said = escape(clean(f"{title}: {shown_text}"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'width="{wide:.0f}" height="{high:.0f}" role="img" aria-label="{said}">'
        f"<title>{said}</title><style>{_STYLE}</style>{rect('paper', 0, 0, wide, high)}"
        f"{text(_PAD, 40, fit(title, wide - 2 * _PAD, 22), 'title')}"
        f"{text(_PAD, 64, shown_text, 'sub')}{''.join(links)}{''.join(over)}</svg>"
    )


def _node(one: Drawn, x: float, y: float, middle: str | None) -> str:
    kind = "middle" if one.name == middle else "node"
    if kind == "node" and one.role == str(Role.SHARED):
        kind = "shared"
    elif kind == "node" and one.sure is not None and one.sure < 0.8:
        kind = "weak"
    said = [one.name, one.role, one.country or "no country"]
    if one.sure is not None:
        said.append(f"probability {one.sure:.2f}")
    label = fit(one.name, _COLUMN - 26)
    return (
        f"<g>{hint('; '.join(said))}{dot(kind, x + _DOT, y, _DOT)}"
        f"{text(x + 2 * _DOT + 5, y + 4, label, 'label')}</g>"
    )


def _near(relations: Sequence[tuple[str, str, str]]) -> defaultdict[str, set[str]]:
    near: defaultdict[str, set[str]] = defaultdict(set)
    for source, _, target in relations:
        near[source].add(target)
        near[target].add(source)
    return near


def _mean(place: Mapping[str, float], near: set[str]) -> float:
    known = [place[one] for one in near if one in place]
    return sum(known) / len(known) if known else 0.5


def _band(role: str) -> str:
    """Return the layer of a role: of one that is not ours, its own name."""
    return next((name for name, roles in BANDS if role in roles), role)


def _name(asset: str) -> str:
    """Return a host's name; what is none keeps its kind, since an address may be a host too."""
    return asset.removeprefix("host:")
