"""The clock of a replay: it shows the time of the story."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import InputError
from cautery.model import ClockOffset, require_utc


class ReplayClock:
    """A clock that only goes on when the story does, and says that it is one."""

    def __init__(self, start: datetime) -> None:
        require_utc("start", start)
        self._now = start

    def now(self) -> datetime:
        """Return the story's moment."""
        return self._now

    def offset(self) -> ClockOffset:
        """Say that no distance from UTC is known, and why."""
        return ClockOffset(seconds=None, uncertainty_s=None, method="the clock of a replay (lab)")

    def reach(self, moment: datetime) -> None:
        """Go on to a moment; going back is refused.

        Raises
        ------
        InputError
            If the moment has passed.
        """
        require_utc("moment", moment)
        if moment < self._now:
            raise InputError(f"a replay cannot go back in time: from {self._now} to {moment}")
        self._now = moment
