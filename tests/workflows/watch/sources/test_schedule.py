"""When a source is due: learned or fixed, sooner while an event is on, later after failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cautery.model import Source, Window
from cautery.workflows.watch.sources.schedule import Schedule

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIXED = Source(location="http://a.example/l", kind="m3u", revisit_s=45.0)
PATIENT = Source(location="http://c.example/l", kind="m3u")
LEARNED = Source(location="http://b.example/l", kind="m3u", least_s=120.0, most_s=36_000.0)


def never(_: datetime) -> None:
    """No event is on at any time."""


def always(at: datetime) -> datetime:
    return at


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


def due_in_s(schedule: Schedule, source: Source) -> float:
    return schedule.left_s(source)


def test_a_source_that_was_never_read_is_due_at_once(hands):
    assert due_in_s(Schedule(hands, never), FIXED) == 0


def test_a_fixed_rhythm_is_kept_whatever_happens(hands):
    schedule = Schedule(hands, always)
    for changed in (True, False, True):
        schedule.visited(FIXED, changed=changed)
        assert due_in_s(schedule, FIXED) == 45.0


def test_a_source_that_changes_often_is_read_more_often(hands):
    often, seldom = Schedule(hands, never), Schedule(hands, never)
    for at in range(12):
        hands.at = NOON + timedelta(hours=at)
        often.visited(LEARNED, changed=True)
        seldom.visited(LEARNED, changed=False)
    assert due_in_s(often, LEARNED) < 3600 < due_in_s(seldom, LEARNED)


def test_while_an_event_is_on_nothing_waits_for_hours(hands):
    schedule = Schedule(hands, lambda at: max(at, NOON + timedelta(hours=1)))
    schedule.visited(LEARNED, changed=False)
    assert due_in_s(schedule, LEARNED) == 3600, "the event's beginning"
    hands.at = NOON + timedelta(hours=1)
    assert due_in_s(schedule, LEARNED) <= 0
    schedule.visited(LEARNED, changed=False)
    assert due_in_s(schedule, LEARNED) == 120.0, "the mandate's own least still holds"


def test_failures_are_tried_again_later_and_later_and_at_least_every_hour(hands):
    schedule = Schedule(hands, never)
    waits = []
    for _ in range(14):
        schedule.failed(LEARNED)
        waits.append(due_in_s(schedule, LEARNED))
    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 3600
    schedule.visited(LEARNED, changed=True)
    schedule.failed(LEARNED)
    assert due_in_s(schedule, LEARNED) == 5


def test_what_an_earlier_run_learned_is_gone_on_with(hands):
    first, second = Schedule(hands, never), Schedule(hands, never)
    visits = [(NOON + timedelta(hours=at), at % 3 == 0) for at in range(10)]
    for at, changed in visits:
        hands.at = at
        first.visited(LEARNED, changed=changed)
    second.resume(LEARNED, visits)
    known, learned = second.of(LEARNED), first.of(LEARNED)
    assert known is not None
    assert learned is not None
    assert known.changes_per_day == learned.changes_per_day


@pytest.mark.parametrize("begins_in", [-600.0, 0.0, 30.0, 90.0, 5400.0])
def test_what_a_record_says_of_when_it_is_due_is_when_it_is_read(hands, begins_in):
    event = Window(
        start=NOON + timedelta(seconds=begins_in), end=NOON + timedelta(seconds=begins_in + 7200)
    )
    schedule = Schedule(hands, lambda at: max(at, event.start) if at < event.end else None)
    schedule.visited(PATIENT, changed=False)
    rhythm = schedule.of(PATIENT)
    while schedule.left_s(PATIENT) > 0:
        hands.at += timedelta(seconds=1)
    assert rhythm is not None
    assert rhythm.due == hands.at == max(NOON + timedelta(seconds=60), event.start)


def test_an_event_that_is_over_before_the_next_visit_changes_nothing(hands):
    ended = NOON + timedelta(seconds=50)
    schedule = Schedule(hands, lambda at: at if at < ended else None)
    schedule.visited(PATIENT, changed=False)
    assert due_in_s(schedule, PATIENT) > 3600


def test_a_source_that_fails_while_an_event_is_on_is_not_asked_without_a_pause(hands):
    schedule = Schedule(hands, always)
    schedule.visited(PATIENT, changed=False)
    hands.at = NOON + timedelta(seconds=300)
    waits = []
    for _ in range(6):
        schedule.failed(PATIENT)
        waits.append(due_in_s(schedule, PATIENT))
    assert waits == [5, 10, 20, 40, 60, 60]


LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


def test_a_visit_that_is_dated_ahead_is_not_believed(hands):
    schedule = Schedule(hands, always)
    schedule.resume(LEARNED, [(NOON - timedelta(hours=1), True), (LAST_MOMENT, True)])
    schedule.due_at(LEARNED, LAST_MOMENT)
    rhythm = schedule.of(LEARNED)
    assert rhythm is not None
    assert rhythm.changes_per_day.visits == 0, "no two visits are known"
    assert due_in_s(schedule, LEARNED) <= 0, "an event is on"


@pytest.mark.parametrize("source", [FIXED, LEARNED, PATIENT])
def test_a_source_is_due_no_later_than_its_own_rhythm_says(hands, source):
    schedule = Schedule(hands, never)
    schedule.resume(source, [(NOON - timedelta(hours=1), True)])
    schedule.due_at(source, LAST_MOMENT)
    rhythm = schedule.of(source)
    assert rhythm is not None
    assert 0 < due_in_s(schedule, source) <= rhythm.wait_s + 0.1


def test_a_source_without_a_known_visit_is_due_at_once_whatever_a_record_says(hands):
    schedule = Schedule(hands, never)
    schedule.resume(LEARNED, [(LAST_MOMENT, True)])
    schedule.due_at(LEARNED, NOON + timedelta(hours=9))
    assert due_in_s(schedule, LEARNED) == 0
