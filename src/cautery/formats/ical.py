"""Calendars of fixtures: which match is when, and the window in which to watch it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cautery.errors import SourceError
from cautery.formats._recurrence import Recurrence, recurrence_of
from cautery.formats._tally import Tally
from cautery.formats._text import begin, decode_line
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model import Event, OwnLocation, Window
from cautery.model.message import Message

FORMAT = "iCalendar of fixtures"
SPECIFICATION = "RFC 5545"
MEDIA_TYPES = ("text/calendar",)

MATCH_LASTS = timedelta(hours=2)
"""What is assumed where a calendar says no end: two halves, the break and stoppage time."""
_LONGEST = timedelta(days=31)
"""A race of stages takes three weeks; what lasts for years would be watched for years."""
_MOST_EVENT = 65_536
_LONGEST_LINE = 8_192
_MOST_NAME = 500
_BROKEN = (
    ArithmeticError, AttributeError, LookupError, NotImplementedError, OSError, RecursionError,
    StopIteration, TypeError, ValueError,
)  # fmt: skip
"""What the library raises at events that break RFC 5545; none of it ends the calendar."""
_PROPERTIES = frozenset(
    ("UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "LOCATION", "URL", "STATUS", "CATEGORIES",
     "DTSTAMP", "RRULE", "DESCRIPTION", "SEQUENCE", "RECURRENCE-ID", "EXDATE", "RDATE")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """One entry of a calendar.

    Parameters
    ----------
    starts_at, ends_at : datetime
        In UTC. A time that names no zone, or one that nobody knows, is taken as UTC.
    whole_day : bool
        The calendar gives a date only: the kick-off is not known yet.
    """

    id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    whole_day: bool
    cancelled: bool
    place: str | None
    url: str | None
    categories: tuple[str, ...]
    other: tuple[tuple[str, str], ...]
    sequence: int = 0
    """How often it was revised: the higher one holds."""
    instance: datetime | None = None
    """Which date of a series it is, by the series' own plan; ``None``: no series, or all of it."""
    recurs: Recurrence | None = None
    zoneless: bool = False
    """Its times name no zone, or one that nobody knows: they are UTC by assumption only."""

    @property
    def key(self) -> str:
        """What names it for good: its UID, and of a series the planned date."""
        if self.instance is None:
            return self.id
        return f"{self.id} {self.instance:%Y-%m-%dT%H:%MZ}"

    def event(self, *, legal_basis: str, clean_feed: OwnLocation | None = None) -> Event:
        """Return it as an event of a mandate.

        Parameters
        ----------
        legal_basis : str
            By which right it may be watched; no calendar says that.
        """
        return Event(
            id=self.key,
            name=self.title,
            kick_off=self.starts_at,
            clean_feed=clean_feed,
            legal_basis=legal_basis,
        )

    def window(
        self,
        *,
        before: timedelta = timedelta(minutes=30),
        after: timedelta = timedelta(minutes=30),
    ) -> Window:
        """Return when to watch: pre-match shows and extra time are of it."""
        return Window(start=self.starts_at - before, end=self.ends_at + after)


def read_ical(chunks: Iterable[bytes]) -> Iterator[Fixture | ReadWarning]:
    r"""Yield the fixtures of a calendar as they stand in it, one by one.

    :func:`cautery.formats.fixtures.fixtures_in` says which of them hold, and when they recur. A
    rule beyond days and weeks is a warning: of that only the first date is known. So is a zone that
    nobody knows, and an end that is more than a month away.

    Raises
    ------
    SourceError
        If it is no calendar.

    Examples
    --------
    >>> book = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Home v Away\nDTSTART:20261125T194500Z\n"
    >>> [one] = read_ical([book + b"END:VEVENT\nEND:VCALENDAR\n"])
    >>> one.title, one.window().start.isoformat()
    ('Home v Away', '2026-11-25T19:15:00+00:00')
    """
    from icalendar.timezone import tzp  # noqa: PLC0415 - heavy: only calendars need it

    tzp.use_default()  # without the zones of the calendar before, which the library keeps
    # It also tells the analyst's terminal what it thinks of zones' names.
    warnings.filterwarnings("ignore", module="icalendar")
    tally = Tally()
    zones: dict[str, str] = {}
    for number, block, kind in _components(chunks):
        if kind == "VTIMEZONE":
            zones.setdefault(_zone_name(block), block)
            continue
        if kind != "VEVENT":
            yield from tally.add(number, message("unread.endless", component=kind), block[:80])
            continue
        _define_zones(zones, block)
        fixture, problem = _fixture(block)
        if problem:
            # Behind BEGIN:VEVENT, which every event begins with.
            yield from tally.add(number, problem, block[13:200])
        if fixture is not None:
            yield fixture
    yield from tally.rest()


def _components(chunks: Iterable[bytes]) -> Iterator[tuple[int, str, str]]:
    """Yield (line, text, kind) of each zone and event; kind ``part`` for one that is broken."""
    head, stream = begin(chunks, expected_format="a calendar")
    if not decode_line(head[:512]).lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise SourceError("not a calendar: it does not begin with BEGIN:VCALENDAR")
    block: list[str] = []
    kind, since, length, zones = "", 0, 0, 0
    for number, line in _lines(stream):
        upper = line[:40].upper().rstrip()
        if not kind:
            if upper in ("BEGIN:VEVENT", "BEGIN:VTIMEZONE"):
                kind, since, block, length = upper[6:], number, [line], len(line)
            continue
        length += len(line)
        if length <= _MOST_EVENT:
            block.append(line)
        if upper == f"END:{kind}":
            zones += kind == "VTIMEZONE"
            if length > _MOST_EVENT or zones > 200:
                yield since, "\r\n".join(block[:2]), "part"
            else:
                yield since, "\r\n".join(block) + "\r\n", kind
            kind = ""
    if kind:
        yield since, "\r\n".join(block[:2]), "part"


