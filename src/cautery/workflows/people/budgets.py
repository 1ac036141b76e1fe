"""Budgets of strangers, one for each address: so many tries at once, and one more every so often.

They are in memory and bounded. An address is kept until its budget is whole again, and no longer:
it then says nothing that a new one would not say.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

MOST_KEPT = 50_000
"""Whoever was not seen for longest is forgotten first."""


@dataclass(slots=True)
class Budget:
    """What is left of a budget, and at what second."""

    left: float
    at: float

    def refill(self, now: float, *, most: float, each_s: float) -> None:
        """Add what has come since."""
        self.left = min(most, self.left + (now - self.at) / each_s)
        self.at = now


class Budgets:
    """Budgets of all who were seen lately. Safe for threads.

    Parameters
    ----------
    most : float
        Tries that are free at once.
    each_s : float
        Seconds after which there is one more.
    now : callable
        Seconds of a clock that never goes back.

    Examples
    --------
    >>> seconds = [0.0]
    >>> budgets = Budgets(2, 6.0, lambda: seconds[0])
    >>> [budgets.spend("192.0.2.1") for _ in range(3)], budgets.spend("192.0.2.2")
    ([0.0, 0.0, 6.0], 0.0)
    >>> seconds[0] = 13.0
    >>> budgets.spend("192.0.2.3"), len(budgets)
    (0.0, 1)
    """

    def __init__(self, most: float, each_s: float, now: Callable[[], float]) -> None:
        self._most, self._each_s, self._now = most, each_s, now
        self._lock = Lock()
        self._kept: OrderedDict[str, Budget] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    def spend(self, whose: str) -> float:
        """Take one try; return 0.0, or in how many seconds there is one: then none is taken."""
        with self._lock:
            now = self._now()
            self._forget(now)
            budget = self._kept.pop(whose, None) or Budget(self._most, now)
            self._kept[whose] = budget
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            budget.refill(now, most=self._most, each_s=self._each_s)
            if budget.left < 1:
                return (1 - budget.left) * self._each_s
            budget.left -= 1
            return 0.0

    def give_back(self, whose: str) -> None:
        """Undo what was spent last."""
        with self._lock:
            budget = self._kept.get(whose)
            if budget is None:
                return
            budget.left += 1
            if budget.left >= self._most:
                del self._kept[whose]

    def _forget(self, now: float) -> None:
        whole_s = self._most * self._each_s
        while self._kept and next(iter(self._kept.values())).at <= now - whole_s:
            self._kept.popitem(last=False)
