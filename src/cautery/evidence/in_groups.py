"""Process in groups what several threads request while an earlier group is processed.

A flush of a disk takes as long for a hundred records as for one. Who asks while nobody acts, acts
at once; who asks meanwhile waits, and when the act is over the first of them acts for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock, get_ident
from typing import Generic, TypeVar

Request = TypeVar("Request")
Result = TypeVar("Result")


class _Waiting(Generic[Request, Result]):
    """A request, and what came of it once its thread is woken."""

    __slots__ = ("is_next", "outcome", "request", "woken")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.outcome: Result | BaseException | None = None
        self.is_next = False
        """This thread is to act next, for all that wait."""
        self.woken = Lock()
        self.woken.acquire()


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
        self._busy = False
        self._actor: int | None = None

    def ask(self, request: Request) -> Result:
        """Return what acting on this request gave, once that is done."""
        waiting: _Waiting[Request, Result] = _Waiting(request)
        if self._actor == get_ident():  # an act may ask for another: a listener that writes
            self._act_for([waiting])
        else:
            self._wait(waiting)
            if waiting.outcome is None:
                self._act_for_all()
        if isinstance(waiting.outcome, BaseException):
            raise waiting.outcome
        assert waiting.outcome is not None
        return waiting.outcome

    def _wait(self, waiting: _Waiting[Request, Result]) -> None:
        """Wait until the request was acted on, or this thread is to act."""
        with self._door:
            self._queue.append(waiting)
            if not self._busy:
                self._busy = True
                return
        try:
            waiting.woken.acquire()
        except BaseException:  # interrupted: somebody else must act in its place
            with self._door:
                if waiting in self._queue:
                    self._queue.remove(waiting)
                if waiting.is_next:
                    self._choose()
            raise

    def _act_for_all(self) -> None:
        with self._door:
            group, self._queue = self._queue, []
        self._actor = get_ident()
        try:
            self._act_for(group)
        finally:
            self._actor = None
            with self._door:
                self._choose()
            for waiting in group:
                waiting.woken.release()

    def _choose(self) -> None:
        self._busy = bool(self._queue)
        if self._queue:
            self._queue[0].is_next = True
            self._queue[0].woken.release()

    def _act_for(self, group: Sequence[_Waiting[Request, Result]]) -> None:
        try:
            outcomes: Sequence[Result | BaseException] = self._act(
                [waiting.request for waiting in group]
            )
        except BaseException as error:  # noqa: BLE001 - raised again, where each asked
            outcomes = [error] * len(group)
        for waiting, outcome in zip(group, outcomes, strict=True):
            waiting.outcome = outcome
