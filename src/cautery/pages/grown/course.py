"""The picture of what grew back: days after the act, a mark for each proposal."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import hint
from cautery.messages import tr, word
from cautery.model.records import DescentState
from cautery.pages.grown.view import GrownView

_WIDE, _START, _END = 720.0, 16.0, 704.0
_BASE, _STEP, _RADIUS = 96.0, 12.0, 4.5
_MOST_HIGH = 6
"""Marks above one another on a day; more are counted."""
_FEWEST_DAYS = 14
_FILL = {
    DescentState.OPEN: 'fill="none" stroke="currentColor" stroke-width="1.6"',
    DescentState.CONFIRMED: 'fill="currentColor"',
    DescentState.REJECTED: (
        'fill="none" stroke="currentColor" stroke-width="1" stroke-dasharray="2 2" opacity=".55"'
    ),
}
"""Told apart without colours, on paper too."""


def course(view: GrownView) -> Markup:
    """Return the picture; nothing if nothing was proposed."""
    if not view.rows:
        return Markup("")
    last = max(_FEWEST_DAYS, *(row.after_days for row in view.rows))
    first = min(0, *(row.after_days for row in view.rows))
    across = (_END - _START) / (last - first)

    def x(day: float) -> float:
        return _START + (day - first) * across

    label = tr(
        "Days from the act until each descendant could be known: %(count)s proposals, the first "
        "after %(first)s days",
        count=len(view.rows),
        first=min(row.after_days for row in view.rows),
    )
    parts = [
        f'<line x1="{_START}" y1="{_BASE}" x2="{_END}" y2="{_BASE}" stroke="currentColor"/>',
        f'<path d="M{x(0):.1f} 14V{_BASE + 5}" stroke="currentColor" stroke-width="2"/>',
        _words(x(0) + 6, 24, tr("act")),
        *(_words(x(day), _BASE + 20, str(day), "middle") for day in _ticks(first, last)),
        _words(_END, _BASE + 36, tr("days after the act"), "end"),
    ]
    heights: Counter[int] = Counter()
    for row in view.rows:
        place = heights[row.after_days]
        heights[row.after_days] += 1
        if place >= _MOST_HIGH:
            continue
        label_of_mark = f"{row.entity}: {word(row.state)}, {row.first_knowable}"
        parts.append(
            f'<circle cx="{x(row.after_days):.1f}" cy="{_BASE - 9 - place * _STEP:.1f}" '
            f'r="{_RADIUS}" {_FILL[row.state]}>{hint(label_of_mark)}</circle>'
        )
    parts += [
        _words(x(day), _BASE - 9 - _MOST_HIGH * _STEP + 6, f"+{count - _MOST_HIGH}", "middle")
        for day, count in heights.items()
        if count > _MOST_HIGH
    ]
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="grown" viewBox="0 0 {_WIDE:.0f} 136" role="img" aria-label="{markup(label)}" '
        f'font-size="12">{"".join(parts)}</svg>'
    )


def _ticks(first: int, last: int) -> range:
    step = next((step for step in (1, 2, 7, 14, 30, 90, 180) if (last - first) / step <= 12), 365)
    return range(-(-first // step) * step, last + 1, step)


def _words(x: float, y: float, words: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">'
        f"{markup(words)}</text>"
    )
