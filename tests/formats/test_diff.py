"""Every entry of both readings is told once: kept, appeared, vanished, moved or renamed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cautery.formats.diff import Listed, compare

A, B = "http://a.example", "http://b.example"
NAMES = st.one_of(st.none(), st.sampled_from(["Arena 1", "arena  1", "Arena 2", "Film", ""]))
PLACES = st.builds(
    lambda host, line, number: f"{host}/live/~{line}/~{line}/{number}.ts",
    st.sampled_from([A, B]),
    st.sampled_from(["0a", "1b"]),
    st.integers(1, 6),
)
LISTS = st.lists(st.builds(Listed, PLACES, NAMES), max_size=14)


def test_a_stream_at_another_host_with_path_and_title_has_moved():
    found = compare([Listed(f"{A}/x/7", "Arena 1")], [Listed(f"{B}/x/7", "Arena 1")])
    assert [one.why for one in found.moved] == ["another host"]
    assert found.hosts == (("a.example", "b.example", 1),)


def test_another_line_at_the_same_panel_is_no_new_stream():
    found = compare(
        [Listed(f"{A}/live/~1a/~2b/7.ts", "One")], [Listed(f"{A}/live/~3c/~4d/7.ts", "Two")]
    )
    assert [one.why for one in found.moved] == ["another line"]
    assert found.hosts == ()


def test_a_title_that_is_twice_moves_nowhere():
    found = compare(
        [Listed(f"{A}/1", "Arena"), Listed(f"{A}/2", "Arena")], [Listed(f"{B}/3", "Arena")]
    )
    assert (len(found.moved), len(found.vanished), len(found.appeared)) == (0, 2, 1)


def test_a_title_that_stays_does_not_name_what_has_gone():
    found = compare(
        [Listed(f"{A}/1", "Arena"), Listed(f"{A}/2", "Arena")],
        [Listed(f"{A}/1", "Arena"), Listed(f"{B}/9", "Arena")],
    )
    assert (len(found.moved), len(found.vanished), len(found.appeared)) == (0, 1, 1)


def test_the_nameless_are_never_taken_for_one_another():
    found = compare([Listed(f"{A}/1", None)], [Listed(f"{B}/2", None)])
    assert not found.moved


@given(LISTS, LISTS)
def test_everything_is_told_once(old, new):
    found = compare(old, new)
    before, after = {one.place for one in old}, {one.place for one in new}
    assert len(found.appeared) + len(found.moved) + len(found.renamed) + found.kept == len(after)
    assert len(found.vanished) + len(found.moved) + len(found.renamed) + found.kept == len(before)
    assert {one.place for one in found.appeared} <= after - before
    assert {one.place for one in found.vanished} <= before - after
    assert {one.was.place for one in found.moved}.isdisjoint(one.place for one in found.vanished)


@given(LISTS)
def test_nothing_has_changed_in_the_same_list(some):
    assert not compare(some, some)


@given(LISTS, LISTS)
def test_backwards_what_appeared_vanishes(old, new):
    there, back = compare(old, new), compare(new, old)
    assert {one.place for one in there.appeared} == {one.place for one in back.vanished}
    assert len(there.moved) == len(back.moved)


def test_a_title_that_stood_at_a_place_that_stays_names_no_move():
    named = [Listed("http://a.example/1.ts", "Arena 1"), Listed("http://a.example/2.ts", "Arena 1")]
    unnamed = [Listed("http://a.example/1.ts", None), Listed("http://a.example/3.ts", "Arena 1")]
    for old, new in ((named, unnamed), (unnamed, named)):
        found = compare(old, new)
        assert (len(found.appeared), len(found.vanished), found.moved) == (1, 1, ())
