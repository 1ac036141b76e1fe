"""The share of demand still served, as a step curve: on the day, and over the weeks after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from cautery.drawing.apart import Frame, Mark, kept_apart
from cautery.drawing.formatting import number, percent
from cautery.drawing.svg import (
    WIDE,
    TimeScale,
    dot,
    drawing,
    hint,
    instant,
    line,
    sentence,
    text,
)
from cautery.messages import tr, tr_n
from cautery.messages.dates import month_short
from cautery.pages.operation import formatting
from cautery.pages.operation.view.claims import DescendantLine
from cautery.pages.operation.view.course import DayView, Served

MOST_FOUND = 24
"""Descendants with a number in the curve; all stand in their section."""

_MOST_TOGETHER = 3
"""Numbers of about one time; further ones are a tick on the axis."""

_MOST_POINTS = 1500
"""Steps drawn of one curve; more are thinned to the ones that matter at this width."""


def served_curve(
    served: Sequence[Served], scale: TimeScale, *, top: float, high: float, kind: str = "served"
) -> str:
    """Return the curve with its area and percent axis, as a part of a drawing.

    Parameters
    ----------
    served : sequence of Served
        Each share holds until the next moment; the last one until the scale ends.
    top, high : float
        Where 100 % lies, and how far below it 0 %.
    """
    points = _thinned(sorted(served, key=lambda point: point.at))
    ground = top + high
    parts = [
        line("grid", scale.left, y, scale.right, y)
        + text(scale.left - 8, y + 4, label, "tick", "end")
        for y, label in ((ground, "0%"), (top + high / 2, "50%"), (top, "100%"))
    ]
    corners: list[tuple[float, float]] = []
    for point in points:
        x, y = scale(point.at), ground - high * point.share
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    corners.append((scale.right, corners[-1][1]))
    return "".join(parts) + _filled(kind, corners, ground)


def _filled(kind: str, corners: Sequence[tuple[float, float]], ground: float) -> str:
    """Return a curve with the area beneath it."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return (
        f'<polygon class="{kind} area" points="{corners[0][0]:.1f},{ground:.1f} {path} '
        f'{corners[-1][0]:.1f},{ground:.1f}"/><polyline class="{kind} line" points="{path}"/>'
    )


def regrowth_drawing(
    after: Sequence[Served], descendants: Sequence[DescendantLine], moment: datetime | None
) -> Markup:
    """Draw what came back after the day, with the descendants where they were found.

    Returns
    -------
    Markup
        An ``svg``, or a sentence when nobody watched after the day.
    """
    if len(after) < 2 or moment is None:
        return sentence(tr("Nobody measured what was served after the day."))
    points = sorted(after, key=lambda point: point.at)
    top, high = 26.0, 150.0
    by_time = sorted(descendants, key=lambda descendant: descendant.found_at)
    last = max(
        points[-1].at, max((descendant.found_at for descendant in by_time), default=points[-1].at)
    )
    scale = TimeScale(min(moment, points[0].at), last, 46, WIDE - 96)
    ground = top + high
    parts = [
        _band(points, scale, ground=ground, high=high),
        served_curve(points, scale, top=top, high=high, kind="regrown"),
    ]
    for month in scale.months(18):
        x = scale(instant(month))
        parts.append(
            line("axis", x, ground, x, ground + 5)
            + text(x, ground + 18, month_short(month), "tick", "middle")
            + (
                text(x, ground + 32, f"{month.year}", "year", "middle")
                if month.month == 1 or month == scale.months(18)[0]
                else ""
            )
        )
    circles = Frame(scale.left - 7, 2, scale.right - scale.left + 18, ground - 4)
    parts.append(_numbered_circles(by_time, points, scale, ground=ground, high=high, frame=circles))
    ending = points[-1].share
    parts.append(
        text(scale.right + 16, ground - high * ending + 5, percent(ending), "said")
        + text(scale.right + 16, ground - high * ending + 20, tr("at the end"), "tick")
        + text(scale.right + 16, ground - high * ending + 34, _range(points[-1]), "tick")
    )
    low = min(points, key=lambda point: point.share)
    title = tr(
        "Share of demand served after the day: lowest %(lowest)s on %(lowest_on)s, %(last)s on "
        "%(last_on)s; %(found)s.",
        lowest=percent(low.share),
        lowest_on=formatting.day(low.at),
        last=percent(ending),
        last_on=formatting.day(points[-1].at),
        found=tr_n(
            "%(count)s descendant found", "%(count)s descendants found", len(by_time), number
        ),
    )
    return drawing("curve", wide=WIDE, high=ground + 38, title=title, body="".join(parts))


def _band(points: Sequence[Served], scale: TimeScale, *, ground: float, high: float) -> str:
    """Return the interval of each measurement as one pale band; empty where none was recorded."""
    upper: list[tuple[float, float]] = []
    lower: list[tuple[float, float]] = []
    for point, end in zip(points, [*(scale(p.at) for p in points[1:]), scale.right], strict=True):
        if point.low is None or point.high is None:
            continue
        x = scale(point.at)
        upper += [(x, ground - high * point.high), (end, ground - high * point.high)]
        lower += [(x, ground - high * point.low), (end, ground - high * point.low)]
    if not upper:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*upper, *reversed(lower)))
    return f'<polygon class="regrown interval" points="{path}"/>'


def _range(point: Served) -> str:
    if point.low is None or point.high is None:
        return ""
    return tr("%(low)s to %(high)s", low=percent(point.low), high=percent(point.high))


