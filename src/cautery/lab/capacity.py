"""Whether this machine can give, just now, what a demonstration takes: measured, not asked.

A watch in the lab runs against the clock. On a machine that others keep busy it is late, and what a
scoreboard then says is about the machine.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from os import cpu_count
from typing import Any

NEEDED = 1.0
"""Judgement, in cores of CORE_HZ: a watch that is not disturbed keeps 0.87 of a core busy
(bench/RESULTS.md, real media), the lab's own server some more; at 0.3 the watch of seed 1 looked at
37 of 59 streams and had a recall of 0.08."""
CORE_HZ = 2000.0
"""Pieces that one core packs in a second of CPU where that was measured: zlib 1.3, AMD EPYC."""
MEASURED_S = 0.3
EVERY_S, MOST_S = 5.0, 60.0
_PIECE = bytes((at * at >> 7) & 0xFF for at in range(32_768))
_MOST_WORKERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a machine has to give, in cores of the one where the need was measured."""

    has: float
    needs: float
    waited_s: float = 0.0

    @property
    def enough(self) -> bool:
        """Whether figures made now say something of Cautery."""
        return self.has >= self.needs

    def to_json(self) -> dict[str, Any]:
        """Return it as the scoreboard's JSON line has it."""
        return {
            "has_cores": round(self.has, 2),
            "needs_cores": self.needs,
            "waited_s": round(self.waited_s, 1),
            "enough": self.enough,
        }


def free_cores(seconds: float = MEASURED_S) -> float:
    """Keep this machine busy for a moment; return how many cores' work it did meanwhile."""
    workers = min(cpu_count() or 1, _MOST_WORKERS)
    packed = [0] * workers
    until = time.perf_counter() + seconds

    def pack(worker: int) -> None:
        while time.perf_counter() < until:
            zlib.compress(_PIECE, 6)  # lets go of the interpreter: threads run side by side
            packed[worker] += 1

    threads = [
        threading.Thread(target=pack, args=(worker,), daemon=True) for worker in range(workers)
    ]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(packed) / (time.perf_counter() - begun) / CORE_HZ


def core_speed(seconds: float = MEASURED_S) -> float:
    """Return what one core here does in a second of its own, in cores of CORE_HZ.

    Others may keep it busy meanwhile: what counts is the time that this thread was given.
    """
    packed, begun = 0, time.thread_time()
    while time.thread_time() - begun < seconds:
        zlib.compress(_PIECE, 6)
        packed += 1
    return packed / (time.thread_time() - begun) / CORE_HZ


def wait_for_capacity(
    say: Callable[[str], None],
    *,
    needs: float = NEEDED,
    most_s: float = MOST_S,
    measure: Callable[[], float] = free_cores,
    sleep: Callable[[float], None] = time.sleep,
) -> Capacity:
    """Wait until this machine has enough capacity, but not for ever; return its capacity.

    Parameters
    ----------
    say : callable
        Called with a sentence that it waits, and that figures will have no meaning if it was in
        vain.
    measure : callable
        Returns the cores that are free now.
    """
    waited_s = 0.0
    has = measure()
    while has < needs and waited_s < most_s:
        if waited_s == 0.0:
            say(
                f"this machine has {has:.1f} of the {needs:.1f} cores that the demo needs; "
                f"waiting up to {most_s:.0f} s for more"
            )
        sleep(EVERY_S)
        waited_s += EVERY_S
        has = measure()
    capacity = Capacity(has=has, needs=needs, waited_s=waited_s)
    if not capacity.enough:
        say(
            f"this machine still has {has:.1f} of {needs:.1f} cores: the demo goes on, and its "
            "figures will have no meaning"
        )
    return capacity
