"""Referrals are drafted under the order that covers what a target shows, and end with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cautery.model import (
    ActionPlan,
    CourtOrder,
    Decision,
    Event,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intermediary,
    Intervention,
    Lever,
    Mandate,
    Observation,
    OrderKind,
    Reason,
    RedactedUrl,
    Referral,
    Regime,
    SignedFor,
    Verdict,
    Window,
    Work,
    digest_of,
)
from cautery.model.message import as_written
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.watch.acting.filing import Filing

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
SEASON = Window(start=NOW - timedelta(days=30), end=NOW + timedelta(days=200))
EVENT = Event(
    id="e",
    name="Home v Away",
    kick_off=NOW,
    legal_basis="rights",
    watched=Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=2)),
)
LIVE = CourtOrder(id="live", authority="Court", territory="GB", window=SEASON, targets_rule="r")
FILMS = replace(LIVE, id="films", kind=OrderKind.STANDING)


SIGNED_FOR = SignedFor(case="0" * 16, mandate=digest_of(b"m"))


def mandate(*orders: CourtOrder, covers: str = "GB") -> Mandate:
    return Mandate(
        id="m",
        who="League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=SEASON,
        territories=(covers,),
        events=(EVENT,),
        works=(Work(id="w", title="A Film", legal_basis="rights"),),
        orders=orders,
        intermediaries=(Intermediary(name="isp", territory="GB", list_url="https://isp.example/"),),
        lab=True,
    )


def stream(event: str | None, url: str) -> Any:
    observation = Observation(at=NOW, exhibits=(ExhibitId("sha256:ab"),))
    verdict = Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=NOW,
        event=event,
        channels=() if event else ("w",),
        log10_lr=5.0,
        observations=(observation,),
    )
    return SimpleNamespace(verdict=verdict, proven=True)


STREAMS = {"match": stream("e", "http://a.example/1"), "film": stream(None, "http://b.example/1")}


def act(target: str, *streams: str) -> Intervention:
    guard = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(Reason(code="x", text=as_written("x")),),
        valid_until=SEASON.end,
    )
    return Intervention(target=target, lever=Lever.NAME, streams=streams, cost=1, guard=guard)


def drafted(
    *orders: CourtOrder, acts: tuple[Intervention, ...], covers: str = "GB"
) -> dict[str, Referral]:
    """Draft, and return the referrals by their order."""
    written: list[Any] = []
    journal: Any = SimpleNamespace(now=lambda: NOW, write=written.append, fail=written.append)
    empty: Any = SimpleNamespace(read=lambda **_: ())
    filing = Filing(
        mandate(*orders, covers=covers),
        STREAMS,
        signed_for=SIGNED_FOR,
        cuts=lambda _target, _stream: True,
        on_published=lambda _referral, _to: None,
        on_taken=lambda _taken: None,
        lists=None,  # type: ignore[arg-type]
        confirmed=dict,
        gate=KeeperGate(empty, keeper=None, signed_for=SIGNED_FOR, journal=journal, random=bytes),
        journal=journal,
    )
    plan = ActionPlan(
        chosen=acts,
        refused=(),
        served_before=1,
        served_after=0,
        cost=1,
        bound=1,
        seed=0,
        method=as_written("t"),
    )
    filing.draft(plan)
    filing.draft(plan)
    assert all(isinstance(content, Referral) for content in written)
    assert len({referral.order for referral in written}) == len(written)
    return {referral.order: referral for referral in written}


BOTH = (act("a.example", "match"), act("b.example", "film"))


def test_a_match_is_referred_under_the_live_order_and_a_film_under_the_standing_one() -> None:
    referrals = drafted(LIVE, FILMS, acts=BOTH)
    entries = {order: referral.entries[0].target for order, referral in referrals.items()}
    assert entries == {"live": "a.example", "films": "b.example"}
    assert referrals["live"].window.end == EVENT.window.end
    assert referrals["films"].window.end == SEASON.end
    assert (referrals["live"].event, referrals["films"].event) == ("e", None)


@pytest.mark.parametrize("odd", ["pirate", "a.1", "::ffff:808:808", "a b.example"])
def test_a_target_that_no_list_can_have_costs_no_other(odd: str) -> None:
    [referral] = drafted(LIVE, acts=(act("a.example", "match"), act(odd, "match"))).values()
    assert [entry.target for entry in referral.entries] == ["a.example"]


@pytest.mark.parametrize(("order", "target"), [(LIVE, "a.example"), (FILMS, "b.example")])
def test_what_no_order_covers_is_not_referred(order: CourtOrder, target: str) -> None:
    [referral] = drafted(order, acts=BOTH).values()
    assert [entry.target for entry in referral.entries] == [target]


def test_a_target_of_both_is_referred_once_under_the_live_order() -> None:
    assert list(drafted(LIVE, FILMS, acts=(act("a.example", "match", "film"),))) == ["live"]
    assert list(drafted(FILMS, acts=(act("a.example", "match", "film"),))) == ["films"]


def test_outside_of_the_mandates_territories_nothing_is_referred() -> None:
    """The order is for Great Britain and in force; the right that the mandate rests on is not."""
    assert set(drafted(LIVE, FILMS, acts=BOTH, covers="gb")) == {"live", "films"}
    assert drafted(LIVE, FILMS, acts=BOTH, covers="IE") == {}


def test_outside_of_the_days_of_an_order_nothing_is_referred() -> None:
    another_day = replace(LIVE, days=((NOW + timedelta(days=7)).date(),))
    assert drafted(another_day, acts=BOTH) == {}
