"""What several threads ask for meanwhile is done at once, in order, and each gets its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from cautery.evidence.in_groups import InGroups


class Slow:
    """Squares numbers; the first group waits until it may go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.squares: InGroups[int, int] = InGroups(self._act)

    def _act(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.groups.append(list(numbers))
        self.begun.set()
        self.go_on.wait(20)
        if 99 in numbers:
            raise OSError("all of the group")
        return [ValueError(str(one)) if one == 13 else one * one for one in numbers]

    def ask_while_it_acts(self, *numbers: int) -> list[object]:
        """Ask for 1, and while that is done for the others; return what each thread got."""
        got: list[object] = [None] * (len(numbers) + 1)

        def ask(place: int, number: int) -> None:
            try:
                got[place] = self.squares.ask(number)
            except (ValueError, OSError) as error:
                got[place] = f"{type(error).__name__}: {error}"

        threads = [threading.Thread(target=ask, args=(0, 1))]
        threads[0].start()
        self.begun.wait(20)
        for place, number in enumerate(numbers, start=1):
            threads.append(threading.Thread(target=ask, args=(place, number)))
            threads[-1].start()
            while len(self.squares._queue) < place:
                time.sleep(0.001)
        self.go_on.set()
        for thread in threads:
            thread.join(20)
        return got


def test_who_asks_while_a_group_is_done_is_done_in_the_next() -> None:
    slow = Slow()
    assert slow.ask_while_it_acts(2, 3, 4) == [1, 4, 9, 16]
    assert slow.groups == [[1], [2, 3, 4]]


def test_what_goes_wrong_for_one_is_raised_for_that_one() -> None:
    assert Slow().ask_while_it_acts(2, 13, 4) == [1, 4, "ValueError: 13", 16]


def test_what_goes_wrong_for_a_group_is_raised_for_all_of_it_and_no_other() -> None:
    got = Slow().ask_while_it_acts(2, 99)
    assert got == [1, "OSError: all of the group", "OSError: all of the group"]


def test_an_act_may_ask_for_another() -> None:
    """A listener that is told of a record may write one."""
    asked: list[int] = []

    def act(numbers: Sequence[int]) -> list[int | Exception]:
        asked.extend(numbers)
        return [doubles.ask(one - 1) + 2 if one else 0 for one in numbers]

    doubles: InGroups[int, int] = InGroups(act)
    assert (doubles.ask(3), asked) == (6, [3, 2, 1, 0])


def test_after_a_failure_the_next_is_done() -> None:
    slow = Slow()
    slow.go_on.set()
    with pytest.raises(OSError, match="all"):
        slow.squares.ask(99)
    assert slow.squares.ask(5) == 25
