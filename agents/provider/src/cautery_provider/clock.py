"""What time it is, whatever happens to the machine's clock.

An entry ends by the clock on the wall. If that clock jumps back, the entry must not live longer:
time here never runs backwards. It is the clock on the wall, or the highest time seen plus what has
passed since by the clock that counts from boot, whichever is later. The highest time seen is kept
on disk. After a boot nobody knows how long the machine was off: while the clock on the wall is
behind the highest time seen it is wrong, and nothing may be blocked by it. One that is behind by
less than the machine was off is not noticed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Machine(Protocol):
    """The clocks of a machine, in seconds."""

    def wall_s(self) -> float:
        """Return seconds since 1970, as the machine believes."""

    def boot_s(self) -> float:
        """Return seconds since boot, with those of sleep; the same for all processes."""

    def boot_id(self) -> str:
        """Return a text that changes with each boot."""


class Linux:
    """The clocks of Linux."""

    def wall_s(self) -> float:
        """Return seconds since 1970, as the machine believes."""
        return time.time()

    def boot_s(self) -> float:
        """Return seconds since boot, with those of sleep."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        """Return the kernel's random name of this boot."""
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class Mark:
    """The highest time seen, and where the clock from boot stood then."""

    highest_s: float
    boot_s: float
    boot_id: str
    trusted: bool = True  # false: since this boot the clock on the wall has been behind


class Clock:
    """A clock that never runs backwards.

    Parameters
    ----------
    kept : Mark or None
        What an earlier run kept; None if nothing is known.
    """

    def __init__(self, machine: Machine, kept: Mark | None = None) -> None:
        self._machine = machine
        self._boot_id = machine.boot_id()
        boot_s = machine.boot_s()
        self._highest_s, self._at_s, self.trusted = 0.0, boot_s, True
        if kept:
            self._highest_s = kept.highest_s
            if kept.boot_id == self._boot_id:
                self._at_s, self.trusted = min(kept.boot_s, boot_s), kept.trusted
            else:
                self.trusted = False  # until the clock on the wall is seen to have caught up
        self.mark()

    def now(self) -> datetime:
        """Return the time, never earlier than any time that was returned before."""
        return datetime.fromtimestamp(self.mark().highest_s, UTC)

    def mark(self) -> Mark:
        """Return what the next run has to know."""
        wall_s, boot_s = self._machine.wall_s(), self._machine.boot_s()
        if not self.trusted and wall_s >= self._highest_s:
            self.trusted, self._at_s = True, boot_s
        if self.trusted:
            self._highest_s = max(wall_s, self._highest_s + boot_s - self._at_s)
            self._at_s = boot_s
        return Mark(self._highest_s, boot_s, self._boot_id, self.trusted)

    def ahead_s(self) -> float:
        """Return by how much this clock is ahead of the one on the wall, in seconds."""
        return self.mark().highest_s - self._machine.wall_s()
