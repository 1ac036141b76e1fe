"""Records of sources: fixtures, readings, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.evidence import Digest, ExhibitId
from cautery.model.message import Message
from cautery.model.reach import Access
from cautery.model.records.dated import Dated
from cautery.model.rights import Event
from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class FixturesChanged(Dated):
    """The calendars of a mandate differ from the last reading.

    Parameters
    ----------
    appeared : tuple of str
        Ids of events that are new.
    gone : tuple of str
        Ids of events that were dropped.
    changed : tuple of str
        Ids of events that have another time or differ in something else.
    events : tuple of Event
        All events of the mandate from now on.
    left_out : tuple of (Message, Message)
        Fixtures of the calendars that are not events: which fixture, and why.
    exhibits : tuple of ExhibitId
        The sealed calendars.
    """

    appeared: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]
    events: tuple[Event, ...]
    left_out: tuple[tuple[Message, Message], ...]
    exhibits: tuple[ExhibitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPerDay:
    """How often a source changes: the estimate, and its 95 % interval.

    Parameters
    ----------
    low : float
        Lower end of the 95 % interval, changes per day.
    mid : float
        The estimate, changes per day.
    high : float
        Upper end of the 95 % interval, changes per day.
    visits : int
        Number of readings that it rests on.
    method : Message
        How it is estimated.
    """

    low: float
    mid: float
    high: float
    visits: int
    method: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRhythm:
    """When a source is read again.

    Parameters
    ----------
    due : datetime or None
        When the next reading is planned, in UTC; earlier when an event begins before. ``None``:
        the source was never read, so it is due at once.
    wait_s : float
        Time between two readings, seconds.
    learned : bool
        Whether the wait is learned from when the source changes; else the mandate states it.
    changes_per_day : ChangesPerDay
        How often the source changes.
    """

    due: datetime | None
    wait_s: float
    learned: bool
    changes_per_day: ChangesPerDay

    def __post_init__(self) -> None:
        if self.due is not None:
            require_utc("due", self.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRead(Dated):
    """A calendar of fixtures was fetched.

    Parameters
    ----------
    source : str
        The calendar's URL, redacted.
    status : int or None
        HTTP status; 304: unchanged; ``None``: no answer.
    exhibit : ExhibitId or None
        The sealed answer, a WARC file; ``None``: no answer.
    rests_on : tuple of ExhibitId
        WARC files that the answer refers to.
    digest : Digest or None
        SHA-256 of the calendar; ``None``: no calendar was received.
    rhythm : SourceRhythm or None
        When it is read again; ``None``: it is not read again.
    failed : Message or None
        Why it could not be read; ``None``: it was read.
    """

    source: str
    status: int | None
    exhibit: ExhibitId | None
    rests_on: tuple[ExhibitId, ...]
    digest: Digest | None
    rhythm: SourceRhythm | None
    failed: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedWarning:
    """A row of a source that could not be read; the reading went on.

    Parameters
    ----------
    line : int
        Number of the line, from 1; 0: the warning is about the whole.
    why : Message
        Why the row could not be read.
    quoted : str
        The row, redacted.
    count : int
        Number of rows that this warning stands for: 1, or the rest when there were too many.
    """

    line: int
    why: Message
    quoted: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead(Dated):
    """A source was read and differs from the last reading, or it could not be read.

    Parameters
    ----------
    source : str
        The source's location, redacted.
    kind : str
        The reader's name: ``m3u``, ``xtream``, ``page`` ...
    access : Access
        By which access it is read.
    receipt : str or None
        Receipt of the purchase, as the mandate names it; ``None``: none.
    purchase : str or None
        Id of the test purchase whose line it is read with; ``None``: none.
    vantage : str or None
        Name of the vantage from which it was read; ``None``: from this machine.
    status : int or None
        HTTP status; ``None``: the source is a file, or it did not answer.
    entries : int
        Number of entries that the source lists.
    table : ExhibitId or None
        Parquet table of all entries: url, title, line, guide; ``None``: it lists nothing.
    exhibit : ExhibitId or None
        The sealed answers, a WARC file, or the sealed file; ``None``: nothing was sealed.
    rests_on : tuple of ExhibitId
        WARC files that the answers refer to.
    digest : Digest or None
        SHA-256 of the answers; ``None``: the source is a file, or it did not answer.
    rhythm : SourceRhythm or None
        When it is read again; ``None``: read from a vantage, or not read again.
    warnings : tuple of QuotedWarning
        The first warnings of the reading.
    warnings_total : int
        Number of rows that could not be read.
    failed : Message or None
        Why it could not be read; ``None``: it was read.
    """

    source: str
    kind: str
    access: Access = Access.PUBLIC
    receipt: str | None = None
    purchase: str | None = None
    vantage: str | None = None
    status: int | None = None
    entries: int = 0
    table: ExhibitId | None = None
    exhibit: ExhibitId | None = None
    rests_on: tuple[ExhibitId, ...] = ()
    digest: Digest | None = None
    rhythm: SourceRhythm | None = None
    warnings: tuple[QuotedWarning, ...] = ()
    warnings_total: int = 0
    failed: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRevisited(Dated):
    """A source was asked again, and had not changed.

    Parameters
    ----------
    source : str
        The source's location, redacted.
    kind : str
        The reader's name.
    vantage : str or None
        Name of the vantage from which it was asked; ``None``: from this machine.
    status : int
        HTTP status.
    exhibit : ExhibitId
        The sealed revisit, a WARC file.
    rests_on : tuple of ExhibitId
        WARC files that it refers to.
    rhythm : SourceRhythm or None
        When it is read again; ``None``: read from a vantage.
    """

    source: str
    kind: str
    vantage: str | None
    status: int
    exhibit: ExhibitId
    rests_on: tuple[ExhibitId, ...] = ()
    rhythm: SourceRhythm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChanged(Dated):
    """What differs between two readings of a source, counted.

    Parameters
    ----------
    source : str
        The source's location, redacted.
    appeared : int
        Number of entries that are new.
    vanished : int
        Number of entries that are gone.
    moved : int
        Number of entries that have another URL.
    renamed : int
        Number of entries that have another title.
    kept : int
        Number of entries that did not change.
    hosts : tuple of (str, str, int)
        The old host, the new host, and how many entries moved between them; the first 50, most
        first.
    table : ExhibitId
        Parquet table of all differences.
    """

    source: str
    appeared: int
    vanished: int
    moved: int
    renamed: int
    kept: int
    hosts: tuple[tuple[str, str, int], ...]
    table: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageCompared(Dated):
    """A source, read from a vantage and from this machine.

    Parameters
    ----------
    source : str
        The source's location, redacted.
    vantage : str
        The vantage's name.
    country : str or None
        Country of the vantage, ISO 3166-1 alpha-2; ``None``: unknown.
    differs : bool
        Whether the source shows other things at the vantage than here.
    why : tuple of Message
        The differences.
    exhibits : tuple of ExhibitId
        The sealed answers of both sides.
    only_here : int
        Number of entries that are listed only here.
    only_there : int
        Number of entries that are listed only at the vantage.
    elsewhere : int
        Number of entries that have another URL at the vantage.
    titles_here : tuple of (str or None)
        Titles of the first entries that are listed only here; ``None``: without a title.
    titles_there : tuple of (str or None)
        Titles of the first entries that are listed only at the vantage; ``None``: without a title.
    table : ExhibitId or None
        Parquet table of all differences; ``None``: both lists are equal, or one side lists
        nothing.
    """

    source: str
    vantage: str
    country: str | None
    differs: bool
    why: tuple[Message, ...]
    exhibits: tuple[ExhibitId, ...]
    only_here: int = 0
    only_there: int = 0
    elsewhere: int = 0
    titles_here: tuple[str | None, ...] = ()
    titles_there: tuple[str | None, ...] = ()
    table: ExhibitId | None = None


KINDS: dict[str, type] = {
    "fixtures.changed": FixturesChanged,
    "calendar.read": CalendarRead,
    "source.read": SourceRead,
    "source.revisited": SourceRevisited,
    "source.changed": SourceChanged,
    "vantage.compared": VantageCompared,
}
