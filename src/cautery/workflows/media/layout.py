"""Which references a watch has, in which order, and which shard hears which."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cautery.errors import InputError
from cautery.fingerprint.index import MOST_REFERENCES
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.checked import MOST_TIME_S
from cautery.identify.references.folders import in_one_order
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.volumes import (
    AnyReferences,
    in_volumes,
    references_of,
    split,
)
from cautery.json_text import parsed_json
from cautery.model import from_json
from cautery.workflows.media.authenticated import opened_text, sealed_text

LAYOUT = "layout"
"""Its name, below the case's."""
MOST_LAYOUT = 16 << 20
"""Of 65,536 references: 10 MB."""
WORKS_SHARD = "works"
_MOST_SHARDS = 256
_NAME = re.compile(r"[a-z0-9]{1,64}/[0-9a-f]{12}-(\d{1,3}|\d{0,2}works)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which references there are, and which shard hears which.

    Parameters
    ----------
    infos : tuple of ReferenceInfo
        In one order (:func:`~cautery.identify.references.folders.in_one_order`).
    window_s : float
    origin_s : float
        Where frame 0 of what is live lies: the same in all shards.
    shards : mapping of str to tuple of str
        By shard, the ids that are heard there. A shard is named by the case, by a digest of the
        layout and by a number: two layouts share none. Recordings have one of their own. All
        that is heard in a shard lies in one volume.
    volume_size : int
        References of one volume, from which all machines know who shares one
        (:func:`~cautery.identify.references.volumes.in_volumes`).
    """

    infos: tuple[ReferenceInfo, ...]
    window_s: float
    origin_s: float
    shards: Mapping[str, tuple[str, ...]]
    volume_size: int = MOST_REFERENCES

    @property
    def live(self) -> tuple[ReferenceInfo, ...]:
        """Those that have a live edge."""
        return tuple(info for info in self.infos if info.kind != "work")

    def references(self, recipe: Recipe) -> AnyReferences:
        """Return the references of all volumes, of which nothing is held yet."""
        empty = references_of(recipe, self.infos, self.window_s, most=self.volume_size)
        for volume in empty.volumes:
            volume.set_origin(self.origin_s)
        return empty

    def volumes(self) -> tuple[Layout, ...]:
        """Return the layout of each volume by itself: its references and their shards."""
        parts = []
        for infos in in_volumes(self.infos, most=self.volume_size):
            ids = {info.id for info in infos}
            shards = {shard: names for shard, names in self.shards.items() if ids & set(names)}
            parts.append(replace(self, infos=infos, shards=shards))
        return tuple(parts)


def layout_of(
    infos: tuple[ReferenceInfo, ...],
    *,
    case: str,
    count: int,
    window_s: float,
    origin_s: float,
    volume_size: int = MOST_REFERENCES,
) -> Layout:
    """Share references out, families whole; the same ones always alike.

    Parameters
    ----------
    count : int
        Shards of what is live; each volume has its share of them.

    Raises
    ------
    InputError
        If there are more references than volumes have room for.
    """
    ordered = in_one_order(infos)
    made_of = [[asdict(info) for info in ordered], window_s, origin_s, count, volume_size]
    name = f"{case}/{hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:12]}"
    heard = list[tuple[ReferenceInfo, ...]]()
    recorded = dict[str, tuple[str, ...]]()
    live_count = sum(info.kind != "work" for info in ordered)
    for at, volume in enumerate(in_volumes(ordered, most=volume_size)):
        live = [info for info in volume if info.kind != "work"]
        if live:
            heard += [part for part in split(live, -(-count * len(live) // live_count)) if part]
        if works := tuple(info.id for info in volume if info.kind == "work"):
            recorded[f"{name}-{at or ''}{WORKS_SHARD}"] = works
    shards = {f"{name}-{at}": tuple(info.id for info in part) for at, part in enumerate(heard)}
    return Layout(
        infos=ordered,
        window_s=window_s,
        origin_s=origin_s,
        shards={**shards, **recorded},
        volume_size=volume_size,
    )


def layout_bytes(layout: Layout, *, case: str, key: bytes) -> bytes:
    """Return a layout as it is stored."""
    body = json.dumps(layout_json(layout), allow_nan=False, separators=(",", ":")).encode()
    return sealed_text(body, name=f"{case}/{LAYOUT}", key=key)


def opened_layout(data: bytes, *, case: str, key: bytes) -> Layout:
    """Return a layout that was stored.

    Raises
    ------
    InputError
        If it is none that the watch of this case wrote.
    """
    body = opened_text(data, name=f"{case}/{LAYOUT}", key=key)
    try:
        return layout_from(parsed_json(body))
    except ValueError as error:
        raise InputError(f"the layout of the references of case {case} makes no sense") from error


def layout_json(layout: Layout) -> dict[str, Any]:
    """Return a layout as JSON."""
    return {
        "infos": [asdict(info) for info in layout.infos],
        "window_s": layout.window_s,
        "origin_s": layout.origin_s,
        "shards": {shard: list(names) for shard, names in layout.shards.items()},
        "volume_size": layout.volume_size,
    }


def layout_from(body: Any) -> Layout:
    """Return a layout out of JSON.

    Raises
    ------
    InputError
        If it makes no sense.
    """
    layout = from_json(Layout, body)
    names = [name for ids in layout.shards.values() for name in ids]
    if (
        in_one_order(layout.infos) != layout.infos
        or sorted(names) != sorted(info.id for info in layout.infos)
        or len(layout.shards) > _MOST_SHARDS
        or not all(_NAME.fullmatch(shard) for shard in layout.shards)
        or not (math.isfinite(layout.origin_s) and abs(layout.origin_s) <= MOST_TIME_S)
        or not 1 <= layout.volume_size <= MOST_REFERENCES
        # A shard in two volumes is counted twice.
        or sum(len(volume.shards) for volume in layout.volumes()) != len(layout.shards)
    ):
        raise InputError("a layout of references that makes no sense")
    return layout
