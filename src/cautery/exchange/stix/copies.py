"""Objects of ours in a bundle, compared with what the writer makes of the items that were read.

A tool that does not know our extension edits STIX's own places, and what ties objects together:
sightings, observables, reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cautery.exchange.copies import MISSING, Difference, Node, differences, part_of, settle
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Package

ObjectsOf = Callable[[Package], Iterable[dict[str, Any]]]
"""A package's objects, as the format writes them."""
_FACTS = frozenset({"pattern_type", "relationship_type", "revoked", "source_ref", "target_ref"})
"""What a tool acts on: it must say what our extension says."""


def check_whole(
    things: Iterable[dict[str, Any]],
    file: str,
    package: Package,
    *,
    own: Mapping[ItemKey, Item],
    objects_of: ObjectsOf,
    tally: Tally,
) -> None:
    """Compare the objects of a bundle with what the writer makes of the items that were read.

    Raises
    ------
    InputError
        If somebody changed a fact in one of its two places.
    """
    whole = part_of(package, own)
    found = differences(
        ((thing["id"], thing) for thing in objects_of(whole)),
        ((thing["id"], thing) for thing in things),
    )
    settle(
        (one for one in found if not _is_counted(one)),
        file,
        tally,
        type_of=_type_of,
        is_fact=_is_fact,
    )


def _type_of(holder: Node) -> str:
    return str(holder.get("type", "part of an object"))


def _is_counted(one: Difference) -> bool:
    """Tell whether the reader counted it already: what somebody added to an item of ours."""
    return one.ours is MISSING and "extensions" in one.holder and "." not in one.field


def _is_fact(one: Difference) -> bool:
    return one.field in _FACTS
