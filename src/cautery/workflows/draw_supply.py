"""The supply graph as a picture: layered by role or by country, whole or around one asset."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.graph.roles import RELATIONS
from cautery.model import Asset, Role, SupplyGraph
from cautery.operation.page.graph import BANDS
from cautery.operation.page.svg import dot, fit, hint, rect, text, width
from cautery.operation.page.words import clean
from cautery.plan.graph import PlanGraph
from cautery.workflows.infer_supply import infer_supply

MOST_OF_A_LAYER = 40
"""Assets drawn of one layer, the best connected first; the rest is counted at its end."""
MOST_LAYERS = 24
"""Layers drawn; the smallest go together."""
LEAST_SURE = 0.5
"""A role that is less probable is not drawn as one."""
COLOURS = 6
"""Networks drawn in a colour of their own, the largest first; the others are pale."""
BESIDE: Mapping[str, str] = {
    "playlist": "playlists", "stream": "streams", "address": "addresses",
    "certificate": "certificates",
}  # fmt: skip
"""Layers of what has no role in the supply, by kind."""
SPELT: Mapping[str, str] = {"sreseller": "super-reseller", "domain": "storefront"}
"""Roles of the supply by the words of other graphs, such as the shared generator's."""
_BEFORE, _AFTER = ("playlists", "streams"), ("addresses", "certificates")
_COLUMN, _ROW, _PAD, _HEAD, _DOT = 256.0, 24.0, 40.0, 126.0, 5.0
_ROOM = 180.0
"""Units for a name; the rest of a column is for lines, which then cross no names beside them."""
_BULGE = 26.0
"""How far a line between two of one layer leaves it."""
Spot = tuple[float, float, float]
"""Where a dot stands, across and down, and where the name behind it ends."""
_STYLE = """
text { font: 12px "Source Sans 3", "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  fill: #1b1d22; }
.title { font-size: 22px; font-weight: 700; } .head { font-weight: 700; font-size: 13px; }
.sub, .foot { fill: #53575f; } .paper { fill: #fff; }
.link, .near { fill: none; } .link { stroke: #1b1d22; stroke-opacity: 0.22; stroke-width: 1; }
.near { stroke: #97300c; stroke-opacity: 0.8; stroke-width: 1.6; }
.node { fill: #2a7d82; } .weak { fill: #9fcbc9; } .shared { fill: #8a8f98; }
.middle { fill: #97300c; }
.net0 { fill: #2a7d82; } .net1 { fill: #c06a1b; } .net2 { fill: #6b4fa0; }
.net3 { fill: #b0385f; } .net4 { fill: #4c7a2a; } .net5 { fill: #2f5fa8; } .alone { fill: #c3c7cd; }
.label { paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One asset of the picture; ``sure`` is its role's or its own probability, if any.

    ``network`` is the criminal network that it is held to belong to, if that has other members.
    """

    name: str
    role: str
    country: str | None = None
    sure: float | None = None
    network: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Assets and who points to whom, with the relation's word."""

    assets: tuple[Drawn, ...]
    relations: tuple[tuple[str, str, str], ...]


def of_supply(graph: SupplyGraph) -> Picture:
    """Take the map that a watch made, each host with the role that it is inferred to have."""
    rated = any(one.kind in {"host", "payment"} for one in graph.assets)
    beliefs = {one.name: one for one in infer_supply(graph)} if rated else {}
    tied = {
        end
        for one in graph.edges
        if one.relation in RELATIONS and {one.source, one.target} <= beliefs.keys()
        for end in (one.source, one.target)
    }
    networks = {
        member.host: one.id for one in graph.networks if len(one.members) > 1
        for member in one.members
    }  # fmt: skip

    def drawn(one: Asset) -> Drawn:
        name, belief = _name(one.id), beliefs.get(one.id)
        role = str(one.role)
        if one.kind in BESIDE and not one.shared:
            role, belief = one.kind, None
        elif belief is not None and one.kind == "host":
            bare = not one.marks and one.role is Role.UNKNOWN and one.id not in tied
            sure = belief.probability >= LEAST_SURE and not bare
            role, belief = (str(belief.role), belief) if sure else (str(Role.UNKNOWN), None)
        return Drawn(
            name=name,
            role=role,
            country=one.country,
            sure=None if belief is None else belief.probability,
            network=networks.get(one.value) if one.kind == "host" else None,
        )

    return Picture(
        assets=tuple(drawn(one) for one in graph.assets),
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


def around(picture: Picture, name: str, *, most: int) -> Picture:
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
    names_in_order = (*_BEFORE, *(name for name, _ in BANDS), *_AFTER)
    order = {name: place for place, name in enumerate(names_in_order)}
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
        ".map { overflow-x: auto; } td { padding: 1px 12px 1px 0; }</style></head>"
        f'<body><div class="map">{drawn}</div>'
        f"<h2>Relations</h2><table>{rows}</table></body></html>\n"
    )


