from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph.evidence import eras, evidence_of, new_pairs, slices, with_links
from cautery.graph.membership import probabilities
from cautery.graph.networks import find_networks
from cautery.graph.partition import Partition
from cautery.lab.links import b_cubed_of, link_world

NONE = np.empty(0, np.int64)
SMALL_SEEDS = range(500, 505)


@pytest.fixture(scope="module")
def world():
    return link_world(4000, seed=3)


@pytest.fixture(scope="module")
def part(world):
    evidence, _ = world.table.evidence()
    return find_networks(evidence, common=NONE, seed=0)


@cache
def small_file(subjects, seed):
    small = link_world(subjects, seed=seed)
    evidence, _ = small.table.evidence()
    return small, find_networks(evidence, common=NONE, seed=0)


def labels(part):
    return np.unique(part.label, return_inverse=True)[1]


def test_networks_of_a_world_that_nothing_was_tuned_on_are_found(world, part):
    precision, _, f = b_cubed_of(world.truth, labels(part))
    assert precision >= 0.85
    assert f >= 0.75


def test_four_times_as_many_false_links_cost_little(world, part):
    falser = link_world(4000, seed=3, falser=4.0)
    evidence, _ = falser.table.evidence()
    found = find_networks(evidence, common=NONE, seed=0)
    lost = b_cubed_of(world.truth, labels(part))[2] - b_cubed_of(falser.truth, labels(found))[2]
    assert lost <= 0.15


def test_no_cluster_holds_most_of_each_of_two_large_networks(world, part):
    label = labels(part)
    sizes = np.bincount(world.truth)
    for cluster in np.flatnonzero(np.bincount(label) > 50):
        inside = np.bincount(world.truth[label == cluster], minlength=sizes.size)
        assert np.count_nonzero((inside * 2 > sizes) & (sizes > 50)) <= 1


def test_what_is_nobodys_own_is_a_hub(world, part):
    evidence, _ = world.table.evidence()
    registry = np.flatnonzero(evidence.kind == 5)
    degrees = evidence.degree[registry]
    assert np.average(part.owner[registry] < 0, weights=degrees) >= 0.95


def test_the_same_seed_gives_the_same_networks():
    small, first = small_file(400, 500)
    again = find_networks(small.table.evidence()[0], common=NONE, seed=0)
    assert np.array_equal(again.label, first.label)


def test_probabilities_are_of_the_order_of_what_is_right(world, part):
    label = labels(part)
    chance = probabilities(part)
    cells = label.astype(np.int64) * (world.truth.max() + 1) + world.truth
    names, place, count = np.unique(cells, return_inverse=True, return_counts=True)
    most = np.zeros(label.max() + 1, np.int64)
    np.maximum.at(most, names // (world.truth.max() + 1), count)
    right = count[place] == most[label]
    assert abs(chance.mean() - right.mean()) <= 0.1


def test_in_small_files_probabilities_are_not_far_above_what_is_right():
    chances, rights = [], []
    for seed in SMALL_SEEDS:
        small, part = small_file(400, seed)
        label = labels(part)
        cells = label.astype(np.int64) * (small.truth.max() + 1) + small.truth
        names, place, count = np.unique(cells, return_inverse=True, return_counts=True)
        most = np.zeros(label.max() + 1, np.int64)
        np.maximum.at(most, names // (small.truth.max() + 1), count)
        several = np.bincount(label)[label] > 1
        chances.append(probabilities(part)[several])
        rights.append((count[place] == most[label])[several])
    assert np.concatenate(chances).mean() <= np.concatenate(rights).mean() + 0.05


links = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 11)), min_size=1, max_size=60)


@settings(max_examples=30, deadline=None)
@given(links)
def test_counts_follow_from_labels_after_any_moves(pairs):
    kind = np.arange(12) % 3
    evidence = evidence_of(
        np.array([a for a, _ in pairs], np.int32),
        np.array([b for _, b in pairs], np.int32),
        kind,
        subjects=10,
        kinds=3,
    )
    part = Partition(evidence, np.arange(10) % 4, np.arange(evidence.values) % 5 - 1)
    for heat in (0.0, 4.0, 1.0, 0.0):
        if heat:
            part.shake(heat)
        else:
            part.place(np.arange(10), np.flatnonzero(evidence.degree > 1))
        counted = [one.copy() for one in (part.size, part.values, part.links, part.strayed)]
        part.count()
        for before, now in zip(
            counted, (part.size, part.values, part.links, part.strayed), strict=True
        ):
            assert np.array_equal(before, now)


