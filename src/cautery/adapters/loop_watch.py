"""Tells when an event loop gave no turn for too long, and what it did meanwhile.

Reaches: this process alone, and what the kernel says of its threads.
Lawful basis: none needed, it reads nothing of anybody.
Manners: two looks at the clock for each turn of the loop, and fifty glances a second at its stack.
Format: ``/proc/self/task/*/schedstat``, docs.kernel.org/scheduler/sched-stats.html.

On a machine that others keep busy a loop is late through no fault of its own. So of each stall it
is said, too, how much of it the loop's thread was not just waiting for a core.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import sys
import threading
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

STALL_S = 0.1
"""From here on a person notices, and answers that came meanwhile have waited."""
_GLANCE_S = 0.02
_MOST_KEPT = 100
_MOST_FRAMES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """One time that a loop gave no turn.

    Parameters
    ----------
    seconds : float
        On the wall.
    own_s : float
        The same without what its thread waited for a core: its work, its disk, its locks.
    where : tuple of str
        The stack that was met most often meanwhile, ``module:line function``, innermost first;
        empty where nobody got to look.
    """

    seconds: float
    own_s: float
    where: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "s": round(self.seconds, 3),
            "own_s": round(self.own_s, 3),
            "where": list(self.where),
        }


class LoopWatch:
    """Watches an event loop, all of it, and keeps its longest stalls.

    Parameters
    ----------
    least_s : float
        What is recorded as a stall.
    """

    def __init__(self, *, least_s: float = STALL_S) -> None:
        self._least_s = least_s
        self._turn: _Turn | None = None
        self.longest_s = 0.0
        """Longest time without a turn, but for what its thread waited for a core."""
        self.count = 0
        """Stalls, also those of which no more is kept."""
        self.stalls: list[Stall] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run as :func:`asyncio.run` does, and watch meanwhile."""
        ended = threading.Event()
        waits = _Waits(threading.get_native_id())
        thread = threading.Thread(
            target=self._glance,
            args=(threading.get_ident(), waits, ended),
            name="loop-watch",
            daemon=True,
        )
        selector = _Selector(self, waits)
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
            thread.start()
            try:
                return runner.run(work)
            finally:
                ended.set()
                thread.join()

    def to_json(self) -> dict[str, Any]:
        """Return what was found as plain values."""
        return {
            "longest_s": round(self.longest_s, 3),
            "count": self.count,
            "stalls": [stall.to_json() for stall in self.stalls],
        }

    def begin(self) -> None:
        """Hear from the loop that it has something to do."""
        self._turn = _Turn(time.monotonic())

    def end(self, waits: _Waits) -> None:
        """Hear from the loop that it has done all that there was."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        seconds = time.monotonic() - turn.began_s
        if seconds < self.longest_s and seconds < self._least_s:
            return
        # Before the first glance nobody took the time; so much counts as its own.
        waited_s = 0.0 if turn.waited_s is None else waits.seconds() - turn.waited_s
        own_s = max(seconds - waited_s, 0.0)
        self.longest_s = max(self.longest_s, own_s)
        if own_s < self._least_s:
            return
        self.count += 1
        where = turn.seen.most_common(1)[0][0] if turn.seen else ()
        self.stalls.append(Stall(seconds=seconds, own_s=own_s, where=where))
        # A loop that stalls all night fills no memory.
        self.stalls.sort(key=lambda stall: -stall.own_s)
        del self.stalls[_MOST_KEPT:]

    def _glance(self, thread: int, waits: _Waits, ended: threading.Event) -> None:
        """Look again and again at what takes long."""
        before: _Turn | None = None
        while not ended.wait(_GLANCE_S):
            turn = self._turn
            if turn is not None and turn.waited_s is None:
                turn.waited_s = waits.seconds()
            if turn is not None and turn is before:
                turn.seen[_stack(sys._current_frames().get(thread))] += 1  # noqa: SLF001 - no other
            before = turn


@dataclass(slots=True)
class _Turn:
    """A turn under way; written by the loop's thread, but for what the glances note."""

    began_s: float
    waited_s: float | None = None
    seen: Counter[tuple[str, ...]] = field(default_factory=Counter)


class _Selector(selectors.DefaultSelector):
    """Where a loop waits: between two waits it is at work."""

    def __init__(self, watch: LoopWatch, waits: _Waits) -> None:
        super().__init__()
        self._watch = watch
        self._waits = waits

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as any selector does."""
        self._watch.end(self._waits)
        try:
            return super().select(timeout)
        finally:
            self._watch.begin()


class _Waits:
    """How long a thread has waited for a core, where the kernel says so."""

    def __init__(self, native: int) -> None:
        self._path = f"/proc/self/task/{native}/schedstat"

    def seconds(self) -> float:
        """Return it since the thread began; 0 where nobody knows."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0.0
        try:
            return int(os.read(handle, 100).split()[1]) / 1e9
        except (IndexError, ValueError, OSError):
            return 0.0
        finally:
            os.close(handle)


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    """Return a stack, innermost first, as far as it tells anything."""
    frames: list[str] = []
    while frame is not None and len(frames) < _MOST_FRAMES:
        module = frame.f_globals.get("__name__", "?")
        frames.append(f"{module}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return tuple(frames)
