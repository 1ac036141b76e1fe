"""A case's own curve: how many streams of an event were up in each minute, by its probes.

It is of streams, not of viewers: nobody sees from outside how many watch a stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np

from cautery.errors import InputError
from cautery.estimate.exposure import Seen, Stretch, stretches_of
from cautery.estimate.harm.curves import Curve, FloatArray
from cautery.model import Window

_MINUTE_S = 60.0
MOST_MINUTES = 100_000


def curve_of_streams(
    event: str, channel: str, looks: Mapping[str, Sequence[Seen]], *, window: Window
) -> Curve:
    """Return the streams up in each minute of a window: at least, likely, at most.

    Parameters
    ----------
    looks : mapping of str to sequence of Seen
        By stream, its looks by time.

    Raises
    ------
    InputError
        If the window has more than :data:`MOST_MINUTES` minutes.
    """
    start, end = window.start.timestamp(), window.end.timestamp()
    count = max(1, ceil((end - start) / _MINUTE_S))
    if count > MOST_MINUTES:
        raise InputError(f"{event}: a window of {count:,} minutes has no curve")
    ends = [np.zeros(count), np.zeros(count), np.zeros(count)]
    for looks_at_url in looks.values():
        for total, stretches in zip(
            ends, stretches_of(looks_at_url, start=start, end=end), strict=True
        ):
            for stretch in stretches:
                _add(total, stretch, start)
    low, mid, high = ends
    mid = np.minimum(np.maximum(mid, low), high)
    return Curve(
        event=event,
        channel=channel,
        minutes=np.arange(count, dtype=np.int64),
        low=low,
        mid=mid,
        high=high,
    )


def _add(total: FloatArray, stretch: Stretch, start: float) -> None:
    """Add to each minute the share of it that a stretch covers."""
    since, until = ((at - start) / _MINUTE_S for at in stretch)
    first, last = int(since), min(int(until), len(total) - 1)
    if since >= until or first >= len(total):
        return
    if first == last:
        total[first] += until - since
        return
    total[first] += first + 1 - since
    total[first + 1 : last] += 1.0
    total[last] += min(until - last, 1.0)
