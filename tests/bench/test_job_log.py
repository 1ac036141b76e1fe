"""What the bench of nights on nodes counts, against nights worked out by hand."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("psycopg", reason="psycopg is not installed")
FILE = Path(__file__).parents[2] / "bench" / "scale" / "job_log.py"
A, B = "http://a.example/", "http://b.example/"


@pytest.fixture(scope="module")
def log() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("job_log", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["job_log"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["job_log"]


def asked(log: ModuleType, at_s: float, key: str, stream: str) -> tuple[object, ...]:
    return log.Step(at_s, "asked", key, log.LOOK, "", stream)  # type: ignore[no-any-return]


def step(log: ModuleType, at_s: float, what: str, key: str, node: str = "") -> tuple[object, ...]:
    return log.Step(at_s, what, key, log.LOOK, node)  # type: ignore[no-any-return]


def test_a_look_that_the_next_one_finds_unrecorded_is_lost(log: ModuleType) -> None:
    steps = [
        asked(log, 1, "a1", A),
        asked(log, 1, "b1", B),
        asked(log, 5, "a2", A),
        asked(log, 9, "a3", A),
    ]
    looks = log.looks_of(steps, [(A, 8.0), (B, 2.0), (A, 12.0)], ended_s=20.0)
    assert looks.lost == ("a1",)
    assert (looks.asked, looks.recorded, looks.under_way, looks.more) == (4, 3, 0, 0)


def test_the_last_look_of_a_stream_may_be_under_way_at_the_end(log: ModuleType) -> None:
    steps = [asked(log, 1, "a1", A), asked(log, 5, "a2", A)]
    looks = log.looks_of(steps, [(A, 4.0)], ended_s=20.0)
    assert (looks.lost, looks.under_way) == ((), 1)


def test_but_not_for_longer_than_a_driver_waits(log: ModuleType) -> None:
    steps = [asked(log, 1, "a1", A), asked(log, 5, "a2", A)]
    looks = log.looks_of(steps, [(A, 4.0)], ended_s=6.0 + log.PATIENCE_S)
    assert (looks.lost, looks.under_way) == (("a2",), 0)


def test_a_second_record_of_one_look_is_one_too_many(log: ModuleType) -> None:
    steps = [asked(log, 1, "a1", A), asked(log, 5, "a2", A)]
    looks = log.looks_of(steps, [(A, 3.0), (A, 4.0), (A, 6.0)], ended_s=20.0)
    assert (looks.lost, looks.more) == ((), 1)


def test_what_two_nodes_did_is_told_from_what_stands_twice(log: ModuleType) -> None:
    steps = [
        asked(log, 1, "a1", A),
        step(log, 2, "tried", "a1", "one"),
        step(log, 2, "answered", "a1", "one"),
        step(log, 3, "tried", "a1", "two"),
        asked(log, 4, "b1", B),
        step(log, 5, "answered", "b1", "one"),
        step(log, 6, "answered", "b1", "two"),
    ]
    looks = log.looks_of(steps, [(A, 2.5), (B, 6.5)], ended_s=9.0)
    assert (looks.done_twice, looks.answered_twice) == (1, 1)


def test_after_a_kill_others_count_and_what_had_ended_does_not(log: ModuleType) -> None:
    kill = log.Kill(10.0, "one", frozenset({"had-ended", "redone", "withdrawn", "late", "never"}))
    steps = [
        step(log, 8, "answered", "had-ended", "one"),
        step(log, 9, "gone", "withdrawn"),
        step(log, 9.5, "answered", "other", "two"),
        step(log, 10.1, "answered", "late", "one"),
        step(log, 13, "answered", "else", "two"),
        step(log, 17, "answered", "redone", "three"),
    ]
    soon = log.recovery(kill, steps, [])
    assert soon.answer_s == 3.0
    assert soon.redone_s == (None, 7.0)  # never, redone


def test_a_shard_is_missed_until_another_home_says_so_and_publishes(log: ModuleType) -> None:
    kill = log.Kill(10.0, "one", frozenset())
    steps = [
        step(log, 5, "home", "c/1", "one"),
        step(log, 6, "home", "c/2", "one"),
        step(log, 7, "home", "c/2", "two"),
        step(log, 9, "home", "c/3", "one"),
        step(log, 14, "home", "c/1", "three"),
        step(log, 16, "home", "c/1", "three"),
    ]
    lists = [
        log.Published(9.0, "c/1", "one"),
        log.Published(10.1, "c/1", "one"),
        log.Published(19.0, "c/1", "three"),
        log.Published(19.5, "c/2", "two"),
    ]
    soon = log.recovery(kill, steps, lists)
    assert soon.homes_s == {"c/1": 4.0, "c/3": None}
    assert soon.published_s == {"c/1": 9.0, "c/3": None}


def test_the_next_answer_of_a_node_is_one_that_stands(log: ModuleType) -> None:
    steps = [
        step(log, 11, "tried", "a1", "one"),
        step(log, 12, "answered", "a2", "two"),
        step(log, 14, "answered", "a3", "one"),
    ]
    assert log.next_answer_s("one", 10.0, steps) == 4.0
    assert log.next_answer_s("one", 10.0, steps, of={"a1", "a2"}) is None
    assert log.next_answer_s("three", 10.0, steps) is None


def test_jobs_that_last_are_no_answers_that_anybody_waits_for(log: ModuleType) -> None:
    early, late = "2026-11-30T20:00:00+00:00", "2026-11-30T20:00:09+00:00"
    lines = [
        {"turn": "joined", "at": early},
        {"turn": "began", "kind": "look", "key": "a1", "at": early},
        {"turn": "began", "kind": "hear", "key": "hear:c/1", "at": early},
        {"turn": "done", "kind": "look", "key": "a1", "at": late},
        {"turn": "began", "kind": "show", "key": "a2", "at": late},
    ]
    assert log.begun(lines) == {"a1", "a2"}
    assert log.begun(lines, since_s=datetime.fromisoformat(late).timestamp()) == {"a2"}


def test_a_record_that_was_told_must_stand_as_it_was_told(log: ModuleType) -> None:
    told = [
        {"index": 0, "kind": "verdict", "body": {"finding": "proven"}},
        {"index": 1, "kind": "verdict", "body": {"finding": "proven"}},
        {"index": 2, "kind": "verdict", "body": {}},
        {"standby": {}},
    ]
    stands = {0: ("verdict", {"finding": "proven"}), 1: ("verdict", {"finding": "undecided"})}
    assert log.differing_records(told, stands) == [1, 2]
