"""A supply graph in layers, and in rows: what a layer has no room for stands in heaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cautery.drawing.bands import BANDS
from cautery.messages import say, term, tr
from cautery.model import Role
from cautery.pages.supply_map.view import BESIDE, Drawn, Picture

MOST_OF_A_LAYER = 40
"""Rows of one layer: if there are more assets, the best connected, then heaps of the others."""
MOST_HEAPS = 12
MOST_LAYERS = 14
"""Layers drawn; the smallest go together."""
SPELT: Mapping[str, str] = {
    "sreseller": "super-reseller", "domain": "storefront", "host": "hosting",
}  # fmt: skip
"""Roles of the supply by the words of other graphs, such as the shared generator's."""
NO_COUNTRY, OTHERS = "no country", "other countries"
_BEFORE, _AFTER = ("playlists", "streams"), ("demand", "hosting", "addresses", "certificates")
_NO_ANCHORS = frozenset({"shared", "other", "playlists", "streams", *_AFTER})
"""Layers that strangers meet in: to hang below the same of them says nothing."""
_OWN = {*_BEFORE, *_AFTER, *(name for name, _ in BANDS), NO_COUNTRY, OTHERS, "others"}
"""Names of layers that Cautery gives: the others are countries, and roles of a file."""

Layer = tuple[str, list[Drawn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a layer: an asset, or a heap of some that have no row of their own."""

    label: str
    assets: tuple[Drawn, ...]

    @property
    def heap(self) -> bool:
        """Whether it stands for many."""
        return len(self.assets) > 1


def layers_of(picture: Picture, *, by_country: bool) -> list[Layer]:
    """Return the layers in drawing order, of each its assets, the best connected first."""
    layers: defaultdict[str, list[Drawn]] = defaultdict(list)
    for asset in picture.assets:
        layers[(asset.country or NO_COUNTRY) if by_country else band_of(asset.role)].append(asset)
    if len(layers) > MOST_LAYERS:
        fewest = sorted(
            layers, key=lambda name: (name == NO_COUNTRY, -len(layers[name]), name)
        )[MOST_LAYERS - 1 :]  # fmt: skip
        layers[OTHERS if by_country else "others"] = [
            asset for name in fewest for asset in layers.pop(name)
        ]
    names_in_order = (*_BEFORE, *(name for name, _ in BANDS if name != "other"), *_AFTER, "other")
    order = {name: place for place, name in enumerate(names_in_order)}
    last = {OTHERS: 1, NO_COUNTRY: 2}
    names = sorted(layers, key=lambda name: (last.get(name, 0), order.get(name, len(order)), name))
    return [
        (name, sorted(layers[name], key=lambda asset: (-len(picture.near[asset.name]), asset.name)))
        for name in names
    ]


def rows_of(
    picture: Picture, layers: Sequence[Layer], *, by_country: bool, middle: str | None = None
) -> list[list[Row]]:
    """Return the rows of each layer, by the mean place of what they point to in those before it.

    Of a layer with too many assets those have a row that are tied to most of what has one
    already, small layers first, so that whole chains are seen; then the best connected. The
    others go into heaps: by network, or the asset with a row that they hang below; in a country
    by role.

    Notes
    -----
    The barycentre of Sugiyama, Tagawa & Toda (1981), down and up again, so that lines cross less.
    """
    near = picture.near
    drawn_names: set[str] = set()
    own_rows: dict[str, list[Drawn]] = {}
    for name, assets in sorted(layers, key=lambda layer: (len(layer[1]), layer[0])):
        if len(assets) > MOST_OF_A_LAYER:
            ties = {asset.name: len(near[asset.name] & drawn_names) for asset in assets}
            assets = sorted(  # noqa: PLW2901 - sorting is stable: the best connected stay first
                assets, key=lambda asset: (asset.name != middle, -ties[asset.name])
            )[: MOST_OF_A_LAYER - MOST_HEAPS]
        own_rows[name] = assets
        drawn_names |= {asset.name for asset in assets}
    anchor = {} if by_country else _anchors(picture, layers, own_rows)
    rows = []
    for name, assets in layers:
        alone = {asset.name for asset in own_rows[name]}
        heaped = [asset for asset in assets if asset.name not in alone]
        heaps: defaultdict[str, list[Drawn]] = defaultdict(list)
        for asset in heaped:
            below = asset.network or anchor.get(asset.name, "")
            heaps[band_of(asset.role) if by_country else below].append(asset)
        largest = sorted(heaps, key=lambda key: (key == "", -len(heaps[key]), key))
        largest_named = [key for key in largest if key][: MOST_HEAPS - 1]
        leftover = [asset for key in largest if key not in largest_named for asset in heaps[key]]
        one_by_one = [Row(label=asset.name, assets=(asset,)) for asset in own_rows[name]]
        heap_rows = [
            _heap(heaps[key], _heap_label(len(heaps[key]), key, by_country=by_country))
            for key in largest_named
        ]
        if leftover:
            count = len(leftover)
            label = (
                tr("%(count)s others", count=count)
                if largest_named
                else tr("%(count)s more", count=count)
            )
            heap_rows.append(_heap(leftover, label))
        rows.append([*one_by_one, *heap_rows])
    _order(picture, rows)
    return rows


def as_json(picture: Picture, *, by_country: bool) -> dict[str, Any]:
    """Return what the picture shows, layer by layer, with every asset and relation."""
    return {
        "layers": [
            {"layer": name, "assets": [_asset_json(asset) for asset in assets]}
            for name, assets in layers_of(picture, by_country=by_country)
        ],
        "relations": [
            {"source": source, "relation": relation, "target": target}
            for source, relation, target in sorted(picture.relations)
        ],
    }


def band_of(role: str) -> str:
    """Return the layer of a role; an unknown role has a layer of its own name."""
    if role in BESIDE:
        return BESIDE[role]
    role = SPELT.get(role, role)
    return next((name for name, roles in BANDS if role in roles), role)


def layer_name(name: str) -> str:
    """Return a layer's name in words; a country's code or a role of a file stays as it is."""
    return say(term("band", name)) if name in _OWN else name


def role_name(role: str) -> str:
    """Return a role, or a kind of what has none, in words; a role of a file stays as it is."""
    if role in BESIDE:
        return say(term("asset", role))
    return say(term("role", role)) if role in set(Role) else role


def _asset_json(asset: Drawn) -> dict[str, Any]:
    return {
        "name": asset.name,
        "role": asset.role,
        "country": asset.country,
        "probability": asset.sure,
        "other_roles": dict(asset.rivals),
        "why": [say(reason) for reason in asset.why],
        "network": asset.network,
        "first_seen": None if asset.met is None else asset.met.first.isoformat(),
        "last_seen": None if asset.met is None else asset.met.last.isoformat(),
        "records": [] if asset.met is None else list(asset.met.records),
    }


def _heap(assets: Sequence[Drawn], label: str) -> Row:
    if len(assets) == 1:
        label = assets[0].name
    return Row(label=label, assets=tuple(assets))


def _heap_label(count: int, key: str, *, by_country: bool) -> str:
    """Return what stands beside a heap: how many of a layer, or of what they hang below."""
    if by_country:
        return tr("%(count)s %(layer)s", count=count, layer=layer_name(key))
    return tr("%(count)s of %(asset)s", count=count, asset=key)


def _anchors(
    picture: Picture, layers: Sequence[Layer], own_rows: Mapping[str, list[Drawn]]
) -> dict[str, str]:
    """Return for each asset without a row the nearest that has one in a layer drawn whole.

    Nearest by relations, not through layers that strangers meet in.
    """
    whole = [name for name, assets in layers if len(assets) == len(own_rows[name])]
    layer = {asset.name: name for name, assets in layers for asset in assets}
    begin = [asset.name for name in whole if name not in _NO_ANCHORS for asset in own_rows[name]]
    anchor_of = {name: name for name in begin}
    queue = list(begin)
    for name in queue:
        for neighbour in sorted(picture.near[name] - anchor_of.keys()):
            anchor_of[neighbour] = anchor_of[name]
            if layer[neighbour] not in _NO_ANCHORS or layer[neighbour] == "demand":
                queue.append(neighbour)
    return anchor_of


def _order(picture: Picture, rows: Sequence[list[Row]]) -> None:
    """Sort each layer's rows by the mean place of their neighbours: down, and up again."""
    row_of = {asset.name: (column, row.label) for column, layer_rows in enumerate(rows)
              for row in layer_rows for asset in row.assets}  # fmt: skip
    near: defaultdict[tuple[int, str], Counter[tuple[int, str]]] = defaultdict(Counter)
    for source, _, target in picture.relations:
        if source in row_of and target in row_of:
            a, b = row_of[source], row_of[target]
            near[a][b] += 1
            near[b][a] += 1
    place: dict[tuple[int, str], float] = {}
    down = range(len(rows))
    for column in (*down, *reversed(down), *down):
        layer_rows = rows[column]
        means = {row.label: _mean(place, near[column, row.label], column) for row in layer_rows}
        layer_rows.sort(key=lambda row: (row.heap, means[row.label], row.assets[0].role, row.label))
        count = len(layer_rows)
        place |= {(column, row.label): (at + 0.5) / count for at, row in enumerate(layer_rows)}


def _mean(
    place: Mapping[tuple[int, str], float], near: Mapping[tuple[int, str], int], column: int
) -> float:
    """Return the mean place of neighbours, those in near layers for more."""
    weighted = [
        (place[neighbour], times / abs(neighbour[0] - column))
        for neighbour, times in near.items()
        if neighbour in place and neighbour[0] != column
    ]
    weight = sum(share for _, share in weighted)
    return sum(at * share for at, share in weighted) / weight if weighted else 0.5
