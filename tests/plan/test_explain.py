"""Why an act stands in a plan, held against counting by hand; and the plan without it."""

from datetime import date

import numpy as np
import pytest

import cautery.plan.explain as explain_of
from cautery.plan.by_country import by_country
from cautery.plan.explain import behind, explain
from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply

AS_OF = date(2026, 11, 1)


def draw_graph(rng, nodes=8):
    """Draw a graph with circles, k-of-n groups, an action and countries."""
    names = [f"n{one}" for one in range(nodes)]
    groups = []
    for number, name in enumerate(names[1:], 1):
        for _ in range(int(rng.integers(0, 3))):
            pool = names if rng.random() < 0.3 else names[:number]
            size = int(rng.integers(1, min(3, len(pool)) + 1))
            members = [str(one) for one in rng.choice(pool, size, replace=False)]
            groups.append({"of": name, "need": int(rng.integers(1, size + 1)), "members": members})
    covers = [str(one) for one in rng.choice(names, 2, replace=False)]
    return {
        "as_of": AS_OF.isoformat(),
        "nodes": [
            {
                "id": name,
                "role": "edge",
                "cost": int(rng.integers(1, 9)),
                "country": str(rng.choice(["A", "B"])),
                "delay_days": int(rng.integers(0, 9)),
            }
            for name in names
        ],
        "groups": groups,
        "actions": [{"id": "act", "covers": covers, "cost": int(rng.integers(2, 9))}],
        "demand": [{"node": str(one), "weight": 1} for one in rng.choice(names, 4, replace=False)],
    }


def explained(graph, goal, *, left_s=lambda: 60.0):
    plan = plan_supply(graph, goal)
    return plan, explain(graph, goal, plan, as_of=AS_OF, left_s=left_s)


def gone_of(graph, names):
    return np.array([name in set(names) for name in graph.ids])


@pytest.mark.parametrize("seed", range(40))
def test_what_an_act_carries_and_what_falls_with_it_is_what_counting_anew_says(seed):
    rng = np.random.default_rng(seed)
    graph = graph_of(draw_graph(rng))
    goal = Goal(served=float(rng.choice([0.0, 0.3])))
    plan, whys = explained(graph, goal)
    up = graph.groups.standing(gone_of(graph, plan.remove))
    for one in whys:
        spared = graph.groups.standing(gone_of(graph, set(plan.remove) - {one.id}))
        back = [name for name, was, now in zip(graph.ids, up, spared, strict=True) if now > was]
        assert set(one.falls) == set(back) - {"act"}
        assert one.spared == pytest.approx(graph.weight[spared].sum() / graph.demand)
        alone = 1 - graph.served(gone_of(graph, [one.id]))
        down_before = 1 - graph.served(gone_of(graph, []))
        assert one.alone == pytest.approx(alone - down_before)
        assert one.alone - 1e-9 <= one.carries <= 1


@pytest.mark.parametrize("seed", range(40))
def test_the_next_best_plan_is_the_cheapest_that_does_without_the_act(seed):
    rng = np.random.default_rng(100 + seed)
    document = draw_graph(rng)
    goal = Goal(served=0.2, countries=1 if seed % 3 == 0 else None)
    plan, whys = explained(graph_of(document), goal)
    for one in whys:
        best = plan_supply(graph_of({**document, "forbid": [one.id]}), goal)
        if best.status == "infeasible":
            assert one.next_best.status == "infeasible"
        else:
            assert one.next_best.status == "optimal"
            assert one.next_best.cost == pytest.approx(best.cost)
            assert one.next_best.cost >= plan.cost - 1e-9
            assert one.id in one.next_best.dropped


def test_when_time_is_over_a_found_plan_or_the_plans_own_bound_is_told_as_such():
    graph = graph_of(draw_graph(np.random.default_rng(3)))
    plan, whys = explained(graph, Goal(served=0.2), left_s=lambda: 0.0)
    assert whys
    assert {one.next_best.status for one in whys} <= {"feasible", "bound"}
    for one in whys:
        assert one.next_best.bound == pytest.approx(plan.bound)
        assert "none" in one.words()


