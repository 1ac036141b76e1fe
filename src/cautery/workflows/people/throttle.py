"""How many logins are looked at: so many that people come in, so few that guessing is hopeless.

A hash of a password costs a fifth of a second of CPU on purpose, so strangers must not have many
made. Three budgets stand before it: one for each address, one for each name, and one for all
browsers that never came in. A browser that came in before has a mark and budgets of its own, so
10,000 logins a minute under somebody's name keep that person out of nothing.

All is in memory and bounded: what was not seen for longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

MOST_KEPT = 50_000
FREE_TRIES = 5
"""Wrong passwords before the first wait; people mistype."""
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 900.0
_FORGIVEN_S = 24 * 3600.0
ADDRESS_TRIES, ADDRESS_EACH_S = 20.0, 6.0
"""An office behind one address comes to work in the same minute; then one in 6 s."""
STRANGE_TRIES, STRANGE_EACH_S = 10.0, 0.5
"""Of all browsers without a mark together: two a second at most."""


@dataclass(slots=True)
class _Tries:
    failed: int = 0
    until: float = 0.0
    at: float = 0.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Throttle:
    """Counts logins.

    Parameters
    ----------
    now : callable
        Seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._lock = now, Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._strange = _Bucket(STRANGE_TRIES, now())
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def wait_s(self, address: str, name: str, mark: str) -> float:
        """Return how long somebody must wait; 0.0: the login may be looked at, and is counted.

        Parameters
        ----------
        address : str
            What one subscriber has.
        name : str
            As it was given, whether there is such an account or not.
        mark : str
            Of a browser that came in under this name before; empty: it did not.
        """
        with self._lock:
            now = self._now()
            tries = self._tries.get((name, mark))
            if tries is not None and tries.until > now:
                return tries.until - now
            # A flood from one's own office is a flood as well: a mark has a budget of its own.
            bucket = self._bucket(f"mark {mark}" if mark else address, now)
            if bucket.left < 1:
                return (1 - bucket.left) * ADDRESS_EACH_S
            if not mark:
                _refill(self._strange, now, STRANGE_TRIES, STRANGE_EACH_S)
                if self._strange.left < 1:
                    return (1 - self._strange.left) * STRANGE_EACH_S
                self._strange.left -= 1
            bucket.left -= 1
            return 0.0

    def cheap_wait_s(self, address: str) -> float:
        """Return how long who brings something that cannot be guessed must wait; it is counted."""
        with self._lock:
            bucket = self._bucket(f"cheap {address}", self._now())
            if bucket.left < 1:
                return (1 - bucket.left) * ADDRESS_EACH_S
            bucket.left -= 1
            return 0.0

    def _bucket(self, whose: str, now: float) -> _Bucket:
        bucket = self._buckets.pop(whose, None) or _Bucket(ADDRESS_TRIES, now)
        self._buckets[whose] = bucket
        _trim(self._buckets)
        _refill(bucket, now, ADDRESS_TRIES, ADDRESS_EACH_S)
        return bucket

    def failed(self, name: str, mark: str) -> int:
        """Count a wrong login; return how many there were under this name from such browsers."""
        with self._lock:
            now = self._now()
            tries = self._tries.pop((name, mark), None) or _Tries()
            if now - tries.at > _FORGIVEN_S:
                tries = _Tries()
            self._tries[name, mark] = tries
            _trim(self._tries)
            tries.failed += 1
            tries.at = now
            if tries.failed >= FREE_TRIES:
                wait = FIRST_WAIT_S * 2.0 ** min(tries.failed - FREE_TRIES, 20)
                tries.until = now + min(wait, LONGEST_WAIT_S)
            return tries.failed

    def came_in(self, name: str, mark: str) -> None:
        """Forget what went wrong before."""
        with self._lock:
            self._tries.pop((name, mark), None)


def _refill(bucket: _Bucket, now: float, limit: float, each_s: float) -> None:
    bucket.left = min(limit, bucket.left + (now - bucket.at) / each_s)
    bucket.at = now


def _trim(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)
