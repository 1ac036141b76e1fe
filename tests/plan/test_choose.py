import itertools
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.model import Collateral, Decision, GuardVerdict, Intervention, Lever, Reason
from cautery.model.message import as_written
from cautery.plan import candidates, choose

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def act(target, lever, streams, cost, *, high=0, decision=Decision.ALLOW):
    verdict = GuardVerdict(
        target=target,
        lever=lever,
        decision=decision,
        collateral=Collateral(high=high),
        reasons=(Reason(code="x", text=as_written("x")),),
        valid_until=NOW,
    )
    return Intervention(
        target=target, lever=lever, streams=tuple(streams), cost=cost, guard=verdict
    )


def test_names_are_taken_and_refused_addresses_are_listed(facts):
    streams = {
        "http://edge1.pirate.example/1.m3u8": ("203.0.113.5",),
        "http://edge1.pirate.example/2.m3u8": ("203.0.113.5",),
        "http://edge2.pirate.example/3.m3u8": ("203.0.113.6",),
    }
    plan = choose(candidates(streams, facts=facts, at=NOW), streams=streams)
    assert [one.target for one in plan.chosen] == ["edge1.pirate.example", "edge2.pirate.example"]
    assert [one.target for one in plan.refused] == ["203.0.113.6"]
    assert (plan.served_before, plan.served_after, plan.gap) == (3, 0, 0.0)


def test_a_stream_on_a_bare_shared_address_is_left_to_its_url(facts):
    streams = {"http://188.114.97.7/1.m3u8": ("188.114.97.7",)}
    plan = choose(candidates(streams, facts=facts, at=NOW), streams=streams)
    assert [(one.lever, one.target) for one in plan.chosen] == [
        (Lever.URL, "http://188.114.97.7/1.m3u8")
    ]


def test_what_no_allowed_intervention_reaches_is_listed_as_uncovered(facts):
    url = "http://188.114.97.7/live/~0123456789abcdef/1.ts"
    plan = choose(
        candidates({url: ("188.114.97.7",)}, facts=facts, at=NOW),
        streams={url: ("188.114.97.7",)},
    )
    assert (plan.chosen, plan.uncovered, plan.served_after) == ((), (url,), 1)


def test_one_name_with_a_partners_stream_is_replaced_by_urls(facts):
    streams = {"http://edge1.pirate.example/1.m3u8": ("203.0.113.5",)}
    lawful = {"http://edge1.pirate.example/partner.m3u8": ("203.0.113.5",)}
    plan = choose(candidates(streams, facts=facts, at=NOW, lawful=lawful), streams=streams)
    assert [one.target for one in plan.chosen] == ["http://edge1.pirate.example/1.m3u8"]
    assert {one.target for one in plan.refused} == {"edge1.pirate.example", "203.0.113.5"}


def test_a_host_that_must_stay_up_is_blocked_neither_by_name_nor_by_address(facts):
    streams = {"http://edge1.pirate.example/out?to=b.example": ("203.0.113.5",)}
    lawful = {"edge1.pirate.example": ("203.0.113.5",)}
    options = candidates(streams, facts=facts, at=NOW, lawful=lawful)
    assert {one.lever for one in options if one.guard.decision is Decision.ALLOW} == {Lever.URL}


def test_an_address_cuts_a_host_only_together_with_its_others():
    streams = {"s": ("192.0.2.1", "192.0.2.2")}
    one = act("192.0.2.1", Lever.ADDRESS, ["s"], 1.0)
    other = act("192.0.2.2", Lever.ADDRESS, ["s"], 1.0)
    assert choose([one], streams=streams).uncovered == ("s",)
    assert choose([one, other], streams=streams).cost == 2.0


def test_a_collateral_budget_is_kept_though_streams_stay_served():
    streams = {"a": (), "b": ()}
    acts = [act("a", Lever.NAME, ["a"], 1, high=3), act("b", Lever.NAME, ["b"], 1, high=4)]
    plan = choose(acts, streams=streams, collateral_budget=4)
    assert plan.served_after == 1
    assert sum(one.guard.collateral.high for one in plan.chosen) <= 4
    assert choose(acts, streams=streams, collateral_budget=7).served_after == 0


def test_unknown_collateral_never_fits_a_budget():
    acts = [act("a", Lever.NAME, ["a"], 1, high=None)]
    assert choose(acts, streams={"a": ()}, collateral_budget=10**6).chosen == ()


def test_the_same_input_gives_the_same_plan_in_any_order(facts):
    streams = {
        f"http://edge{n}.pirate.example/{k}.m3u8": (f"203.0.113.{n + 4}",)
        for n, k in itertools.product((1, 2), range(4))
    }
    found = candidates(streams, facts=facts, at=NOW)
    assert choose(found, streams=streams).chosen == choose(found[::-1], streams=streams).chosen


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_plan_is_as_cheap_as_the_best_of_all_plans(data):
    streams = {f"s{n}": () for n in range(data.draw(st.integers(1, 5)))}
    acts = [
        act(f"n{n}", Lever.NAME, data.draw(st.sets(st.sampled_from(sorted(streams)))), cost)
        for n, cost in enumerate(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=6)))
    ]
    plan = choose(acts, streams=streams)
    best = min(
        (len(streams) - len({s for one in taken for s in one.streams}), sum(a.cost for a in taken))
        for size in range(len(acts) + 1)
        for taken in itertools.combinations(acts, size)
    )
    assert (plan.served_after, plan.cost) == best
    assert plan.bound <= plan.cost + 1e-6


def test_the_solver_says_nothing_on_stdout(capfd):
    choose([act("a", Lever.NAME, ["a"], 1)], streams={"a": ()})
    assert capfd.readouterr().out == ""
