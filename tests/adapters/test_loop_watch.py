"""The watch over an event loop: what gives no turn is found with its place, and what waits is not."""

from __future__ import annotations

import asyncio
import threading
import time

from cautery.adapters.loop_watch import LoopWatch

LEAST_S = 0.15


def test_a_stall_is_found_with_its_stack() -> None:
    watch = LoopWatch(least_s=LEAST_S)

    async def sleepy() -> None:
        await asyncio.sleep(0)
        time.sleep(2 * LEAST_S)  # noqa: ASYNC251 - the fault that is to be found
        await asyncio.sleep(0)

    watch.run(sleepy())

    assert watch.count == 1
    [stall] = watch.stalls
    assert stall.seconds >= 2 * LEAST_S
    assert stall.own_s == watch.longest_s
    assert any("sleepy" in frame for frame in stall.where)


def test_a_loop_that_waits_on_a_thread_or_a_timer_does_not_stall() -> None:
    watch = LoopWatch(least_s=4 * LEAST_S)

    async def patient() -> None:
        await asyncio.to_thread(time.sleep, 5 * LEAST_S)
        await asyncio.sleep(5 * LEAST_S)

    watch.run(patient())

    assert watch.count == 0


def test_a_lock_that_another_thread_holds_is_the_loops_own_stall() -> None:
    watch, lock = LoopWatch(least_s=LEAST_S), threading.Lock()
    lock.acquire()
    threading.Timer(2 * LEAST_S, lock.release).start()

    async def locked() -> None:
        with lock:
            await asyncio.sleep(0)

    watch.run(locked())

    assert watch.count == 1
    assert watch.to_json()["stalls"][0]["own_s"] >= LEAST_S


def test_the_longest_stalls_are_kept_and_all_are_counted() -> None:
    watch = LoopWatch(least_s=0.0)

    async def many_turns() -> None:
        for _ in range(500):
            await asyncio.sleep(0)

    watch.run(many_turns())

    assert watch.count >= 500
    assert len(watch.stalls) == 100
    assert watch.stalls[0].own_s == watch.longest_s


def test_what_the_work_returns_or_raises_comes_through() -> None:
    async def answer() -> int:
        return 42

    assert LoopWatch().run(answer()) == 42
