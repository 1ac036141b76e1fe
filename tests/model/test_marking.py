"""Which of two markings is the stricter, decided at one place."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cautery.model import HandlingCode, Marking, Pap, Tlp
from cautery.model.marking import strictest


@st.composite
def markings(draw: st.DrawFn) -> Marking:
    handling = draw(st.frozensets(st.sampled_from(list(HandlingCode))))
    return Marking(
        tlp=draw(st.sampled_from(list(Tlp))),
        pap=draw(st.sampled_from(list(Pap))),
        handling=handling,
        h3_text=draw(st.sampled_from(["ask first", "not in court"]))
        if HandlingCode.H3 in handling
        else None,
        source=draw(st.sampled_from([None, "A", "X"])),
        accuracy=draw(st.sampled_from([None, 1, 4])),
    )


@given(markings(), markings(), markings())
def test_strictness_is_an_order_in_which_not_all_compare(
    one: Marking, two: Marking, three: Marking
) -> None:
    assert one.covers(one)
    assert not (one.covers(two) and two.covers(three)) or one.covers(three)


@given(st.lists(markings(), min_size=1, max_size=4))
def test_the_marking_of_a_whole_covers_each_part_but_for_the_words_of_h3(
    parts: list[Marking],
) -> None:
    whole = strictest(parts)
    assert whole is not None
    for part in parts:
        assert whole.tlp.value in {one.tlp for one in parts}
        assert part.handling <= whole.handling
        assert part.h3_text is None or part.h3_text in (whole.h3_text or "")


def test_each_lowering_of_one_thing_is_a_lowering() -> None:
    levels = [Marking(tlp=tlp, pap=pap) for tlp, pap in itertools.product(Tlp, Pap)]
    for one, two in itertools.combinations(levels, 2):
        assert not (one.covers(two) and two.covers(one))


@given(markings())
def test_an_evaluation_is_no_part_of_the_level(one: Marking) -> None:
    other = Marking(
        tlp=one.tlp, pap=one.pap, handling=one.handling, h3_text=one.h3_text, source="C"
    )
    assert one.is_level_with(other)


def test_of_no_part_there_is_no_marking() -> None:
    assert strictest([]) is None
