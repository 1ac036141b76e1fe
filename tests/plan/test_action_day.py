"""The day of a plan: all within the reaction time, and no later than it must be."""

from datetime import date

import pytest

from cautery.plan.action_day import earliest, timed
from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply

AS_OF = date(2026, 11, 1)
GRAPH = {
    "as_of": AS_OF.isoformat(),
    "nodes": [
        {"id": "a", "cost": 1},
        {"id": "b", "cost": 1, "delay_days": 20},
        {"id": "c", "cost": 1, "delay_days": 18.5},
        {"id": "shop", "cost": None},
    ],
    "groups": [{"of": "shop", "need": 1, "members": ["a", "b", "c"]}],
    "demand": [{"node": "shop", "weight": 1}],
}


@pytest.mark.parametrize(
    ("reaction", "days"),
    [
        (0, {"a": 21, "b": 21, "c": 21}),
        (1.9, {"a": 20, "b": 21, "c": 20}),
        (90, {"a": 1, "b": 21, "c": 20}),
    ],
)
def test_an_act_waits_until_the_last_one_is_within_the_reaction_time(reaction, days):
    graph = graph_of(GRAPH)
    plan = plan_supply(graph, Goal())
    found = timed(graph, plan, reaction_days=reaction, as_of=AS_OF)
    assert {one.id: one.day for one in found} == {
        name: date(2026, 11, day) for name, day in days.items()
    }
    assert all(one.usable <= one.day <= plan.date for one in found)


LATE_AND_EARLY = {
    "as_of": AS_OF.isoformat(),
    "nodes": [
        {"id": "late", "cost": 4, "delay_days": 30},
        {"id": "early", "cost": 4, "delay_days": 3},
        {"id": "dear", "cost": 9},
        {"id": "shop", "cost": None},
    ],
    "groups": [{"of": "shop", "members": [one]} for one in ("late", "early", "dear")],
    "demand": [{"node": "shop", "weight": 1}],
}


@pytest.mark.parametrize("seed", range(4))
def test_of_plans_that_cost_the_same_the_earliest_is_found_and_none_that_costs_more(seed):
    graph = graph_of(LATE_AND_EARLY)
    plan = plan_supply(graph, Goal(), seed=seed)
    found = earliest(graph, Goal(), plan, as_of=AS_OF, left_s=lambda: 60.0, seed=seed)
    assert (found.remove, found.cost, found.status) == (("early",), 4, "optimal")
    assert found.date == date(2026, 11, 4)


def test_without_time_the_plan_stays_as_it_is():
    graph = graph_of({**LATE_AND_EARLY, "require": ["late"]})
    plan = plan_supply(graph, Goal())
    assert earliest(graph, Goal(), plan, as_of=AS_OF, left_s=lambda: 0.0) == plan


def test_a_day_beyond_the_calendar_is_no_day():
    graph = graph_of(
        {**GRAPH, "nodes": [{"id": "a", "cost": 1, "delay_days": 1e12}, *GRAPH["nodes"][1:]]}
    )
    plan = plan_supply(graph, Goal())
    assert (plan.status, plan.date) == ("optimal", None)
    assert timed(graph, plan, reaction_days=1, as_of=AS_OF) == ()


def test_where_no_plan_exists_there_is_no_earlier_one():
    graph = graph_of({**LATE_AND_EARLY, "forbid": ["late", "early", "dear"]})
    plan = plan_supply(graph, Goal())
    assert earliest(graph, Goal(), plan, as_of=AS_OF, left_s=lambda: 9.0) is plan
