"""Read the public JSON of a supply graph strictly; every refusal names the entry.

The format is described by :func:`cautery.plan.graph_schema.graph_schema`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.plan import _graph_columns as columns
from cautery.plan._graph_columns import NUMBERS, shown
from cautery.plan.graph import Floats, Groups, Ints, PlanGraph
from cautery.plan.levers import lever_named

_BYTES_EACH = 13
"""Memory that a byte of JSON needs while it is read and planned: 9.8 and 12.1 were measured at
200,000 nodes, 28 MB."""

_LEAST_WEIGHT, _MOST_WEIGHT = 1e-3, 1e12
"""Where the largest weight of demand may lie: beyond, sums of floats lose it or overflow, and
weights are told in parts of the largest. Only shares of all demand are ever told."""


def read_graph(chunks: Iterable[bytes], *, free_bytes: int | None = None) -> PlanGraph:
    """Read a graph from the bytes of its JSON.

    Parameters
    ----------
    free_bytes : int or None
        Memory that may be used; a graph that would take more is refused before it is parsed.

    Raises
    ------
    InputError
        If it is no such graph, in one sentence that names the entry.
    """
    from pydantic_core import from_json  # noqa: PLC0415 - heavy

    text = bytearray()
    for chunk in chunks:
        text += chunk
        if free_bytes is not None and len(text) * _BYTES_EACH > free_bytes:
            raise InputError(
                f"the graph is larger than {len(text) / 1e6:,.0f} MB and would take over "
                f"{len(text) * _BYTES_EACH / 1e9:,.1f} GB of memory, of which only "
                f"{free_bytes / 1e9:,.1f} GB are free",
                hint="Use a machine with more memory, or plan on a part of the graph.",
            )
    try:
        try:
            document = from_json(bytes(text), allow_inf_nan=False)
        except ValueError as error:
            raise InputError(
                f"the graph is not valid JSON: {error}",
                hint="Give one JSON object in the form that cautery plan -h describes.",
            ) from error
        del text
        return graph_of(document)
    except MemoryError as error:
        raise InputError(
            "the graph needs more memory than this machine has",
            hint="Use a machine with more memory, or plan on a part of the graph.",
        ) from error


def graph_of(document: Any) -> PlanGraph:
    """Check a parsed graph, and lay it out in arrays.

    Raises
    ------
    InputError
        As :func:`read_graph`.
    """
    if not isinstance(document, dict):
        raise InputError("the graph is not a JSON object")
    for key in document:
        if key not in columns.TOP:
            raise InputError(
                f"the graph has an unknown member {key!r}; expected {', '.join(columns.TOP)}"
            )
    nodes, groups = columns.entries(document, "nodes"), columns.entries(document, "groups")
    actions, demand = columns.entries(document, "actions"), columns.entries(document, "demand")
    if not nodes:
        raise InputError("the graph has no nodes")
    if not demand:
        raise InputError("the graph has no demand: nothing is served, so there is nothing to cut")
    ids = columns.texts(nodes, "nodes", "id") + columns.texts(actions, "actions", "id")
    place = {name: number for number, name in enumerate(ids)}
    if len(place) != len(ids):
        distinct: set[str] = set()
        for number, name in enumerate(ids):
            if name in distinct:
                what = f"nodes[{number}]"
                if number >= len(nodes):
                    what = f"actions[{number - len(nodes)}]"
                raise InputError(f"{what}: the id {name!r} is given twice")
            distinct.add(name)
    countries, fixed_cost, ready = _countries(document, nodes, actions)
    index = {name: number for number, name in enumerate(countries)}
    country = np.array(
        [
            -1 if (code := entry.get("country")) is None else index[code]
            for entries in (nodes, actions)
            for entry in entries
        ],
        np.int32,
    )
    cost = columns.both(nodes, actions, "cost", none=math.inf, default=math.inf)
    delay = columns.both(nodes, actions, "delay_days", none=math.inf, default=0.0)
    delay = np.where(country >= 0, np.maximum(delay, ready[country] if len(ready) else 0), delay)
    owner, need, start, member, link_exists = _groups(groups, place, len(nodes))
    for_actions = _covers(actions, place, len(nodes))
    if actions:
        covered = np.array([node for _, node in for_actions], np.int32)
        by = np.array([len(nodes) + action for action, _ in for_actions], np.int32)
        owner = np.concatenate([owner, covered]).astype(np.int32)
        need = np.concatenate([need, np.ones(covered.size, np.int32)]).astype(np.int32)
        start = np.concatenate([start, start[-1] + 1 + np.arange(covered.size)]).astype(np.int64)
        member = np.concatenate([member, by]).astype(np.int32)
        link_exists = np.concatenate([link_exists, np.ones(covered.size)])
    exists = columns.numbers(nodes, "nodes", "probability", default=1.0, most=1.0)
    levers = columns.optional_texts(nodes, "nodes", "lever") + columns.optional_texts(
        actions, "actions", "lever"
    )
    success = columns.both(nodes, actions, "success", default=1.0, most=1.0)
    for number, lever in enumerate(levers):
        if lever is not None:
            measured = lever_named(lever, repr(ids[number])).success
            entry = nodes[number] if number < len(nodes) else actions[number - len(nodes)]
            success[number] = success[number] if "success" in entry else measured
    return PlanGraph(
        ids=ids,
        nodes=len(nodes),
        roles=columns.optional_texts(nodes, "nodes", "role"),
        cost=cost,
        country=country,
        delay_days=delay,
        collateral=columns.both(nodes, actions, "collateral", default=0.0),
        exists=np.concatenate([exists, np.ones(len(actions))]),
        success=success,
        weight=_demand(demand, place, len(nodes), len(ids)),
        groups=Groups(len(ids), owner, need, start, member),
        link_exists=link_exists,
        countries=countries,
        fixed_cost=fixed_cost,
        forbid=_marked(document, "forbid", place),
        require=_marked(document, "require", place),
        as_of=_day(document.get("as_of")),
        cost_unit=columns.optional_text(document, "cost_unit"),
        levers=levers,
        targets=(
            columns.optional_texts(nodes, "nodes", "target")
            + columns.optional_texts(actions, "actions", "target")
        ),
    )


def _countries(
    document: dict[str, Any], nodes: Sequence[dict[str, Any]], actions: Sequence[dict[str, Any]]
) -> tuple[list[str], Floats, Floats]:
    """Return countries, also those that only nodes and actions name, which cost and lack nothing.

    The list of countries may leave one out; it then has no cost and no delay.
    """
    listed = columns.entries(document, "countries")
    names = columns.texts(listed, "countries", "id")
    (twice, times), *_ = Counter(names).most_common(1) or [("", 0)]
    if times > 1:
        raise InputError(f"countries: {twice!r} is given twice")
    fixed = columns.numbers(listed, "countries", "fixed_cost", default=0.0)
    ready = columns.numbers(listed, "countries", "ready_days", default=0.0, none=math.inf)
    mentioned: dict[str, None] = {}
    for where, entries in (("nodes", nodes), ("actions", actions)):
        codes = [entry.get("country") for entry in entries]
        if set(map(type, codes)) - {str, type(None)}:
            for number, value in enumerate(codes):
                if value is not None and not isinstance(value, str):
                    raise InputError(f"{where}[{number}]: country: expected a text, got {value!r}")
        mentioned.update(dict.fromkeys(value for value in codes if value is not None))
    unlisted = sorted(set(mentioned) - set(names))
    zeros = np.zeros(len(unlisted))
    return names + unlisted, np.concatenate([fixed, zeros]), np.concatenate([ready, zeros])


def _groups(
    entries: Sequence[dict[str, Any]], place: dict[str, int], nodes: int
) -> tuple[Ints, Ints, NDArray[np.int64], Ints, Floats]:
    owners, needs, sizes = [], [], []
    members: list[int] = []
    unsure: list[tuple[int, float]] = []
    for number, entry in enumerate(entries):
        of, need, listed = entry.get("of"), entry.get("need", 1), entry.get("members")
        owner = place.get(of, nodes) if type(of) is str else nodes
        if owner >= nodes:
            raise InputError(f"groups[{number}]: of: {shown(of)} is not a node")
        if type(listed) is not list or not listed:
            raise InputError(f"groups[{number}], of {of!r}, is empty: it lists no members")
        if type(need) is not int or not 1 <= need <= len(listed):
            raise InputError(
                f"groups[{number}], of {of!r}, needs {shown(need)} of its {len(listed)} members"
            )
        for member in listed:
            name = member
            if type(member) is dict:
                name = member.get("id")
                if not set(member) <= {"id", "probability"}:
                    raise InputError(
                        f"groups[{number}], of {of!r}: a member must have id and probability, "
                        f"got {shown(member)}"
                    )
                share = member.get("probability", 1.0)
                if type(share) not in NUMBERS or not 0 <= share <= 1:
                    raise InputError(
                        f"groups[{number}], of {of!r}, member {shown(name)}: probability must "
                        f"be between 0 and 1, not {shown(share)}"
                    )
                if share < 1:
                    unsure.append((len(members), float(share)))
            index = place.get(name, nodes) if type(name) is str else nodes
            if index >= nodes:
                raise InputError(
                    f"groups[{number}], of {of!r}: the member {shown(name)} is not a node"
                )
            members.append(index)
        owners.append(owner)
        needs.append(need)
        sizes.append(len(listed))
    exists = np.ones(len(members))
    for link, share in unsure:
        exists[link] = share
    return (
        np.array(owners, np.int32),
        np.array(needs, np.int32),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array(members, np.int32),
        exists,
    )


def _covers(
    actions: Sequence[dict[str, Any]], place: dict[str, int], nodes: int
) -> list[tuple[int, int]]:
    covers = []
    for number, action in enumerate(actions):
        listed = action.get("covers")
        if type(listed) is not list or not listed:
            raise InputError(f"actions[{number}], {action['id']!r}, covers no node")
        for name in listed:
            node = place.get(name, nodes) if type(name) is str else nodes
            if node >= nodes:
                raise InputError(
                    f"actions[{number}], {action['id']!r}, covers {shown(name)}, which is not "
                    "a node"
                )
            covers.append((number, node))
    return sorted(set(covers))


def _demand(
    entries: Sequence[dict[str, Any]], place: dict[str, int], nodes: int, places: int
) -> Floats:
    values = columns.numbers(entries, "demand", "weight", default=-1.0)
    at = np.empty(len(entries), np.int64)
    for number, entry in enumerate(entries):
        name = entry.get("node")
        node = place.get(name, nodes) if type(name) is str else nodes
        if node >= nodes:
            raise InputError(f"demand[{number}]: node: {shown(name)} is not a node")
        at[number] = node
    largest = values.max()
    if not _LEAST_WEIGHT <= largest <= _MOST_WEIGHT and largest > 0:
        values = values / largest
    weight = np.bincount(at, weights=values, minlength=places).astype(np.float64)
    if not weight.sum() > 0:
        raise InputError("the graph has no demand: all weights are 0")
    return weight


def _marked(document: dict[str, Any], key: str, place: dict[str, int]) -> NDArray[np.bool_]:
    marked = np.zeros(len(place), np.bool_)
    listed = document.get(key)
    if listed is None:
        return marked
    if not isinstance(listed, list):
        raise InputError(f"{key}: expected a list of ids, got {shown(listed)}")
    for number, name in enumerate(listed):
        if not isinstance(name, str) or name not in place:
            raise InputError(f"{key}[{number}]: {shown(name)} is neither a node nor an action")
        marked[place[name]] = True
    return marked


def _day(value: Any) -> date | None:
    if value is None:
        return None
    parse: Callable[[str], date] = date.fromisoformat
    try:
        return parse(value[:10] if isinstance(value, str) and value[10:11] == "T" else value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"as_of: {shown(value)} is not a day", hint="Write it as 2026-11-25."
        ) from error
