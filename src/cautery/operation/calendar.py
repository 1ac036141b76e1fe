"""An agency's steps as an iCalendar file (RFC 5545): its zone, alarms, the same UIDs each time.

Like the call sheet it holds the agency's own steps only.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone

from cautery.drawing.escaping import clean
from cautery.messages import language, tr
from cautery.model import DayPlan, Operation, ScheduledStep
from cautery.pages.call_sheet.render import LONGEST
from cautery.pages.call_sheet.view import kind_name

ALARM_BEFORE = timedelta(minutes=30)
"""How long before a team must leave its alarm rings: by judgement."""


def calendar(day: DayPlan, agency: str, *, operation: Operation, made_at: datetime) -> bytes:
    """Return the agency's steps and the moment as an iCalendar file.

    A step keeps its UID when the day is re-planned, and ``SEQUENCE`` rises, so that a calendar
    moves the entry rather than doubling it; a step that is out of the day is cancelled.

    Parameters
    ----------
    made_at : datetime
        The time stamp of the entries.

    Raises
    ------
    InputError
        If the agency is not at the table.
    """
    profile = operation.agency(agency)
    zone = ZoneInfo(profile.zone)
    book = Calendar()
    book.add("prodid", f"-//Cautery//action day//{language().upper()}")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", clean(f"{operation.name}: {profile.name}", LONGEST))
    own_steps = [step for step in day.steps if step.step.agency == agency]
    years = [day.moment.year, *(step.starts_at.year for step in own_steps)]
    if profile.zone != "UTC":
        book.add_component(
            Timezone.from_tzid(
                profile.zone,
                first_date=datetime(min(years), 1, 1).date(),  # noqa: DTZ001 - a date
                last_date=datetime(max(years) + 1, 1, 1).date(),  # noqa: DTZ001 - a date
            )
        )
    # Seconds since the operation was opened rise with every re-planning and fit any reader.
    sequence = (
        0
        if day.replanned_at is None
        else max(1, int((day.replanned_at - operation.opened_at).total_seconds()))
    )
    lab = tr("LAB") + " " if operation.lab else ""
    moment = Event()
    moment.add("uid", _uid(day.operation, agency, "the moment"))
    moment.add("summary", lab + tr("THE MOMENT: everybody begins"))
    moment.add("dtstart", day.moment.astimezone(zone))
    moment.add("dtend", (day.moment + timedelta(seconds=day.warning_s)).astimezone(zone))
    moment.add("dtstamp", made_at)
    moment.add("sequence", sequence)
    moment.add("priority", 1)
    moment.add_component(_alarm(ALARM_BEFORE, tr("The moment")))
    book.add_component(moment)
    for step in own_steps:
        book.add_component(_event(step, day, zone, made_at, sequence=sequence, lab=lab))
    for step in day.dropped:
        if step.step.agency == agency:
            event = _event(step, day, zone, made_at, sequence=sequence, lab=lab)
            event.add("status", "CANCELLED")
            event.subcomponents.clear()  # nobody is woken for it
            book.add_component(event)
    return bytes(book.to_ical())


def _event(
    scheduled: ScheduledStep,
    day: DayPlan,
    zone: ZoneInfo,
    made_at: datetime,
    *,
    sequence: int,
    lab: str,
) -> Event:
    step = scheduled.step
    event = Event()
    event.add("uid", _uid(day.operation, step.agency, step.id))
    event.add("summary", clean(f"{lab}{kind_name(step.kind)}: {step.text}", LONGEST))
    event.add("dtstart", scheduled.starts_at.astimezone(zone))
    event.add("dtend", scheduled.ends_at.astimezone(zone))
    event.add("dtstamp", made_at)
    event.add("sequence", sequence)
    event.add("location", clean(step.place, LONGEST))
    report = tr("Team %(team)s. Report as %(step)s.", team=step.team, step=step.id)
    event.add("description", clean(report, LONGEST))
    event.add("class", "CONFIDENTIAL")
    summons = tr("Team %(team)s: %(step)s", team=step.team, step=step.text)
    event.add_component(_alarm(step.preparation + ALARM_BEFORE, summons))
    return event


def _alarm(before: timedelta, text: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", clean(text, LONGEST))
    alarm.add("trigger", -before)
    return alarm


def _uid(*parts: str) -> str:
    """Return a UID that is the same each time and tells nothing of the step."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32] + "@cautery"
