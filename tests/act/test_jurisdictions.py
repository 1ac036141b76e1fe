"""Profiles of jurisdictions: each rule has its source, and each kind of order its rules."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cautery.act.jurisdictions import (
    FieldPlace,
    Profile,
    Rule,
    RuleTopic,
    _with_own,
    acting_window,
    covers,
    order_for,
    profile_of,
    profiles,
    rule_of,
)
from cautery.act.rules import UNVERIFIED, require_confirmed, rule_digest, rules_for, unconfirmed
from cautery.errors import ApprovalError, InputError
from cautery.model import CourtOrder, Event, Lever, OrderKind, Window

SOURCES = Path(__file__).parents[2] / "docs" / "reference" / "sources.md"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NIGHT = Window(start=NOON, end=NOON + timedelta(hours=24))
MATCH = Event(id="m", name="Home v Away", kick_off=NOON, legal_basis="rights")


def order(kind: OrderKind = OrderKind.LIVE, *, territory: str = "FR", **more: object) -> CourtOrder:
    return CourtOrder(
        id=f"{territory}-{kind.value}", authority="Court", territory=territory, window=NIGHT,
        targets_rule="services", kind=kind, **more,
    )  # type: ignore[arg-type] # fmt: skip


@pytest.mark.parametrize("profile", profiles(), ids=lambda profile: profile.territory)
def test_each_rule_has_a_publication_or_is_marked_as_unverified(profile: Profile) -> None:
    publications = SOURCES.read_text(encoding="utf-8").partition("## Publications")[2]
    known = {UNVERIFIED, *re.findall(r"\b(S\d+)\b(?=\s+\S)", publications)}
    assert profile.rules
    for rule in profile.rules:
        assert rule.mark in known, f"{rule.id}: {rule.mark} is not in sources.md"
        assert rule.id.startswith(profile.territory.lower()) or profile.territory == "EU"
        assert not rule.text.endswith(".")


def test_the_jurisdictions_of_the_first_hour_are_there_with_unique_rules() -> None:
    territories = {profile.territory for profile in profiles()}
    assert territories == {"EU", "IT", "FR", "GB", "IE", "ES", "PT", "DK"}
    ids = [rule.id for profile in profiles() for rule in profile.rules]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("territory", ["IT", "FR", "GB", "IE", "ES", "PT", "DK"])
def test_each_jurisdiction_knows_both_kinds_of_order_and_a_complaint(territory: str) -> None:
    profile = profile_of(territory)
    assert profile.kinds == tuple(OrderKind)
    assert any(rule.about is RuleTopic.COMPLAINT for rule in profile.rules)
    for kind in OrderKind:
        for name, field in profile.fields(kind).items():
            assert (name in profile.particulars(kind)) is (field.of is FieldPlace.ORDER)


def test_a_profile_says_what_a_list_and_a_complaint_need() -> None:
    italy, france, spain = profile_of("it"), profile_of("FR"), profile_of("ES")
    assert italy.complaint_days == 5
    assert "capacity" in italy.release_reasons
    assert france.particulars(OrderKind.LIVE) == ("calendar", "agent", "method")
    assert france.particulars(OrderKind.STANDING) == ()
    assert (spain.is_secret(OrderKind.LIVE), spain.is_secret(OrderKind.STANDING)) == (True, None)
    assert italy.max_stale_s(OrderKind.LIVE, Lever.ADDRESS) == 120
    assert italy.max_stale_s(OrderKind.STANDING, Lever.NAME) is None


@pytest.mark.parametrize("territory", ["IT", "FR", "GB", "IE", "ES", "PT", "DK", "XX"])
def test_each_profile_has_a_clock_for_complaints_which_no_source_states(territory: str) -> None:
    profile = profile_of(territory)
    clocks = [rule for rule in profile.rules if rule.hours is not None]
    assert [(rule.orders, rule.mark) for rule in clocks] == [
        ((kind,), UNVERIFIED) for kind in OrderKind
    ]
    assert profile.decide_within(OrderKind.LIVE) == timedelta(hours=1)
    assert profile.decide_within(OrderKind.STANDING) == timedelta(hours=72)
    assert [rule for rule in rules_for(territory, OrderKind.LIVE) if rule in clocks] == clocks[:1]


@pytest.mark.parametrize("territory", ["IT", "FR", "GB", "IE", "ES", "PT", "DK", "XX"])
def test_each_time_of_a_list_is_a_rule_that_waits_for_a_person(territory: str) -> None:
    profile = profile_of(territory)
    assert profile.max_stale_s(OrderKind.LIVE, Lever.ADDRESS) == 120
    waiting = {rule.id: rule.text for rule in unconfirmed(rules_for(territory), {})}
    assert "holds for 120 s" in waiting[f"{territory.lower()}-stale-live-address"]


def test_an_unverified_rule_may_make_a_list_secret_but_never_opens_one() -> None:
    def stated(*, secret: bool, mark: str) -> bool | None:
        rule = Rule(id="zz-1", territory="ZZ", text="t", mark=mark, secret=secret)
        return Profile(territory="ZZ", name="Z", rules=(rule,)).is_secret(OrderKind.LIVE)

    assert stated(secret=True, mark=UNVERIFIED) is stated(secret=False, mark=UNVERIFIED) is True
    assert stated(secret=False, mark="S1") is False


def test_a_rule_whose_value_changed_is_confirmed_again() -> None:
    rule = rule_of("fr-release")
    assert rule_digest(replace(rule, reasons=("error",))) != rule_digest(rule)
    assert rule_digest(replace(rule, secret=False)) == rule_digest(rule)  # as good as not stated


def test_a_rule_of_a_jurisdiction_counts_more_than_our_own_clock() -> None:
    stated = Rule(
        id="zz-complaint",
        territory="ZZ",
        text="the authority decides within a day",
        mark="S1",
        about=RuleTopic.COMPLAINT,
        orders=(OrderKind.LIVE,),
        hours=24,
    )
    profile = Profile(territory="ZZ", name="Z", rules=_with_own("ZZ", (stated,)))
    assert profile.decide_within(OrderKind.LIVE) == timedelta(hours=24)
    assert profile.decide_within(OrderKind.STANDING) == timedelta(hours=72)


def test_live_rules_are_sourced_and_most_standing_ones_wait_for_a_person() -> None:
    waiting = {
        (profile.territory, kind.value)
        for profile in profiles()
        for kind in profile.kinds
        for rule in profile.of(kind, RuleTopic.BASIS)
        if not rule.is_verified
    }
    assert waiting == {(code, "standing") for code in ("FR", "GB", "IE", "ES", "DK")}
    [rule] = profile_of("FR").of(OrderKind.STANDING, RuleTopic.BASIS)
    with pytest.raises(ApprovalError, match="not verified"):
        require_confirmed(rule, lab=False, confirmed={})
    require_confirmed(rule, lab=False, confirmed={rule.id: "CPI, art. L.336-2, read today"})


def test_nothing_is_known_of_other_places_but_that_it_must_be_confirmed() -> None:
    unknown = profile_of("xx")
    assert {rule.mark for rule in unknown.rules} == {UNVERIFIED}
    assert [rule.id for rule in unknown.rules] == [
        *("xx-live", "xx-standing", "xx-decide-live", "xx-decide-standing"),
        "xx-stale-live-address",
    ]
    standing = [rule.id for rule in rules_for("XX", OrderKind.STANDING)]
    assert standing == ["xx-standing", "xx-decide-standing"]
    assert rule_of("xx-live", territories=["XX"]).territory == "XX"
    with pytest.raises(InputError, match="no rule 'xx-live'"):
        rule_of("xx-live")


def test_a_live_order_covers_events_and_a_standing_one_all_else() -> None:
    live, standing = order(), order(OrderKind.STANDING)
    assert (covers(live, MATCH), covers(live, None)) == (True, False)
    assert (covers(standing, MATCH), covers(standing, None)) == (False, True)
    assert order_for([standing, live], MATCH) is live
    assert order_for([live, standing], None) is standing
    assert order_for([live], None) is None


def test_a_day_of_the_calendar_is_a_day_by_the_clock_of_the_country() -> None:
    late = Event(
        id="late", name="Late", kick_off=datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
        legal_basis="rights",
    )  # fmt: skip
    of_the_day, of_the_next = (order(days=(date(2026, 11, day),)) for day in (24, 25))
    assert (covers(of_the_day, late), covers(of_the_next, late)) == (False, True)
    assert covers(order(territory="GB", days=(date(2026, 11, 24),)), late)


def test_a_referral_ends_with_the_event_where_the_law_says_so() -> None:
    french, italian = (acting_window(order(territory=code), MATCH, NIGHT) for code in ("FR", "IT"))
    assert french is not None
    assert italian is not None
    assert (french.end, italian.end) == (MATCH.window.end, NIGHT.end)
    assert acting_window(order(OrderKind.STANDING), None, NIGHT) == NIGHT
    later = Window(start=NIGHT.end, end=NIGHT.end + timedelta(days=1))
    assert acting_window(order(), MATCH, later) is None
