"""Plan on a graph's file: read it within the memory that is free, then plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from cautery.plan.graph import PlanGraph
from cautery.plan.read_graph import read_graph
from cautery.workflows._packed import chunks_of

_CHUNK_BYTES = 1 << 20


def read_graph_file(path: Path) -> PlanGraph:
    """Read a supply graph from a file, packed or not, or from stdin where it is ``-``.

    Raises
    ------
    InputError
        If it is no such graph, or too large for the memory that is free.
    """
    chunks = _stdin() if str(path) == "-" else chunks_of(path)
    return read_graph(chunks, free_bytes=free_memory())


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


def _stdin() -> Iterator[bytes]:
    return iter(lambda: sys.stdin.buffer.read(_CHUNK_BYTES), b"")
