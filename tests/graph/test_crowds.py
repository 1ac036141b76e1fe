"""Networks all of whose shared values are popular."""

import numpy as np
import pytest

from cautery.graph.evidence import evidence_of
from cautery.graph.networks import find_networks

NONE = np.empty(0, np.int64)
STRANGERS = 300


def found_in(rows, subjects, kinds):
    """Return labels of subjects from rows of (subject, kind, name)."""
    names = {name: place for place, name in enumerate(sorted({row[1:] for row in rows}))}
    evidence = evidence_of(
        np.array([row[0] for row in rows], np.int32),
        np.array([names[row[1:]] for row in rows], np.int32),
        np.array([kind for kind, _ in names]),
        subjects=subjects,
        kinds=kinds,
    )
    return find_networks(evidence, common=NONE, seed=0).label


def strangers(first):
    """Return rows of strangers: pairs of them share an address, all else is their own."""
    return [
        (subject, kind, f"{subject // 2 if kind == 0 else subject}")
        for subject in range(first, first + STRANGERS)
        for kind in range(3)
    ]


@pytest.mark.parametrize("size", [60, 70, 200])
def test_sites_that_share_three_popular_values_are_one_network(size):
    rows = [(site, kind, "everybody's") for site in range(size) for kind in (1, 2, 3)]
    rows += [(site, 0, f"own {site}") for site in range(size)]
    label = found_in(rows + strangers(size), size + STRANGERS, 4)
    assert np.unique(label[:size]).size == 1
    assert not np.isin(label[size:], label[:size]).any()


def test_pairs_of_sites_are_joined_by_the_popular_values_of_both():
    rows = [(site, kind, "everybody's") for site in range(200) for kind in (1, 2, 3)]
    rows += [(site, 0, f"pair {site // 2}") for site in range(200)]
    label = found_in(rows + strangers(200), 200 + STRANGERS, 4)
    assert np.unique(label[:200]).size == 1


def test_two_networks_of_popular_values_stay_two_though_they_share_one():
    rows = [(site, kind, f"{site // 200}'s") for site in range(400) for kind in (1, 2, 4)]
    rows += [(site, 3, "of both") for site in range(400)]
    label = found_in(rows + strangers(400), 400 + STRANGERS, 5)
    assert np.unique(label[:200]).size == np.unique(label[200:400]).size == 1
    assert label[0] != label[200]


def test_hubs_that_meet_by_chance_are_nobodys():
    rng = np.random.default_rng(4)
    rows = [
        (site, kind, f"hub {hub}")
        for kind in (1, 2)
        for site, hub in enumerate(rng.integers(0, 3, 900).tolist())
    ]
    label = found_in(rows + [(site, 0, f"own {site}") for site in range(900)], 900, 3)
    assert np.unique(label).size == 900
