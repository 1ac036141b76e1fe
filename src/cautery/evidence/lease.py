"""Who drives a case, and when one that is silent may be followed by another.

A driver counts a number up in the database, every second. Who waits for the case judges by its own
clock alone how long that number has stood still, so that no clock of any machine need be right; and
what it could not look at, because the database was away, counts for no silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

BEAT_S = 1.0
"""A driver counts up so often."""
SILENT_S = 6.0
"""One that has not counted up for so long is gone: six beats, on a machine that is busy. Of the
15 s within which a second machine goes on, 9 are left for its first record. Judgement."""
GAP_S = 2.0
"""Who did not see the number for so long cannot say that it stood still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A lease as it stands in the database.

    Parameters
    ----------
    epoch : int
        Grows whenever another process takes the case up.
    driver : str
        Who holds it, in words: machine and process.
    machine, pid : str, int
        The run of the machine on which it is, and the number of its process there.
    beat : int
        What it counts up.
    ended : bool
        It gave the case back.
    """

    epoch: int
    driver: str
    machine: str
    pid: int
    beat: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DroveBefore:
    """Who drove a case until another process took it up.

    Parameters
    ----------
    driver : str
        In words.
    ended : bool
        Whether it gave the case back itself.
    silent_s : float
        For how long it was seen to be silent.
    """

    driver: str
    ended: bool
    silent_s: float


class Lease(Protocol):
    """What whoever drives a case holds."""

    @property
    def epoch(self) -> int:
        """Its number; 0: of a case in a folder, which counts none."""
        ...

    @property
    def driver(self) -> str:
        """Who holds it, in words."""
        ...

    @property
    def before(self) -> DroveBefore | None:
        """Who drove before; ``None``: nobody did."""
        ...

    def when_lost(self, tell: Callable[[str], None]) -> None:
        """Have somebody told, on any thread, that another process, named in words, has it."""
        ...

    def release(self) -> None:
        """Give the case back."""
        ...


class Silence:
    """For how long a driver has been silent, as one who looks again and again sees it.

    Parameters
    ----------
    alive : callable
        ``alive(drive)``: whether the process still runs; ``None``: it is on another machine.
    """

    def __init__(self, alive: Callable[[Drive], bool | None]) -> None:
        self._alive = alive
        self._seen: tuple[int, int] | None = None
        self._since_s = self._looked_s = float("-inf")
        self.silent_s = 0.0

    def may_follow(self, drive: Drive | None, now_s: float) -> bool:
        """Take one look up, and tell whether another process may take the case.

        Parameters
        ----------
        drive : Drive or None
            As it stands; ``None``: nobody ever drove the case.
        now_s : float
            By a clock that is never set.
        """
        if drive is None or drive.ended:
            self.silent_s = 0.0
            return True
        place = (drive.epoch, drive.beat)
        if place != self._seen or now_s - self._looked_s > GAP_S:
            self._seen, self._since_s = place, now_s
        self._looked_s = now_s
        self.silent_s = now_s - self._since_s
        return self.silent_s >= SILENT_S or self._alive(drive) is False