def likelihood(part):
    """Return the log-likelihood of a partition, as far as partitions differ."""
    held, hub = part.evidence, (part.owner < 0) & (part.evidence.degree > 0)
    nobody = part.weights.nobody(held.kind, held.degree)
    nobody -= part.weights.astray[held.kind] * held.degree
    return part.worths().sum() + nobody[hub].sum()


def test_the_hotter_the_less_likely_and_shaken_then_settled_it_is_likelier_than_settled_alone():
    evidence, _ = link_world(1000, seed=8).table.evidence()
    start = find_networks(evidence, common=NONE, seed=0)
    found = {}
    for heat in (1.0, 2.0, 4.0):
        part = Partition(evidence, start.label.copy(), start.owner.copy(), 5, start.weights)
        for _ in range(10):
            part.shake(heat)
        found[heat] = likelihood(part)
    assert found[1.0] > found[2.0] > found[4.0]
    alone, shaken = (
        Partition(evidence, np.arange(1000), np.full(evidence.values, -1), 5, start.weights)
        for _ in range(2)
    )
    for part in (alone, shaken):
        part.label = np.arange(evidence.subjects)
        part.owner = part.label[evidence.v_subjects[evidence.v_starts[:-1]]]
        part.count()
    for heat in np.geomspace(4.0, 1.0, 20):
        shaken.shake(heat)
    for part in (alone, shaken):
        part.settle(20)
    assert likelihood(shaken) > likelihood(alone)


@pytest.mark.parametrize(("subjects", "least"), [(50, 0.25), (120, 0.4), (400, 0.6)])
def test_strangers_are_not_swept_together_in_small_files(subjects, least):
    precision = []
    for seed in SMALL_SEEDS:
        small, part = small_file(subjects, seed)
        precision.append(b_cubed_of(small.truth, labels(part))[0])
    assert np.mean(precision) >= least


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, 10)),
        min_size=1,
        max_size=20,
    )
)
def test_bearers_of_an_era_overlap_in_chains_and_eras_do_not(spans):
    value = np.array([v for v, _, _ in spans], np.int32)
    first = np.array([a for _, a, _ in spans], float)
    last = np.array([a + b for _, a, b in spans], float)
    era, of = eras(value, first, last, gap_s=1.0)
    assert np.array_equal(of[era], value)
    for one in range(value.size):
        for other in range(value.size):
            if (
                value[one] == value[other]
                and first[one] <= last[other] + 1
                and first[other] <= last[one] + 1
            ):
                assert era[one] == era[other]
    for number in np.unique(era):
        for other in np.unique(era):
            if number < other and of[number] == of[other]:
                assert last[era == number].max() + 1 < first[era == other].min()


@settings(max_examples=50, deadline=None)
@given(links, links)
def test_links_added_to_evidence_lie_both_ways_round_and_once(before, after):
    kind = np.arange(12) % 3

    def columns(pairs):
        return (
            np.array([a for a, _ in pairs], np.int32),
            np.array([b for _, b in pairs], np.int32),
        )

    known = [(a, b) for a, b in before if a < 7 and b < 9]
    held = evidence_of(*columns(known), kind[:9], subjects=7, kinds=3)
    nothing = np.empty(0, np.int64)
    new = new_pairs(held, (nothing, nothing), *(one.astype(np.int64) for one in columns(after)))
    grown = with_links(held, *new, kind, 10)
    assert [one.size for one in new_pairs(held, new, *new)] == [0, 0]
    expected = sorted(set(known) | set(after))
    assert sorted(zip(grown.subject.tolist(), grown.value.tolist(), strict=True)) == expected
    by_value = [
        (int(bearer), value)
        for value in range(12)
        for bearer in slices(grown.v_starts, grown.v_subjects, np.array([value]))
    ]
    assert sorted(by_value) == expected
    by_subject = [
        (subject, int(value))
        for subject in range(10)
        for value in slices(grown.s_starts, grown.value, np.array([subject]))
    ]
    assert sorted(by_subject) == expected


def test_a_link_without_times_is_of_the_only_era_and_of_none_where_there_are_several() -> None:
    value = np.zeros(3, dtype=np.int32)
    nan = np.nan
    for first, groups in (([nan, 10.0, 12.0], 1), ([nan, 10.0, 1000.0], 3), ([nan, nan, nan], 1)):
        era, _ = eras(value, np.array(first), np.array(first), gap_s=5.0)
        assert len(set(era.tolist())) == groups