def test_ctrl_c_ends_the_search_for_other_plans_and_keeps_the_counts(monkeypatch):
    def interrupted(*_arguments, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(explain_of, "cheapest", interrupted)
    graph = graph_of(draw_graph(np.random.default_rng(3)))
    plan, whys = explained(graph, Goal(served=0.2))
    assert [one.id for one in whys] == list(plan.remove)
    assert {one.next_best.status for one in whys} <= {"feasible", "bound"}


CHAIN = {
    "as_of": "2026-11-01",
    "nodes": [
        {"id": "origin", "role": "origin", "cost": 3, "country": "NL", "delay_days": 2},
        {"id": "panel", "role": "panel", "cost": 5, "country": "FR"},
        {"id": "shop", "cost": None},
    ],
    "groups": [
        {"of": "panel", "members": ["origin"]},
        {"of": "shop", "members": ["panel"]},
    ],
    "demand": [{"node": "shop", "weight": 7}],
}


def test_an_explanation_says_in_words_what_the_act_is_for_and_what_else_would_do():
    _, (why,) = explained(graph_of(CHAIN), Goal())
    assert why.words() == (
        "100.0% of the demand can be supplied through it, 100.0% through nothing else; "
        "3 nodes fall only because of it (origin (1), panel (1), node (1)); if only this act "
        "is left out, 100.00% is served, not 0.00%. The next-best plan without it costs 5 (proven) "
        "and acts on panel instead."
    )


def test_a_required_act_has_no_alternative_and_one_without_substitute_says_so():
    _, (why,) = explained(graph_of({**CHAIN, "require": ["origin"]}), Goal())
    assert why.next_best.status == "required"
    _, (why,) = explained(graph_of({**CHAIN, "forbid": ["panel"]}), Goal())
    assert (why.next_best.status, why.next_best.cost) == ("infeasible", None)


def test_of_an_uncertain_graph_the_chance_without_the_act_is_told():
    edge = {"id": "edge", "cost": 2, "success": 0.99}
    graph = {
        "nodes": [edge, {"id": "shop", "cost": 9}],
        "groups": [{"of": "shop", "members": ["edge"]}],
        "demand": [{"node": "shop", "weight": 1}],
    }
    _, (why,) = explained(graph_of(graph), Goal())
    assert (why.id, why.p_spared) == ("edge", 0.0)
    assert why.next_best.cost == 9


def test_behind_a_node_stands_whoever_can_be_supplied_through_it_and_nobody_else():
    graph = graph_of(CHAIN)
    assert [graph.ids[one] for one in np.flatnonzero(behind(graph, np.array([1])))] == [
        "panel",
        "shop",
    ]


def test_a_country_is_told_by_what_hangs_on_it_alone():
    graph = graph_of({**CHAIN, "require": ["origin", "panel"]})
    parts = by_country(graph, plan_supply(graph, Goal()), as_of=AS_OF)
    found = {one.country: one for one in parts}
    assert {name: one.spared for name, one in found.items()} == {"NL": 0.0, "FR": 0.0}
    assert found["NL"].last == date(2026, 11, 3)
    assert (found["FR"].cost, found["FR"].carries, found["FR"].acts) == (5.0, 1.0, ("panel",))


@pytest.mark.parametrize("seed", range(20))
def test_the_countries_costs_add_up_to_the_plans(seed):
    document = draw_graph(np.random.default_rng(200 + seed))
    document["countries"] = [{"id": "A", "fixed_cost": 3}]
    graph = graph_of(document)
    plan = plan_supply(graph, Goal(served=0.2))
    parts = by_country(graph, plan, as_of=AS_OF)
    assert sum(one.cost for one in parts) == pytest.approx(plan.cost)
    assert sorted(act for one in parts for act in one.acts) == sorted(plan.remove)
