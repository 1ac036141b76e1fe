"""A person's pseudonym is found wherever a text has it as a word, however the sentence goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.operation.persons import persons_in, persons_named

A = "P-00aa11bb22cc"
PEOPLE = frozenset((A, "P-00aa11bb22cd", "Ghost.7"))


@pytest.mark.parametrize(
    "text",
    [
        "by P-00aa11bb22cc.Then he left",
        "P-00aa11bb22cc-It was he",
        "user-P-00aa11bb22cc",
        "p-00aa11bb22cc",
        "P-00AA11BB22CC's telephone",
        "acct_P-00aa11bb22cc_eur",
        "a." * 30 + "P-00aa11bb22cc",
        "x" * 64 + "-P-00aa11bb22cc",
        "«P-00aa11bb22cc»—he",
        "straße/P-00aa11bb22cc",
    ],
)
def test_a_pseudonym_is_found_in_any_spelling_and_beside_any_mark(text: str) -> None:
    assert persons_named(text, PEOPLE) == {A}
    assert persons_in({"details": [{text: 1}]}, PEOPLE) == {A}


@pytest.mark.parametrize(
    "text",
    ["P-00aa11bb22ccd", "P-00aa11bb22cc7", "XP-00aa11bb22cc", "P-00aa11bb22c", "ghost-7", ""],
)
def test_a_longer_or_another_word_names_nobody(text: str) -> None:
    assert persons_named(text, PEOPLE) == frozenset()


@given(st.text(max_size=40), st.sampled_from(sorted(PEOPLE)), st.text(max_size=40))
def test_between_any_two_texts_that_are_set_off_it_is_found(
    before: str, person: str, after: str
) -> None:
    assert person in persons_named(f"{before} {person} {after}", PEOPLE)
    assert person in persons_named(f"{before} {person.upper()}. {after}", PEOPLE)
