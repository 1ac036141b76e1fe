import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.messages import message, say
from cautery.plan import Act, Node, Supply, cut


def any_of(*members):
    return (tuple(members), 1)


def act_on(*nodes, cost=1.0, **more):
    return Act(id="+".join(nodes), nodes=nodes, cost=cost, **more)


CHAIN = (
    Node(id="panel", groups=(any_of("edge1", "edge2"),), weight=10),
    Node(id="edge1"),
    Node(id="edge2"),
)


def pirate_network(size, seed):
    """Draw the typed network of docs/reference/sources.md, F48: sources, edges, panels, sellers."""
    rng = np.random.default_rng(seed)
    nodes, acts, edges, panels = [], [], [], []
    countries = ["IT", "HR", "NL", "RO", "SE", "GB"]
    hosters = [f"hoster{n}" for n in range(max(3, size // 400))]
    payments = [f"psp{n}" for n in range(max(3, size // 500))]
    nodes += [Node(id=one) for one in hosters + payments]

    def add(name, cost, groups=(), weight=0.0):
        nodes.append(Node(id=name, groups=tuple(groups), weight=weight))
        acts.append(
            Act(
                id=name,
                nodes=(name,),
                cost=float(cost * rng.uniform(0.7, 1.4)),
                country=str(rng.choice(countries)),
            )
        )

    def some(names, low, high):
        count = min(len(names), int(rng.integers(low, high + 1)))
        return tuple(str(one) for one in rng.choice(names, size=count, replace=False))

    acts += [Act(id=name, nodes=(name,), cost=60.0, country="NL") for name in payments]
    for group in range(max(1, size // 250)):
        encoders = [f"enc{group}.{n}" for n in range(rng.integers(2, 8))]
        origins = [f"ori{group}.{n}" for n in range(rng.integers(1, 5))]
        here = [f"edge{group}.{n}" for n in range(rng.integers(3, 20))]
        for one in encoders:
            add(one, 8)
        for one in origins:
            add(one, 10, [(some(encoders, 1, 4), 1), any_of(str(rng.choice(hosters)))])
        for one in here:
            add(one, 6, [(some(origins + here[:1], 1, 3), 1), any_of(str(rng.choice(hosters)))])
        for n in range(rng.integers(1, 5)):
            members = some(here, 2, 6)
            k = 2 if len(members) > 3 and rng.random() < 0.3 else 1
            add(f"panel{group}.{n}", 4, [(members, k)])
            panels.append(f"panel{group}.{n}")
        edges += here
    shops = 0
    while len(nodes) < size:
        name = f"reseller{shops}"
        add(name, 3, [(some(panels, 1, 1 if rng.random() < 0.85 else 2), 1)])
        add(f"shop{shops}", 0.5)
        add(
            f"customers{shops}",
            10**6,
            [any_of(name), any_of(f"shop{shops}"), (some(payments, 1, 3), 1)],
            weight=float(rng.lognormal(3, 1.2)),
        )
        shops += 1
    return nodes, [one for one in acts if one.cost < 1000]


def greedy(nodes, acts, at_most):
    """Take, again and again, the act that loses them most demand for its cost."""
    gone, cost, left = set(), 0.0, list(acts)
    supply = Supply(nodes)
    now = supply.served()
    while now > at_most:
        best = max(left, key=lambda one: (now - supply.served(gone | {*one.nodes})) / one.cost)
        gone |= set(best.nodes)
        cost += best.cost
        left.remove(best)
        now = supply.served(gone)
    return cost


def test_failover_must_be_cut_as_a_whole():
    found = cut(CHAIN, [act_on("edge1"), act_on("edge2")], served_at_most=0.0)
    assert {one.id for one in found.chosen} == {"edge1", "edge2"}
    assert (found.served_before, found.served_after, found.cost, found.gap) == (1.0, 0.0, 2.0, 0.0)


def test_one_act_that_takes_two_nodes_is_bought_before_two_acts():
    acts = [act_on("edge1"), act_on("edge2"), act_on("edge1", "edge2", cost=1.5)]
    assert [one.id for one in cut(CHAIN, acts, served_at_most=0.0).chosen] == ["edge1+edge2"]


def test_nodes_of_an_act_that_is_not_allowed_stay_up_and_it_is_listed_with_its_reason():
    barred = act_on("edge2", allowed=False, why="shared with a hospital")
    found = cut(CHAIN, [act_on("edge1"), barred], served_at_most=0.0)
    assert (found.served_after, found.reached, found.chosen) == (1.0, False, ())
    assert found.refused == (barred,)
    assert "is not reached" in say(found.method)


def test_where_the_goal_cannot_be_reached_as_little_as_can_be_is_left_at_the_least_cost():
    nodes = [*CHAIN, Node(id="other", weight=5), Node(id="third", weight=5)]
    acts = [act_on("edge1"), act_on("edge2"), act_on("other"), act_on("other", "edge1", cost=1.5)]
    found = cut(nodes, acts, served_at_most=0.1)
    assert (found.served_after, found.cost, found.reached) == (0.25, 2.5, False)


def test_a_limit_on_countries_makes_the_cut_dearer_and_is_kept():
    nodes = [Node(id="a", weight=1), Node(id="b", weight=1)]
    acts = [
        Act(id="a-it", nodes=("a",), cost=1, country="IT"),
        Act(id="b-nl", nodes=("b",), cost=1, country="NL"),
        Act(id="b-it", nodes=("b",), cost=5, country="IT"),
    ]
    free = cut(nodes, acts, served_at_most=0.0)
    one_country = cut(nodes, acts, served_at_most=0.0, countries_at_most=1)
    assert (free.cost, one_country.cost) == (2.0, 6.0)
    assert {one.country for one in one_country.chosen} == {"IT"}


def test_a_collateral_budget_is_kept_though_more_stays_served():
    nodes = [Node(id="a", weight=1), Node(id="b", weight=1)]
    acts = [act_on("a", collateral=3), act_on("b", collateral=4)]
    found = cut(nodes, acts, served_at_most=0.0, collateral_budget=6)
    assert (found.served_after, found.reached) == (0.5, False)
    assert cut(nodes, acts, served_at_most=0.0, collateral_budget=7).served_after == 0.0
    refused = cut(nodes, acts, served_at_most=0.0).refused
    assert [one.id for one in refused] == ["a", "b"]
    assert refused[0].why == message("plan.over-budget", count=3, budget=0)


def test_acts_that_cost_nothing_and_gain_nothing_are_left_out():
    acts = [act_on("edge1"), act_on("edge2"), act_on("idle", cost=0.0)]
    found = cut([*CHAIN, Node(id="idle")], acts, served_at_most=0.0)
    assert {one.id for one in found.chosen} == {"edge1", "edge2"}


@pytest.mark.parametrize(
    ("acts", "share", "rule"),
    [
        ([act_on("nowhere")], 0.0, "not a node"),
        ([Act(id="x", nodes=(), cost=1)], 0.0, "no node down"),
        ([act_on("edge1"), act_on("edge1")], 0.0, "twice"),
        ([act_on("edge1", cost=-1.0)], 0.0, "not negative"),
        ([act_on("edge1", cost=float("nan"))], 0.0, "not negative"),
        ([], 1.5, "between 0 and 1"),
    ],
)
def test_bad_input_is_refused_with_its_rule(acts, share, rule):
    with pytest.raises(InputError, match=rule):
        cut(CHAIN, acts, served_at_most=share)


@st.composite
def networks(draw):
    names = [f"n{place}" for place in range(draw(st.integers(2, 7)))]
    nodes = []
    for name in names:
        groups = draw(
            st.lists(
                st.tuples(
                    st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True),
                    st.integers(1, 3),
                ),
                max_size=2,
            )
        )
        nodes.append(
            Node(
                id=name,
                groups=tuple((tuple(members), k) for members, k in groups),
                weight=draw(st.integers(0, 4)),
            )
        )
    acts = [
        Act(
            id=f"act{place}",
            nodes=tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))),
            cost=draw(st.integers(0, 6)),
            country=draw(st.sampled_from(["IT", "NL", None])),
            collateral=draw(st.integers(0, 2)),
            allowed=draw(st.booleans() | st.just(value=True)),
        )
        for place in range(draw(st.integers(0, 7)))
    ]
    return nodes, acts


@settings(max_examples=150, deadline=None)
@given(
    networks(),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.sampled_from([None, 1]),
    st.sampled_from([0, 2, 100]),
)
def test_no_set_of_acts_is_better_on_small_networks_with_circles(drawn, at_most, countries, budget):
    nodes, acts = drawn

    def fits(taken):
        places = {one.country for one in taken} - {None}
        return (countries is None or len(places) <= countries) and sum(
            one.collateral for one in taken
        ) <= budget

    usable = [one for one in acts if one.allowed]
    supply = Supply(nodes)
    ways = [
        (supply.served({node for one in taken for node in one.nodes}), sum(a.cost for a in taken))
        for size in range(len(usable) + 1)
        for taken in itertools.combinations(usable, size)
        if fits(taken)
    ]
    goal = max(at_most, min(share for share, _ in ways))
    best = min(cost for share, cost in ways if share <= goal + 1e-9)
    found = cut(
        nodes, acts, served_at_most=at_most, countries_at_most=countries, collateral_budget=budget
    )
    assert fits(found.chosen)
    assert found.served_after <= goal + 1e-9
    assert found.cost == pytest.approx(best)
    assert found.bound <= found.cost + 1e-9
    assert found.bound == pytest.approx(best, abs=1e-3)


def test_on_a_network_of_hundreds_the_cut_is_proven_and_no_dearer_than_the_greedy_one():
    nodes, acts = pirate_network(300, 3)
    found = cut(nodes, acts, served_at_most=0.05)
    assert found.served_after <= 0.05
    assert found.gap <= 1e-3
    assert found.cost < greedy(nodes, acts, 0.05)


def test_the_same_seed_gives_the_same_cut_in_any_order():
    nodes, acts = pirate_network(200, 1)
    first = cut(nodes, acts, served_at_most=0.05, seed=4)
    assert cut(nodes, acts[::-1], served_at_most=0.05, seed=4).chosen == first.chosen


def test_the_solver_says_nothing_on_stdout(capfd):
    cut(CHAIN, [act_on("edge1"), act_on("edge2")], served_at_most=0.0)
    assert capfd.readouterr().out == ""
