"""Objects of ours in a graph, compared with what the writer makes of the items that were read.

Acts of custody, directions and the types of literals say again what stands in the items; a tool of
CASE reads those, and our reader these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from cautery.exchange.case.graph_file import GraphFile, Names
from cautery.exchange.case.index import Index
from cautery.exchange.case.terms import NAMESPACES, SAID_AGAIN
from cautery.exchange.case.writing import nodes_of
from cautery.exchange.copies import MISSING, Difference, Node, differences, part_of, settle
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Package

_CUSTODY = frozenset({"uco-action:startTime", "uco-action:endTime", "uco-action:performer"})
_FACTS = frozenset({*_CUSTODY, *(f"{name}.@value" for name in _CUSTODY)})
"""Who had exhibits in custody, and when: of the acts that say so again."""


def check_copies(
    graph: GraphFile, index: Index, package: Package, own: Mapping[ItemKey, Item], tally: Tally
) -> None:
    """Compare the objects of a graph with what the writer makes of the items that were read.

    Raises
    ------
    InputError
        If somebody changed a fact in one of its two places.
    """
    whole = part_of(package, own)
    names = Names(NAMESPACES, graph.file)
    spell = (partial(_spelled, names=names), partial(_spelled, names=graph.names))
    ours: Iterable[Node] = nodes_of(whole)
    theirs: Iterable[Node] = graph.written()
    if not graph.names.is_as_ours:  # the same letters may mean another thing
        ours, theirs = map(spell[0], ours), map(spell[1], theirs)
        names = graph.names
    found = differences(
        ((names.id_of(node) or "", node) for node in ours),
        ((graph.names.id_of(node) or "", node) for node in theirs),
        resolve=index.resolved,
        spelled=spell if graph.names.is_as_ours else None,
    )
    settle(
        (one for one in found if not _is_counted(one)),
        graph.file,
        tally,
        type_of=_type_of,
        is_fact=_is_fact,
    )


def _spelled(node: Node, names: Names) -> Node:
    """Return an object with its names, and the types of its literals, in the prefixes of ours."""
    typed: Node = _typed(names.node(node), names)
    return typed


def _typed(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_typed(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if "@value" in value:
        kind = value.get("@type")
        return value | {"@type": names.short(kind)} if isinstance(kind, str) else value
    return {name: _typed(one, names) for name, one in value.items()}


def _type_of(holder: Node) -> str:
    kinds = holder.get("@type", "part of an object")
    return str(kinds[-1] if isinstance(kinds, list) else kinds)


def _is_counted(one: Difference) -> bool:
    """Tell whether the reader counted it already: what it did not take of an item of ours."""
    return one.ours is MISSING and _type_of(one.holder) not in SAID_AGAIN


def _is_fact(one: Difference) -> bool:
    return one.field in _FACTS
