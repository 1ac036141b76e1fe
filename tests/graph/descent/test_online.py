"""The follower knows each day only what was known on it, and weighs what is rare."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.graph.descent import Follower
from cautery.lab.descent import DescentWorld, Settings, descent_world
from cautery.model.descent import Proposal, Trait, TraitKind, TraitSeen, TraitSet

ACT = date(2026, 3, 1)
BITS = 1 << 18
K = TraitKind
OWN = {
    K.STREAM_FAULT: "delay 3.21 s",
    K.PAYMENT_END: "shop-8f3a",
    K.PANEL: "panel-x",
    K.GUIDE_QUIRK: "arena 1 has the guide of dazn 2",
}


def struck(of: str = "case-1", *, acted_on: date = ACT, **more: str) -> TraitSet:
    return TraitSet(
        of=of,
        acted_on=acted_on,
        traits=tuple(
            Trait(kind=kind, value=value)
            for kind, value in {**OWN, **{K(name): value for name, value in more.items()}}.items()
        ),
        members=(f"old-{of}.example",),
    )


def seen(entity: str, day: date, **values: str) -> list[TraitSeen]:
    return [
        TraitSeen(
            entity=entity, kind=K(kind.replace("_", "-")), value=value, day=day, source="watch"
        )
        for kind, value in values.items()
    ]


def own(entity: str, day: date, *kinds: TraitKind) -> list[TraitSeen]:
    return [
        TraitSeen(entity=entity, kind=kind, value=OWN[kind], day=day, source="watch")
        for kind in kinds or OWN
    ]


def strangers(day: date, count: int = 20, **shared: str) -> list[TraitSeen]:
    rows = []
    for number in range(count):
        entity = f"stranger-{day}-{number}.example"
        values = {
            "stream_fault": f"delay {number}.{day.toordinal()} s",
            "panel_fingerprint": f"panel-{number % 5}",
            "payment_end": f"shop-{day}-{number}",
            "guide_quirk": f"quirk-{number}-{day}",
        }
        rows += seen(entity, day, **(values | shared))
    return rows


def history(follower: Follower, days: int = 30, **shared: str) -> Follower:
    for before in range(days, 0, -1):
        day = ACT - timedelta(days=before)
        assert follower.day(day, strangers(day, **shared)) == ()
    return follower


def run(world: DescentWorld, *, until: date | None = None, **how: object) -> list[Proposal]:
    follower = Follower(world.sets, bits=BITS)
    proposals: list[Proposal] = []
    for day, rows in world.days.items():
        if until is None or day <= until:
            arrived = list(rows)
            if how.get("shuffled"):
                random.Random(str(day)).shuffle(arrived)
            if how.get("doubled"):
                arrived += arrived
            proposals += follower.day(day, arrived)
    return proposals


SMALL = Settings(strangers_a_day=4.0, descendants=8, after_d=60)
WORLDS = {seed: descent_world(seed, SMALL) for seed in (1, 2)}
WHOLE = {seed: run(world) for seed, world in WORLDS.items()}


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.integers(0, 120))
def test_cutting_off_the_future_changes_no_answer(seed: int, cut: int) -> None:
    until = min(WORLDS[seed].days) + timedelta(days=cut)
    expected = [proposal for proposal in WHOLE[seed] if proposal.proposed_on <= until]
    assert run(WORLDS[seed], until=until) == expected


@pytest.mark.parametrize("how", ["shuffled", "doubled"])
@pytest.mark.parametrize("seed", sorted(WORLDS))
def test_the_order_and_the_repetition_of_a_days_rows_do_not_matter(seed: int, how: str) -> None:
    assert WHOLE[seed]
    assert run(WORLDS[seed], **{how: True}) == WHOLE[seed]


def test_what_is_found_is_mostly_true_and_dated_in_order() -> None:
    for seed, proposals in WHOLE.items():
        truth = WORLDS[seed].truth
        right = [one for one in proposals if truth[one.entity].what == "descendant"]
        assert len(right) > len(proposals) / 2
        acts = {traits.of: traits.acted_on for traits in WORLDS[seed].sets}
        for one in proposals:
            assert acts[one.of] <= one.first_knowable <= one.proposed_on
            assert one.reasons == tuple(sorted(one.reasons, key=lambda r: (-r.weight, r.kind)))


def test_a_value_weighs_by_how_rare_it_is_on_that_day() -> None:
    rare = history(Follower([struck()], bits=BITS))
    common = history(
        Follower([struck()], bits=BITS), **{k.value.replace("-", "_"): v for k, v in OWN.items()}
    )
    day = ACT + timedelta(days=1)
    [proposal] = rare.day(day, own("new.example", day))
    assert (proposal.entity, proposal.of, proposal.either) == ("new.example", "case-1", ())
    assert {reason.value for reason in proposal.reasons} == set(OWN.values())
    assert all(reason.weight > 0 for reason in proposal.reasons)
    assert common.day(day, own("new.example", day)) == ()
    assert common.standing("new.example") < -2


def test_what_becomes_common_later_no_longer_speaks_and_takes_nothing_back() -> None:
    follower = history(Follower([struck()], bits=BITS))
    first, later = ACT + timedelta(days=1), ACT + timedelta(days=60)
    kinds = (K.PANEL, K.GUIDE_QUIRK, K.STREAM_FAULT)
    [early] = follower.day(first, own("early.example", first, *kinds))
    counts = []
    for n in range(2, 60):
        day = ACT + timedelta(days=n)
        shared = strangers(day, panel_fingerprint=OWN[K.PANEL], guide_quirk=OWN[K.GUIDE_QUIRK])
        counts.append(len(follower.day(day, shared)))
    assert counts[10:] == [0] * 48  # the first who take it up look like descendants
    follower.day(later, own("late.example", later, *kinds))
    assert early.entity == "early.example"
    assert follower.standing("late.example") < early.log_odds - 3


def test_being_new_just_after_the_act_is_no_evidence() -> None:
    follower = history(Follower([struck(hoster="as1", middleware="m1")], bits=BITS), hoster="as1")
    for n in range(7):
        day = ACT + timedelta(days=n)
        rows = strangers(day, count=6, hoster="as1", middleware="m1")
        assert follower.day(day, rows) == ()


def test_another_value_speaks_against() -> None:
    day = ACT + timedelta(days=1)
    with_, without = (history(Follower([struck()], bits=BITS)) for _ in range(2))
    with_.day(day, own("new.example", day, K.PANEL))
    without.day(
        day, [*own("new.example", day, K.PANEL), *seen("new.example", day, stream_fault="x")]
    )
    assert without.standing("new.example") < with_.standing("new.example")


def test_who_served_before_the_act_or_was_a_member_has_not_grown_back() -> None:
    follower = history(Follower([struck()], bits=BITS), days=30)
    follower = Follower([struck()], bits=BITS)
    before, after = ACT - timedelta(days=3), ACT + timedelta(days=3)
    assert follower.day(before, own("sibling.example", before, K.PANEL)) == ()
    rows = [*own("sibling.example", after), *own("old-case-1.example", after)]
    assert follower.day(after, rows) == ()


def test_a_name_in_reserve_may_descend_once_it_serves() -> None:
    follower = history(Follower([struck()], bits=BITS))
    assert follower.last == ACT - timedelta(days=1)
    day = ACT + timedelta(days=2)
    early = seen("reserve.example", ACT - timedelta(days=9), certificate="c1", hoster="as7")
    [proposal] = follower.day(day, [*early, *own("reserve.example", day)])
    assert proposal.first_knowable == day


def test_whoever_is_nearly_sure_to_descend_is_proposed_also_a_name_in_reserve() -> None:
    world = descent_world(1200, Settings(after_d=40))
    follower = Follower(world.sets, bits=BITS)
    proposed: set[str] = set()
    prepared: set[str] = set()
    for day, rows in world.days.items():
        held = set(follower.owned.by_entity)
        proposed |= {proposal.entity for proposal in follower.day(day, rows)}
        prepared |= held & proposed
        for entity in {row.entity for row in rows}:
            if follower.standing(entity) > math.log(99):
                assert entity in proposed, (day, entity)
    assert prepared  # some were held to be the networks' own before they served anybody


def test_what_arrives_late_could_have_been_known_before() -> None:
    follower = history(Follower([struck()], bits=BITS))
    public, arrived = ACT + timedelta(days=2), ACT + timedelta(days=6)
    [proposal] = follower.day(arrived, own("new.example", public))
    assert (proposal.first_knowable, proposal.proposed_on) == (public, arrived)


def test_traits_may_come_on_different_days() -> None:
    follower = history(Follower([struck()], bits=BITS))
    proposals = []
    for n, kind in enumerate(OWN, start=1):
        day = ACT + timedelta(days=n)
        proposals += follower.day(day, [*strangers(day), *own("new.example", day, kind)])
    assert [proposal.entity for proposal in proposals] == ["new.example"]


def test_of_two_networks_alike_it_is_either() -> None:
    follower = history(Follower([struck("case-1"), struck("case-2")], bits=BITS))
    day = ACT + timedelta(days=1)
    [proposal] = follower.day(day, own("new.example", day))
    assert {proposal.of, *proposal.either} == {"case-1", "case-2"}
    follower.reject("new.example", proposal.of)
    other = day + timedelta(days=1)
    [again] = follower.day(other, own("new.example", other, K.PANEL))
    assert (again.of, again.either) == (proposal.either[0], ())


def test_the_rejected_is_not_proposed_again() -> None:
    follower = history(Follower([struck()], bits=BITS))
    day = ACT + timedelta(days=1)
    [proposal] = follower.day(day, own("new.example", day))
    follower.reject(proposal.entity, proposal.of)
    for n in range(2, 5):
        day = ACT + timedelta(days=n)
        assert follower.day(day, own("new.example", day)) == ()


def test_an_analysts_words_teach_within_bounds() -> None:
    day = ACT + timedelta(days=1)
    odds = {}
    for word in ("silence", "confirm", "reject"):
        follower = history(Follower([struck()], bits=BITS))
        for n in range(100):
            entity = f"candidate-{n}.example"
            follower.day(ACT + timedelta(days=n), own(entity, ACT + timedelta(days=n)))
            if word != "silence":
                getattr(follower, word)(entity, "case-1")
        day = ACT + timedelta(days=120)
        follower.day(day, own("new.example", day))
        odds[word] = follower.standing("new.example")
    assert odds["reject"] < odds["silence"] <= odds["confirm"] + 1e-9
    assert odds["confirm"] < odds["silence"] + 8
    assert odds["reject"] > odds["silence"] - 25


def test_the_traits_of_the_confirmed_are_looked_for() -> None:
    follower = history(Follower([struck()], bits=BITS))
    first, second = ACT + timedelta(days=1), ACT + timedelta(days=20)
    follower.day(first, own("new.example", first))
    new = [Trait(kind=K.ANALYTICS, value="G-77"), Trait(kind=K.CERTIFICATE, value="c77")]
    rows = [*seen("next.example", second, analytics="G-77", certificate="c77"),
            *own("next.example", second, K.PANEL)]  # fmt: skip
    plain = follower.standing("next.example")
    follower.confirm("new.example", "case-1", traits=new)
    [proposal] = follower.day(second, rows)
    assert plain == float("-inf")
    assert {"G-77", "c77"} <= {reason.value for reason in proposal.reasons}


def test_days_are_taken_in_once_in_order_and_the_future_is_passed_over() -> None:
    follower = Follower([struck()], bits=BITS)
    follower.day(ACT, own("new.example", ACT + timedelta(days=1)))
    assert follower.later == len(OWN)
    assert follower.evidence("new.example", "case-1") == ()
    for day in (ACT, ACT - timedelta(days=1)):
        with pytest.raises(InputError, match="was taken in before"):
            follower.day(day, [])


def test_an_unknown_network_is_refused() -> None:
    follower = Follower([struck()], bits=BITS)
    for call in (follower.confirm, follower.reject, follower.evidence):
        with pytest.raises(InputError, match="no such network"):
            call("new.example", "case-9")
    with pytest.raises(InputError, match="followed already"):
        follower.follow(struck())


def test_a_flood_of_traits_of_one_entity_is_bounded() -> None:
    many = TraitSet(
        of="case-1",
        acted_on=ACT,
        traits=tuple(Trait(kind=K.STREAM_FAULT, value=f"f{n}") for n in range(3000)),
    )
    follower = Follower([many], bits=BITS)
    rows = [
        TraitSeen(
            entity="flood.example", kind=K.STREAM_FAULT, value=f"f{n}", day=ACT, source="watch"
        )
        for n in range(3000)
    ]
    follower.day(ACT, rows)
    assert (
        len(
            follower.memory.lately.get("flood.example")
            or follower.owned.by_entity["flood.example"].pairs
        )
        <= 128
    )
