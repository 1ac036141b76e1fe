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
    barred, required = graph.forbid.copy(), graph.require.copy()
    barred[places(graph, forbid, "--forbid: ")] = True
    required[places(graph, require, "--require: ")] = True
    return replace(graph, forbid=barred, require=required)


def places(graph: PlanGraph, names: Sequence[str], where: str = "") -> NDArray[np.int64]:
    """Return the places of nodes and actions.

    Raises
    ------
    InputError
        If one is neither.
    """
    number_of = {name: number for number, name in enumerate(graph.ids)}
    for name in names:
        if name not in number_of:
            raise InputError(f"{where}{name[:80]!r} is not a node or an action")
    return np.array([number_of[name] for name in names], np.int64)


def free_memory() -> int | None:
    """Return the bytes of memory that can still be had without swapping, or ``None``: unknown.

    What the machine has free, and what limits on the process (``ulimit -v``) and on its control
    group leave of that.
    """
    left = [
        free
        for free in (
            _told_kib("/proc/meminfo", "MemAvailable:"),
            _address_space(),
            _of_control_group(),
        )
        if free is not None
    ]
    return min(left, default=None)


def _told_kib(path: str, key: str) -> int | None:
    for line in (_text(path) or "").splitlines():
        if line.startswith(key):
            # The kernel states it in KiB.
            return int(line.split()[1]) * 1024
    return None


def _address_space() -> int | None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    return max(0, limit - (_told_kib("/proc/self/status", "VmSize:") or 0))


def _of_control_group() -> int | None:
    """Return what version 2 of control groups leaves to the process, seen from inside its own."""
    limit, used = (_text(f"/sys/fs/cgroup/memory.{what}") for what in ("max", "current"))
    if limit is None or used is None or not limit.strip().isdigit():
        return None
    return max(0, int(limit) - int(used))


def _text(path: str) -> str | None:
    try:
        # Another system than Linux, or one without this control group, has no such file.
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return None
