"""How often one caller may ask: a bucket of tokens for each, and a bound on their number."""

from __future__ import annotations

from collections import OrderedDict

_MOST_CALLERS = 20_000
"""Callers that are remembered; who has been silent longest is forgotten first."""


class Fairness:
    """Admits so many requests a second from each caller.

    Parameters
    ----------
    per_s : float
        Requests per second, on average.
    burst : float
        Requests at once, after a pause.
    """

    def __init__(self, *, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._callers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, caller: str, now_s: float) -> bool:
        """Take one token of a caller, if there is one.

        Parameters
        ----------
        now_s : float
            The time, in seconds; a clock that was set back gives no tokens.
        """
        tokens, then_s = self._callers.pop(caller, (self._burst, now_s))
        tokens = min(self._burst, tokens + max(0.0, now_s - then_s) * self._per_s)
        admitted = tokens >= 1.0
        self._callers[caller] = (tokens - 1.0 if admitted else tokens, now_s)
        if len(self._callers) > _MOST_CALLERS:
            self._callers.popitem(last=False)
        return admitted
