"""How often, how many at once, and when to leave a server in peace.

Reaches: nothing; it makes the HTTP client wait.
Lawful basis: none needed.
Manners: a rate and a concurrency for each host and each address; silence after 429 and 503.
Format: RFC 9110 section 10.2.3 (Retry-After); the rate is the generic cell rate algorithm.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cautery.errors import LimitError

_MOST_GATES = 20_000
LONGEST_SILENCE_S = 60.0
"""The most that a server's Retry-After can hold us off: a hostile one would say a year."""


@dataclass(slots=True)
class _Gate:
    slots: asyncio.Semaphore
    free_at: float = 0.0
    silent_until: float = 0.0
    refusals: int = 0
    users: int = field(default=0)


class Manners:
    """Gates by host and by address, the least used forgotten when there are too many.

    Parameters
    ----------
    rate_hz : float
        Requests per second through one gate, after a burst of ``burst``.
    at_once : int
        Requests at the same time through one gate.
    longest_wait_s : float
        A request that would wait longer is refused instead.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        at_once: int,
        burst: int = 2,
        longest_wait_s: float = 120.0,
        time_s: Callable[[], float] | None = None,
    ) -> None:
        self._interval_s = 1.0 / rate_hz
        self._at_once = at_once
        self._burst_s = (burst - 1) * self._interval_s
        self._longest_s = longest_wait_s
        self._time_s = time_s or (lambda: asyncio.get_running_loop().time())
        self._gates: OrderedDict[str, _Gate] = OrderedDict()

    def slow_to(self, rate_hz: float) -> None:
        """Let so many requests a second through each gate from now on."""
        self._burst_s *= (1.0 / rate_hz) / self._interval_s
        self._interval_s = 1.0 / rate_hz

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for a turn at ``name``, and hold it.

        Raises
        ------
        LimitError
            If the queue is longer than anybody should wait.
        """
        gate = self._gate(name)
        gate.users += 1
        try:
            wait_s = self._book(name, gate)
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            async with gate.slots:
                # The server may have asked for silence while this request stood in the queue.
                silence_s = gate.silent_until - self._time_s()
                if silence_s > 0:
                    await asyncio.sleep(silence_s)
                yield
        finally:
            gate.users -= 1

    def answered(self, name: str, *, status: int, retry_after: str | None, now: datetime) -> None:
        """Learn from an answer: 429 and 503 ask for silence, all else ends it."""
        gate = self._gate(name)
        if status not in (429, 503):
            gate.refusals = 0
            return
        # 2^6 s are more than LONGEST_SILENCE_S: to count on would change nothing.
        gate.refusals = min(gate.refusals + 1, 6)
        asked_s = seconds_of(retry_after, now=now)
        silence_s = asked_s if asked_s is not None else float(2**gate.refusals)
        gate.silent_until = self._time_s() + min(max(silence_s, 0.0), LONGEST_SILENCE_S)

    def silence_s(self, name: str) -> float:
        """Return for how many more seconds ``name`` is left in peace."""
        return max(0.0, self._gate(name).silent_until - self._time_s())

    def _book(self, name: str, gate: _Gate) -> float:
        now = self._time_s()
        # ``free_at`` is the theoretical arrival time of the generic cell rate algorithm (ITU-T
        # I.371), the burst its tolerance.
        start = max(now, gate.free_at - self._burst_s, gate.silent_until)
        if start - now > self._longest_s:
            raise LimitError(
                f"{name}: too many requests wait; the next could start in {start - now:.0f} s"
            )
        gate.free_at = max(gate.free_at, start) + self._interval_s
        return start - now

    def _gate(self, name: str) -> _Gate:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = _Gate(slots=asyncio.Semaphore(self._at_once))
            if len(self._gates) > _MOST_GATES:
                # A gate in use is never forgotten: a second one of that name would let twice as
                # many in.
                idle = next((k for k, g in self._gates.items() if g.users == 0 and k != name), None)
                if idle is not None:
                    del self._gates[idle]
        self._gates.move_to_end(name)
        return gate


def seconds_of(retry_after: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or a date.

    Examples
    --------
    >>> seconds_of("120", now=datetime(2026, 11, 24, tzinfo=UTC))
    120.0
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 12:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
