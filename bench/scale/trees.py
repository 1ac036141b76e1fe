"""What a process and all that it started use, as the system tells it."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process at a moment.

    Parameters
    ----------
    ended_cpu_s : float
        CPU seconds of those of its children that have ended, and of theirs.
    own_bytes : int
        Of its memory, what no other process shares: pages of its own, in memory or swapped out.
    """

    pid: int
    name: str
    cpu_s: float
    ended_cpu_s: float
    own_bytes: int
    files: int
    threads: int


def tree(root: int) -> list[Process]:
    """Return a process and its descendants that are there, the process first."""
    children: dict[int, list[int]] = {}
    stats: dict[int, tuple[str, list[str]]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = place.read_text().rpartition(")")
        except OSError:
            continue
        pid, fields = int(place.parent.name), rest.split()
        stats[pid] = head.partition("(")[2], fields
        children.setdefault(int(fields[1]), []).append(pid)
    found, left = [], [root]
    while left:
        pid = left.pop(0)
        left += children.get(pid, [])
        if pid in stats and (one := _process(pid, *stats[pid])) is not None:
            found.append(one)
    return found


def cpu_s(without: Collection[int] = ()) -> float:
    """Return the CPU seconds of this process and its descendants but some, to a hundredth each."""
    return sum(one.cpu_s for one in tree(os.getpid()) if one.pid not in without)


def _process(pid: int, name: str, fields: list[str]) -> Process | None:
    top = Path(f"/proc/{pid}")
    try:
        status = dict(
            line.split(":", 1) for line in (top / "status").read_text().splitlines() if ":" in line
        )
        files = len(list((top / "fd").iterdir()))
        told = (top / "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is about to
        return None
    module = next(
        (part for part in told if part.startswith(b"_") and part.endswith(b"_child")), b""
    )
    kilobytes = sum(int(status[key].split()[0]) for key in ("RssAnon", "VmSwap") if key in status)
    return Process(
        pid=pid,
        name=module.decode() or name,
        cpu_s=(int(fields[11]) + int(fields[12])) * _TICK_S,
        ended_cpu_s=(int(fields[13]) + int(fields[14])) * _TICK_S,
        own_bytes=kilobytes * 1024,
        files=files,
        threads=int(fields[17]),
    )
