"""The wall's drawing: a strip for each row, one time axis for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import TimeScale, hint, line, rect, text
from cautery.messages import tr
from cautery.pages.case_report.formatting import clock
from cautery.pages.room.tonight import Bar, TonightView, WallRow

WIDE = 1000.0
_LANE, _THICK, _LEAST = 9.0, 6.0, 4.0
_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_MOST_TICKS, _MINUTE_S = 7, 60


class Drawn(Protocol):
    """What is drawn along one time axis."""

    @property
    def first(self) -> datetime:
        """Where the axis begins, in UTC."""

    @property
    def last(self) -> datetime:
        """Where it ends, in UTC."""


def axis(view: Drawn) -> Markup:
    """Return the time axis above the strips."""
    scale = scale_of(view)
    pattern = "%H:%M:%S" if _step(view) < _MINUTE_S else "%H:%M"
    body = "".join(
        text(scale(tick), 17, tick.strftime(pattern), "", "middle")
        for tick in ticks(view)
        if 40 < scale(tick) < WIDE - 40
    )
    label = tr("Time, UTC")
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="axis" viewBox="0 0 {WIDE:.0f} 24" role="img" aria-label="{markup(label)}">'
        f"{body}</svg>"
    )


def strip(row: WallRow, view: TonightView, address: str) -> Markup:
    """Return a row's strip: each proven stream from its first sight until it was gone.

    Parameters
    ----------
    address : str
        Below which each stream has its page.
    """
    scale = scale_of(view)
    high = max(1, len(row.bars)) * _LANE + _LEAST
    marks = "".join(line("grid", x, 0, x, high) for x in map(scale, ticks(view)))
    if row.kick_off is not None and view.first <= row.kick_off <= view.last:
        marks += line("kick", scale(row.kick_off), 0, scale(row.kick_off), high)
    marks += line("now", scale(view.now), 0, scale(view.now), high)
    bars = "".join(
        _bar(bar, scale, _LEAST / 2 + lane * _LANE, address) for lane, bar in enumerate(row.bars)
    )
    label = tr("%(name)s: %(proven)s proven streams along time", name=row.name, proven=row.proven)
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="strip" viewBox="0 0 {WIDE:.0f} {high:.0f}" height="{1.5 * high:.0f}" '
        f'preserveAspectRatio="none" role="group" aria-label="{markup(label)}">{marks}{bars}</svg>'
    )


def _bar(bar: Bar, scale: TimeScale, top: float, address: str) -> str:
    start, end = scale(bar.first_seen), scale(bar.until)
    proven = end if bar.proven_at is None else min(end, scale(bar.proven_at))
    label = tr(
        "%(title)s: seen %(seen)s, proven %(proven)s, on a list %(referred)s, dark %(dark)s",
        title=bar.title,
        seen=clock(bar.first_seen),
        proven=clock(bar.proven_at),
        referred=clock(bar.referred_at),
        dark=clock(bar.dark_at),
    )
    parts = [
        _box("before", start, top, max(1.0, proven - start)),
        _box("up" if bar.is_up else "gone", proven, top, max(2.0, end - proven)),
    ]
    if bar.referred_at is not None:
        x = scale(bar.referred_at)
        parts.append(line("listed", x, top - 1, x, top + _THICK + 1))
    if bar.dark_at is not None:
        parts.append(line("dark", end, top - 1, end, top + _THICK + 1))
    return (
        f'<a href="{address}/{bar.number}" aria-label="{markup(label, 400)}">'
        f"{hint(label)}{''.join(parts)}</a>"
    )


def _box(kind: str, x: float, y: float, wide: float) -> str:
    return rect(kind, x, y, wide, _THICK)


def scale_of(view: Drawn) -> TimeScale:
    """Return how times lie along the axis."""
    return TimeScale(view.first, view.last, 0.0, WIDE)


def _step(view: Drawn) -> int:
    span = (view.last - view.first).total_seconds()
    return next((step for step in _STEPS_S if span / step <= _MOST_TICKS), _STEPS_S[-1])


def ticks(view: Drawn) -> Iterator[datetime]:
    """Yield the times that the axis names."""
    step = _step(view)
    begin = -(-int(view.first.timestamp()) // step) * step
    for second in range(begin, int(view.last.timestamp()) + 1, step)[: 4 * _MOST_TICKS]:
        yield datetime.fromtimestamp(second, UTC)
