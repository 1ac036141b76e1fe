"""Each event has its own collateral budget, and what is on lists already is spent of it."""

from datetime import UTC, datetime

from cautery.model import Collateral, Decision, GuardVerdict, Intervention, Lever, Reason
from cautery.model.message import as_written
from cautery.plan.by_event import choose_by_event

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
STREAMS = {"a1": (), "a2": (), "b1": (), "c1": ()}
EVENTS = {"a1": "A", "a2": "A", "b1": "B", "c1": None}


def act(target, *streams, high=0):
    verdict = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        collateral=Collateral(high=high),
        reasons=(Reason(code="x", text=as_written("x")),),
        valid_until=NOW,
    )
    return Intervention(target=target, lever=Lever.NAME, streams=streams, cost=1.0, guard=verdict)


def chosen(acts, budgets, standing=None):
    plan, spent = choose_by_event(
        acts, streams=STREAMS, events=EVENTS, budgets=budgets, standing=standing or {}
    )
    return {one.target for one in plan.chosen}, {one.event: one for one in spent}, plan


def test_one_events_budget_is_not_anothers():
    acts = [act("a", "a1", high=3), act("b", "b1", high=3)]
    taken, spent, plan = chosen(acts, {"A": 3, "B": 2, None: 0})
    assert taken == {"a"}
    assert (spent["A"].spending.high, spent["A"].left_out) == (3, ())
    assert (spent["B"].spending.high, spent["B"].left_out) == (0, ("b",))
    assert plan.uncovered == ("a2", "b1", "c1")


def test_what_stands_is_spent_and_is_not_spent_again():
    old, new = act("old", "a1", high=3), act("new", "a2", high=2)
    taken, spent, _ = chosen([old, new], {"A": 4}, {"A": [old.guard]})
    assert taken == {"old"}
    assert spent["A"].left_out == ("new",)
    taken, spent, _ = chosen([old, new], {"A": 5}, {"A": [old.guard]})
    assert taken == {"old", "new"}
    assert (spent["A"].spending.high, spent["A"].spending.over) == (5, False)


def test_what_nobody_can_bound_is_left_out_and_named():
    taken, spent, _ = chosen([act("a", "a1", high=None)], {"A": 10**6})
    assert taken == set()
    assert spent["A"].left_out == ("a",)


def test_what_belongs_to_no_event_has_the_mandates_own_budget():
    acts = [act("c", "c1", high=2)]
    assert chosen(acts, {None: 2})[0] == {"c"}
    assert chosen(acts, {None: 1})[0] == set()


def test_the_bound_of_all_events_is_never_above_the_cost_of_all():
    apart = chosen([act("a", "a1", "a2"), act("b", "b1"), act("c", "c1")], {})[2]
    assert (apart.cost, apart.bound, apart.served_after) == (3.0, 3.0, 0)
    shared = chosen([act("x", "a1", "a2", "b1", "c1")], {})[2]
    assert (shared.cost, shared.bound, shared.served_after) == (1.0, 1.0, 0)
