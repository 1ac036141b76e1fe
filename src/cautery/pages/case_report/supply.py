"""Draw the supply graph: one column per country, one band per task, one shape per role."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cautery.drawing.escaping import clean, markup
from cautery.drawing.formatting import DASH, number
from cautery.drawing.templates import said
from cautery.messages import say, term, tr, tr_n, word
from cautery.model import Asset, Role, SupplyGraph

PALETTE = ("#0b5cad", "#b3400a", "#1b7a4b", "#8a2f8f", "#7a5c00", "#0f7377", "#a8123e", "#4b4fb8")
"""Fill per network; each has a contrast of at least 4.5:1 on white. Letters say the same."""

_GREY = "#6a6d75"
_WIDE, _GUTTER, _HEAD, _STEP, _PAD = 1000.0, 84.0, 44.0, 16.0, 20.0
_COLUMNS = 6
_CELL = 8
_MOST_EDGES = 500

_BANDS: tuple[tuple[str, frozenset[Role]], ...] = (
    ("making", frozenset({Role.SOURCE, Role.ENCODER, Role.ORIGIN})),
    ("delivery", frozenset({Role.EDGE, Role.PLAYLIST})),
    ("control", frozenset({Role.PANEL})),
    ("sale", frozenset({Role.SUPER_RESELLER, Role.RESELLER, Role.STOREFRONT})),
    ("payment", frozenset({Role.PAYMENT})),
    ("other", frozenset({Role.UNKNOWN})),
    ("shared", frozenset({Role.SHARED})),
)
_NARROW, _BROAD = frozenset("fijlrtI.,:;/|!'()[]- "), frozenset("mwMW@%")
_SOLID = frozenset({"host", "service", "payment", "address", "name"})


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing, and how much of the graph it shows."""

    svg: Markup
    shown: int
    total: int
    edges_shown: int
    edges_total: int

    @property
    def said(self) -> str:
        """How much is shown, in words."""
        return tr(
            "%(assets)s and %(relations)s shown",
            assets=_assets(self.shown, self.total),
            relations=_relations(self.edges_shown, self.edges_total),
        )


def letters(graph: SupplyGraph) -> dict[str, str]:
    """Return a short mark for each network: A, B, ... Z, then N27, N28 ..."""
    return {
        network.id: chr(65 + place) if place < 26 else f"N{place + 1}"
        for place, network in enumerate(graph.networks)
    }


