"""Roles from what assets show and who points to them; and the graph for a plan made of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.graph.needs import plan_document
from cautery.graph.roles import MARKS, RELATIONS, infer_roles
from cautery.lab.behaviours import draw_behaviours
from cautery.messages import say, term
from cautery.model import Edge, Role
from cautery.plan.read_graph import graph_of

CHAIN = (
    ("cam.example", "feeds", "coder.example"),
    ("coder.example", "feeds", "origin.example"),
    ("origin.example", "feeds", "edge1.example"),
    ("origin.example", "feeds", "edge2.example"),
    ("panel.example", "redirects-to", "edge1.example"),
    ("panel.example", "redirects-to", "edge2.example"),
    ("shop.example", "sells", "panel.example"),
    ("shop.example", "pays", "pay.example"),
)
RELATED = [Edge(source=a, relation=r, target=b) for a, r, b in CHAIN]
SHOWN = {
    "panel.example": ("path:player_api", "path:get.php"),
    "edge1.example": ("path:live", "path:segments"),
    "shop.example": ("page:prices",),
    "pay.example": ("page:checkout",),
    "coder.example": ("encoder-page",),
}


def test_what_shows_nothing_is_known_by_its_neighbours() -> None:
    told = {one.name: one for one in infer_roles(SHOWN, RELATED)}
    assert told["origin.example"].role is Role.ORIGIN
    assert told["cam.example"].role is Role.SOURCE
    assert told["edge2.example"].role is Role.EDGE
    assert told["origin.example"].probability > 0.8
    assert any("feeds" in say(reason) for reason, _ in told["origin.example"].why)


def test_marks_alone_tell_a_panel_and_why() -> None:
    (one,) = infer_roles({"a.example": ("path:player_api", "path:get.php")}, ())
    assert one.role is Role.PANEL
    assert {reason for reason, odds in one.why if odds > 0} == {
        term("role-mark", "path:player_api"),
        term("role-mark", "path:get.php"),
    }


def test_what_nothing_speaks_for_has_no_role() -> None:
    beliefs = {one.name: one for one in infer_roles({**SHOWN, "bare.example": ()}, RELATED)}
    bare = beliefs["bare.example"]
    assert (bare.role, bare.probability) == (Role.UNKNOWN, 0.0)


def test_nothing_seen_is_refused_and_unknown_marks_are_passed_over() -> None:
    with pytest.raises(InputError):
        infer_roles({}, ())
    bare, odd = infer_roles({"a.example": (), "b.example": ("colour:red",)}, ())
    assert bare.roles == odd.roles


@pytest.mark.parametrize("seed", [2001, 2002, 2003])
def test_roles_of_lab_worlds_are_found(seed: int) -> None:
    """bench/networks/roles.py measures; the goal is 0.95."""
    world = draw_behaviours(seed)
    told = infer_roles(world.marks, world.relations)
    right = sum(world.roles[one.name] is one.role for one in told)
    assert right / len(told) >= 0.93
    assert len(told) == len(world.roles)


def _edges(*ties: tuple[str, str, str]) -> list[Edge]:
    return [Edge(source=a, relation=r, target=b) for a, r, b in ties]


def test_a_balancer_that_only_leads_on_is_an_edge_and_no_panel() -> None:
    told = infer_roles(
        {
            "panel": ("path:player_api", "path:get.php"),
            "lb1": ("path:live",),
            "lb2": (),
            **{f"edge{n}": ("path:live", "path:segments") for n in range(4)},
        },
        _edges(
            ("panel", "redirects-to", "lb1"),
            ("lb1", "redirects-to", "lb2"),
            *(("lb2", "redirects-to", f"edge{n}") for n in range(4)),
        ),
    )
    roles = {one.name: one.role for one in told}
    assert roles["lb1"] is Role.EDGE
    assert roles["lb2"] is Role.EDGE
    assert roles["panel"] is Role.PANEL


def test_a_reseller_with_a_checkout_of_its_own_is_no_payment_end() -> None:
    told = infer_roles(
        {
            "agent": ("certificate:own", "page:client-area", "page:prices", "page:checkout"),
            "panel": ("path:player_api",),
            "dealer": ("page:credits",),
        },
        _edges(("agent", "sells", "panel"), ("agent", "credits-from", "dealer")),
    )
    assert {one.name: one.role for one in told}["agent"] is Role.RESELLER


def test_what_the_others_of_a_role_show_is_learnt() -> None:
    """Thirty edges with a mark that the table gives to others: on one more it says less."""
    habit = ("certificate:many-names",)
    edges = {f"edge{n}": habit for n in range(30)}
    ties = _edges(
        *(("panel", "lists", name) for name in edges),
        *(("origin", "feeds", name) for name in edges),
    )
    shown = {"panel": ("path:player_api",), "new": habit}
    alone = {one.name: one for one in infer_roles(shown, ())}
    among = {one.name: one for one in infer_roles(shown | edges, ties)}
    assert among["edge7"].role is Role.EDGE
    assert alone["new"].role is Role.SHARED
    assert among["new"].roles[Role.EDGE] > alone["new"].roles[Role.EDGE] + 0.1


names = st.sampled_from([f"n{number}" for number in range(6)])


@given(
    st.dictionaries(names, st.lists(st.sampled_from(sorted(MARKS)), max_size=4), min_size=1),
    st.lists(
        st.builds(Edge, source=names, relation=st.sampled_from(sorted(RELATIONS)), target=names),
        max_size=12,
    ),
)
@settings(max_examples=60, deadline=None)
def test_beliefs_are_probabilities_whatever_is_seen(
    marks: dict[str, list[str]], relations: list[Edge]
) -> None:
    told = infer_roles(marks, relations)
    assert [one.name for one in told] == sorted({one.name for one in told})
    for one in told:
        assert sum(one.roles.values()) == pytest.approx(1)
        assert one.probability in {max(one.roles.values()), 0.0}
        assert (one.role is Role.UNKNOWN) == (one.probability == 0.0)
    turned = infer_roles(dict(reversed(marks.items())), relations)
    assert [one.role for one in turned] == [one.role for one in told]


def test_a_plan_reads_the_graph_with_failover_shared_fate_and_demand() -> None:
    beliefs = infer_roles(SHOWN, RELATED)
    document = plan_document(
        beliefs,
        RELATED,
        fates={"edge1.example": ("rack:7",), "edge2.example": ("rack:7",)},
        needed={"panel.example": 2},
        demand={"shop.example": 1200.0},
        countries={"panel.example": "NL"},
    )
    graph = graph_of(document)
    assert "rack:7" in graph.ids
    groups = {one["of"]: one for one in document["groups"] if len(one["members"]) > 1}
    assert groups["panel.example"]["need"] == 2
    assert [one["id"] for one in groups["panel.example"]["members"]] == [
        "edge1.example",
        "edge2.example",
    ]
    assert sum(one["of"] == "shop.example" for one in document["groups"]) == 2
    assert document["demand"] == [{"node": "shop.example", "weight": 1200.0}]


def test_lab_worlds_make_graphs_that_can_be_planned() -> None:
    world = draw_behaviours(2005)
    beliefs = infer_roles(world.marks, world.relations)
    graph = graph_of(plan_document(beliefs, world.relations))
    assert graph.nodes >= len(world.roles)


def test_assets_on_one_server_fall_with_it_and_it_costs_as_much_as_the_dearest() -> None:
    document = plan_document(
        infer_roles(SHOWN, RELATED),
        RELATED,
        places={
            "panel.example": ("192.0.2.1",),
            "edge1.example": ("192.0.2.1", "192.0.2.2"),
            "edge2.example": ("192.0.2.9",),
        },
        targets={"panel.example": "panel.example", "192.0.2.1": "192.0.2.1"},
    )
    graph_of(document)
    nodes = {one["id"]: one for one in document["nodes"]}
    assert nodes["192.0.2.1"]["cost"] == nodes["panel.example"]["cost"]
    assert nodes["192.0.2.1"]["target"] == "192.0.2.1"
    assert "target" not in nodes["edge1.example"]
    assert "192.0.2.9" not in nodes  # who stands there alone needs no node for it
    groups = [(one["of"], [m["id"] for m in one["members"]]) for one in document["groups"]]
    assert ("panel.example", ["192.0.2.1"]) in groups
    assert ("edge1.example", ["192.0.2.1", "192.0.2.2"]) in groups


def test_what_nobody_knows_is_neither_acted_on_nor_demanded() -> None:
    """A silent host is one thing rather than another, but surely nothing."""
    beliefs = infer_roles(SHOWN | {"idle.example": ()}, RELATED)
    idle = next(one for one in beliefs if one.name == "idle.example")
    assert idle.probability < 0.5
    document = plan_document(beliefs, RELATED)
    node = next(one for one in document["nodes"] if one["id"] == "idle.example")
    assert node["role"] == "unknown"
    assert node["cost"] is None
    assert [one["node"] for one in document["demand"]] == ["shop.example"]


def test_a_graph_without_sellers_or_with_a_strange_demand_is_refused() -> None:
    beliefs = infer_roles({"a.example": ("encoder-page",)}, ())
    with pytest.raises(InputError, match="sell anything"):
        plan_document(beliefs, ())
    with pytest.raises(InputError, match="not an asset"):
        plan_document(beliefs, (), demand={"b.example": 1})
