"""The machine's clock.

Reaches: the kernel, nothing else.
Lawful basis: none needed.
Manners: no time server is asked; whoever disciplines the clock (chrony, ntpd, systemd-timesyncd)
already told the kernel how well it did.
Format: ``struct timex`` of adjtimex(2), Linux.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from cautery.model.times import ClockOffset, require_utc

_STA_UNSYNC = 0x0040  # linux/timex.h
_STA_NANO = 0x2000
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """``struct timex``: the fields that are read, then room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


class SystemClock:
    """The time of this machine, with what its kernel knows of the distance to UTC."""

    def __init__(self) -> None:
        self._adjtimex = None
        if sys.platform == "linux":
            self._adjtimex = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)

    def now(self) -> datetime:
        """Return the aware UTC time."""
        return datetime.now(UTC)

    def offset(self) -> ClockOffset:
        """Return how far this clock may be from UTC; unknown, with the reason, if undisciplined."""
        if self._adjtimex is None:
            return ClockOffset(seconds=None, uncertainty_s=None, method="no adjtimex here")
        timex = _Timex()
        state = self._adjtimex(ctypes.byref(timex))
        if state < 0:
            why = os.strerror(ctypes.get_errno())
            return ClockOffset(seconds=None, uncertainty_s=None, method=f"adjtimex: {why}")
        return offset_of(
            state=state,
            status=timex.status,
            offset=timex.offset,
            maxerror_us=timex.maxerror,
        )


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that never moves, for replays and tests."""

    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    def now(self) -> datetime:
        """Return the one time."""
        return self.at

    def offset(self) -> ClockOffset:
        """Return that nobody knows: this is no real clock."""
        return ClockOffset(seconds=None, uncertainty_s=None, method="a fixed clock")


def offset_of(*, state: int, status: int, offset: int, maxerror_us: int) -> ClockOffset:
    """Read the kernel's answer.

    Parameters
    ----------
    state : int
        What adjtimex returned; 5 (``TIME_ERROR``) means unsynchronised.
    status : int
        ``timex.status``.
    offset : int
        What the kernel has still to add to the clock, in microseconds, or nanoseconds if
        ``STA_NANO``: so local minus UTC is its negative.
    maxerror_us : int
        Bound of the error, microseconds.

    Notes
    -----
    After RFC 1589 and adjtimex(2).
    """
    if state == _TIME_ERROR or status & _STA_UNSYNC:
        return ClockOffset(
            seconds=None, uncertainty_s=None, method="adjtimex: the clock is not synchronised"
        )
    # adjtimex(2): the flag tells nanoseconds from microseconds.
    unit = 1e-9 if status & _STA_NANO else 1e-6
    return ClockOffset(
        seconds=-offset * unit,
        uncertainty_s=maxerror_us * 1e-6,
        method="adjtimex: kernel clock discipline, maximum error",
    )