def supply_drawing(graph: SupplyGraph) -> Drawing:
    """Draw a supply graph as inline SVG, crowded cells folded and counted.

    Parameters
    ----------
    graph : SupplyGraph
        Any size; past eight assets of one country and band the least connected are folded into
        "+ n more", past six countries the smallest share a column. The report's table names all.

    Returns
    -------
    Drawing
        The ``svg`` with what it shows of the whole.
    """
    degree: Counter[str] = Counter()
    for edge in graph.edges:
        degree.update((edge.source, edge.target))
    belongs, near = _networks(graph)
    columns = _columns(graph.assets)
    cells: defaultdict[tuple[int, int], list[Asset]] = defaultdict(list)
    for asset in {asset.id: asset for asset in graph.assets}.values():
        cells[
            _band(asset), columns.get(asset.country or "", len(set(columns.values())) - 1)
        ].append(asset)
    for cell in cells.values():
        cell.sort(key=lambda asset: (asset.kind not in _SOLID, -degree[asset.id], asset.id))
    heads = _heads(columns)
    per = (_WIDE - _GUTTER) / max(1, len(heads))
    lanes = max(1, int(per // 150))
    spots: dict[str, tuple[float, float]] = {}
    body: list[str] = []
    top = _HEAD
    total = len({asset.id for asset in graph.assets})
    for band, (name, _) in enumerate(_BANDS):
        rows = [cells.get((band, column), []) for column in range(len(heads))]
        if not any(rows):
            continue
        deepest = max(-(-min(len(row), _CELL * lanes + 1) // lanes) for row in rows)
        high = deepest * _STEP + _PAD
        body.append(
            f'<line class="grid" x1="0" x2="{_WIDE:g}" y1="{top:.1f}" y2="{top:.1f}"/>'
            f'<text class="band" x="0" y="{top + 19:.1f}">{markup(say(term("band", name)))}</text>'
        )
        for column, row in enumerate(rows):
            room = _CELL * lanes
            visible = row if len(row) <= room else row[: room - 1]
            for place, asset in enumerate(visible):
                lane, line = divmod(place, deepest)
                x = _GUTTER + column * per + 12 + lane * (per / lanes)
                y = top + 15 + line * _STEP
                spots[asset.id] = (x, y)
                body.append(_node(asset, x, y, belongs, near, letter_room=per / lanes))
            if len(visible) < len(row):
                lane, line = divmod(len(visible), deepest)
                x, y = _GUTTER + column * per + 12 + lane * (per / lanes), top + 15 + line * _STEP
                body.append(
                    f'<text class="more" x="{x - 5:.1f}" y="{y + 4:.1f}">'
                    f"{markup(tr('+ %(more)s more', more=len(row) - len(visible)))}</text>"
                )
        top += high
    edges = [edge for edge in graph.edges if edge.source in spots and edge.target in spots]
    shared = {asset.id for asset in graph.assets if asset.shared or asset.role is Role.SHARED}
    visible_edges = edges[:_MOST_EDGES]
    lines = "".join(
        _curve(
            spots[edge.source],
            spots[edge.target],
            dimmed=edge.source in shared or edge.target in shared,
            colour=_colour(belongs.get(edge.source, near.get(edge.source))),
        )
        for edge in visible_edges
    )
    columns_drawn = "".join(
        f'<text class="head" x="{_GUTTER + place * per:.1f}" y="22">{markup(head)}</text>'
        f'<line class="grid" x1="{_GUTTER + place * per - 6:.1f}" '
        f'x2="{_GUTTER + place * per - 6:.1f}" y1="8" y2="{top:.1f}"/>'
        for place, head in enumerate(heads)
    )
    title = tr(
        "Supply graph by country: %(assets)s, %(relations)s, %(networks)s.",
        assets=_assets(len(spots), total),
        relations=_relations(len(visible_edges), len(graph.edges)),
        networks=tr_n(
            "%(count)s hypothesised network",
            "%(count)s hypothesised networks",
            len(graph.networks),
            style=number,
        ),
    )
    svg = Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="supply" viewBox="0 0 {_WIDE:g} {top + 6:.0f}" role="img" '
        f'aria-label="{markup(title)}"><title>{markup(title)}</title>{columns_drawn}'
        f"<g>{lines}</g>{''.join(body)}</svg>"
    )
    return Drawing(svg, len(spots), total, len(visible_edges), len(graph.edges))


def role_shape(role: Role, *, colour: str = _GREY) -> Markup:
    """Return a small ``svg`` of a role's shape, for the legend."""
    return Markup(  # noqa: S704 - our own shapes
        f'<svg class="key" viewBox="-7 -7 14 14" aria-hidden="true">{_shape(role)}'
        f' style="fill:{colour};stroke:{colour}"/></svg>'
    )


def colour_of(place: int) -> str:
    """Return the colour of the network at a place; past the palette, grey (its letter remains)."""
    return PALETTE[place] if place < len(PALETTE) else _GREY


def _assets(shown: int, count: int) -> str:
    return tr_n(
        "%(shown)s of %(count)s asset",
        "%(shown)s of %(count)s assets",
        count,
        style=number,
        shown=shown,
    )


def _relations(shown: int, count: int) -> str:
    return tr_n(
        "%(shown)s of %(count)s relation",
        "%(shown)s of %(count)s relations",
        count,
        style=number,
        shown=shown,
    )


def _networks(graph: SupplyGraph) -> tuple[dict[str, int], dict[str, int]]:
    """Return asset id -> network of the members, and of what is linked to one network alone."""
    hosts = {
        member.host: place
        for place, network in enumerate(graph.networks)
        for member in network.members
    }
    belongs = {asset.id: hosts[asset.value] for asset in graph.assets if asset.value in hosts}
    loose = {
        asset.id for asset in graph.assets if not asset.shared and asset.role is not Role.SHARED
    }
    beside: defaultdict[str, set[int]] = defaultdict(set)
    for edge in graph.edges:
        for near, far in ((edge.source, edge.target), (edge.target, edge.source)):
            if far in belongs and near not in belongs and near in loose:
                beside[near].add(belongs[far])
    return belongs, {
        asset_id: min(networks) for asset_id, networks in beside.items() if len(networks) == 1
    }


def _columns(assets: Sequence[Asset]) -> dict[str, int]:
    """Return country -> column: the largest first, the rest together, the unknown last."""
    count = Counter(asset.country for asset in assets if asset.country)
    ranked = sorted(count, key=lambda country: (-count[country], country))
    unknown = any(not asset.country for asset in assets)
    room = _COLUMNS - unknown
    leading = ranked if len(ranked) <= room else ranked[: room - 1]
    columns = {country: place for place, country in enumerate(leading)}
    for country in ranked[len(leading) :]:
        columns[country] = len(leading)
    if unknown:
        columns[""] = max(columns.values(), default=-1) + 1
    return columns


def _heads(columns: Mapping[str, int]) -> list[str]:
    countries: defaultdict[int, list[str]] = defaultdict(list)
    for country, place in columns.items():
        countries[place].append(clean(country) or tr("country unknown"))
    heads = [countries[place] for place in sorted(countries)]
    return [
        head[0]
        if len(head) == 1
        else tr(
            "%(count)s others: %(countries)s",
            count=len(head),
            countries=", ".join(head[:3]) + ("…" if len(head) > 3 else ""),
        )
        for head in heads
    ] or [DASH]


def _band(asset: Asset) -> int:
    role = Role.SHARED if asset.shared else asset.role
    return next(place for place, (_, roles) in enumerate(_BANDS) if role in roles)


def _colour(place: int | None) -> str:
    return _GREY if place is None else colour_of(place)


def _node(
    asset: Asset,
    x: float,
    y: float,
    belongs: Mapping[str, int],
    near: Mapping[str, int],
    *,
    letter_room: float,
) -> str:
    place = belongs.get(asset.id, near.get(asset.id))
    colour = _colour(place)
    fill = colour if asset.id in belongs or place is None else "#fff"
    dimmed = " dim" if asset.shared or asset.role is Role.SHARED else ""
    name = clean(asset.value)
    mark = "" if place is None else (chr(65 + place) if place < 26 else f"N{place + 1}")
    short = _fitting(name, letter_room - 30 - 9 * len(mark))
    full = tr(
        "%(kind)s %(name)s, %(role)s",
        kind=say(term("asset", asset.kind)),
        name=name,
        role=word(asset.role),
    )
    if asset.shared:
        full += f": {clean(said(asset.shared))}"
    tag = f'<tspan class="mark" style="fill:{colour}"> {mark}</tspan>' if mark else ""
    return (
        f'<g class="node{dimmed}" transform="translate({x:.1f} {y:.1f})">'
        f"<title>{markup(full)}</title>{_shape(Role.SHARED if asset.shared else asset.role)} "
        f'style="fill:{fill};stroke:{colour}"/><text x="9" y="4">{markup(short)}{tag}</text></g>'
    )


def _fitting(name: str, room: float) -> str:
    """Return as much of a name as fits, by how wide letters of a common sans serif are drawn."""
    widths = [3.2 if letter in _NARROW else 8.4 if letter in _BROAD else 5.9 for letter in name]
    if sum(widths) <= room or len(name) <= 6:
        return name
    length, left = 0, room - 10
    while length < len(name) and (length < 5 or left >= widths[length]):
        left -= widths[length]
        length += 1
    return name[:length] + "…"


def _shape(role: Role) -> str:
    """Return the opening of one SVG element; the caller adds its style and closes it."""
    shapes = {
        Role.SOURCE: '<path d="M-5,-5H5V5H-5Z M-1.6,-1.6V1.6H1.6V-1.6Z"',
        Role.ENCODER: '<path d="M-5,-3.2H5V3.2H-5Z"',
        Role.ORIGIN: '<circle r="5"',
        Role.EDGE: '<path d="M0,-5 4.5,-2.5 4.5,2.5 0,5 -4.5,2.5 -4.5,-2.5Z"',
        Role.PANEL: '<path d="M-4.5,-4.5H4.5V4.5H-4.5Z"',
        Role.SUPER_RESELLER: '<path d="M0,-5.5 1.6,-1.8 5.5,-1.6 2.5,1 3.5,5 0,2.7 '
        '-3.5,5 -2.5,1 -5.5,-1.6 -1.6,-1.8Z"',
        Role.RESELLER: '<path d="M0,-5 5,4H-5Z"',
        Role.STOREFRONT: '<path d="M0,-5.5 5.5,0 0,5.5 -5.5,0Z"',
        Role.PAYMENT: '<path d="M0,-5.2 5,-1.6 3.1,4.3 -3.1,4.3 -5,-1.6Z"',
        Role.PLAYLIST: '<path d="M-5,-4.5H5V-2H-5ZM-5,-1H5V1.5H-5ZM-5,2.5H2V4.5H-5Z"',
        Role.SHARED: '<circle r="4.6" stroke-dasharray="2 1.6"',
        Role.UNKNOWN: '<circle r="2.8"',
    }
    return shapes[role]


def _curve(
    start: tuple[float, float], end: tuple[float, float], *, dimmed: bool, colour: str
) -> str:
    (ax, ay), (bx, by) = start, end
    if abs(ax - bx) < 1:
        bend = min(26.0, 8 + abs(by - ay) / 9)
        left, right = ax - bend, bx - bend
        path = f"M{ax:.0f},{ay:.0f}C{left:.0f},{ay:.0f} {right:.0f},{by:.0f} {bx:.0f},{by:.0f}"
    else:
        middle = (ay + by) / 2
        path = f"M{ax:.0f},{ay:.0f}C{ax:.0f},{middle:.0f} {bx:.0f},{middle:.0f} {bx:.0f},{by:.0f}"
    return f'<path class="edge{" dim" if dimmed else ""}" style="stroke:{colour}" d="{path}"/>'
