"""A night on many nodes, look by look: who waits for what, by a queue of events."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from cautery.estimate.machines import (
    Machine,
    Night,
    hearing_cores,
    look_bytes,
    look_cpu_s,
    needs,
    unit_costs,
)

PLACES = 8
"""Looks in hand for each core of a node: most of a look is waiting for its server."""
FASTER, FACTOR = 4.0, 2.0
"""A server gives media at so many times the stream's rate, log-normal, a standard deviation of a
factor of two: assumed, no server was asked."""
PUT_S = 0.08
"""Seconds that a vault takes for an object besides its bytes: assumed."""
EARLY = 1 / 3
"""Share of the simulated time that fills the queues and does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A simulated night: delays of looks in seconds, and the shares of time that parts worked."""

    median_s: float
    p95_s: float
    bare_p95_s: float
    answered: float
    use: dict[str, float]


def simulated(
    night: Night, machine: Machine, nodes: int, level: str, *, seconds: float, seed: int = 1
) -> Simulated:
    """Simulate a night on so many nodes.

    Returns
    -------
    Simulated
        ``answered`` is the share of the looks due in the counted time that were answered before
        its end; ``bare_p95_s`` what 95 % would have taken without any queue.
    """
    rng, of = np.random.default_rng(seed), unit_costs()
    count = int(rng.poisson(night.looks_a_minute / 60 * seconds))
    due = np.sort(rng.uniform(0, seconds, count))
    size = look_bytes(night)
    rate = night.stream_mbit * 1e6 / 8 * FASTER * np.exp(rng.normal(0, math.log(FACTOR), count))
    fetch = 0.1 + size / rate
    heard = hearing_cores(night, level) / (nodes * machine.cores * machine.speed)
    free = max(0.01, 1 - heard)
    spread = math.log(of["seal_s"].high / of["seal_s"].mid) if of["seal_s"].mid else 0.3
    cpu = look_cpu_s(night, level) / machine.speed / free
    cpu = cpu * np.exp(rng.normal(-(spread**2) / 2, spread, count))
    nic = machine.network_gbit * 1e9 / 8
    pulled = night.channels * of["published_bytes_a_channel_s"].at(level)
    seal = size / max(1.0, nic - pulled)
    file_s = of["driver_look_s"].at(level) / machine.speed / 2
    append_s = of["records_a_look"].mid / of["appends_a_s"].at(_other(level))
    drivers = needs(night, machine, level).drivers
    bare = 2 * file_s + fetch + cpu + PUT_S + seal + append_s

    ends = np.full(count, np.inf)
    at_driver = [0.0] * drivers
    taken_up, database = [0.0] * drivers, 0.0
    places = [(0, node) for node in range(nodes)]  # looks in hand, node: the emptiest first
    in_hand, cores_free = [0] * nodes, [machine.cores] * nodes
    waiting: deque[int] = deque()
    queues: list[deque[int]] = [deque() for _ in range(nodes)]
    in_until, out_until = [0.0] * nodes, [0.0] * nodes
    worked = 0.0
    most = PLACES * machine.cores
    where = [0] * count
    events: list[tuple[float, int, int]] = []  # when, what, which look
    filed, fetched, decoded, sealed = range(4)
    for look in range(count):
        driver = look % drivers
        at_driver[driver] = max(at_driver[driver], due[look]) + file_s
        heapq.heappush(events, (at_driver[driver], filed, look))

    def begin(look: int, now: float) -> None:
        while True:
            hand, node = heapq.heappop(places)
            if hand == in_hand[node]:
                break
        in_hand[node] += 1
        heapq.heappush(places, (in_hand[node], node))
        where[look] = node
        # The line is shared: what comes in at once is done when all of it has come through.
        in_until[node] = max(in_until[node], now) + size / max(1.0, nic - pulled)
        heapq.heappush(events, (max(now + fetch[look], in_until[node]), fetched, look))

    def work(look: int, node: int, now: float) -> None:
        nonlocal worked
        cores_free[node] -= 1
        worked += cpu[look]
        heapq.heappush(events, (now + cpu[look], decoded, look))

    while events and events[0][0] <= seconds:
        now, what, look = heapq.heappop(events)
        node = where[look]
        if what == filed:
            if min(in_hand) >= most:
                waiting.append(look)
            else:
                begin(look, now)
        elif what == fetched:
            if cores_free[node]:
                work(look, node, now)
            else:
                queues[node].append(look)
        elif what == decoded:
            cores_free[node] += 1
            if queues[node]:
                work(queues[node].popleft(), node, now)
            out_until[node] = max(out_until[node], now) + seal
            heapq.heappush(events, (out_until[node] + PUT_S, sealed, look))
        else:
            in_hand[node] -= 1
            heapq.heappush(places, (in_hand[node], node))
            if waiting:
                begin(waiting.popleft(), now)
            driver = look % drivers
            taken_up[driver] = max(taken_up[driver], now) + file_s
            database = max(database, taken_up[driver]) + append_s
            ends[look] = database
    counted = (due >= seconds * EARLY) & (due <= seconds - np.quantile(bare, 0.95) * 2)
    delays = (ends - due)[counted]
    done = np.isfinite(delays)
    each = seconds * nodes
    return Simulated(
        median_s=float(np.quantile(delays, 0.5)) if done.any() else math.inf,
        p95_s=float(np.sort(delays)[int(0.95 * (len(delays) - 1))]) if len(delays) else 0.0,
        bare_p95_s=float(np.quantile(bare, 0.95)),
        answered=float(done.mean()) if len(delays) else 1.0,
        use={
            "cores": min(1.0, worked * free / each / machine.cores + heard),
            "network in": (count * size / each + pulled) / nic,
            "driver": count * 2 * file_s / seconds / drivers,
            "database": count * append_s / seconds,
        },
    )


def _other(level: str) -> str:
    return {"low": "high", "high": "low"}.get(level, level)
