"""Send what was raised: each way for itself, and again after longer and longer waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from cautery.errors import CauteryError, InputError, RefusedError
from cautery.model.alert import Alert
from cautery.model.records import AlertSent
from cautery.workflows.alerts.log import AlertLog
from cautery.workflows.alerts.ports import Way

WAITS_S = (5.0, 30.0, 120.0, 600.0)
"""Before each further try: the last one is longer than a restart of whoever listens. Judgement."""

_LONGEST_PAUSE_S = 30.0
"""So long a new alert waits at most, while others wait for their next try."""


async def send_due(
    log: AlertLog,
    way: Way,
    *,
    now: Callable[[], datetime],
    waits_s: Sequence[float] = WAITS_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[AlertSent, ...]:
    """Send on one way what is due there; what it does not take after all tries is written down.

    One that is not taken holds up no other: each waits for itself, and new ones are looked for
    meanwhile.
    """
    outcomes: list[AlertSent] = []
    tries: Counter[int] = Counter()
    left_s: dict[int, float] = {}
    while True:
        for index, alert in log.due(way.name, now=now()):
            if left_s.get(index, 0.0) > 0:
                continue
            error = await _error_of(way, alert)
            tries[index] += 1
            is_final = error is None or isinstance(error, InputError | RefusedError)
            if not is_final and tries[index] <= len(waits_s):
                left_s[index] = waits_s[tries[index] - 1]
                continue
            left_s.pop(index, None)
            name = "" if error is None else type(error).__name__
            outcomes.append(AlertSent(alert=index, way=way.name, tries=tries[index], error=name))
            log.settle(outcomes[-1], now=now())
        known = {index for index, _ in log.due(way.name, now=now())}
        left_s = {index: wait_s for index, wait_s in left_s.items() if index in known}
        if not left_s:
            return tuple(outcomes)
        pause_s = min(*left_s.values(), _LONGEST_PAUSE_S)
        await sleep(pause_s)
        left_s = {index: wait_s - pause_s for index, wait_s in left_s.items()}


async def _error_of(way: Way, alert: Alert) -> CauteryError | None:
    try:
        await way.send(alert)
    except CauteryError as error:
        return error
    return None
