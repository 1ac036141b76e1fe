"""A small input gives the same bits, whether loops run as plain Python or compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery import kernels
from cautery.catalogue import Catalogue, Listing, Resolver, Right
from cautery.errors import InputError
from cautery.graph.evidence import with_links
from cautery.graph.links_table import table_of
from cautery.graph.membership import probabilities
from cautery.graph.mirrors import Domain, mirror_families
from cautery.graph.networks import find_networks
from cautery.plan.explain import behind, explain
from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply

EXAMPLES = settings(max_examples=40)


def both_ways(work: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what it gives plain, and compiled; what it raises counts as what it gives."""

    def given_or_raised() -> Any:
        try:
            return work()
        except InputError as error:
            return str(error)

    with kernels.only_plain():
        plain = given_or_raised()
    with kernels.only_compiled():
        compiled = given_or_raised()
    return plain, compiled


NODES = ("a", "b", "c", "d", "e", "f", "g")
PRICES = st.sampled_from([1, 1, 2, 3, 0.1, 1e6])


@st.composite
def supply_graphs(draw: st.DrawFn) -> dict[str, Any]:
    members = st.lists(st.sampled_from(NODES), min_size=1, max_size=5, unique=True)
    groups = draw(st.lists(st.tuples(st.sampled_from(NODES), members), max_size=9))
    sinks = draw(st.lists(st.sampled_from(NODES), min_size=1, max_size=4, unique=True))
    return {
        "nodes": [{"id": name, "cost": draw(PRICES)} for name in NODES],
        "groups": [
            {"of": of, "members": needed, "need": draw(st.integers(1, len(needed)))}
            for of, needed in groups
        ],
        "demand": [{"node": name, "weight": draw(PRICES)} for name in sinks],
    }


@EXAMPLES
@given(supply_graphs(), st.sampled_from([0.0, 0.3, 0.5]))
def test_plans_are_alike(text: dict[str, Any], served: float) -> None:
    def work() -> Any:
        graph = graph_of(text)
        plan = plan_supply(graph, Goal(served=served), clock=lambda: 0.0)
        whys = explain(graph, Goal(served=served), plan, as_of=None, left_s=lambda: 1.0)
        return replace(plan, seconds=0.0), whys, behind(graph, np.array([0])).tolist()

    plain, compiled = both_ways(work)
    assert repr(plain) == repr(compiled)


LINKS = st.lists(
    st.tuples(
        st.sampled_from([f"s{n}" for n in range(9)]),
        st.sampled_from(["payment", "certificate", "address"]),
        st.sampled_from([f"v{n}" for n in range(7)]),
        st.just(0.0),
        st.just(0.0),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=15)
@given(LINKS, st.integers(0, 3))
def test_networks_and_how_sure_they_are_are_alike(links: list[Any], seed: int) -> None:
    def work() -> Any:
        evidence, _ = table_of(links).evidence()
        found = find_networks(evidence, common=np.empty(0, np.int64), seed=seed)
        sure = probabilities(found)
        at = np.zeros(1, np.int64)
        grown = with_links(evidence, at, at, evidence.kind, evidence.subjects)
        return repr(found), repr(sure), repr(grown)

    with np.printoptions(threshold=10_000, floatmode="unique"):
        plain, compiled = both_ways(work)
    assert plain == compiled


NAMES = st.lists(
    st.text(alphabet="arensp12", min_size=3, max_size=10), min_size=2, max_size=8, unique=True
)


@EXAMPLES
@given(NAMES)
def test_families_are_alike(names: list[str]) -> None:
    plain, compiled = both_ways(
        lambda: mirror_families([Domain(name=f"{name}.example") for name in names])
    )
    assert repr(plain) == repr(compiled)


WORDS = st.sampled_from(
    ["Arena", "Sport", "1", "2", "HD", "FHD", "News", "WQZX", "4.1", "Plus", "ES", "FR", "ñandú"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
RIGHTS = st.lists(
    st.tuples(st.lists(TEXTS, min_size=1, max_size=2), st.sampled_from(["es", "fr", "us"])),
    min_size=1,
    max_size=8,
)


@EXAMPLES
@given(
    RIGHTS,
    st.lists(st.tuples(TEXTS, st.sampled_from([None, "a", "b"])), min_size=1, max_size=6),
)
def test_titles_are_resolved_alike(rights: list[Any], titles: list[Any]) -> None:
    catalogue = Catalogue(
        tuple(
            Right(id=f"r{n}", kind="channel", names=tuple(names), country=country)
            for n, (names, country) in enumerate(rights)
        )
    )
    listings = [Listing(title=title, source=source) for title, source in titles]
    plain, compiled = both_ways(lambda: list(Resolver(catalogue).resolve_all(listings)))
    assert repr(plain) == repr(compiled)


def test_what_is_not_marked_runs_compiled_alone() -> None:
    @kernels.kernel()
    def never(values: Any) -> Any:
        return values.sum()

    with kernels.only_plain(), pytest.raises(AssertionError, match="never is not marked plain"):
        _ = never.plain
