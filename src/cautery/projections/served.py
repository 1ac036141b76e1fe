"""What a case's own looks saw served, day by day: the share of streams, from each vantage.

A watch looks often at what is about to go dark and seldom at what is dark: looks at one stream
within an hour are one, their mean, so that neither outweighs the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from cautery.model import DarkProbe, Entry
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.model.records import ProbeDone, ReferralPublished

DIRECT = "the watch's own line"
"""Vantage of looks that pass no intermediary."""
MOST_LOOKS = 2_000_000
"""Streams by hours and vantages: a month of a thousand streams, through two intermediaries."""
MOST_DAYS = 4_000
_LATE = timedelta(days=1)
"""A look is recorded soon after it; another time is a slip, or made up."""
_UNREACHABLE = "dark-probe.unreachable"


@dataclass(slots=True)
class Served:
    """Looks of a case at its streams.

    Parameters
    ----------
    looks : dict
        By vantage, stream and hour (UTC): looks that saw it served, and all looks.
    published : list of datetime
        When lists were sent to intermediaries.
    passed_over : int
        Records that count nothing: their time is far from when they were recorded, or there are
        too many.
    """

    looks: defaultdict[tuple[str, str, datetime], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    published: list[datetime] = field(default_factory=list)
    passed_over: int = 0

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case DarkProbe() as probe:
                # Not dark, but reached by no way at all, is not served either.
                is_served = not probe.dark and probe.why.id != _UNREACHABLE
                self._look(entry, probe.intermediary, probe.url, probe.at, is_served=is_served)
            case ProbeDone(hindered=None) as look:
                self._look(entry, DIRECT, look.url, look.at, is_served=look.failed is None)
            case ReferralPublished() as published:
                self.published.append(published.at)

    def series(self, unit: str, market: str) -> tuple[DailySeries, ...]:
        """Return a series for each vantage; its probes are streams by hours."""
        by_vantage: defaultdict[str, defaultdict[datetime, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for (vantage, _, hour), (served, looks) in self.looks.items():
            midnight = hour.replace(hour=0)
            by_vantage[vantage][midnight].append(served / looks)
        return tuple(
            _series(unit, market, vantage, by_day)
            for vantage, by_day in sorted(by_vantage.items())
            if (max(by_day) - min(by_day)).days < MOST_DAYS
        )

    def _look(self, entry: Entry, vantage: str, url: str, at: datetime, *, is_served: bool) -> None:
        if abs(at - entry.record.at) > _LATE:
            self.passed_over += 1
            return
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        key = (vantage, url, hour)
        if key not in self.looks and len(self.looks) >= MOST_LOOKS:
            self.passed_over += 1
            return
        counts = self.looks[key]
        counts[0] += is_served
        counts[1] += 1


def _series(
    unit: str, market: str, vantage: str, by_day: dict[datetime, list[float]]
) -> DailySeries:
    first = min(by_day)
    count = (max(by_day) - first).days + 1
    values, probes = np.full(count, np.nan), np.zeros(count, np.int64)
    for midnight, shares in by_day.items():
        row = (midnight - first).days
        values[row], probes[row] = float(np.mean(shares)), len(shares)
    printable_vantage = (
        "".join(letter if letter.isprintable() else "?" for letter in vantage)[:200] or "?"
    )
    return DailySeries(
        unit=unit, market=market, measure=Measure.SERVED, days=consecutive(first.date(), count),
        values=values, probes=probes, vantage=printable_vantage,
    )  # fmt: skip
