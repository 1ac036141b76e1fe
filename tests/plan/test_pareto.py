"""Least cost over one limit: monotone, exact where it breaks, and as cheap as one by one."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

import cautery.plan.pareto as pareto_of
from cautery.errors import InputError
from cautery.messages import in_language
from cautery.plan.goal import Goal
from cautery.plan.pareto import Axis, pareto
from cautery.plan.plot import pareto_plot
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import cheapest, plan_supply

AS_OF = date(2026, 11, 1)


def draw_graph(rng):
    """Draw a pyramid: origins, edges of two, panels of two, customers, each in some country."""
    rows = [("o", 3), ("e", 5), ("p", 5), ("d", 8)]
    nodes, groups, above = [], [], []
    for kind, count in rows:
        row = [f"{kind}{one}" for one in range(count)]
        for name in row:
            nodes.append(
                {
                    "id": name,
                    "cost": None if kind == "d" else int(rng.integers(1, 20)),
                    "country": str(rng.choice(["A", "B", "C", "D"])),
                    "delay_days": int(rng.integers(0, 5)) * 7,
                    "collateral": int(rng.integers(0, 6)),
                }
            )
            if above:
                members = [str(one) for one in rng.choice(above, 2, replace=False)]
                groups.append({"of": name, "need": int(rng.integers(1, 3)), "members": members})
        above = row
    return {
        "as_of": AS_OF.isoformat(),
        "nodes": nodes,
        "groups": groups,
        "demand": [{"node": name, "weight": int(rng.integers(1, 9))} for name in above],
    }


def table(graph, axis, *, goal=None, most=30, left_s=lambda: 60.0):
    return pareto(graph, goal or Goal(served=0.3), axis, as_of=AS_OF, left_s=left_s, most=most)


@pytest.mark.parametrize("axis", list(Axis))
@pytest.mark.parametrize("seed", range(6))
def test_a_looser_limit_never_costs_more_and_each_point_is_the_cheapest_for_its_own(axis, seed):
    graph = graph_of(draw_graph(np.random.default_rng(seed)))
    points = table(graph, axis)
    feasible = [one for one in points if one.plan.status != "infeasible"]
    assert feasible
    for one, looser in pairwise(feasible):
        assert one.level < looser.level
        assert one.plan.cost >= looser.plan.cost
        assert one.plan.bound >= looser.plan.bound
    key = {"date": "by"}.get(axis, str(axis))
    for one in points:
        alone = plan_supply(graph, replace(Goal(served=0.3), **{key: one.level}))
        assert one.plan.status == alone.status
        if alone.status == "optimal":
            assert one.plan.cost == pytest.approx(alone.cost)


@pytest.mark.parametrize("seed", range(8))
def test_between_two_points_of_countries_or_days_there_is_nothing_cheaper(seed):
    graph = graph_of(draw_graph(np.random.default_rng(seed)))
    by_day = {one.level: one.plan for one in table(graph, Axis.DATE)}
    best = None
    for days in range(0, 36, 7):
        day = AS_OF + timedelta(days=days)
        known = [plan for level, plan in by_day.items() if level <= day]
        costs = [plan.cost for plan in known if plan.status != "infeasible"]
        best = min(costs, default=None)
        alone = plan_supply(graph, Goal(served=0.3, by=day))
        told = alone.cost if alone.status == "optimal" else None
        assert best == (None if told is None else pytest.approx(told))
    assert best is not None


def test_few_points_are_spread_over_the_range_and_keep_the_loosest():
    graph = graph_of(draw_graph(np.random.default_rng(1)))
    points = table(graph, Axis.SERVED, most=3)
    assert len(points) == 3
    assert points[-1].level == max(one.level for one in points)


def test_without_time_the_points_say_that_nothing_was_found():
    graph = graph_of(draw_graph(np.random.default_rng(2)))
    for one in table(graph, Axis.COUNTRIES, left_s=lambda: 0.0):
        assert one.plan.status in ("infeasible", "feasible", "optimal")
        assert one.plan.status != "infeasible" or one.plan.conflict


def test_ctrl_c_ends_the_table_with_the_points_so_far(monkeypatch):
    graph = graph_of(draw_graph(np.random.default_rng(1)))
    whole = table(graph, Axis.SERVED)
    searched = []

    def interrupted(*arguments, **more):
        searched.append(1)
        if len(searched) > 1:
            raise KeyboardInterrupt
        return cheapest(*arguments, **more)

    monkeypatch.setattr(pareto_of, "cheapest", interrupted)
    points = table(graph, Axis.SERVED)
    assert 0 < len(points) < len(whole)
    assert [one.level for one in points] == [one.level for one in whole[-len(points) :]]


def test_days_need_a_day_to_count_from():
    graph = graph_of({**draw_graph(np.random.default_rng(2)), "as_of": None})
    with pytest.raises(InputError, match="as_of"):
        pareto(graph, Goal(), Axis.DATE, as_of=None, left_s=lambda: 1.0)


def test_a_plot_is_the_same_bytes_for_the_same_points_and_shows_hostile_units_as_text():
    points = table(graph_of(draw_graph(np.random.default_rng(1))), Axis.SERVED)
    drawn = [
        pareto_plot(points, Axis.SERVED, cost_unit="<script>$x^", subtitle="s", format="svg")
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    assert b"<script>" not in drawn[0]
    assert b"&lt;script&gt;$x^" in drawn[0]


def test_nothing_is_drawn_where_no_point_has_a_plan():
    graph = graph_of(draw_graph(np.random.default_rng(1)))
    barred = replace(graph, forbid=np.ones(len(graph.ids), np.bool_))
    with pytest.raises(InputError, match="nothing to draw"):
        pareto_plot(
            table(barred, Axis.SERVED, goal=Goal(served=0.0), most=2)[:1],
            Axis.SERVED,
            cost_unit=None,
            subtitle="",
            format="svg",
        )


@pytest.mark.parametrize("axis", [Axis.SERVED, Axis.COUNTRIES])
def test_every_text_of_a_plot_is_of_the_catalogue(axis, marks):
    points = table(graph_of(draw_graph(np.random.default_rng(1))), axis)
    with in_language(marks.Marked()):
        drawn = pareto_plot(points, axis, cost_unit="EUR", subtitle="", format="svg").decode()
    assert marks.forgotten(drawn) == []
