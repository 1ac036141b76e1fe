"""What must be ready by when, what is missing, and what a watch takes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.estimate.forecast import (
    Holdings,
    Standing,
    capacity,
    costs,
    deadlines,
    forecast_plot,
    most_at_once,
    ready,
)
from cautery.messages import message, say
from cautery.model import Estimate, Window
from cautery.model.orders import CourtOrder
from cautery.model.preparation import Channel, Check, Match, OnCall, ReadyItem
from cautery.model.season import CORES_A_WATCH

KICK_OFF = datetime(2026, 7, 10, 3, 0, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def match(starts=KICK_OFF, **traits):
    return Match(
        id=f"{starts}",
        name="A v B",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        **traits,
    )


def order(country="ES", start=-40, end=40):
    return CourtOrder(
        id="o1",
        authority="court",
        territory=country,
        window=Window(start=KICK_OFF + timedelta(days=start), end=KICK_OFF + timedelta(days=end)),
        targets_rule="r",
    )


def turn(start, end, who="duty"):
    return OnCall(
        who=who,
        window=Window(
            start=KICK_OFF + timedelta(minutes=start), end=KICK_OFF + timedelta(minutes=end)
        ),
    )


def of(item, holdings, *, now=NOW, of_match=None):
    return [one for one in deadlines([of_match or match()], holdings, now=now) if one.item is item]


@pytest.mark.parametrize(
    ("held", "standing", "why"),
    [
        (None, Standing.UNKNOWN, "ready.no-table"),
        ((order(),), Standing.READY, "ready.order-holds"),
        ((order(end=-1),), Standing.MISSING, "ready.order-ends"),
        ((order(start=1),), Standing.MISSING, "ready.order-begins"),
        ((order(end=0),), Standing.MISSING, "ready.order-ends"),
        ((), Standing.MISSING, "ready.no-order"),
    ],
)
def test_an_order_must_hold_through_the_match(held, standing, why):
    [found] = of(ReadyItem.ORDER, Holdings(orders=held, countries=("ES",)))
    assert (found.standing, found.why.id, found.subject) == (standing, why, "ES")


def test_a_country_without_rights_needs_no_order():
    found = of(
        ReadyItem.ORDER,
        Holdings(orders=(order("ES"), order("IT"))),
        of_match=match(countries=("ES",)),
    )
    assert [one.subject for one in found] == ["ES"]


@pytest.mark.parametrize(
    ("turns", "standing"),
    [
        ([turn(-30, 150)], Standing.READY),
        ([turn(-60, 40, "one"), turn(40, 200, "two")], Standing.READY),
        ([turn(-60, 40), turn(41, 200)], Standing.MISSING),
        ([turn(-29, 150)], Standing.MISSING),
        ([turn(-30, 149)], Standing.MISSING),
        ([], Standing.MISSING),
        ([turn(-900, 900), turn(-30, 10)], Standing.READY),
    ],
)
def test_somebody_is_on_call_the_whole_time(turns, standing):
    roster = tuple(sorted(turns, key=lambda one: one.window.start))
    [found] = of(ReadyItem.ON_CALL, Holdings(roster=roster))
    assert found.standing is standing


@given(st.lists(st.tuples(st.integers(-200, 300), st.integers(1, 200)), max_size=8))
def test_a_roster_covers_a_match_if_it_covers_each_of_its_minutes(spans):
    roster = tuple(
        sorted((turn(at, at + long) for at, long in spans), key=lambda one: one.window.start)
    )
    [found] = of(ReadyItem.ON_CALL, Holdings(roster=roster))
    covered = all(any(at <= minute < at + long for at, long in spans) for minute in range(-30, 150))
    assert (found.standing is Standing.READY) == covered


def test_the_first_stretch_without_anybody_is_named():
    [found] = of(ReadyItem.ON_CALL, Holdings(roster=(turn(-60, 40), turn(60, 200))))
    assert say(found.why) == "nobody on call from 2026-07-10 03:40Z to 2026-07-10 04:00Z"


@pytest.mark.parametrize(
    ("since", "standing"),
    [
        (None, Standing.MISSING),
        (date(2026, 6, 1), Standing.READY),
        (date(2026, 7, 5), Standing.DUE),
        (date(2026, 7, 10), Standing.MISSING),
    ],
)
def test_a_channel_needs_its_reference_the_day_before(since, standing):
    channel = Channel(name="One", country="ES", reference_on=since)
    [found] = of(ReadyItem.REFERENCE, Holdings(channels=(channel,)))
    assert (found.standing, found.subject) == (standing, "One, ES")


@pytest.mark.parametrize(
    ("done", "now", "standing"),
    [
        (None, NOW, Standing.DUE),
        (None, KICK_OFF - timedelta(days=1), Standing.MISSING),
        (date(2026, 6, 20), NOW, Standing.READY),
        (date(2026, 5, 20), NOW, Standing.DUE),
        (date(2026, 5, 20), KICK_OFF - timedelta(hours=1), Standing.MISSING),
    ],
)
def test_a_check_is_done_in_time_and_not_too_long_before(done, now, standing):
    checks = () if done is None else (Check(item=ReadyItem.KEYS, country=None, done_on=done),)
    [found] = of(ReadyItem.KEYS, Holdings(checks=checks), now=now)
    assert found.standing is standing


def test_a_check_of_another_country_does_not_count():
    done = Check(item=ReadyItem.CONTACTS, country="IT", done_on=date(2026, 6, 28))
    found = of(ReadyItem.CONTACTS, Holdings(checks=(done,), countries=("ES", "IT")))
    assert {one.subject: one.standing for one in found} == {
        "ES": Standing.DUE,
        "IT": Standing.READY,
    }


def test_deadlines_come_by_their_day_and_none_is_behind_its_kick_off():
    found = deadlines([match(), match(KICK_OFF + timedelta(days=9))], Holdings(), now=NOW)
    assert [one.due_at for one in found] == sorted(one.due_at for one in found)
    assert all(one.due_at <= one.match.starts_at for one in found)
    assert {one.standing for one in found} == {Standing.UNKNOWN}
    assert {one.item for one in found} == set(ReadyItem)


def level(mid, high):
    return Estimate(
        quantity=message("quantity.level-of", unit="x"),
        unit="level",
        low=0,
        mid=mid,
        high=high,
        method=message("method.forecast"),
        coverage=0.9,
    )


def needed(mid=200, high=800, **changed):
    asked = {"usual": 200, "streams": 1000, "every_s": 30, "watches": 1, "references": 100}
    return capacity(level(mid, high), **{**asked, **changed})


def test_capacity_follows_the_level_by_measured_costs():
    found = needed()
    assert found.streams == (1000, 4000)
    assert found.probes_a_minute == (2000, 8000)
    slowest = costs()["probes_a_minute_and_core"].low
    assert found.cores[1] == -(-8000 // slowest) == 6
    assert found.cores[0] < found.cores[1]


def test_each_watch_has_cores_of_its_own():
    assert needed(mid=1, high=2, watches=3).cores == (3 * CORES_A_WATCH,) * 2


@pytest.mark.parametrize(
    "changed", [{"streams": 0}, {"streams": 1e9}, {"every_s": 0}, {"usual": 0.0}]
)
def test_capacity_of_nonsense_is_refused(changed):
    with pytest.raises(InputError):
        needed(**changed)


def test_costs_name_where_they_were_measured():
    for cost in costs().values():
        assert 0 < cost.low <= cost.mid <= cost.high
        assert "bench/RESULTS.md" in cost.source


def test_matches_at_once_are_those_whose_watches_overlap():
    hours = [0, 1, 2, 10, 16]
    matches = [match(KICK_OFF + timedelta(hours=hour)) for hour in hours]
    assert most_at_once(matches) == 3
    assert most_at_once([]) == 0


def test_nothing_to_draw_is_refused():
    with pytest.raises(InputError, match="nothing to draw"):
        forecast_plot([])


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [
        ("MOST_DEADLINES", 14, "15 things to have ready, more than 14"),
        ("MOST_LOOKED_AT", 14, "15 rows of tables to look at, more than 14"),
    ],
)
def test_more_than_ten_seconds_work_is_refused(monkeypatch, limit, most, said):
    holdings = Holdings(
        orders=(order(),),
        checks=(Check(item=ReadyItem.CONTACTS, country=None, done_on=NOW.date()),),
        channels=(),
        roster=(),
    )
    asked = [match(countries=("ES", "IT")), match()]  # three countries: of order() as well
    assert deadlines(asked, holdings, now=NOW)
    monkeypatch.setattr(ready, limit, most)
    with pytest.raises(InputError, match=said):
        deadlines(asked, holdings, now=NOW)
