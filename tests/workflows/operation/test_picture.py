"""The picture joins what many agencies say; one agency's slip or malice spoils nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.messages import message
from cautery.model import Marking, Pap, Role, Statement, StatementKind, Tlp, digest_of
from cautery.model.message import as_written
from cautery.plan import Node, Supply, cut
from cautery.workflows.operation.picture import DEFAULT_COST, Picture, picture_of, traits_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def said(
    subject: str, about: str = "asset", by: str = "it-postal", minute: int = 0, **details: Any
) -> Statement:
    return Statement(
        id=digest_of(f"{by} {subject} {about} {minute} {len(details)}".encode())[7:39],
        by=by,
        subject=subject,
        about=about,
        text="it is",
        kind=StatementKind.FACT,
        marking=Marking(tlp=Tlp.GREEN, pap=Pap.AMBER),
        at=NOON + timedelta(minutes=minute),
        details=details,
    )


def needs(target: str, source: str, group: Any = 0, k: Any = 1, **more: Any) -> Statement:
    return said(target, "link", source=source, target=target, needs=group, k=k, **more)


SUPPLY = [
    said("demand:IT/x", weight=100),
    said("host:shop", role="storefront", country="DE", cost=1),
    said("host:edge1", role="edge", country="NL"),
    said("host:edge2", role="edge", country="IT"),
    needs("demand:IT/x", "host:shop"),
    needs("host:shop", "host:edge1"),
    needs("host:shop", "host:edge2"),
]


def node(picture: Picture, name: str) -> Node:
    return next(one for one in picture.nodes if one.id == name)


def test_statements_become_nodes_with_their_needs_and_customers_with_their_weight() -> None:
    seen = picture_of(SUPPLY)
    assert node(seen, "host:shop").groups == ((("host:edge1", "host:edge2"), 1),)
    assert seen.demand == pytest.approx(100)
    assert {one.id: one.role for one in seen.graph.assets}["host:edge1"] is Role.EDGE
    assert "demand:IT/x" not in {one.id for one in seen.graph.assets}
    assert seen.said == len(SUPPLY)


def test_the_order_in_which_statements_come_changes_nothing() -> None:
    assert picture_of(reversed(SUPPLY)) == picture_of(SUPPLY)


def test_what_is_about_something_else_is_left_out() -> None:
    seen = picture_of([said("P-1", "person", role="panel"), said("host:a", "payment")])
    assert (seen.nodes, seen.said) == ((), 0)


def test_guesses_of_several_agencies_meet_in_their_geometric_mean() -> None:
    seen = picture_of([said("demand:IT", weight=100), said("demand:IT", by="bg-gdbop", weight=400)])
    assert seen.demand == pytest.approx(200)


def test_a_member_that_nobody_described_is_a_node_that_no_act_may_touch() -> None:
    seen = picture_of([*SUPPLY, needs("host:edge1", "host:origin")])
    assert seen.seen_by["host:origin"] == ()
    (act,) = [one for one in seen.acts() if one.nodes == ("host:origin",)]
    assert not act.allowed
    assert act.why == message("act.not-described")


def test_acts_are_allowed_where_somebody_at_the_table_can_act() -> None:
    acts = {one.nodes[0]: one for one in picture_of(SUPPLY).acts(countries=["NL"])}
    assert acts["host:edge1"].allowed
    assert acts["host:edge2"].why == message("act.out-of-reach", country="IT")
    assert acts["host:edge2"].cost == DEFAULT_COST
    assert acts["host:shop"].cost == 1


def test_an_act_names_the_very_node_that_it_takes_down() -> None:
    seen = picture_of([*SUPPLY, said("bare"), said("host:"), said(":x"), said("a:b:c")])
    there = {one.id for one in seen.nodes}
    assert all(one.nodes[0] in there for one in seen.acts())
    assert "a:b:c" in there
    assert not there & {"bare", "host:", ":x"}


@pytest.mark.parametrize("denied", [None, "", False, 0])
@pytest.mark.parametrize("first", ["it-postal", "nl-fiod"])
def test_what_one_agency_holds_to_be_untouchable_no_other_declares_free(
    denied: Any, first: str
) -> None:
    """A hospital on the same machine does not vanish because somebody else did not see it."""
    other = "nl-fiod" if first == "it-postal" else "it-postal"
    seen = picture_of(
        [
            said("host:shared", by=first, untouchable="a hospital"),
            said("host:shared", by=other, minute=5, untouchable=denied),
        ]
    )
    (act,) = seen.acts()
    assert (act.allowed, act.why) == (False, as_written("a hospital"))


@pytest.mark.parametrize(
    "other",
    [
        "host:Clinic.example",
        "domain:clinic.example",
        "host:clinic.example.",
        "panel:clinic.example",
        "server:clinic.example:8080",
    ],
)
def test_what_is_untouchable_is_so_however_another_statement_calls_it(other: str) -> None:
    seen = picture_of(
        [
            said("host:clinic.example", untouchable="a hospital"),
            said(other, by="nl-fiod", minute=5, role="panel"),
        ]
    )
    assert {act.allowed for act in seen.acts()} == {False}
    assert [asset.shared for asset in seen.graph.assets] == [as_written("a hospital")] * 2


def test_a_url_at_an_untouchable_host_may_be_acted_on() -> None:
    """It is what the guard narrows a shared host to."""
    seen = picture_of(
        [
            said("host:drive.example", untouchable="millions share it"),
            said("url:http://drive.example/list.m3u", by="nl-fiod"),
        ]
    )
    assert {act.id: act.allowed for act in seen.acts()} == {
        "act:host:drive.example": False,
        "act:url:http://drive.example/list.m3u": True,
    }


def test_of_other_details_the_latest_word_counts_and_nothing_unsays() -> None:
    seen = picture_of(
        [
            said("host:a", country="NL", role="panel"),
            said("host:a", by="bg-gdbop", minute=1, country="BG", role=None),
        ]
    )
    (asset,) = seen.graph.assets
    assert (asset.country, asset.role) == ("BG", Role.PANEL)
    assert seen.seen_by["host:a"] == ("bg-gdbop", "it-postal")


def test_the_stricter_number_of_needed_members_counts_but_never_more_than_there_are() -> None:
    seen = picture_of(
        [
            needs("host:shop", "host:e1", k=1),
            needs("host:shop", "host:e2", k=2),
            needs("host:shop", "host:e3", group=1, k=10**6),
        ]
    )
    assert node(seen, "host:shop").groups == (
        (("host:e1", "host:e2"), 2),
        (("host:e3",), 1),
    )


@pytest.mark.parametrize("weight", [5, 1e308, 1])
def test_a_machine_with_a_weight_stays_a_machine_that_can_be_acted_on(weight: float) -> None:
    seen = picture_of([*SUPPLY, said("host:shop", by="bg-gdbop", minute=9, weight=weight)])
    assert "host:shop" in {one.id for one in seen.graph.assets}
    assert seen.demand == pytest.approx(100)


@pytest.mark.parametrize(
    "hostile",
    [
        said("host:shop", minute=9, cost="free"),
        said("host:shop", minute=9, cost=-5),
        said("host:shop", minute=9, cost=10**400),
        said("host:shop", minute=9, cost=float("nan")),
        said("host:shop", minute=9, cost=True),
        said("demand:IT/x", minute=9, weight="many"),
        said("demand:IT/x", minute=9, weight=-1),
        said("demand:IT/x", minute=9, weight=0),
        said("demand:IT/x", minute=9, weight=float("inf")),
        said("demand:IT/x", minute=9, weight=10**400),
        said("demand:IT/x", minute=9, weight=[1]),
        said("demand:IT/x", minute=9, weight=1e308),
        said("demand:IT/x", minute=9, weight=10**11),
        said("host:shop", minute=9, role={"panel": 1}),
        said("host:shop", minute=9, role="king"),
        said("host:shop", minute=9, traits="all"),
        said("host:shop", minute=9, traits=[1]),
        needs("host:shop", "host:shop"),
        needs("host:shop", "bare"),
        needs("host:shop", "host:x", group="0"),
        needs("host:shop", "host:x", group=True),
        needs("host:shop", "host:x", k=0),
        needs("host:shop", "host:x", k=-1),
        needs("host:shop", "host:x", k=1.5),
        said("host:shop", "link", source=["host:x"], target="host:shop", needs=0),
        said("host:shop", "link", source="host:x", target=None, needs=0),
        said("host:shop", "link"),
    ],
)
def test_details_that_make_no_sense_change_no_need_no_demand_and_no_cost(
    hostile: Statement,
) -> None:
    plain, seen = picture_of(SUPPLY), picture_of([*SUPPLY, hostile])
    assert seen.nodes == plain.nodes
    assert seen.demand == plain.demand
    known = {one.id: one.cost for one in plain.acts()}
    assert {one.id: one.cost for one in seen.acts()} == {
        **known,
        "act:host:shop": seen.costs.get("host:shop", DEFAULT_COST),
    }
    assert all(one.cost >= 0 for one in seen.acts())


def test_nodes_that_need_each_other_in_a_circle_stand_for_nothing() -> None:
    seen = picture_of([*SUPPLY, needs("host:edge1", "host:a"), needs("host:a", "host:edge1")])
    up = Supply(seen.nodes).standing()
    assert "host:a" not in up
    assert "host:shop" in up  # by its other edge


def test_a_plan_on_a_partial_picture_is_made_of_what_is_known() -> None:
    """Half of the supply was never shared: what is left can still be cut."""
    seen = picture_of(SUPPLY[:2] + SUPPLY[4:5])
    chosen = cut(seen.nodes, seen.acts(countries=["DE"]), served_at_most=0.1)
    assert [one.nodes for one in chosen.chosen] == [("host:shop",)]
    assert Supply(seen.nodes).served(["host:shop"]) == pytest.approx(0.0)


def test_no_statements_are_an_empty_picture() -> None:
    seen = picture_of([])
    assert (seen.nodes, seen.acts(), seen.demand) == ((), (), 0)


def test_traits_are_links_of_the_host_that_shows_them() -> None:
    links = traits_of("host:a", {"favicon": "1a", "analytics": ""}, at=NOON, source="it-postal")
    assert [(one.subject, one.kind, one.value) for one in links] == [("host:a", "favicon", "1a")]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["source", "target", "needs", "k", "cost", "weight", "country", "role",
                         "untouchable", "traits"])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["host:shop", "demand:IT/x", "host:new", ":", "x"]),
            st.sampled_from(["asset", "link"]),
            st.dictionaries(NAMES, ANY, max_size=5),
        ),
        max_size=4,
    )
)
def test_any_details_at_all_leave_a_picture_that_can_be_planned_on(
    rows: list[tuple[str, str, dict[str, Any]]],
) -> None:
    hostile = [
        said(subject, about, by="nl-fiod", minute=n, **details)
        for n, (subject, about, details) in enumerate(rows)
    ]
    seen = picture_of(SUPPLY + hostile)
    assert 0 <= Supply(seen.nodes).served([one.nodes[0] for one in seen.acts()]) <= 1
    assert {one.id for one in seen.graph.assets} <= {one.id for one in seen.nodes}
