"""Deadlines as an iCalendar file (RFC 5545): each once, with the matches that it is for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from cautery.drawing.escaping import clean
from cautery.estimate.forecast import Deadline, Standing
from cautery.messages import language, say, tr
from cautery.model.preparation import ReadyItem

_LONGEST = 200
_MOST_MATCHES = 12
"""Named in one entry; a tournament has a hundred."""
_LASTS = timedelta(minutes=30)


def deadlines_calendar(deadlines: Iterable[Deadline], *, made_at: datetime) -> bytes:
    """Return what is not ready yet as a calendar of deadlines.

    An entry keeps its UID as long as its day and subject stay.

    Parameters
    ----------
    made_at : datetime
        The time stamp of the entries.
    """
    book = Calendar()
    book.add("prodid", f"-//Cautery//forecast//{language().upper()}")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", tr("What must be ready by when"))
    together: dict[tuple[datetime, ReadyItem, str], list[Deadline]] = {}
    for entry in deadlines:
        if entry.standing is not Standing.READY:
            together.setdefault((entry.due_at, entry.item, entry.subject), []).append(entry)
    for (due_at, item, subject), entries in together.items():
        event = Event()
        event.add("uid", _uid(due_at, item, subject))
        event.add("dtstamp", made_at)
        event.add("dtstart", due_at)
        event.add("dtend", due_at + _LASTS)
        event.add("summary", clean(": ".join(filter(None, (_name(item), subject))), _LONGEST))
        lines = [
            clean(
                f"{entry.match.starts_at:%Y-%m-%d %H:%MZ} {entry.match.name}: {say(entry.why)}",
                _LONGEST,
            )
            for entry in entries[:_MOST_MATCHES]
        ]
        if (left_out := len(entries) - _MOST_MATCHES) > 0:
            lines.append(tr("and %(count)s more", count=str(left_out)))
        event.add("description", "\n".join(lines))
        book.add_component(event)
    return bytes(book.to_ical())


def _name(item: ReadyItem) -> str:
    return {
        ReadyItem.ORDER: tr("order in force"),
        ReadyItem.CONTACTS: tr("partners' contacts confirmed"),
        ReadyItem.KEYS: tr("signing keys tried"),
        ReadyItem.DYNAMIC_LIST: tr("dynamic list tried with providers"),
        ReadyItem.CALENDAR: tr("calendar read again"),
        ReadyItem.REFERENCE: tr("reference of the channel"),
        ReadyItem.ON_CALL: tr("somebody on call"),
    }[item]


def _uid(due_at: datetime, item: ReadyItem, subject: str) -> str:
    identity = f"{due_at.isoformat()}\n{item}\n{subject}"
    return f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}@cautery.invalid"
