"""Counts by month as a row of bars: small enough for a table, with a scale that rows share."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import hint, line, rect, text
from cautery.messages import tr

MOST_MONTHS = 60
"""Months that are drawn; earlier ones are one bar at the left. Judgement."""
_LEAST = 2.0
_LETTERS = 14.0


def month_name(month: int) -> str:
    """Return a month, counted from the year 0, as it is written.

    Examples
    --------
    >>> month_name(24322)
    '2026-11'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def months_chart(
    counts: Mapping[int, int], *, first: int, last: int, wide: float = 200.0, high: float = 26.0
) -> Markup:
    """Return counts by month as bars, from one month to another.

    Heights are shares of the largest count of this drawing. Each bar says its month and its count.

    Parameters
    ----------
    counts : mapping of int to int
        By month, counted from the year 0; what is before the axis counts as its first month.
    first, last : int
        The months of the axis; of more than :data:`MOST_MONTHS` the newest are drawn.
    """
    begin = max(first, last - MOST_MONTHS + 1)
    drawn: dict[int, int] = {}
    for month, count in counts.items():
        place = min(max(month, begin), last)
        drawn[place] = drawn.get(place, 0) + count
    is_large = high > 2 * _LETTERS + 2
    floor = high - 1 - (_LETTERS if is_large else 0)
    step = wide / (last - begin + 1)
    top = max(drawn.values(), default=1) or 1
    bars = "".join(
        f"<g>{hint(_said(month, count, earlier=month == begin > first))}"
        f"{_bar(month - begin, count / top, step=step, floor=floor)}</g>"
        for month, count in sorted(drawn.items())
        if count
    )
    years = ""
    if is_large:
        years = text(0, high - 1, month_name(begin)) + text(
            wide, high - 1, month_name(last), anchor="end"
        )
    label = tr(
        "Records by month, from %(first)s to %(last)s; most in %(most)s: %(count)s",
        first=month_name(min(drawn, default=begin)),
        last=month_name(max(drawn, default=last)),
        most=month_name(max(drawn, key=lambda month: drawn[month], default=last)),
        count=f"{max(drawn.values(), default=0):,}",
    )
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="months" viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" '
        f'height="{high:.0f}" role="img" aria-label="{markup(label)}">'
        f"{line('grid', 0, floor + 0.5, wide, floor + 0.5)}{bars}{years}</svg>"
    )


def _bar(place: int, share: float, *, step: float, floor: float) -> str:
    high = max(_LEAST, share * (floor - 1))
    gap = min(1.0, step / 6)
    return rect("bar", place * step + gap / 2, floor - high, min(step, 40.0) - gap, high)


def _said(month: int, count: int, *, earlier: bool) -> str:
    if earlier:
        return tr("until %(month)s: %(count)s", month=month_name(month), count=f"{count:,}")
    return tr("%(month)s: %(count)s", month=month_name(month), count=f"{count:,}")
