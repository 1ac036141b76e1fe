"""Marks stand near their places and never over each other, whatever is asked."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from cautery.drawing.apart import Frame, Mark, bottom_of, kept_apart
from cautery.drawing.europe import MARK_HIGH, frame_of, spots

FRAME = Frame(10, 20, 400, 300)
MARKS = st.lists(
    st.builds(
        Mark,
        st.floats(-50, 500),
        st.floats(-50, 400),
        st.floats(1, 120),
        st.floats(1, 60),
    ),
    max_size=30,
)
HAIR = 1e-5


@given(MARKS, st.floats(0, 12), st.sampled_from([1.0, 3.0]))
def test_no_mark_lies_over_another_and_all_are_in_the_frame_or_beneath_it(
    marks: list[Mark], gap: float, sideways: float
) -> None:
    places = kept_apart(marks, FRAME, gap=gap, sideways=sideways)
    assert places == kept_apart(marks, FRAME, gap=gap, sideways=sideways)
    for (mark, (x, y)), (other, (a, b)) in combinations(zip(marks, places, strict=True), 2):
        beside = abs(x - a) >= (mark.wide + other.wide) / 2 + gap - HAIR
        above = abs(y - b) >= (mark.high + other.high) / 2 + gap - HAIR
        assert beside or above
    lowest = bottom_of(marks, places, FRAME)
    for mark, (x, y) in zip(marks, places, strict=True):
        assert FRAME.left - HAIR <= x - mark.wide / 2
        assert x + mark.wide / 2 <= FRAME.left + FRAME.wide + HAIR
        assert FRAME.top - HAIR <= y - mark.high / 2
        assert y + mark.high / 2 <= lowest + HAIR


def test_a_mark_with_room_stays_where_it_wants_and_the_next_one_moves_least() -> None:
    first, second = kept_apart([Mark(200, 100, 60, 20), Mark(210, 104, 60, 20)], FRAME, gap=2)
    assert first == (200, 100)
    assert second == (210, 122)


def test_where_the_side_means_a_time_marks_stack_upwards() -> None:
    places = kept_apart([Mark(200, 100, 20, 20)] * 2, FRAME, sideways=3.0)
    assert places == [(200, 100), (200, 80)]


def test_what_a_full_frame_has_no_room_for_stands_beneath_it() -> None:
    frame = Frame(0, 0, 100, 20)
    marks = [Mark(50, 10, 100, 20)] * 3
    places = kept_apart(marks, frame)
    assert places == [(50, 10), (50, 30), (50, 50)]
    assert bottom_of(marks, places, frame) == 60


@given(
    st.lists(
        st.tuples(st.floats(0, 1800), st.floats(0, 1500), st.floats(50, 500)),
        min_size=1,
        max_size=45,
    )
)
def test_marks_of_a_map_never_overlap(anchors: list[tuple[float, float, float]]) -> None:
    frame = frame_of([(x, y) for x, y, _ in anchors], {"wide": 2000, "high": 1500})
    places = spots(anchors, frame)
    for ((_, _, wide), (x, y)), ((_, _, other), (a, b)) in combinations(
        zip(anchors, places, strict=True), 2
    ):
        assert abs(x - a) >= (wide + other) / 2 or abs(y - b) >= MARK_HIGH
