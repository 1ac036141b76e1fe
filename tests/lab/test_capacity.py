"""A demonstration measures the machine first: waits, or says that its figures will mean nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from cautery.cli.demo import show_score
from cautery.lab import capacity
from cautery.lab.capacity import Capacity, free_cores, wait_for_capacity
from cautery.lab.scoreboard import Scoreboard


def waited(free: Iterable[float]) -> tuple[Capacity, list[str], list[float]]:
    said: list[str] = []
    slept: list[float] = []
    measures = iter(free)
    found = wait_for_capacity(
        said.append,
        needs=1.5,
        most_s=20.0,
        measure=lambda: next(measures),
        sleep=slept.append,
    )
    return found, said, slept


def test_a_machine_that_has_enough_is_not_waited_for() -> None:
    found, said, slept = waited([1.6])
    assert (found.enough, said, slept) == (True, [], [])


def test_capacity_is_waited_for_and_that_is_said() -> None:
    found, said, slept = waited([0.2, 0.4, 1.9])
    assert (found.enough, found.waited_s, len(slept)) == (True, 10.0, 2)
    assert said == [
        "this machine has 0.2 of the 1.5 cores that the demo needs; waiting up to 20 s for more"
    ]


def test_the_wait_is_bounded_and_then_the_figures_mean_nothing() -> None:
    found, said, slept = waited([0.2] * 99)
    assert (found.enough, sum(slept)) == (False, 20.0)
    assert "its figures will have no meaning" in said[-1]
    assert found.to_json()["enough"] is False


def test_a_machine_does_some_work_in_a_moment() -> None:
    assert free_cores(0.05) > 0


def test_a_scoreboard_of_a_starved_machine_has_dashes_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = Scoreboard(
        recall=None,
        precision=None,
        false_accusations=0,
        bystanders_hit=0,
        time_to_detection_s=(None, None),
        time_to_dark_s=None,
        networks_bcubed=None,
        licensee_accuracy=None,
        looked_at=(0, 57),
        late="looks are late by 60 s: they hang: 10 at decoding",
        machine=Capacity(has=0.2, needs=1.5).to_json(),
    )
    show_score(nothing, None, json=False)
    shown = capsys.readouterr()
    said = shown.out + shown.err
    assert "0 of 57" in said
    assert "60.0 s" not in said
    assert "these figures have no meaning" in said
    assert "the watch was late: looks are late by 60 s" in said


def test_the_speed_of_a_core_is_by_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others take of it meanwhile does not count: only this thread's time does."""
    now = iter(number * 1e-3 for number in range(10_000))
    monkeypatch.setattr(capacity.time, "thread_time", lambda: next(now))
    # A piece for each look at the clock, but for the first and the last one: 1,000 a second.
    assert capacity.core_speed(0.3) == pytest.approx(1000 / capacity.CORE_HZ, rel=0.02)
