"""How many logins are looked at: so many that people come in, so few that guessing is hopeless.

A hash of a password costs a fifth of a second of CPU on purpose, so strangers must not have many
made. Three budgets stand before it: one for each address, one for each name, and one for all
browsers that never came in. A browser that came in before has a mark and budgets of its own, so
10,000 logins a minute under somebody's name keep that person out of nothing.

Budgets are in memory and bounded (:mod:`cautery.workflows.people.budgets`). Wrong logins are
counted where :class:`Tries` says: rooms that share their people share these, too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from cautery.workflows.people.budgets import MOST_KEPT, Budget, Budgets

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


class Tries(Protocol):
    """Where wrong logins are counted. Safe for threads."""

    def wait_s(self, who: str) -> float:
        """Return how long somebody must wait; 0.0: no time."""

    def failed(self, who: str, wait_s: Callable[[int], float]) -> int:
        """Count a wrong login, after which one waits as long as ``wait_s`` says of their number.

        Return how many there were; they are forgotten a day after the last one.
        """

    def came_in(self, who: str) -> None:
        """Forget what went wrong before."""


class OwnTries:
    """Wrong logins, counted in the memory of one room.

    Parameters
    ----------
    now : callable
        Seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._lock = now, Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait_s(self, who: str) -> float:
        """Return how long somebody must wait; 0.0: no time."""
        with self._lock:
            tries = self._tries.get(who)
            return 0.0 if tries is None else max(tries.until - self._now(), 0.0)

    def failed(self, who: str, wait_s: Callable[[int], float]) -> int:
        """Count a wrong login; return how many there were."""
        with self._lock:
            now = self._now()
            tries = self._tries.pop(who, None) or _Tries()
            if now - tries.at > _FORGIVEN_S:
                tries = _Tries()
            self._tries[who] = tries
            if len(self._tries) > MOST_KEPT:
                self._tries.popitem(last=False)
            tries.failed += 1
            tries.at, tries.until = now, now + wait_s(tries.failed)
            return tries.failed

    def came_in(self, who: str) -> None:
        """Forget what went wrong before."""
        with self._lock:
            self._tries.pop(who, None)


class Throttle:
    """Counts logins.

    Parameters
    ----------
    now : callable
        Seconds of a clock that never goes back.
    tries : Tries, optional
        Where wrong ones are counted; default: here.
    """

    def __init__(self, now: Callable[[], float], tries: Tries | None = None) -> None:
        self._now, self._lock = now, Lock()
        self._budgets = Budgets(ADDRESS_TRIES, ADDRESS_EACH_S, self._seconds)
        self._strange = Budget(STRANGE_TRIES, now())
        self._tries = OwnTries(self._seconds) if tries is None else tries

    def _seconds(self) -> float:
        return self._now()

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
        wait = self._tries.wait_s(_who(name, mark))
        if wait > 0:
            return wait
        # A flood from one's own office is a flood as well: a mark has a budget of its own.
        whose = f"mark {mark}" if mark else address
        wait = self._budgets.spend(whose)
        if wait or mark:
            return wait
        with self._lock:
            self._strange.refill(self._now(), most=STRANGE_TRIES, each_s=STRANGE_EACH_S)
            if self._strange.left >= 1:
                self._strange.left -= 1
                return 0.0
            wait = (1 - self._strange.left) * STRANGE_EACH_S
        self._budgets.give_back(whose)
        return wait

    def cheap_wait_s(self, address: str) -> float:
        """Return how long who brings something that cannot be guessed must wait; it is counted."""
        return self._budgets.spend(f"cheap {address}")

    def failed(self, name: str, mark: str) -> int:
        """Count a wrong login; return how many there were under this name from such browsers."""
        return self._tries.failed(_who(name, mark), _wait_after_s)

    def came_in(self, name: str, mark: str) -> None:
        """Forget what went wrong before."""
        self._tries.came_in(_who(name, mark))


def _who(name: str, mark: str) -> str:
    return f"{name}\n{mark}"


def _wait_after_s(failed: int) -> float:
    if failed < FREE_TRIES:
        return 0.0
    return min(FIRST_WAIT_S * 2.0 ** min(failed - FREE_TRIES, 20), LONGEST_WAIT_S)
