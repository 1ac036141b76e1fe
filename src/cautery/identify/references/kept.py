"""What is made of all references at once, and may be a moment old where that is dear."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

KEPT_S = 2.0
"""Wall seconds for which what was made of many references will do, though media have come in since:
of 2,500 live channels something comes in 400 times a second, and to stack their codes anew takes
31 ms of CPU. A segment lasts 2 to 10 s, so nothing is searchable much later than it could be."""
FEW_REFERENCES = 200
"""Up to so many, all is made anew in 2 ms, and at once."""

T = TypeVar("T")


class Kept(Generic[T]):
    """One thing that is made when asked for, and again when it is out of date."""

    def __init__(self, *, for_s: float) -> None:
        self._for_s = for_s
        self._lock = threading.Lock()
        self._changes = 0
        self._value: tuple[T, int, float] | None = None

    def changed(self) -> None:
        """Note that what it is made of has changed."""
        self._changes += 1

    def get(self, make: Callable[[], T]) -> T:
        """Return it, made by the one thread that asks first."""
        with self._lock:
            now_s = monotonic()
            if self._value is not None:
                value, changes, at_s = self._value
                if changes == self._changes or now_s - at_s < self._for_s:
                    return value
            # What comes in while it is made may be missing from it, so it counts as a change.
            changes = self._changes
            value = make()
            self._value = value, changes, now_s
            return value
