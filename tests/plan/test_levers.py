"""Levers: their measured success stands in for one that is not given."""

import pytest

from cautery.errors import InputError
from cautery.plan.goal import Goal
from cautery.plan.graph_schema import graph_schema
from cautery.plan.levers import LEVERS
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply


def graph(**act):
    return {
        "nodes": [{"id": "edge", "cost": 1, **act}, {"id": "shop", "cost": 50}],
        "groups": [{"of": "shop", "members": ["edge"]}],
        "demand": [{"node": "shop", "weight": 1}],
    }


@pytest.mark.parametrize("name", LEVERS)
def test_an_act_that_names_its_lever_works_as_often_as_was_measured(name):
    assert graph_of(graph(lever=name)).success[0] == LEVERS[name].success
    assert LEVERS[name].low <= LEVERS[name].success <= LEVERS[name].high


def test_a_success_that_is_given_stands_whatever_the_lever():
    assert graph_of(graph(lever="notice-dedicated-server", success=0.5)).success[0] == 0.5
    assert graph_of(graph()).success[0] == 1.0


def test_a_plan_does_not_rest_on_notices_to_dedicated_servers():
    assert plan_supply(graph_of(graph()), Goal()).remove == ("edge",)
    assert plan_supply(graph_of(graph(lever="notice-platform")), Goal()).remove == ("edge",)
    found = plan_supply(graph_of(graph(lever="notice-dedicated-server")), Goal())
    assert found.remove == ("shop",)


@pytest.mark.parametrize("value", ["prayer", "", 3])
def test_a_lever_that_nobody_measured_gets_a_sentence(value):
    with pytest.raises(InputError, match="lever"):
        graph_of(graph(lever=value))


def test_the_schema_names_the_levers_and_demands_none():
    items = graph_schema()["properties"]["nodes"]["items"]
    assert all(name in items["properties"]["lever"]["description"] for name in LEVERS)
    assert items["required"] == ["id"]
