"""Whether a node reaches the store, and how often it asks one that refuses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cautery.errors import AwayError
from cautery.workflows.nodes import reach
from cautery.workflows.nodes.reach import MOST_PAUSE_S, StoreReach


class Store:
    def __init__(self) -> None:
        self.away = True
        self.asked = 0

    def look(self) -> None:
        self.asked += 1
        if self.away:
            raise AwayError("403 of try " + str(self.asked))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def sleep_short(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0.001)

    monkeypatch.setattr(reach.asyncio, "sleep", sleep_short)
    return waited


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not reached():
            await asyncio.to_thread(lambda: None)


async def test_a_store_that_refuses_one_node_is_asked_ever_more_seldom(
    pauses: list[float],
) -> None:
    store = Store()
    way = StoreReach(store.look)
    way.failed(AwayError("403"))
    working = asyncio.ensure_future(way.work())
    waiting = asyncio.ensure_future(way.there())
    await _until(lambda: store.asked == 7)
    assert pauses[:6] == [5, 10, 20, 40, MOST_PAUSE_S, MOST_PAUSE_S]
    assert way.why.startswith("403 of try")
    assert not waiting.done()
    store.away = False
    await _until(waiting.done)
    assert way.why == ""
    working.cancel()


async def test_what_works_again_only_for_reading_is_not_trusted_at_once(
    pauses: list[float],
) -> None:
    store = Store()
    store.away = False
    way = StoreReach(store.look)
    working = asyncio.ensure_future(way.work())
    for pause in (5, 10):
        way.failed(AwayError("nothing may be written"))
        await _until(lambda: not way.why)
        assert pauses[-1] == pause
    way.failed(AwayError("nothing may be written"))
    way.worked()
    assert way.why == ""
    await _until(lambda: len(pauses) == 3 or working.done())
    way.failed(AwayError("nothing may be written"))
    await _until(lambda: not way.why)
    assert pauses[-1] <= 10
    working.cancel()
