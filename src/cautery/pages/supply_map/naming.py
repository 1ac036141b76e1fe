"""What a picture of a supply graph says of its rows and lines, as far as there is room."""

from __future__ import annotations

from cautery.drawing.escaping import clean
from cautery.drawing.svg import width
from cautery.messages import say, term, tr
from cautery.model import Role
from cautery.pages.supply_map.layers import Row, role_name
from cautery.pages.supply_map.view import BESIDE, Drawn

SURE = 0.8
"""Below, a dot is hollow and the probability stands behind the name."""
_ROOM = 180.0
"""Units for a name at most: a longer one is cut."""


def title_of(middle: str | None) -> str:
    """Return what a picture is called: of the whole graph, or around one asset."""
    if middle is None:
        return tr("The supply graph")
    return tr("The supply graph around %(asset)s", asset=middle)


def relation_name(relation: str) -> str:
    """Return a relation in words; an unknown relation stays as it is."""
    return say(term("relation", relation))


def is_weak(asset: Drawn) -> bool:
    """Return whether an asset's role is less sure than a full dot says."""
    return asset.sure is not None and asset.sure < SURE


def tooltip(row: Row) -> str:
    """Return the text that a pointer on a row shows."""
    if row.heap:
        names = ", ".join(asset.name for asset in row.assets[:8])
        return f"{row.label}: {names}{' ...' if len(row.assets) > 8 else ''}"
    (asset,) = row.assets
    parts = [asset.name, role_name(asset.role), asset.country or tr("no country")]
    if asset.sure is not None:
        parts.append(tr("probability %(probability)s", probability=f"{asset.sure:.2f}"))
    if asset.network is not None:
        parts.append(tr("of %(network)s", network=asset.network))
    if asset.met is not None:
        parts.append(
            tr(
                "seen %(first)s to %(last)s UTC, by this machine's clock",
                first=f"{asset.met.first:%Y-%m-%d %H:%M}",
                last=f"{asset.met.last:%Y-%m-%d %H:%M}",
            )
        )
    return "; ".join(parts)


def label_of(row: Row) -> str:
    """Return a name without what its layer says anyway, and how sure it is, if it is not."""
    if row.heap:
        return shortened(row.label)
    (asset,) = row.assets
    beside = asset.role in BESIDE or asset.role == str(Role.SHARED)
    kind, _, bare_name = asset.name.partition(":")
    label = bare_name if beside and kind in BESIDE else asset.name
    label = label.removeprefix("http://").removeprefix("https://")
    return f"{shortened(label, 5)} {asset.sure:.0%}" if is_weak(asset) else shortened(label)


def shortened(name: str, reserve: int = 0) -> str:
    """Return a name that fits, cut in its middle: its end tells as much as its beginning."""
    cleaned = clean(name, 400)
    limit = int(_ROOM / width("n")) - reserve
    return (
        cleaned
        if len(cleaned) <= limit
        else f"{cleaned[: limit // 2]}…{cleaned[-((limit - 1) // 2) :]}"
    )