def as_json(picture: Picture, *, by_country: bool) -> dict[str, Any]:
    """Return what the picture shows, layer by layer."""
    return {
        "layers": [
            {
                "layer": name,
                "assets": [
                    {"name": one.name, "role": one.role, "country": one.country,
                     "probability": one.sure, "network": one.network}
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
    spots: dict[str, Spot] = {}
    colours = _colours(picture)
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
            spot = spots[one.name] = (x + _DOT, y, x + 2 * _DOT + 10 + width(_label(one)))
            over.append(_node(one, spot, middle, colours))
        if len(held) > len(shown):
            said = f"{len(held) - len(shown):,} more, less connected"
            over.append(text(x, _HEAD + _ROW * (highest + 0.8), said, "foot"))
    links = []
    for source, relation, target in picture.relations:
        if source in spots and target in spots:
            kind = "near" if middle in (source, target) else "link"
            told = hint(f"{source} {relation} {target}")
            links.append(_line(kind, spots[source], spots[target], told))
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
        f"{text(_PAD, 64, shown_text, 'sub')}{_legend(picture, middle, colours)}"
        f"{''.join(links)}{''.join(over)}</svg>"
    )


def _legend(picture: Picture, middle: str | None, colours: Mapping[str, str]) -> str:
    """Return what the colours mean, as far as they are in the picture."""
    kinds = {_kind(one, middle, colours) for one in picture.assets}
    told = [(kind, name) for name, kind in colours.items()]
    told += [
        (kind, words)
        for kind, words in (
            ("node", "sure of its role" if "weak" in kinds else ""),
            ("weak", "less than 80 % sure"),
            ("alone", "of no network, or a smaller one" if colours else ""),
            ("shared", "shared with strangers"),
            ("middle", f"{_cut(middle or '')}: its relations are red"),
        )
        if kind in kinds and words
    ]
    found, x = [], _PAD
    for kind, words in told:
        found.append(dot(kind, x + _DOT, 82, _DOT) + text(x + 2 * _DOT + 5, 86, words, "sub"))
        x += 2 * _DOT + 29 + width(words)
    return "".join(found)


def _colours(picture: Picture) -> dict[str, str]:
    """Return the class that each of the largest networks is drawn in."""
    sizes = Counter(one.network for one in picture.assets if one.network is not None)
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:COLOURS]
    return {name: f"net{place}" for place, name in enumerate(largest)}


def _line(kind: str, begin: Spot, end: Spot, told: str) -> str:
    """Return a line from behind one name to the next dot; within a layer it swings out."""
    (x, y, behind), (x2, y2, _) = sorted((begin, end))
    if x != x2:
        way = f"M {behind:.1f} {y:.1f} L {max(behind, x + _ROOM):.1f} {y:.1f} L {x2:.1f} {y2:.1f}"
    else:
        out = x - _BULGE
        way = f"M {x:.1f} {y:.1f} C {out:.1f} {y:.1f}, {out:.1f} {y2:.1f}, {x:.1f} {y2:.1f}"
    return f'<path class="{kind}" d="{way}">{told}</path>'


def _kind(one: Drawn, middle: str | None, colours: Mapping[str, str]) -> str:
    """Return the class that an asset is drawn in."""
    if one.name == middle:
        return "middle"
    if one.role == str(Role.SHARED):
        return "shared"
    if colours:
        return colours.get(one.network or "", "alone")
    return "weak" if one.sure is not None and one.sure < 0.8 else "node"


def _node(one: Drawn, spot: Spot, middle: str | None, colours: Mapping[str, str]) -> str:
    x, y, _ = spot
    said = [one.name, one.role, one.country or "no country"]
    if one.sure is not None:
        said.append(f"probability {one.sure:.2f}")
    if one.network is not None:
        said.append(f"of {one.network}")
    return (
        f"<g>{hint('; '.join(said))}{dot(_kind(one, middle, colours), x, y, _DOT)}"
        f"{text(x + _DOT + 5, y + 4, _label(one), 'label')}</g>"
    )


def _label(one: Drawn) -> str:
    """Return a name without what its layer says anyway, and without a list's scheme."""
    beside = one.role in BESIDE or one.role == str(Role.SHARED)
    kind, _, rest = one.name.partition(":")
    kept = rest if beside and kind in BESIDE else one.name
    return _cut(kept.removeprefix("http://").removeprefix("https://"))


def _cut(name: str) -> str:
    """Return a name that fits, cut in its middle: its end tells as much as its beginning."""
    said = clean(name, 400)
    most = int(_ROOM / width("n"))
    return said if len(said) <= most else f"{said[: most // 2]}…{said[-((most - 1) // 2) :]}"


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
    if role in BESIDE:
        return BESIDE[role]
    role = SPELT.get(role, role)
    return next((name for name, roles in BANDS if role in roles), role)


def _name(asset: str) -> str:
    """Return a host's name; what is none keeps its kind, since an address may be a host too."""
    return asset.removeprefix("host:")
