"""Whether the watch of a case kept up, now and at its worst."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model import Entry
from cautery.model.message import Message
from cautery.model.records import WatchPace, WorkShed


@dataclass(slots=True)
class Pace:
    """How late a watch is.

    Parameters
    ----------
    newest, worst : WatchPace or None
        ``None``: nothing was measured.
    last_why : Message or None
        Why it was late, the last time that it was; ``None``: it never was, or nobody measured.
    shed : int
        Looks that were put off because there was no time for them.
    """

    newest: WatchPace | None = None
    worst: WatchPace | None = None
    last_why: Message | None = None
    shed: int = 0

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case WatchPace() as pace:
                self.newest = pace
                self.last_why = pace.why or self.last_why
                if self.worst is None or pace.late_s > self.worst.late_s:
                    self.worst = pace
            case WorkShed() as shed:
                self.shed += sum(looks.count for looks in shed.looks)
