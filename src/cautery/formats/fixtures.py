r"""Which fixtures there are in a window: the newest word on each, recurrences spelled out.

Examples
--------
>>> from datetime import UTC, datetime
>>> from cautery.model import Window
>>> from cautery.formats.ical import read_ical
>>> book = b'''BEGIN:VCALENDAR
... BEGIN:VEVENT
... UID:md1
... SUMMARY:Home v Away
... DTSTART;TZID=Europe/Paris:20261023T210000
... RRULE:FREQ=WEEKLY;COUNT=3
... END:VEVENT
... END:VCALENDAR
... '''
>>> autumn = Window(start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))
>>> [one.starts_at.isoformat() for one in fixtures_in(read_ical([book]), autumn)]
['2026-10-23T19:00:00+00:00', '2026-10-30T20:00:00+00:00', '2026-11-06T20:00:00+00:00']
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from cautery.formats._values import ReadWarning
from cautery.formats.ical import Fixture
from cautery.model import Window

MOST = 20_000
"""Fixtures of one calendar in one window: a league has some 400 a season."""
_MOST_SPELLED = 10 * MOST
"""Dates of one calendar that are spelled out: thousands of entries may each recur daily."""


def fixtures_in(
    found: Iterable[Fixture | ReadWarning],
    within: Window,
    *,
    before: timedelta = timedelta(),
    after: timedelta = timedelta(),
) -> tuple[Fixture, ...]:
    """Return the fixtures that touch a window, by their start; cancelled ones are among them.

    Of several entries with one UID the one with the highest SEQUENCE holds, of equal ones the
    last (RFC 5546, section 3.2): that is how a match moves. An entry with a RECURRENCE-ID stands
    for that one date of its series, wherever it was moved to.

    Parameters
    ----------
    before, after : timedelta
        How much earlier and later than the match itself it is watched.
    """
    newest: dict[tuple[str, datetime | None], Fixture] = {}
    for entry in found:
        if isinstance(entry, ReadWarning):
            continue
        latest = newest.get((entry.id, entry.instance))
        if latest is None or entry.sequence >= latest.sequence:
            newest[entry.id, entry.instance] = entry
    out: list[Fixture] = []
    for (name, instance), fixture in newest.items():
        if len(out) >= _MOST_SPELLED:
            break
        if instance is not None:
            out.append(fixture)
            continue
        out += [
            single
            for single in _spelled_out(fixture, within.start - after, within.end + before)
            if single.instance is None or (name, single.instance) not in newest
        ]
    touching = [
        fixture
        for fixture in out
        if fixture.starts_at - before < within.end and fixture.ends_at + after > within.start
    ]
    return tuple(sorted(touching, key=lambda fixture: (fixture.starts_at, fixture.id))[:MOST])


def _spelled_out(fixture: Fixture, after: datetime, before: datetime) -> Iterable[Fixture]:
    if fixture.recurs is None:
        yield fixture
        return
    lasts = fixture.ends_at - fixture.starts_at
    for start in fixture.recurs.starts(after=after - lasts, before=before):
        yield replace(fixture, starts_at=start, ends_at=start + lasts, instance=start, recurs=None)
