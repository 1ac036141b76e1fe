"""Send what was raised: each way for itself, and again after longer and longer waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from cautery.errors import CauteryError, RefusedError
from cautery.model.alert import Alert
from cautery.model.records import AlertSent
from cautery.workflows.alerts.log import AlertLog
from cautery.workflows.alerts.ports import Way

WAITS_S = (5.0, 30.0, 120.0, 600.0)
"""Before each further try: the last one is longer than a restart of whoever listens. Judgement."""


async def send_due(
    log: AlertLog,
    way: Way,
    *,
    now: Callable[[], datetime],
    waits_s: Sequence[float] = WAITS_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[AlertSent, ...]:
    """Send on one way what is due there; what it does not take after all tries is written down."""
    outcomes = []
    for index, alert in log.due(way.name, now=now()):
        tries, error = await tried(way, alert, waits_s=waits_s, sleep=sleep)
        outcomes.append(AlertSent(alert=index, way=way.name, tries=tries, error=error))
        log.settle(outcomes[-1], now=now())
    return tuple(outcomes)


async def tried(
    way: Way,
    alert: Alert,
    *,
    waits_s: Sequence[float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[int, str]:
    """Send an alert; return how many tries it took, and the class of the last error, if any."""
    for tries, wait_s in enumerate((*waits_s, None), start=1):
        try:
            await way.send(alert)
        except CauteryError as error:
            if wait_s is None or isinstance(error, RefusedError):
                return tries, type(error).__name__
            await sleep(wait_s)
        else:
            return tries, ""
    raise AssertionError
