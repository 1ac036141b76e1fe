"""A supply graph in layers, and in rows: what a layer has no room for stands in heaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cautery.drawing.bands import BANDS
from cautery.workflows.supply.picture import BESIDE, Drawn, Picture

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
    held: defaultdict[str, list[Drawn]] = defaultdict(list)
    for one in picture.assets:
        held[(one.country or NO_COUNTRY) if by_country else band_of(one.role)].append(one)
    if len(held) > MOST_LAYERS:
        fewest = sorted(
            held, key=lambda name: (name == NO_COUNTRY, -len(held[name]), name)
        )[MOST_LAYERS - 1 :]  # fmt: skip
        held[OTHERS if by_country else "others"] = [
            one for name in fewest for one in held.pop(name)
        ]
    names_in_order = (*_BEFORE, *(name for name, _ in BANDS if name != "other"), *_AFTER, "other")
    order = {name: place for place, name in enumerate(names_in_order)}
    last = {OTHERS: 1, NO_COUNTRY: 2}
    names = sorted(held, key=lambda name: (last.get(name, 0), order.get(name, len(order)), name))
    return [
        (name, sorted(held[name], key=lambda one: (-len(picture.near[one.name]), one.name)))
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
    shown: set[str] = set()
    kept: dict[str, list[Drawn]] = {}
    for name, held in sorted(layers, key=lambda layer: (len(layer[1]), layer[0])):
        if len(held) > MOST_OF_A_LAYER:
            ties = {one.name: len(near[one.name] & shown) for one in held}
            held = sorted(  # noqa: PLW2901 - sorting is stable: the best connected stay first
                held, key=lambda one: (one.name != middle, -ties[one.name])
            )[: MOST_OF_A_LAYER - MOST_HEAPS]
        kept[name] = held
        shown |= {one.name for one in held}
    anchor = {} if by_country else _anchors(picture, layers, kept)
    rows = []
    for name, held in layers:
        alone = {one.name for one in kept[name]}
        rest = [one for one in held if one.name not in alone]
        heaps: defaultdict[str, list[Drawn]] = defaultdict(list)
        for one in rest:
            below = one.network or anchor.get(one.name, "")
            heaps[band_of(one.role) if by_country else below].append(one)
        largest = sorted(heaps, key=lambda key: (key == "", -len(heaps[key]), key))
        told = [key for key in largest if key][: MOST_HEAPS - 1]
        others = [one for key in largest if key not in told for one in heaps[key]]
        one_by_one = [Row(label=one.name, assets=(one,)) for one in kept[name]]
        found = [_heap(heaps[key], key if by_country else f"of {key}") for key in told]
        if others:
            found.append(_heap(others, "others" if told else "more"))
        rows.append([*one_by_one, *found])
    _order(picture, rows)
    return rows


def as_json(picture: Picture, *, by_country: bool) -> dict[str, Any]:
    """Return what the picture shows, layer by layer, with every asset and relation."""
    return {
        "layers": [
            {"layer": name, "assets": [_asset_json(one) for one in held]}
            for name, held in layers_of(picture, by_country=by_country)
        ],
        "relations": [
            {"source": source, "relation": relation, "target": target}
            for source, relation, target in sorted(picture.relations)
        ],
    }


def band_of(role: str) -> str:
    """Return the layer of a role: of one that is not ours, its own name."""
    if role in BESIDE:
        return BESIDE[role]
    role = SPELT.get(role, role)
    return next((name for name, roles in BANDS if role in roles), role)


def _asset_json(one: Drawn) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": one.role,
        "country": one.country,
        "probability": one.sure,
        "other_roles": dict(one.rivals),
        "why": list(one.why),
        "network": one.network,
        "first_seen": None if one.met is None else one.met.first.isoformat(),
        "last_seen": None if one.met is None else one.met.last.isoformat(),
        "records": [] if one.met is None else list(one.met.records),
    }


def _heap(assets: Sequence[Drawn], what: str) -> Row:
    if len(assets) == 1:
        return Row(label=assets[0].name, assets=tuple(assets))
    return Row(label=f"{len(assets):,} {what}", assets=tuple(assets))


def _anchors(
    picture: Picture, layers: Sequence[Layer], kept: Mapping[str, list[Drawn]]
) -> dict[str, str]:
    """Return for each asset without a row the nearest that has one in a layer drawn whole.

    Nearest by relations, not through layers that strangers meet in.
    """
    whole = [name for name, held in layers if len(held) == len(kept[name])]
    layer = {one.name: name for name, held in layers for one in held}
    begin = [one.name for name in whole if name not in _NO_ANCHORS for one in kept[name]]
    found = {name: name for name in begin}
    queue = list(begin)
    for here in queue:
        for other in sorted(picture.near[here] - found.keys()):
            found[other] = found[here]
            if layer[other] not in _NO_ANCHORS or layer[other] == "demand":
                queue.append(other)
    return found


def _order(picture: Picture, rows: Sequence[list[Row]]) -> None:
    """Sort each layer's rows by the mean place of their neighbours: down, and up again."""
    row_of = {asset.name: (column, row.label) for column, found in enumerate(rows)
              for row in found for asset in row.assets}  # fmt: skip
    near: defaultdict[tuple[int, str], Counter[tuple[int, str]]] = defaultdict(Counter)
    for source, _, target in picture.relations:
        if source in row_of and target in row_of:
            a, b = row_of[source], row_of[target]
            near[a][b] += 1
            near[b][a] += 1
    place: dict[tuple[int, str], float] = {}
    down = range(len(rows))
    for column in (*down, *reversed(down), *down):
        found = rows[column]
        means = {row.label: _mean(place, near[column, row.label], column) for row in found}
        found.sort(key=lambda row: (row.heap, means[row.label], row.assets[0].role, row.label))
        count = len(found)
        place |= {(column, row.label): (at + 0.5) / count for at, row in enumerate(found)}


def _mean(
    place: Mapping[tuple[int, str], float], near: Mapping[tuple[int, str], int], column: int
) -> float:
    """Return the mean place of neighbours, those in near layers for more."""
    known = [
        (place[one], times / abs(one[0] - column))
        for one, times in near.items()
        if one in place and one[0] != column
    ]
    weight = sum(share for _, share in known)
    return sum(at * share for at, share in known) / weight if known else 0.5
