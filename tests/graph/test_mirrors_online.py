"""Domains that come one after another: each is answered from what came before it."""

from __future__ import annotations

import math
import random
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph.mirrors import Arrivals, name_odds, online
from cautery.graph.mirrors.costs import NAMELESS, NameCosts
from cautery.graph.mirrors.growing import GrowingWords
from cautery.graph.mirrors.names import runs

labels = st.from_regex(r"(live|tv|qor|vix|[a-z])([a-z]{0,6}|ix)-?[0-9]{0,3}", fullmatch=True)
domains = st.lists(
    st.builds("{}.{}".format, labels, st.sampled_from(("example", "test"))),
    unique=True,
    max_size=25,
)


def families(*names: str) -> list[str]:
    arrivals = Arrivals()
    return [arrivals.answer(name).family for name in names]


@pytest.mark.parametrize(
    "later",
    ["cinevoxo7.test", "cine-voxo.test", "www3-cinevoxo.test", "cinevoxotv.test", "kinevoxxo.test",
     "newcinevoxo.test", "xn--cnevoxo-7ya.test"],
)  # fmt: skip
def test_a_name_renewed_or_altered_is_known_on_its_first_day(later: str) -> None:
    assert families("parduwe.test", "cinevoxo.example", later)[2] == "cinevoxo.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("freestream.example", "livestream.example"),
        ("glimzor.example", "parduwe.example"),
        ("moviebaku.example", "movievilo.example"),
        ("movies9.example", "movies77.example"),
    ],
)
def test_strangers_begin_families_of_their_own(one: str, other: str) -> None:
    assert families(one, other) == [one, other]


def test_digits_at_any_place_are_dropped() -> None:
    names = ("glim4zorq.example", "glim9zorq.test", "gl1mzorq2.test", "glimz0rq.test")
    assert families(*names) == [names[0]] * 4


def test_numbers_that_run_on_are_one_site_however_common_the_word() -> None:
    names = ("movies1021.example", "movies1022.example", "movies1024.example")
    assert families(*names) == [names[0]] * 3


@given(domains, st.integers(0, 25))
@settings(max_examples=60, deadline=None)
def test_what_comes_later_changes_no_answer_and_a_state_goes_on_as_it_was(
    names: list[str], cut: int
) -> None:
    at_once = Arrivals()
    answers = [at_once.answer(name) for name in names]
    early = Arrivals()
    assert [early.answer(name) for name in names[:cut]] == answers[:cut]
    resumed = Arrivals()
    assert all(resumed.know(domain, family) for domain, family in early)
    assert [resumed.answer(name) for name in names[cut:]] == answers[cut:]
    assert list(resumed) == list(at_once)


@given(domains)
@settings(max_examples=60, deadline=None)
def test_every_answer_is_a_family_that_began_before_with_a_probability(names: list[str]) -> None:
    arrivals, begun = Arrivals(), set()
    for name in names:
        answer = arrivals.answer(name)
        assert answer.is_new != (answer.family in begun)
        assert answer.is_new == (answer.odds <= 0)
        assert answer.likeliest is None or answer.likeliest in begun
        assert 0 < answer.probability <= online.SUREST
        begun.add(answer.family)
        assert name in arrivals
    assert (len(arrivals), arrivals.families) == (len(names), len(begun))


def test_a_state_that_could_not_have_come_about_is_not_taken() -> None:
    arrivals = Arrivals()
    assert arrivals.know("glimzor.example", "glimzor.example")
    assert arrivals.know("glimzor2.example", "glimzor.example")
    assert not arrivals.know("glimzor.example", "glimzor.example")
    assert not arrivals.know("parduwe.example", "none.example")
    assert not arrivals.know("parduwe.example", "glimzor2.example")
    assert len(arrivals) == 2


def test_a_piece_that_many_names_have_is_not_followed_to_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    shared = GrowingWords.shared

    def counting(self: GrowingWords, texts: tuple[str, ...], others: list[str]) -> object:
        asked.append(len(others))
        return shared(self, texts, others)

    monkeypatch.setattr(GrowingWords, "shared", counting)
    rng = random.Random(3)
    arrivals = Arrivals()
    for number in range(600):
        arrivals.answer(f"quorvix{''.join(rng.choices(ascii_lowercase, k=6))}{number}.example")
    assert 0 < max(asked) <= online.MOST_NAMES


@given(st.lists(st.from_regex(r"[a-z]{1,14}[0-9]?", fullmatch=True), max_size=12, unique=True))
@settings(max_examples=40, deadline=None)
def test_growing_words_cost_what_a_whole_list_s_words_cost(names: list[str]) -> None:
    growing = GrowingWords()
    for name in names:
        growing.learn(name)
    costs = NameCosts([{name} for name in names], ["livequor"])
    # A list leaves out of count the family that is asked about; who comes now is of none.
    assert growing.whole("livequor") <= costs.whole("livequor") + 1e-9


@given(labels, labels)
def test_odds_of_two_names_are_the_same_both_ways_and_bounded(one: str, other: str) -> None:
    odds = name_odds(f"{one}.example", f"{other}.test")
    assert odds == pytest.approx(name_odds(f"{other}.test", f"{one}.example"))
    assert math.log(NAMELESS) <= odds < 50


def test_words_that_the_list_uses_often_say_less() -> None:
    pair = ("quorvixalpha.example", "quorvixbeta.example")
    strangers = [f"quorvix{letter}.example" for letter in ascii_lowercase]
    assert name_odds(*pair, strangers=strangers) < name_odds(*pair)


def test_a_run_needs_three_numbers_near_each_other_of_one_form_and_ending() -> None:
    numbered = [
        (name.partition(".")[0], name)
        for name in (
            "tv1.example",
            "tv3.example",
            "tv5.example",
            "tv9.example",
            "tv2.test",
            "7tv.example",
        )
    ]
    assert list(runs(numbered)) == [("tv1.example", "tv3.example", "tv5.example")]