def _numbered_circles(
    by_time: Sequence[DescendantLine],
    points: Sequence[Served],
    scale: TimeScale,
    *,
    ground: float,
    high: float,
    frame: Frame,
) -> str:
    """Draw a numbered circle at the curve for each descendant, or a tick where there are many.

    Circles never lie over one another: one that has to stand aside keeps a line to its own place.
    """
    lines: list[str] = []
    curve: list[tuple[float, float]] = []
    numbered: list[tuple[int, DescendantLine, Mark]] = []
    for place, descendant in enumerate(by_time, 1):
        x, y = scale(descendant.found_at), ground - high * _share_at(points, descendant.found_at)
        near = sum(abs(x - mark.x) < 19 for _, _, mark in numbered)
        if near >= _MOST_TOGETHER or len(numbered) >= MOST_FOUND:
            lines.append(line("stem", x, ground - 6, x, ground))
            continue
        across = 2 * max(9.0, 3.4 * len(str(place)) + 2)
        # Those of about one time want to stand above one another, the first one lowest.
        high_up = y - (across + 3) * near
        numbered.append((place, descendant, Mark(x, high_up, across + 2, across + 2)))
        lines.append(line("stem", x, y, x, ground))
        curve.append((x, y))
    marks: list[str] = []
    places = kept_apart([mark for _, _, mark in numbered], frame, gap=1.0, sideways=3.0)
    for (place, descendant, mark), curve_point, (x, y) in zip(numbered, curve, places, strict=True):
        if (x, y) != curve_point:
            lines.append(line("stem", *curve_point, x, y))
        marks.append(
            f"<g>{hint(_circle_hint(descendant))}"
            f"{dot('place', x, y, mark.wide / 2 - 1)}"
            f"{text(x, y + 4, str(place), 'mark', 'middle')}</g>"
        )
    return f'<g class="moment m-descendant">{"".join(lines + marks)}</g>'


def _circle_hint(descendant: DescendantLine) -> str:
    return tr(
        "%(name)s: found %(found_on)s",
        name=descendant.name,
        found_on=formatting.day(descendant.found_at),
    )


def story_drawing(view: DayView | None) -> Markup | None:
    """Draw the whole story for the head: everything served, the morning, what grew back.

    The part before the day is as wide as a fifth of the drawing, whatever its length was.

    Returns
    -------
    Markup or None
        ``None`` when there is no curve of both the day and the time after it.
    """
    if view is None or not view.served or len(view.after) < 2:
        return None
    before = min(view.served, key=lambda point: point.at).share
    lowest = max(view.served, key=lambda point: point.at).share
    after = _thinned(sorted(view.after, key=lambda point: point.at))
    last = after[-1]
    if last.at <= view.moment:
        return None
    wide, top, high, cut = 430.0, 52.0, 176.0, 96.0
    end, ground = wide - 14, top + high
    scale = TimeScale(view.moment, last.at, cut, end)

    def down(share: float) -> float:
        return ground - high * share

    corners = [(cut, down(lowest))]
    for point in after:
        corners += [(scale(point.at), corners[-1][1]), (scale(point.at), down(point.share))]
    days = (last.at - view.moment).days
    months = round(days / 30.44)
    later = (
        tr_n("%(count)s month later", "%(count)s months later", months, str)
        if days > 75
        else tr_n("%(count)s day later", "%(count)s days later", days, number)
    )
    beside = [down(point.share) for point in after if scale(point.at) < cut + 70]
    # Beside the low point if the curve has risen clear of it there, else above the curve.
    clear = all(y < down(lowest) - 34 for y in beside)
    ending = [down(point.share) for point in after if scale(point.at) > end - 80] or [
        down(last.share)
    ]
    low = down(lowest) - 8 if clear else min(down(lowest), *beside) - 10
    body = (
        _filled("served", [(0.0, down(before)), (cut, down(before))], ground)
        + _filled("regrown", corners, ground)
        + line("fall", cut, down(before), cut, down(lowest))
        + line("axis", 0, ground, end, ground)
        + dot("end", end, down(last.share), 4.5)
        + text(0, 12, tr("demand served"), "row")
        + text(0, down(before) - 10, percent(before), "figure")
        + text(cut + 9, low, percent(lowest), "figure")
        + text(end, min(ending) - 12, percent(last.share), "figure", "end")
        + text(end, max(ending) + 17, _range(last), "tick", "end")
        + text(0, ground + 18, tr("before"), "tick")
        + text(cut, ground + 18, formatting.short_day(view.moment), "tick")
        + text(end, ground + 18, later, "tick", "end")
    )
    title = tr(
        "Demand served: %(before)s before, %(lowest)s at the end of the day, %(last)s %(later)s.",
        before=percent(before),
        lowest=percent(lowest),
        last=percent(last.share),
        later=later,
    )
    return drawing("story", wide=wide, high=ground + 26, title=title, body=body)


def _share_at(points: Sequence[Served], moment: datetime) -> float:
    share = points[0].share
    for point in points:
        if point.at > moment:
            break
        share = point.share
    return share


def _thinned(points: list[Served]) -> list[Served]:
    """Keep the first, the last and each change of more than a pixel's worth, at most the limit."""
    if len(points) <= _MOST_POINTS:
        return points
    stride = -(-len(points) // (_MOST_POINTS // 2))
    thinned: list[Served] = []
    for start in range(0, len(points), stride):
        part = points[start : start + stride]
        thinned += sorted(
            {
                part[0].at: part[0],
                part[-1].at: part[-1],
                min(part, key=lambda point: point.share).at: min(
                    part, key=lambda point: point.share
                ),
            }.values(),
            key=lambda point: point.at,
        )
    return thinned
