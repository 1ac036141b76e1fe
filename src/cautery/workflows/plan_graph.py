"""Plan on a graph's file: read it within the memory that is free, then plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.packed import chunks_of
from cautery.plan.graph import PlanGraph
from cautery.plan.read_graph import read_graph


def read_graph_file(path: Path) -> PlanGraph:
    """Read a supply graph from a file, packed or not, or from stdin where it is ``-``.

    Raises
    ------
    InputError
        If it is no such graph, or too large for the memory that is free.
    """
    return read_graph(chunks_of(path), free_bytes=free_memory())


def marked(graph: PlanGraph, *, forbid: Sequence[str], require: Sequence[str]) -> PlanGraph:
    """Return a graph with more that must not, or must, be acted on.

    Raises
    ------
    InputError
        If one is neither a node nor an action.
    """
    if not forbid and not require:
        return graph
    barred, wanted = graph.forbid.copy(), graph.require.copy()
    barred[places(graph, forbid, "--forbid: ")] = True
    wanted[places(graph, require, "--require: ")] = True
    return replace(graph, forbid=barred, require=wanted)


def places(graph: PlanGraph, names: Sequence[str], where: str = "") -> NDArray[np.int64]:
    """Return the places of nodes and actions.

    Raises
    ------
    InputError
        If one is neither.
    """
    known = {name: number for number, name in enumerate(graph.ids)}
    for name in names:
        if name not in known:
            raise InputError(f"{where}{name[:80]!r} is neither a node nor an action")
    return np.array([known[name] for name in names], np.int64)


def free_memory() -> int | None:
    """Return the bytes of memory that can be had without swapping, or ``None``: unknown."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None
