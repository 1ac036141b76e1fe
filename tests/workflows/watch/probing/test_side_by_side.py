"""Workers follow the room that there is, and one that fails ends them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from cautery.workflows.watch.probing import side_by_side as module
from cautery.workflows.watch.probing.side_by_side import side_by_side


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED_S", 0.001)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


async def test_as_many_work_as_there_is_room_for_while_that_changes() -> None:
    room, working = [0], set[object]()

    async def work(has_room: Callable[[], bool]) -> None:
        me = object()
        working.add(me)
        try:
            for _ in iter(has_room, False):
                await asyncio.sleep(0.001)
        finally:
            working.discard(me)

    crew = asyncio.ensure_future(side_by_side(work, lambda: room[0]))
    await asyncio.sleep(0.01)
    assert not working
    for count in (3, 1, 5, 0, 2):
        room[0] = count
        await until(lambda count=count: len(working) == count)  # type: ignore[misc]
    crew.cancel()
    await asyncio.wait([crew])
    assert not working


async def test_what_a_worker_meets_ends_all() -> None:
    ended = []

    async def work(has_room: Callable[[], bool]) -> None:
        if len(ended) == 0 and has_room():
            ended.append("first")
            await asyncio.sleep(0.01)
            raise ValueError("met")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("other")

    with pytest.raises(ValueError, match="met"):
        await side_by_side(work, lambda: 3)
    assert ended == ["first", "other", "other"]
