"""Aware UTC times and the windows made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cautery.errors import InputError


def require_utc(name: str, moment: datetime) -> None:
    """Raise unless ``moment`` is aware and in UTC; Cautery stores no other time.

    Raises
    ------
    InputError
        If the time is naive or has another offset.
    """
    if moment.tzinfo is None or moment.utcoffset() != timedelta(0):
        raise InputError(f"{name}: {moment.isoformat()} is not an aware UTC time")


def to_utc(name: str, moment: datetime) -> datetime:
    """Return an aware time in UTC; a naive one is refused, since nobody knows what it means.

    Raises
    ------
    InputError
        If the time is naive, or lies outside of the calendar in UTC.
    """
    if moment.tzinfo is None:
        raise InputError(f"{name}: {moment.isoformat()} has no time zone; write it with a Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InputError(f"{name}: {moment.isoformat()} is outside of the calendar") from error


def iso(moment: datetime) -> str:
    """Return RFC 3339 with microseconds and ``Z``: one spelling, so that digests agree."""
    require_utc("moment", moment)
    # Not strftime: it writes the year 1 as one digit, which nobody can read back.
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open span of time, ``start <= t < end``.

    Parameters
    ----------
    start : datetime
        The first moment, in UTC.
    end : datetime
        The moment after the last one, in UTC.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_utc("start", self.start)
        require_utc("end", self.end)
        if self.end <= self.start:
            raise InputError(f"a window must end after it starts: {self.start} .. {self.end}")

    def holds(self, moment: datetime) -> bool:
        """Tell whether ``moment`` lies within."""
        return self.start <= moment < self.end

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """How far this machine's clock may be from UTC, recorded with each capture.

    Parameters
    ----------
    seconds : float or None
        Local time minus UTC, seconds; ``None``: unknown, and ``method`` says why.
    uncertainty_s : float or None
        Most that ``seconds`` may be wrong, seconds; ``None``: unknown.
    method : str
        How it was measured.
    """

    seconds: float | None
    uncertainty_s: float | None
    method: str
