"""Several machines that ask one host keep its rate together."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.adapters import _manners
from cautery.adapters._manners import Manners


async def asked_at(manners: list[Manners], now: list[float], requests: int) -> list[float]:
    """When each of so many requests is let through, the machines taking turns as they are free."""
    moments: list[float] = []

    async def ask(one: Manners, count: int) -> None:
        for _ in range(count):
            async with one.turn("host"):
                moments.append(now[0])

    for one in manners:
        now[0] = 0.0
        await ask(one, requests)
    return moments


@given(st.integers(1, 9), st.sampled_from([0.5, 1.0, 4.0]))
def test_a_host_is_asked_no_more_often_because_there_are_more_machines(
    machines: int, rate_hz: float
) -> None:
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    manners = [
        Manners(rate_hz=rate_hz, at_once=2, longest_wait_s=1e9, time_s=lambda: now[0])
        for _ in range(machines)
    ]
    for one in manners:
        one.slow_to(rate_hz / machines)
    patch = pytest.MonkeyPatch()
    try:
        patch.setattr(_manners.asyncio, "sleep", sleep)
        moments = asyncio.run(asked_at(manners, now, 8))
    finally:
        patch.undo()
    last_s = max(moments)
    # Each machine may begin with a burst of two; from then on all together keep the rate.
    assert len(moments) <= rate_hz * last_s + 2 * machines
