"""Two years and after in one drawing: intelligence by agency, the table filling, the day, the rest.

A row an agency, with its statements of each month as an area; sporting events shaded behind;
what happened once stands beneath the axis, in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup

from cautery.drawing.formatting import number
from cautery.drawing.svg import (
    WIDE,
    TimeScale,
    dot,
    drawing,
    fit,
    hint,
    instant,
    lanes,
    line,
    sentence,
    text,
    width,
    wrapped,
)
from cautery.messages import tr, tr_n
from cautery.messages.dates import month_short
from cautery.pages.operation import formatting
from cautery.pages.operation.view.course import (
    AgencyLine,
    Moment,
    MomentKind,
    SportingEvent,
    TimelineView,
)

MOST_AGENCIES = 16
"""Rows of the drawing; the statements of the others share the last one."""

MOST_SAID = 24
"""Moments with words in the drawing; the list beneath it has all."""

_GUTTER, _ROW, _TOP = 128.0, 27.0, 44.0
_LABELLED = frozenset(MomentKind) - {MomentKind.JOINED, MomentKind.SHARED}
_RANK = (
    MomentKind.ACTION,
    MomentKind.DESCENDANT,
    MomentKind.REGROWTH,
    MomentKind.DECONFLICTION,
    MomentKind.PLAN,
    MomentKind.INTERVENTION,
    MomentKind.OTHER,
)
"""Whose words go first when there is not room for all."""


def timeline_drawing(view: TimelineView | None, agencies: Sequence[AgencyLine]) -> Markup:
    """Draw the operation's course.

    Parameters
    ----------
    view : TimelineView or None
        Counts by agency and month, moments, sporting events.
    agencies : sequence of AgencyLine
        In the order of their rows; one that only ``arrivals`` names gets a row below them.

    Returns
    -------
    Markup
        An ``svg``, or a sentence when nothing is known of the course.
    """
    if view is None or not (view.arrivals or view.moments) or view.last <= view.first:
        return sentence(tr("No course over time was recorded."))
    order, counts = _rows(view, agencies)
    scale = TimeScale(
        instant(view.first), instant(view.last) + timedelta(days=1), _GUTTER, WIDE - 10
    )
    ground = _TOP + _ROW * max(1, len(order))
    highest = max((max(months.values(), default=0) for months in counts.values()), default=0)
    joined = {moment.agency: moment for moment in view.moments if moment.kind is MomentKind.JOINED}
    body = [_events(view, scale, ground), _axis(scale, ground)]
    names = {agency.id: f"{agency.name} ({agency.country})" for agency in agencies}
    for place, agency in enumerate(order):
        base = _TOP + _ROW * (place + 1)
        body.append(
            line("grid", _GUTTER, base, WIDE - 10, base) + f"<g>{hint(names.get(agency, agency))}"
            f"{text(0, base - 5, fit(agency, _GUTTER - 12), 'row')}</g>"
        )
        body.append(_area(counts[agency], scale, base, highest, agency))
        if agency in joined:
            x = scale(joined[agency].at)
            body.append(
                '<g class="joined">'
                + hint(f"{joined[agency].text}, {formatting.day(joined[agency].at)}")
                + line("stem", x, base - 17, x, base)
                + dot("place", x, base - 19, 3.4)
                + "</g>"
            )
    labels, bottom = _said(view.moments, scale, ground)
    body += [_rug(view.moments, scale, ground), labels]
    total = sum(arrival.statements for arrival in view.arrivals)
    title = tr(
        "Timeline from %(first)s to %(last)s: %(statements)s by %(agencies)s, %(moments)s.",
        first=formatting.day(view.first),
        last=formatting.day(view.last),
        statements=tr_n("%(count)s statement", "%(count)s statements", total, number),
        agencies=tr_n("%(count)s agency", "%(count)s agencies", len(counts), number),
        moments=tr_n("%(count)s moment", "%(count)s moments", len(view.moments), number),
    )
    return drawing("timeline", wide=WIDE, high=bottom, title=title, body="".join(body))


def _rows(
    view: TimelineView, agencies: Sequence[AgencyLine]
) -> tuple[list[str], dict[str, dict[date, int]]]:
    """Return the agencies in order and their statements by month; the last row may be several."""
    counts: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for arrival in view.arrivals:
        month = arrival.month.replace(day=1)
        counts[arrival.agency][month] = counts[arrival.agency].get(month, 0) + arrival.statements
    order = list(dict.fromkeys([agency.id for agency in agencies] + sorted(counts)))
    if len(order) <= MOST_AGENCIES:
        return order, {agency: counts[agency] for agency in order}
    folded = order[MOST_AGENCIES - 1 :]
    last = tr_n("%(count)s other", "%(count)s others", len(folded), str)
    together: dict[date, int] = {}
    for agency in folded:
        for month, count in counts[agency].items():
            together[month] = together.get(month, 0) + count
    order = [*order[: MOST_AGENCIES - 1], last]
    return order, {agency: counts[agency] for agency in order[:-1]} | {last: together}


def _events(view: TimelineView, scale: TimeScale, ground: float) -> str:
    parts, spans = [], []
    for event in view.events:
        left, right = scale(instant(event.first)), scale(instant(event.last) + timedelta(days=1))
        spans.append((left, left + width(event.name, 11)))
        parts.append((event, left, max(right, left + 2)))
    return "".join(
        '<g class="sport">'
        f"{hint(_span(event))}"
        f'<rect x="{left:.1f}" y="{_TOP - 10:.1f}" width="{right - left:.1f}" '
        f'height="{ground - _TOP + 10:.1f}"/>'
        + (text(left, _TOP - 14 - 13 * lane, event.name) if lane is not None else "")
        + "</g>"
        for (event, left, right), lane in zip(parts, lanes(spans, most=2), strict=True)
    )


def _span(event: SportingEvent) -> str:
    return tr(
        "%(event)s, %(first)s to %(last)s",
        event=event.name,
        first=formatting.day(event.first),
        last=formatting.day(event.last),
    )


def _axis(scale: TimeScale, ground: float) -> str:
    parts = []
    for month in scale.months(48):
        x = scale(instant(month))
        year = month.month == 1
        parts.append(line("axis" if year else "grid", x, ground, x, ground + (18 if year else 5)))
        if year:
            end = x > WIDE - 44
            parts.append(
                text(
                    x + (-4 if end else 4),
                    ground + 17,
                    f"{month.year}",
                    "year",
                    "end" if end else "start",
                )
            )
        elif month.month in (4, 7, 10):
            parts.append(text(x, ground + 17, month_short(month), "tick", "middle"))
    if scale.first.month != 1 and scale.first.month < 12:
        parts.append(text(_GUTTER, ground + 17, f"{scale.first.year}", "year"))
    return "".join(parts)


def _area(counts: dict[date, int], scale: TimeScale, base: float, highest: int, agency: str) -> str:
    """Draw one agency's months; heights go with the square root, so that few are seen too."""
    if not counts or highest <= 0:
        return ""
    points: list[tuple[float, float]] = []
    months = sorted(counts)
    month, last = months[0], months[-1]
    while month <= last:
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        middle = instant(month) + (instant(following) - instant(month)) / 2
        high = (_ROW + 5) * (max(0, counts.get(month, 0)) / highest) ** 0.5
        points.append((scale(middle), base - high))
        month = following
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    start, end = points[0][0], points[-1][0]
    tooltip = tr(
        "%(agency)s: %(statements)s in %(months)s",
        agency=agency,
        statements=tr_n(
            "%(count)s statement", "%(count)s statements", sum(counts.values()), number
        ),
        months=tr_n("%(count)s month", "%(count)s months", len(counts), str),
    )
    return (
        f'<g class="flow">{hint(tooltip)}<polygon points="{start - 5:.1f},{base:.1f} {path} '
        f'{end + 5:.1f},{base:.1f}"/><polyline points="{path}"/></g>'
    )


