"""The keys that a node makes for sources stay in its memory, one for each until it is forgotten."""

from __future__ import annotations

import pickle

import pytest

from cautery.adapters import night_keys
from cautery.adapters.night_keys import NightKeys
from cautery.errors import EvidenceError


def test_a_subject_has_one_key_until_it_is_forgotten() -> None:
    keys = NightKeys()
    key_id, key = keys.current("source:a")
    assert keys.current("source:a") == (key_id, key)
    assert keys.current("source:b") != (key_id, key)
    assert keys.find("source:a", key_id) == key
    assert keys.forget(key_id) == "source:a"
    assert keys.forget(key_id) is None
    assert keys.current("source:a")[0] != key_id
    with pytest.raises(EvidenceError, match="on this node"):
        keys.find("source:a", key_id)


def test_a_key_that_is_destroyed_is_gone_and_counted() -> None:
    keys = NightKeys()
    keys.current("source:a")
    assert (keys.destroy("source:a"), keys.destroy("source:a")) == (1, 0)


def test_the_subject_that_waits_longest_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(night_keys, "MOST_SUBJECTS", 2)
    keys = NightKeys()
    made = [keys.current(f"source:{name}") for name in "abc"]
    assert keys.current("source:c") == made[2]
    assert keys.current("source:a") != made[0]


def test_keys_are_neither_shown_nor_pickled() -> None:
    keys = NightKeys()
    _, key = keys.current("source:a")
    assert key.hex() not in repr(keys)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(keys)
