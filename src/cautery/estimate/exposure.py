"""How long an event was exposed: stream-minutes, the least that was seen and the most possible.

The bounds are logical, not statistical: a stream was up at least between two probes that both
saw it without a dark one between, if those were close; at most from the last moment when it was
seen not up to the next such moment, or over the whole window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Estimate, Window, require_utc

CLOSE_S = 120.0
"""Two live probes nearer than this are taken to see one unbroken showing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at one stream: live with the event, or not (dark, gone, other content)."""

    url: str
    at: datetime
    live: bool

    def __post_init__(self) -> None:
        require_utc("at", self.at)


def exposure(
    looks: Iterable[Seen], *, window: Window, now: datetime, event: str, close_s: float = CLOSE_S
) -> Estimate:
    """Return the stream-minutes of an event's exposure up to now.

    Parameters
    ----------
    looks : iterable of Seen
        Every probe of every stream that was ever seen live with the event; others add nothing.
    window : Window
        Outside of it nothing is exposed.
    close_s : float
        Seconds between two live looks up to which the stream counts as up in between.

    Raises
    ------
    InputError
        If ``close_s`` is negative.
    """
    if close_s < 0:
        raise InputError(f"close_s must not be negative: {close_s}")
    require_utc("now", now)
    start, end = window.start.timestamp(), min(now, window.end).timestamp()
    by_url: dict[str, list[Seen]] = {}
    for look in looks:
        by_url.setdefault(look.url, []).append(look)
    low = mid = high = 0.0
    streams = 0
    for _, stream_looks in sorted(by_url.items()):
        if not any(look.live for look in stream_looks) or end <= start:
            continue
        streams += 1
        least, likely, at_most = _spans(
            sorted(stream_looks, key=lambda look: look.at), start, end, close_s
        )
        low, mid, high = low + least, mid + likely, high + at_most
    return Estimate(
        quantity=message("quantity.exposure-of", event=event),
        unit="stream-minutes",
        low=low / 60,
        mid=min(max(mid, low), high) / 60,
        high=high / 60,
        method=message("method.gaps-between-probes"),
        note=message("estimate.streams-seen", count=streams, close_s=close_s),
    )


def _spans(
    looks: Sequence[Seen], start: float, end: float, close_s: float
) -> tuple[float, float, float]:
    """Return seconds up at least, likely (halfway to the next other look), and at most."""
    least, likely, at_most = (
        sum(until - since for since, until in stretches)
        for stretches in stretches_of(looks, start=start, end=end, close_s=close_s)
    )
    return least, likely, at_most


Stretch = tuple[float, float]
"""From, to: epoch seconds."""


def stretches_of(
    looks: Sequence[Seen], *, start: float, end: float, close_s: float = CLOSE_S
) -> tuple[list[Stretch], list[Stretch], list[Stretch]]:
    """Return when one stream was up at least, likely, and at most.

    Parameters
    ----------
    looks : sequence of Seen
        Of one stream, by time.
    start, end : float
        Epoch seconds: nothing outside of them counts.
    close_s : float
        Seconds between two live looks up to which the stream counts as up in between.
    """
    least: list[Stretch] = []
    likely: list[Stretch] = []
    at_most: list[Stretch] = []
    times = [min(max(look.at.timestamp(), start), end) for look in looks]
    for place, look in enumerate(looks):
        if not look.live:
            continue
        now = times[place]
        before = times[place - 1] if place else start
        after = times[place + 1] if place + 1 < len(looks) else end
        live_before = place > 0 and looks[place - 1].live
        live_after = place + 1 < len(looks) and looks[place + 1].live
        gap = after - now
        if not live_before:
            # From the last look that saw it down, or from the window's start.
            at_most.append((before, now))
            likely.append((now - ((now - before) / 2 if place else 0.0), now))
        at_most.append((now, after))
        if live_after:
            if gap <= close_s:
                least.append((now, after))
            likely.append((now, after))
        elif place + 1 < len(looks):
            likely.append((now, now + gap / 2))
        else:
            likely.append((now, now + min(gap, close_s / 2)))
    return least, likely, at_most