def _lines(stream: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    partial, number = b"", 0
    for chunk in stream:
        *whole, partial = (partial + chunk).split(b"\n")
        partial = partial[: _LONGEST_LINE + 1]
        for line in whole:
            number += 1
            yield number, decode_line(line[:_LONGEST_LINE].rstrip(b"\r"))
    if partial:
        yield number + 1, decode_line(partial.rstrip(b"\r"))


def _define_zones(zones: dict[str, str], block: str) -> None:
    """Hand the library the zones that an event names first; it keeps them for those behind it."""
    from icalendar import Calendar  # noqa: PLC0415 - heavy: only calendars need it

    for name in [name for name in zones if name in block]:
        with suppress(*_BROKEN):
            Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{zones.pop(name)}END:VCALENDAR\r\n")


def _fixture(block: str) -> tuple[Fixture | None, Message | None]:
    from icalendar import Calendar  # noqa: PLC0415 - heavy: only calendars need it

    text = f"BEGIN:VCALENDAR\r\n{block}END:VCALENDAR\r\n"
    try:
        book = Calendar.from_ical(text)
        event = next(iter(book.walk("VEVENT")))
        starts, ends = event.decoded("DTSTART"), event.decoded("DTEND", None)
        lasts = event.decoded("DURATION", None)
        starts_at = _utc(starts)
        whole_day = not isinstance(starts, datetime)
        if ends is not None:
            ends_at = _utc(ends)
        elif isinstance(lasts, timedelta):
            ends_at = starts_at + lasts
        else:
            ends_at = starts_at + (timedelta(days=1) if whole_day else MATCH_LASTS)
        problem = _unknown_zone(event, starts)
        if ends_at <= starts_at:  # of a kick-off alone
            ends_at = starts_at + MATCH_LASTS
        if ends_at - starts_at > _LONGEST:
            ends_at = starts_at + MATCH_LASTS
            problem = message("unread.lasts")
        title = _said(event, "SUMMARY")
        dates = "RRULE" in event or "RDATE" in event
        recurs = _recurs(event, starts) if dates and not whole_day else None
        instance = event.decoded("RECURRENCE-ID", None)
        fixture = Fixture(
            id=_said(event, "UID") or f"{starts_at.isoformat()} {title}"[:_MOST_NAME],
            title=title or "",
            starts_at=starts_at,
            ends_at=ends_at,
            whole_day=whole_day,
            cancelled=(_said(event, "STATUS") or "").upper() == "CANCELLED",
            place=_said(event, "LOCATION"),
            url=_said(event, "URL"),
            categories=_categories(event),
            other=tuple(
                (name.lower(), str(value)[:_MOST_NAME])
                for name, value in event.items()
                if name not in _PROPERTIES
            )[:64],
            sequence=max(0, min(int(event.get("SEQUENCE", 0)), 2**31)),
            instance=None if instance is None else _utc(instance),
            recurs=recurs,
            zoneless=isinstance(starts, datetime) and starts.tzinfo is None,
        )
    except _BROKEN as error:
        return None, message("unread.broken-event", error=type(error).__name__)
    return (
        fixture,
        message("unread.recurs") if dates and recurs is None else problem,
    )


def _unknown_zone(event: Any, starts: object) -> Message | None:
    """Say which zone an event names that nobody knows; hours may be wrong."""
    zone = getattr(event["DTSTART"], "params", {}).get("TZID")
    if zone is None or not isinstance(starts, datetime) or starts.tzinfo is not None:
        return None
    return message("unread.zone", zone=repr(str(zone)[:60]))


def _recurs(event: Any, starts: datetime) -> Recurrence | None:
    rule = event.get("RRULE")
    if isinstance(rule, list):
        return None
    return recurrence_of(
        rule,
        first=starts if starts.tzinfo else starts.replace(tzinfo=UTC),
        excluded=frozenset(_dates(event.get("EXDATE"))),
        added=frozenset(_dates(event.get("RDATE"))),
    )


def _dates(dates: Any) -> Iterator[datetime]:
    for group in dates if isinstance(dates, list) else [dates] if dates is not None else []:
        for value in group.dts:
            if isinstance(value.dt, datetime):
                yield _utc(value.dt)


def _zone_name(zone: str) -> str:
    """Return the one name that a zone has (RFC 5545, 3.6.5): each event is searched for all."""
    lines = (line for line in zone.split("\r\n") if line.upper().startswith("TZID:"))
    return next(lines, "")[5:].strip()


def _utc(moment: object) -> datetime:
    if not isinstance(moment, date):
        raise ValueError("not a date")  # noqa: TRY004 - of a stranger, not of the caller
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.year <= 1970:
        raise ValueError("not a date")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _said(event: Any, name: str) -> str | None:
    value = event.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return " ".join(str(value).split())[:_MOST_NAME] or None if value is not None else None


def _categories(event: Any) -> tuple[str, ...]:
    value = event.get("CATEGORIES")
    listed = value if isinstance(value, list) else [value] if value is not None else []
    names = [str(category) for item in listed for category in getattr(item, "cats", [item])]
    return tuple(name[:100] for name in names if name)[:32]
