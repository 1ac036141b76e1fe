"""When to read a source again, learned from when it was seen to change.

Examples
--------
>>> from datetime import timedelta
>>> rhythm = Rhythm.of("m3u")
>>> for _ in range(12):
...     rhythm = rhythm.saw(changed=False, after_s=7200.0)
>>> rhythm.wait_s > Rhythm.of("m3u").wait_s
True

Notes
-----
Changes are taken for a Poisson process of which a visit tells only whether there was one since the
last visit (Cho and Garcia-Molina, "Estimating frequency of change", ACM TOIT 3(3), 2003). The rate
is the mode under a Gamma prior that weighs a quarter of one change and whose mode is the kind's
usual rate, so that the first visits neither race nor sleep; its interval is where the log posterior
is 1.92 below its mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from cautery.messages import message
from cautery.model.message import Message

KEPT = 40
"""Visits that are remembered: a source that changes its habits is followed within as many."""
PER_CHANGE = 2.0
"""Visits for each change that is expected, so that what is read is half a life old at most."""
_WEIGHT = 0.25
"""Of the kind's usual rate, in changes: after a handful of visits the source speaks for itself."""
_DROP = 1.92
"""Half the 95 % point of chi-squared with one degree of freedom."""
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of source usually lives: seconds between changes, and between visits."""

    changes_after_s: float
    least_s: float
    most_s: float


HABITS = {
    "m3u": Habit(18 * 3600.0, 60.0, 12 * 3600.0),
    "xtream": Habit(12 * 3600.0, 300.0, _DAY_S),
    "stalker": Habit(12 * 3600.0, 600.0, _DAY_S),
    "xmltv": Habit(_DAY_S, 1800.0, _DAY_S),
    "page": Habit(3 * _DAY_S, 900.0, _DAY_S),
    "ical": Habit(12 * 3600.0, 300.0, 3600.0),
    "names": Habit(4 * 3600.0, 300.0, 3600.0),
    "certificate": Habit(30 * _DAY_S, 6 * 3600.0, _DAY_S),
}
"""A playlist of short-lived lines lives 12 to 24 hours; a panel's or portal's list changes with the
day's events; a guide is renewed daily; a storefront in days; a calendar of fixtures seldom, but a
kick-off is moved hours before it; addresses flee within hours; a
certificate lasts 90 days, renewed after 60. Least and most are our manners and our patience:
judgement."""

METHOD = message("rhythm.poisson-changes")


@dataclass(frozen=True, slots=True)
class Rate:
    """Changes a day: the estimate, and its 95 % interval."""

    low: float
    mid: float
    high: float
    visits: int
    method: Message = METHOD


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What was seen of one source, and from that how long to wait.

    Parameters
    ----------
    seen : tuple of (float, bool)
        Of each visit: seconds since the one before, and whether there was a change.
    """

    habit: Habit
    seen: tuple[tuple[float, bool], ...] = ()

    @classmethod
    def of(cls, kind: str, *, least_s: float | None = None, most_s: float | None = None) -> Rhythm:
        """Return the rhythm of a kind of source, within bounds of one's own.

        Raises
        ------
        KeyError
            If there is no such kind.
        """
        habit = HABITS[kind]
        least = habit.least_s if least_s is None else least_s
        limit_s = habit.most_s if most_s is None else most_s
        return cls(replace(habit, least_s=least, most_s=max(least, limit_s)))

    def saw(self, *, changed: bool, after_s: float) -> Rhythm:
        """Return the rhythm after one more visit, ``after_s`` seconds after the last one."""
        return Rhythm(self.habit, (*self.seen, (max(after_s, 1.0), changed))[-KEPT:])

    @property
    def wait_s(self) -> float:
        """Seconds until the next visit."""
        wait_s = _DAY_S / (PER_CHANGE * self.rate.mid)
        return min(max(wait_s, self.habit.least_s), self.habit.most_s)

    @property
    def rate(self) -> Rate:
        """How often the source changes."""
        unchanged_s = sum(gap for gap, changed in self.seen if not changed)
        unchanged_s += _WEIGHT * self.habit.changes_after_s
        gaps = [gap for gap, changed in self.seen if changed]

        def slope(rate_hz: float) -> float:
            """Return the derivative of the log posterior; it only falls."""
            # expm1 overflows from 710 on.
            won = sum(gap / math.expm1(min(rate_hz * gap, 500.0)) for gap in gaps)
            return won + _WEIGHT / rate_hz - unchanged_s

        def height(rate_hz: float) -> float:
            won = sum(math.log(-math.expm1(-rate_hz * gap)) for gap in gaps)
            return won + _WEIGHT * math.log(rate_hz) - rate_hz * unchanged_s

        mode = _root(slope, 1e-9, 10.0)
        top = height(mode) - _DROP
        low = _root(lambda hz: top - height(hz), 1e-12, mode)
        high = _root(lambda hz: height(hz) - top, mode, 1e3)
        return Rate(low * _DAY_S, mode * _DAY_S, high * _DAY_S, len(self.seen))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function of a rate passes zero, by halving on a logarithmic scale."""
    # 60 halvings go below the 53 bits of a float.
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return math.sqrt(low * high)