def _rug(moments: Sequence[Moment], scale: TimeScale, ground: float) -> str:
    """Draw a tick for each bundle that was shared, above the axis."""
    spots = sorted(
        {f"{scale(moment.at):.0f}" for moment in moments if moment.kind is MomentKind.SHARED}
    )
    ticks = "".join(f"M{x} {ground + 1:.1f}v4" for x in spots)
    return f'<path class="rug" d="{ticks}">{hint(tr("bundles shared"))}</path>' if ticks else ""


def _said(moments: Sequence[Moment], scale: TimeScale, ground: float) -> tuple[str, float]:
    """Write the moments beneath the axis in lanes, the day through all rows."""
    labelled = [moment for moment in moments if moment.kind in _LABELLED]
    selected = sorted(
        sorted(labelled, key=lambda moment: (_RANK.index(moment.kind), moment.at))[:MOST_SAID],
        key=lambda moment: moment.at,
    )
    texts = [(moment, scale(moment.at), wrapped(moment.text, 300, 11.5)) for moment in selected]
    placed = _placed(
        [(x, max(width(row, 11.5) for row in rows) + 12, len(rows)) for _, x, rows in texts]
    )
    depth = max(
        (lane + len(rows) for (lane, _), (_, _, rows) in zip(placed, texts, strict=True)),
        default=0,
    )
    parts = []
    for (moment, x, rows), (lane, turned) in zip(texts, placed, strict=True):
        y = ground + 40 + 17 * lane
        day = moment.kind is MomentKind.ACTION
        start = 26.0 if day else ground
        note = f"{formatting.day(moment.at)}: {moment.text}"
        parts.append(
            f'<g class="moment m-{moment.kind.value}">{hint(note)}'
            f"{line('stem', x, start, x, y - 4)}{dot('place', x, y - 4, 4)}"
            + "".join(
                text(
                    x + (-8 if turned else 8),
                    y + 17 * place,
                    row,
                    "",
                    "end" if turned else "start",
                )
                for place, row in enumerate(rows)
            )
            + "</g>"
        )
    return "".join(parts), ground + 40 + 17 * depth


