from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from cautery.errors import InputError
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    DayPlan,
    Operation,
    ScheduledStep,
    Step,
    StepKind,
)
from cautery.model.message import as_written
from cautery.operation.calendar import calendar

MOMENT = datetime(2024, 11, 26, 5, 0, tzinfo=UTC)
MADE = datetime(2024, 11, 20, 9, 0, tzinfo=UTC)


def agency(name, zone, role):
    return Agency(
        id=name,
        name=name,
        country=name.upper(),
        role=role,
        competence=frozenset({Competence.SEARCH}),
        contact="desk",
        zone=zone,
    )


OPERATION = Operation(
    id="op",
    name="Op; one, two",
    agencies=(
        agency("it", "Europe/Rome", AgencyRole.LEAD),
        agency("ro", "Europe/Bucharest", AgencyRole.PARTICIPANT),
    ),
    legal_basis="EIO",
    opened_at=datetime(2022, 11, 1, tzinfo=UTC),
)


def timed(name, agency, text="Search it"):
    step = Step(
        id=name,
        kind=StepKind.SEARCH,
        agency=agency,
        country=agency.upper(),
        target=f"target of {name}",
        text=text,
        team="red",
        place="a flat",
        lasts=timedelta(hours=4),
        preparation=timedelta(minutes=40),
    )
    return ScheduledStep(
        step=step, starts_at=MOMENT, ends_at=MOMENT + step.lasts, why=as_written("x")
    )


DAY = DayPlan(
    operation="op",
    moment=MOMENT,
    steps=(timed("a", "it"), timed("b", "ro", "Search\r\nBEGIN:VEVENT, now; twice")),
)


def read(agency, day=DAY):
    book = icalendar.Calendar.from_ical(calendar(day, agency, operation=OPERATION, made_at=MADE))
    return list(book.walk("VEVENT"))


def test_an_agency_gets_the_moment_and_its_own_steps_in_its_own_zone():
    moment, step = read("ro")
    assert moment.decoded("dtstart") == step.decoded("dtstart") == MOMENT
    assert str(step["dtstart"].params["TZID"]) == "Europe/Bucharest"
    assert step.decoded("dtstart").utcoffset() == timedelta(hours=2)


def test_the_alarm_rings_before_the_team_must_leave():
    (alarm,) = read("it")[1].walk("VALARM")
    assert alarm.decoded("trigger") == -timedelta(minutes=70)


def test_text_cannot_begin_an_entry_of_its_own():
    assert len(read("ro")) == 2
    assert "BEGIN:VEVENT" in str(read("ro")[1]["summary"])


def test_a_replanned_step_keeps_its_uid_and_counts_up():
    later = replace(DAY, replanned_at=MOMENT - timedelta(hours=1))
    old, new = read("it")[1], read("it", later)[1]
    assert old["uid"] == new["uid"]
    assert new["sequence"] > old["sequence"]


def test_a_step_that_is_out_of_the_day_is_cancelled_and_wakes_nobody():
    (gone,) = (timed("c", "it"),)
    later = replace(DAY, dropped=(gone,), replanned_at=MOMENT - timedelta(hours=1))
    before = replace(DAY, steps=(gone,))
    cancelled = read("it", later)[-1]
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["uid"] == read("it", before)[1]["uid"]
    assert not cancelled.walk("VALARM")
    assert len(read("ro", later)) == 2


def test_a_uid_tells_nothing_and_differs_between_agencies():
    uids = {str(one["uid"]) for name in ("it", "ro") for one in read(name)}
    assert len(uids) == 4
    assert not any("target" in one or one.startswith("a@") for one in uids)


def test_an_agency_that_is_not_at_the_table_is_refused():
    with pytest.raises(InputError, match="not an agency"):
        calendar(DAY, "us", operation=OPERATION, made_at=MADE)
