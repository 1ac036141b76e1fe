"""The readings of each source of a case: the last one, and when the next one is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cautery.formats.rhythm import KEPT
from cautery.model import Digest, Entry, ExhibitId
from cautery.model.message import Message
from cautery.model.records import SourceRead, SourceRevisited


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a source said last, from here, when it is due again, and when it was visited.

    Parameters
    ----------
    exhibit, table : ExhibitId or None
        The sealed transactions, and what they list.
    visits : list of (datetime, bool)
        Oldest first: when, and whether there was a change since the one before.
    """

    at: datetime
    due: datetime
    digest: Digest | None = None
    exhibit: ExhibitId | None = None
    table: ExhibitId | None = None
    visits: list[tuple[datetime, bool]] = field(default_factory=list)


@dataclass(slots=True)
class Sources:
    """The sources of a case, by redacted location, as they were read from here.

    Parameters
    ----------
    failed : dict
        Why the newest reading failed; ``None``: it did not.
    readings : dict
        The last reading of each that is read again.
    """

    failed: dict[str, Message | None] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case SourceRead(vantage=None) as read:  # one blocked elsewhere is read all the same
                self.failed[read.source] = read.failed
                reading = self._due(read)
                if reading is None or read.failed is not None:
                    return
                reading.at, reading.digest = read.at, read.digest
                reading.exhibit, reading.table = read.exhibit, read.table
                _visit(reading, read.at, changed=True)
            case SourceRevisited(vantage=None) as visit:
                if (reading := self._due(visit)) is not None:
                    _visit(reading, visit.at, changed=False)

    def _due(self, visit: SourceRead | SourceRevisited) -> Reading | None:
        """Return the source's reading with its new date; ``None``: it is not read again."""
        if visit.rhythm is None or visit.rhythm.due is None:
            return None
        due = visit.rhythm.due
        reading = self.readings.setdefault(visit.source, Reading(at=visit.at, due=due))
        reading.due = due
        return reading


def _visit(reading: Reading, at: datetime, *, changed: bool) -> None:
    reading.visits = [*reading.visits, (at, changed)][-KEPT - 1 :]
