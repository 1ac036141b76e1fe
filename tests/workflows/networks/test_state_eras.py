"""New sightings of addresses among the eras that a state keeps, as a run over all would have them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.workflows.networks.cluster import cluster_links
from cautery.workflows.networks.links import read_links
from cautery.workflows.networks.state.keep import clustered_in

from .groups_of_links import MANY, NOW, networks, written

HEADER = "subject,kind,value,first_seen,last_seen"


def sightings(*told):
    """Return links to one address: subject, first and last day of 2026 (0: not told)."""
    return [(f"{name}.example", "ip", "192.0.2.1", *map(_day, days)) for name, *days in told]


def _day(number):
    return "" if number == 0 else f"2026-{(number - 1) // 28 + 1:02}-{(number - 1) % 28 + 1:02}"


def together(found):
    """Return which of those that were sighted are of one network."""
    label = {
        name: label for name, label in networks(found).items() if len(name) == len("a.example")
    }
    return {frozenset(n for n, g in label.items() if g == one) for one in label.values()}


def reading(path, *told):
    rows = [row if len(row) == 5 else (*row, "", "") for row in told]
    return read_links(written(path, rows, HEADER), now=NOW)


@pytest.mark.parametrize(
    ("known", "new", "joined"),
    [
        pytest.param([("a", 1, 8)], [("a", 15, 15), ("b", 15, 15)], "ab", id="seen again"),
        pytest.param([("a", 1, 8)], [("b", 15, 15), ("a", 15, 15)], "ab", id="in another order"),
        pytest.param([("a", 1, 8), ("b", 15, 15)], [("a", 22, 22)], "ab", id="had it in between"),
        pytest.param([("a", 30, 40), ("b", 20, 20)], [("a", 10, 10)], "ab", id="had it before"),
        pytest.param([("a", 1, 8), ("b", 20, 30)], [("c", 5, 25)], "abc", id="met both"),
        pytest.param([("a", 1, 8)], [("a", 90, 90), ("b", 90, 90)], "ab", id="long away"),
        pytest.param([("a", 1, 8)], [("b", 15, 15)], "", id="another's a week later"),
        pytest.param([("a", 1, 8)], [("a", 60, 60), ("b", 30, 30)], "", id="two stays"),
        pytest.param([("a", 1, 8)], [("b", 0, 0), ("c", 60, 60)], "", id="of no era told"),
        pytest.param([("a", 0, 0)], [("b", 60, 60)], "ab", id="of the only era told"),
    ],
)
def test_an_update_tells_who_had_an_address_together_as_a_run_over_all_does(
    tmp_path, known, new, joined
):
    state = tmp_path / "state"
    rows = [*MANY, *sightings(*known)]
    clustered_in(state, reading(tmp_path / "a.csv", *rows), write=whole)
    more = reading(tmp_path / "b.csv", *sightings(*new))
    grown = clustered_in(state, more, write=whole)
    assert more.warnings == []
    full = cluster_links(reading(tmp_path / "c.csv", *rows, *sightings(*new)))
    assert together(grown) == together(full)
    met = {frozenset(one[0] for one in group) for group in together(grown) if len(group) > 1}
    assert met == ({frozenset(joined)} if joined else set())


DAYS = st.tuples(st.integers(1, 150), st.sampled_from([0, 0, 3, 20])).map(
    lambda told: (told[0], told[0] + told[1])
)
TOLD = st.lists(
    st.tuples(st.sampled_from("abcd"), DAYS | st.just((0, 0))).map(lambda one: (one[0], *one[1])),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=12)
@given(TOLD, TOLD)
def test_sightings_that_a_state_has_change_nothing(tmp_path_factory, known, new):
    folder = tmp_path_factory.mktemp("eras")
    state = folder / "state"
    clustered_in(state, reading(folder / "a.csv", *MANY, *sightings(*known)), write=whole)
    for _ in range(2):
        clustered_in(state, reading(folder / "b.csv", *sightings(*new)), write=whole)
    before = {one.name: one.read_bytes() for one in state.iterdir()}
    for told in (known, new, [*new, *known][::-1]):
        clustered_in(state, reading(folder / "b.csv", *sightings(*told)), write=whole)
        assert {one.name: one.read_bytes() for one in state.iterdir()} == before


def whole(path, content):
    path.write_bytes(content)
