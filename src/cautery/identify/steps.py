"""A search in steps: what each volume is asked next follows from what all have answered.

A search is a generator that yields the tasks of a step, one a volume, and is sent their results.
So the same search runs on one thread, or with the volumes side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from cautery.model.ports import Engine

T = TypeVar("T")
Tasks = list[Callable[[], Any]]
Search = Generator[Tasks, Any, T]


@dataclass(frozen=True, slots=True)
class _Found(Generic[T]):
    """The end of a search."""

    result: T


def in_turn(search: Search[T]) -> T:
    """Run a search on this thread, one volume after the other."""
    step = _after(search, None)
    while not isinstance(step, _Found):
        step = _after(search, [task() for task in step])
    return step.result


async def side_by_side(engine: Engine, search: Search[T]) -> T:
    """Run a search on an engine's threads, the volumes of each step side by side.

    Where there is one volume it is one task of the engine.

    Raises
    ------
    CauteryError
        As the engine and the search say.
    """
    go_on = partial(_after, search)
    step = await engine.run(go_on, None)
    while not isinstance(step, _Found):
        answers = await asyncio.gather(*(engine.run_at(at, task) for at, task in enumerate(step)))
        step = await engine.run(go_on, answers)
    return step.result


def _after(search: Search[T], answers: list[Any] | None) -> Tasks | _Found[T]:
    """Go on with answers, up to the next step of several tasks or the end."""
    try:
        step = search.send(answers)
        while len(step) == 1:
            step = search.send([step[0]()])
    except StopIteration as end:
        return _Found(end.value)
    return step
