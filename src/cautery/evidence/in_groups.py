"""Do at once what several threads ask for while an earlier group is being done.

A flush of a disk takes as long for a hundred records as for one. Whoever asks while nobody acts
acts at once; whoever asks meanwhile waits, and the first to wake acts for all that wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock, RLock
from typing import Generic, TypeVar

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Request, Result]):
    request: Request
    outcome: Result | Exception | None = None


class InGroups(Generic[Request, Result]):
    """Requests acted on in groups, in the order in which they were made.

    Parameters
    ----------
    act : callable
        Given the requests of a group, returns the result of each, or the exception that is to be
        raised where it was asked for. What it raises is raised for all of the group.
    """

    def __init__(self, act: Callable[[Sequence[Request]], Sequence[Result | Exception]]) -> None:
        self._act = act
        self._queue: list[_Waiting[Request, Result]] = []
        self._door = Lock()
        self._acting = RLock()  # an act may ask for another: a listener that writes

    def ask(self, request: Request) -> Result:
        """Return what acting on this request gave, once that is done."""
        waiting: _Waiting[Request, Result] = _Waiting(request)
        with self._door:
            self._queue.append(waiting)
        with self._acting:
            if waiting.outcome is None:
                with self._door:
                    group, self._queue = self._queue, []
                self._act_for(group)
        if isinstance(waiting.outcome, Exception):
            raise waiting.outcome
        assert waiting.outcome is not None
        return waiting.outcome

    def _act_for(self, group: Sequence[_Waiting[Request, Result]]) -> None:
        try:
            outcomes = self._act([waiting.request for waiting in group])
        except Exception as error:  # noqa: BLE001 - raised again, where each asked
            outcomes = [error] * len(group)
        for waiting, outcome in zip(group, outcomes, strict=True):
            waiting.outcome = outcome
