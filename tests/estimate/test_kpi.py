"""Figures of cases: counted once, with intervals, cut to a period, or said to be not measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from cautery.estimate import Seen
from cautery.estimate.kpi import (
    CanaryFact,
    ComplaintFact,
    EventFact,
    Facts,
    Figure,
    ListFact,
    NoticeFact,
    OfferFact,
    OrderFact,
    Period,
    StreamFact,
    TargetFact,
    sheet_of,
)
from cautery.estimate.kpi.figures import median, share
from cautery.messages import TEXTS
from cautery.model import Window

T = datetime(2026, 11, 24, 20, tzinfo=UTC)
KEY = ("League", "match", "2026-11-24")
EVENT = EventFact(key=KEY, name="A v B", window=Window(start=T, end=T + timedelta(hours=3)))
ORDER = OrderFact(key=("League", "IT", "O"), live=True)


def at(minutes: float) -> datetime:
    return T + timedelta(minutes=minutes)


def stream(url: str = "http://p/1", **more: object) -> StreamFact:
    return StreamFact(
        **{
            "url": url,
            "host": "p",
            "event": KEY,
            "looked_at": True,
            "proven": True,
            "first_seen": at(1),
            "proven_at": at(3),
            **more,
        }
    )


def notice(key: str = "N-1", **more: object) -> NoticeFact:
    return NoticeFact(
        **{
            "key": key,
            "kind": "hosting service",
            "addressee": "Hoster",
            "urls": 2,
            "sent_at": at(10),
            "proven_at": at(3),
            "event_end": at(180),
            **more,
        }
    )


def target(name: str = "p.example", **more: object) -> TargetFact:
    return TargetFact(
        **{
            "order": ORDER.key,
            "target": name,
            "intermediary": "isp",
            "event": KEY,
            "published_at": at(5),
            **more,
        }
    )


def facts(case: str = "a", **more: object) -> Facts:
    return Facts(**{"case": case, "holder": "League", "events": (EVENT,), **more})


def figure(cases: list[Facts], id_: str, of: str = "", **more: object) -> Figure:
    return sheet_of(cases, **more).indicator(id_, of).figure


def test_times_run_from_sight_to_proof_to_notice_to_gone() -> None:
    sent = (notice(gone_at=at(35)), notice("N-2", gone_at=at(100)), notice("N-3"))
    cases = [facts(streams=(stream(),), notices=sent)]
    assert figure(cases, "detection").mid == 2
    assert figure(cases, "proof-to-notice").mid == 7
    assert figure(cases, "notice-to-gone").mid == pytest.approx((25 + 90) / 2)
    gone = figure(cases, "notices-gone")
    assert (gone.count, gone.n) == (2, 3)
    assert [figure(cases, f"notices-gone-{m}").count for m in (30, 60, 120)] == [1, 1, 2]
    assert figure(cases, "notices-urls").count == 6


def test_a_notice_that_worked_after_the_match_did_not_work_during_it() -> None:
    late, in_time = notice("N-1", gone_at=at(181)), notice("N-2", gone_at=at(180))
    standing = notice("N-3", event_end=None, gone_at=at(20))
    live = figure([facts(notices=(late, in_time, standing))], "notices-gone-live")
    assert (live.count, live.n) == (1, 2)


def test_intermediaries_stand_by_their_kind() -> None:
    sent = (
        notice("N-1", receipt=True),
        notice("N-2", addressee="HOSTER", gone_at=at(20)),
        notice("N-3", kind="CDN", rejected=True, unfounded=True, withdrawn=True),
    )
    cases = [facts(notices=sent)]
    assert figure(cases, "kind-addressees", "hosting service").count == 1
    assert figure(cases, "kind-notices", "hosting service").count == 2
    assert figure(cases, "kind-gone", "hosting service").count == 1
    assert figure(cases, "kind-answered", "hosting service").count == 1
    assert figure(cases, "kind-answered", "CDN").count == 1
    for name in ("rejected", "unfounded", "withdrawn", "receipt"):
        assert figure(cases, f"notices-{name}").count == 1


def test_lists_are_answered_applied_and_refused() -> None:
    lists = (
        ListFact(
            key=("isp", "l", "1"), intermediary="isp", sent_at=at(5), answered=True, applied=True,
            applied_at=at(17), refused=2,
        ),
        ListFact(key=("isp", "l", "2"), intermediary="isp", sent_at=at(50)),
        ListFact(key=("two", "l", "1"), intermediary="two", sent_at=at(5), answered=True),
    )  # fmt: skip
    cases = [facts(lists=lists)]
    of = "access provider"
    assert figure(cases, "lists-providers", of).count == 2
    assert (
        figure(cases, "lists-answered", of).count,
        figure(cases, "lists-applied", of).count,
    ) == (2, 1)
    assert figure(cases, "lists-to-applied", of).mid == 12
    assert figure(cases, "lists-refused", of).count == 2


def test_injunctions_are_counted_with_updates_effect_and_mistakes() -> None:
    targets = (
        target(decided_at=at(4), dark_at=at(9), ended=True),
        target("q.example", published_at=at(60), in_event=True, mistaken=True, ended=False),
        target("r.example", published_at=at(60), in_event=True, released=True),
    )
    cases = [
        facts(
            targets=targets,
            orders=(ORDER, OrderFact(key=("League", "FR", "unused"), live=False)),
            streams=(stream(referred_at=at(5)),),
            canaries=(CanaryFact(canary="c", intermediary="isp", at=at(9), hit=False),),
            complaints=(
                ComplaintFact(key="C-1", received_at=at(60), decided_at=at(90), granted=True, due_at=at(99)),
                ComplaintFact(key="C-2", received_at=at(60), due_at=at(70)),
            ),
            unblock_s=((at(100), 120.0),),
        )
    ]  # fmt: skip
    assert figure(cases, "orders").count == 1
    assert figure(cases, "orders-in", "IT").count == 1
    assert figure(cases, "targets").count == 3
    assert (figure(cases, "targets-in-event").count, figure(cases, "targets-in-event").n) == (2, 3)
    assert figure(cases, "updates-per-event").mid == 1
    assert figure(cases, "proof-to-list").mid == 2
    assert (figure(cases, "targets-dark").count, figure(cases, "targets-dark").n) == (1, 3)
    assert figure(cases, "approval-to-dark").mid == 5
    assert (figure(cases, "targets-ended").count, figure(cases, "targets-ended").n) == (1, 2)
    assert figure(cases, "targets-mistaken").count == 1
    assert figure(cases, "targets-released").count == 1
    none_hit = figure(cases, "canaries-hit")
    assert (none_hit.mid, none_hit.high) == (0, pytest.approx(0.975))
    assert figure(cases, "complaints").count == 2
    assert (figure(cases, "complaints-granted").count, figure(cases, "complaints-granted").n) == (
        1,
        1,
    )
    assert (figure(cases, "complaints-in-time").count, figure(cases, "complaints-in-time").n) == (
        1,
        2,
    )
    assert figure(cases, "unblock").mid == 2


def test_exposure_is_of_all_events_and_each_stream_once() -> None:
    looks = {
        KEY: {
            "http://p/1": tuple(
                Seen(url="http://p/1", at=at(minute), live=minute < 11) for minute in range(1, 12)
            )
        }
    }
    one = figure([facts(looks=looks)], "exposure")
    assert (one.low, one.high) == (9.0, 11.0)
    two = figure([facts(looks=looks), facts("b", looks=looks)], "exposure")
    assert (two.low, two.mid, two.high) == (one.low, one.mid, one.high)


def test_nothing_is_counted_twice_over_cases() -> None:
    whole = {
        "streams": (stream(), stream("http://p/2")),
        "notices": (notice(),),
        "orders": (ORDER,),
        "targets": (target(),),
        "lists": (ListFact(key=("isp", "l", "1"), intermediary="isp", sent_at=at(5)),),
        "complaints": (ComplaintFact(key="C", received_at=at(9)),),
        "canaries": (CanaryFact(canary="c", intermediary="isp", at=at(9), hit=False),),
        "licensed": frozenset({("IT", "ch")}),
    }
    one, two = sheet_of([facts(**whole)]), sheet_of([facts(**whole), facts("b", **whole)])
    assert [row.figure for _, row in one.rows] == [row.figure for _, row in two.rows]
    assert two.cases == 2
    assert "kpi-note.shared-events" in {note.id for note in two.notes}


def test_a_copy_of_a_case_is_the_case_and_is_said() -> None:
    sheet = sheet_of([facts(), facts(), facts()])
    assert sheet.cases == 1
    assert [(note.id, note.values["count"]) for note in sheet.notes] == [("kpi-note.copies", 2)]


def test_what_two_cases_saw_of_one_thing_is_put_together() -> None:
    first = facts(
        streams=(stream(first_seen=None, proven_at=at(9)),),
        targets=(target(published_at=at(9)),),
        notices=(notice(),),
        lists=(ListFact(key=("isp", "l", "1"), intermediary="isp", sent_at=at(5)),),
        complaints=(ComplaintFact(key="C", received_at=at(9)),),
    )
    second = facts(
        "b",
        streams=(stream(first_seen=at(2), proven_at=at(20)),),
        targets=(target(published_at=at(5), dark_at=at(30), mistaken=True),),
        notices=(notice(gone_at=at(20), receipt=True),),
        lists=(
            ListFact(
                key=("isp", "l", "1"), intermediary="isp", sent_at=at(5), answered=True, refused=2
            ),
        ),
        complaints=(ComplaintFact(key="C", received_at=at(9), decided_at=at(20), granted=True),),
    )
    for order in ([first, second], [second, first]):
        assert figure(order, "detection").mid == 7
        assert figure(order, "approval-to-dark").mid == 25
        assert figure(order, "targets-mistaken").count == 1
        assert figure(order, "notices-gone").count == 1
        assert figure(order, "notices-receipt").count == 1
        assert figure(order, "lists-answered", "access provider").count == 1
        assert figure(order, "lists-refused", "access provider").count == 2
        assert figure(order, "complaints-granted").count == 1


def test_events_of_one_id_on_other_days_or_of_others_are_others() -> None:
    later = replace(EVENT, key=("League", "match", "2026-12-01"))
    other = replace(EVENT, key=("Other", "match", "2026-11-24"))
    cases = [facts(events=(EVENT, later)), facts("b", holder="Other", events=(other,))]
    assert figure(cases, "events").count == 3
    assert sheet_of(cases).holders == ("League", "Other")


def test_a_period_cuts_each_thing_by_its_own_time() -> None:
    day = timedelta(days=1)
    later = EventFact(
        key=("League", "later", "2026-12-24"),
        name="C v D",
        window=Window(start=T + 30 * day, end=T + 30 * day + timedelta(hours=3)),
    )
    case = facts(
        events=(EVENT, later),
        streams=(stream(), stream("http://p/2", event=later.key)),
        notices=(notice(), notice("N-2", sent_at=T + 30 * day)),
        complaints=(ComplaintFact(key="C", received_at=T - day),),
        unblock_s=((T - day, 60.0), (at(9), 120.0)),
    )
    period = Period(since=T, until=T + day)
    assert figure([case], "events", period=period).count == 1
    assert figure([case], "streams-proven", period=period).count == 1
    assert figure([case], "notices-sent", period=period).count == 1
    assert figure([case], "complaints", period=period).count == 0
    assert figure([case], "unblock", period=period).mid == 2
    assert figure([case], "notices-sent").count == 2
    assert figure([case], "events", period=Period(until=T)).count == 0


def test_the_lawful_offer_is_counted_from_a_list_or_not_measured() -> None:
    case = facts(licensed=frozenset({("IT", "x"), ("FR", "y"), ("FR", "z")}))
    assert figure([case], "licensees").count == 3
    assert figure([case], "licensed-territories").count == 2
    assert not figure([case], "offers").measured
    listed = [
        OfferFact(country="IT", free=True, priced=True),
        OfferFact(country="FR", free=False, priced=False),
    ]
    assert figure([case], "offers", offers=listed).count == 2
    assert figure([case], "offers-in", "IT", offers=listed).count == 1
    assert figure([case], "offers-free", offers=listed).mid == 0.5
    assert figure([case], "offers", offers=[]).count == 0
    assert not figure([case], "offers-free", offers=[]).measured


def test_an_empty_case_measures_nothing_but_counts_and_says_what_it_would_take() -> None:
    sheet = sheet_of([Facts(case="a", holder="League")])
    for _, row in sheet.rows:
        if row.figure.kind == "count":
            assert row.figure.count == 0
        else:
            assert row.figure.need is not None
            assert row.figure.need.id in TEXTS
    with pytest.raises(KeyError):
        sheet.indicator("profit")


def test_each_indicator_stands_once_in_a_family() -> None:
    sheet = sheet_of([facts(notices=(notice(), notice("N-2", kind="CDN")), targets=(target(),))])
    keys = [(row.id, row.of) for _, row in sheet.rows]
    assert len(keys) == len(set(keys))
    assert all(sheet.of(family) for family in sheet.families)


def test_a_share_of_nothing_is_not_measured_and_one_of_zero_has_a_bound() -> None:
    assert share(0, 0).kind == "not measured"
    zero = share(0, 20)
    assert (zero.low, zero.mid) == (0, 0)
    assert zero.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_a_median_of_few_is_from_the_least_to_the_greatest() -> None:
    few = median([5.0, 1.0, 9.0], unit="min")
    assert (few.low, few.mid, few.high, few.coverage) == (1, 5, 9, None)
    assert median([], unit="min").kind == "not measured"


@given(n=st.integers(1, 80))
@settings(max_examples=80, deadline=None)
def test_the_interval_of_a_median_covers_by_order_statistics(n: int) -> None:
    found = median([float(number) for number in range(1, n + 1)], unit="")
    assert found.low is not None
    assert found.high is not None
    assert found.low + found.high == n + 1
    if found.coverage is None:
        assert n < 6
    else:
        # P(the low-th value <= median <= the high-th) for any continuous distribution
        inside = binom.cdf(found.high - 1, n, 0.5) - binom.cdf(found.low - 1, n, 0.5)
        assert inside >= 0.95
