"""What stands for a secret: the same for the same, and no way back to the key."""

from __future__ import annotations

import pickle

import pytest

from cautery.model import KeyedPseudonyms

KEY = b"a key that nobody sees, 32 bytes"


def test_the_same_secret_gets_the_same_pseudonym_and_another_another() -> None:
    hidden = KeyedPseudonyms(KEY)
    assert hidden.of("anna") == hidden.of("anna") != hidden.of("bob")


def test_many_at_once_are_as_each_alone() -> None:
    hidden = KeyedPseudonyms(KEY)
    assert hidden.all_of(["anna", "bob", "anna"]) == tuple(map(hidden.of, ["anna", "bob", "anna"]))


def test_a_longer_pseudonym_begins_with_the_shorter() -> None:
    hidden = KeyedPseudonyms(KEY)
    assert hidden.of("anna", digits=32).startswith(hidden.of("anna"))


def test_the_key_is_not_shown() -> None:
    assert "a key" not in f"{KeyedPseudonyms(KEY)} {KeyedPseudonyms(KEY)!r}"


def test_the_key_does_not_travel_to_another_process() -> None:
    with pytest.raises(TypeError, match="can be pickled"):
        pickle.dumps(KeyedPseudonyms(KEY))
