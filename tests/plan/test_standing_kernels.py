"""The compiled loops of the evaluator against plain twins, on graphs of any shape."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.plan import _standing_kernels as kernels
from cautery.plan.graph import Groups


@st.composite
def cases(draw):
    """Draw groups with circles and repeated members, missing links, and nodes that are gone."""
    size = draw(st.integers(1, 8))
    node = st.integers(0, size - 1)
    drawn = draw(
        st.lists(st.tuples(node, st.integers(1, 3), st.lists(node, max_size=4)), max_size=10)
    )
    members = [one for _, _, listed in drawn for one in listed]
    groups = Groups(
        size,
        np.array([owner for owner, _, _ in drawn], np.int32),
        np.array([need for _, need, _ in drawn], np.int32),
        np.cumsum([0, *(len(listed) for _, _, listed in drawn)]).astype(np.int64),
        np.array(members, np.int32),
    )
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    links = st.lists(st.booleans(), min_size=len(members), max_size=len(members))
    return groups, np.array(draw(flags)), np.array(draw(links), np.bool_)


def plain_standing(groups, gone, exists):
    """Add what can stand until nothing more can."""
    up = np.zeros(groups.nodes, np.bool_)
    while True:
        more = up.copy()
        for v in range(groups.nodes):
            mine = np.flatnonzero(groups.owner == v)
            met = all(
                sum(up[groups.member[i]] and exists[i] for i in range(*groups.start[g : g + 2]))
                >= groups.need[g]
                for g in mine
            )
            more[v] = met and not gone[v]
        if (more == up).all():
            return up
        up = more


@settings(max_examples=200, deadline=None)
@given(cases())
def test_who_stands_is_the_least_fixed_point_with_and_without_missing_links(case):
    groups, gone, exists = case
    assert (groups.standing_in(gone, exists) == plain_standing(groups, gone, exists)).all()
    every = np.ones(exists.size, np.bool_)
    assert (groups.standing(gone) == plain_standing(groups, gone, every)).all()


@settings(max_examples=200, deadline=None)
@given(cases(), st.data())
def test_what_is_given_back_is_what_the_plain_loop_gives_back(case, data):
    groups, gone, exists = case
    every = np.ones(exists.size, np.bool_)
    weight = np.array(
        data.draw(st.lists(st.integers(0, 5), min_size=groups.nodes, max_size=groups.nodes)), float
    )
    order = np.array(data.draw(st.permutations(range(groups.nodes))), np.int64)
    up = plain_standing(groups, gone, every)
    most = float(weight[up].sum()) + data.draw(st.integers(0, 6))
    expected = gone.copy()
    for v in order[gone[order]]:
        expected[v] = False
        if weight[plain_standing(groups, expected, every)].sum() > most:
            expected[v] = True
    kept = gone.copy()
    left = kernels.give_back(
        groups.of_node,
        groups.owner,
        groups.need,
        groups.use_start,
        groups.uses,
        weight,
        kept,
        order,
        most,
    )
    assert (kept == expected).all()
    assert left == weight[plain_standing(groups, expected, every)].sum()


@settings(max_examples=100, deadline=None)
@given(cases())
def test_who_is_counted_in_and_then_out_leaves_every_count_as_it_was(case):
    groups, gone, _ = case
    rows = (groups.owner, groups.need, groups.use_start, groups.uses)
    count, lacking = np.zeros(groups.owner.size, np.int32), groups.of_node.copy()
    counted = np.flatnonzero(~gone)
    for node in counted:
        kernels.count_in(node, *rows, count, lacking)
    for group in range(groups.owner.size):
        listed = groups.member[groups.start[group] : groups.start[group + 1]]
        assert count[group] == np.isin(listed, counted).sum()
    enough = np.bincount(groups.owner[count >= groups.need], minlength=groups.nodes)
    assert (lacking == groups.of_node - enough).all()
    for node in counted:
        kernels.count_out(node, *rows, count, lacking)
    assert not count.any()
    assert (lacking == groups.of_node).all()