def _placed(labels: Sequence[tuple[float, float, int]]) -> list[tuple[int, bool]]:
    """Return the first lane and a side for each label, in the order that crosses least.

    A label is its stem, its width and how many lanes it takes.

    No words lie over other words. Stems may have to cross words; then as seldom as can be.
    """
    across = sorted(range(len(labels)), key=lambda index: labels[index][0])
    late = sorted(across, key=lambda index: labels[index][0] + labels[index][1] > WIDE)
    tries = [
        _greedy(labels, order, sides)
        for order in (across[::-1], across, late[::-1], late)
        for sides in ((False, True), (True, False))
    ]
    return min(
        tries, key=lambda attempt: (attempt[1], max((spot[0] for spot in attempt[0]), default=0))
    )[0]


def _greedy(
    labels: Sequence[tuple[float, float, int]], order: Sequence[int], sides: tuple[bool, bool]
) -> tuple[list[tuple[int, bool]], int]:
    """Place labels one after the other in the first lane that is free; count the crossings."""
    boxes: list[tuple[int, int, float, float, float]] = []
    lanes_in_all = sum(high for _, _, high in labels)
    placed = [(0, False)] * len(labels)
    crossings = 0
    for place in order:
        stem, wide, high = labels[place]
        best: tuple[int, int, bool, float, float] | None = None
        for lane in range(lanes_in_all):
            for turned in sides:
                left, right = (stem - wide, stem + 5) if turned else (stem - 5, stem + wide)
                if left < 0 if turned else right > WIDE:
                    continue
                if any(
                    at < lane + high and lane < end and left < b + 6 and a < right + 6
                    for at, end, a, b, _ in boxes
                ):
                    continue
                crossed = sum(
                    (at < lane and a - 2 < stem < b + 2)
                    or (at > lane and left - 2 < other_stem < right + 2)
                    for at, _, a, b, other_stem in boxes
                )
                if best is None or crossed < best[0]:
                    best = (crossed, lane, turned, left, right)
            if best is not None and best[0] == 0:
                break
        crossed, lane, turned, left, right = best or (0, lanes_in_all, False, stem, stem + wide)
        crossings += crossed
        boxes.append((lane, lane + high, left, right, stem))
        placed[place] = (lane, turned)
    return placed, crossings
