"""What all drawings of the page share: escaped text, the frame, ticks of time."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup

from cautery.drawing.escaping import clean, markup

WIDE = 880.0
"""Units across of every full-width drawing: near CSS pixels on a desk, 0.75 of them on A4."""

SANS = '"Source Sans 3", "Helvetica Neue", Arial, "Liberation Sans", sans-serif'
"""The letters of a picture that is a file of its own."""

LETTER = 0.52
"""Mean width of a letter in our sans serif as a share of its size; for fitting, never exact."""


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Return a ``text``; ``kind`` is its class in the style sheet, ``words`` may be hostile."""
    css_class = f' class="{kind}"' if kind else ""
    turned = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{css_class}{turned}>{markup(words)}</text>'


def fit(words: str, room: float, size: float = 12.0) -> str:
    """Return a text cut so that it fits into ``room`` units at a letter ``size``."""
    limit = max(3, int(room / (size * LETTER)))
    words = clean(words, 400)
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def width(words: str, size: float = 12.0) -> float:
    """Return about how wide a text is."""
    return len(words) * size * LETTER


def wrapped(words: str, room: float, size: float = 12.0) -> list[str]:
    """Return a whole text in lines that fit into ``room`` units; only a long word is broken.

    Examples
    --------
    >>> wrapped("the cut is chosen, the day is planned", 110)
    ['the cut is', 'chosen, the day', 'is planned']
    """
    limit = max(3, int(room / (size * LETTER)))
    return textwrap.wrap(clean(words, 400), limit, break_on_hyphens=False) or [""]


def hint(words: str) -> str:
    """Return a ``title`` element: what a pointer or a screen reader is told."""
    return f"<title>{markup(words, 400)}</title>"


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a straight ``line`` of a class."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rect(kind: str, x: float, y: float, wide: float, high: float) -> str:
    """Return a ``rect`` of a class, not less than nothing wide."""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(0.0, wide):.1f}" '
        f'height="{max(0.0, high):.2f}"/>'
    )


def dot(kind: str, x: float, y: float, radius: float) -> str:
    """Return a ``circle`` of a class."""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'


def drawing(
    kind: str,
    *,
    wide: float,
    high: float,
    title: str,
    body: str,
    left: float = 0.0,
    top: float = 0.0,
) -> Markup:
    """Return the whole ``svg`` of a class, with a title for those who hear it."""
    label = markup(title)
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="{kind}" viewBox="{left:.0f} {top:.0f} {wide:.0f} {high:.0f}" role="img" '
        f'aria-label="{label}"><title>{label}</title>{body}</svg>'
    )


def sentence(words: str) -> Markup:
    """Return the sentence that stands where there is nothing to draw."""
    return Markup('<p class="nothing">{}</p>').format(clean(words))


def instant(day: date) -> datetime:
    """Return a date's first moment, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class TimeScale:
    """Moments to units across, linear; moments outside are drawn at the edge."""

    def __init__(self, first: datetime, last: datetime, left: float, right: float) -> None:
        self.first = first
        self.last = last if last > first else first + timedelta(hours=1)
        self.left, self.right = left, right
        self._per_s = (right - left) / (self.last - self.first).total_seconds()

    def __call__(self, moment: datetime) -> float:
        """Return where a moment stands."""
        across = self.left + (moment - self.first).total_seconds() * self._per_s
        return min(self.right, max(self.left, across))

    def months(self, most: int = 30) -> tuple[date, ...]:
        """Return the first days of months in the range, thinned to ``most``."""
        first, last = self.first, self.last
        count = 12 * (last.year - first.year) + last.month - first.month + 1
        step = next((stride for stride in (1, 2, 3, 4, 6) if count <= stride * most), 12)
        years = max(1, -(-count // (12 * most)))
        return tuple(
            date(year, month, 1)
            for year in range(first.year, last.year + 1)
            if year % years == 0
            for month in range(1, 13, step)
            if first <= instant(date(year, month, 1)) <= last
        )

    def hours(self, most: int = 12) -> tuple[datetime, ...]:
        """Return round times of day in the range, at most about ``most``."""
        span = (self.last - self.first).total_seconds()
        steps = (300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
        days = 86400 * max(1, int(span / 86400 / most) + 1)
        step = next((stride for stride in steps if span / stride <= most), days)
        start = -(-int(self.first.timestamp()) // step) * step
        return tuple(
            datetime.fromtimestamp(second, UTC)
            for second in range(start, int(self.last.timestamp()) + 1, step)
        )


def lanes(
    spans: Sequence[tuple[float, float]], *, gap: float = 8.0, most: int = 8
) -> list[int | None]:
    """Return a lane for each span (left, right) so that none overlap; ``None`` where all are full.

    Examples
    --------
    >>> lanes([(0, 10), (5, 15), (30, 40)])
    [0, 1, 0]
    """
    ends: list[float] = []
    placed: list[int | None] = []
    for left, right in spans:
        lane = next((place for place, end in enumerate(ends) if end + gap <= left), None)
        if lane is None and len(ends) < most:
            ends.append(right)
            lane = len(ends) - 1
        elif lane is not None:
            ends[lane] = right
        placed.append(lane)
    return placed
