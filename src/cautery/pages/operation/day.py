"""The action day by the clock: every step as a thin bar by agency and kind, the served share below.

A bar a step, so that eighty-nine searches look like eighty-nine searches; a failed step and the one
that took its place are drawn over the others, with their words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup

from cautery.drawing.formatting import number, percent
from cautery.drawing.svg import (
    WIDE,
    TimeScale,
    drawing,
    fit,
    hint,
    line,
    rect,
    sentence,
    text,
    width,
)
from cautery.messages import tr, tr_n, word
from cautery.model import StepKind, StepState
from cautery.pages.operation import formatting
from cautery.pages.operation.served import served_curve
from cautery.pages.operation.view.course import AgencyLine, DayView, StepLine

MOST_BARS = 3000
"""Steps drawn; the others are counted beneath, and are nowhere else on the page."""

MOST_MARKED = 24
"""Failed steps with a cross in the drawing, and words where there is room; the table has more."""

_GUTTER, _RIGHT, _TOP = 176.0, WIDE - 52.0, 62.0
_CURVE = 120.0
_BEFORE, _AFTER = timedelta(hours=4), timedelta(hours=13)
"""The drawing's window at most; steps outside of it are counted at its edge."""


@dataclass(frozen=True, slots=True)
class DayDrawing:
    """The drawing, and what it leaves out."""

    svg: Markup
    shown: int
    total: int
    earlier: int
    later: int


def day_drawing(view: DayView | None, agencies: Sequence[AgencyLine]) -> DayDrawing:
    """Draw the day.

    Parameters
    ----------
    view : DayView or None
        Steps and served shares; the served curve may be missing.
    agencies : sequence of AgencyLine
        In the order of their rows; others follow by name.

    Returns
    -------
    DayDrawing
        An ``svg`` with its counts; a sentence when no step was recorded.
    """
    if view is None or not view.steps:
        return DayDrawing(sentence(tr("No step of an action day was recorded.")), 0, 0, 0, 0)
    scale = _window(view)
    inside = [
        step for step in view.steps if _ends(step) >= scale.first and step.starts_at <= scale.last
    ]
    earlier = sum(_ends(step) < scale.first for step in view.steps)
    later = len(view.steps) - len(inside) - earlier
    visible = sorted(inside, key=lambda step: (step.state is not StepState.FAILED, step.starts_at))
    visible = visible[:MOST_BARS]
    rows: defaultdict[str, defaultdict[StepKind, list[StepLine]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for step in visible:
        rows[step.agency][step.kind].append(step)
    order = [agency.id for agency in agencies if agency.id in rows]
    order += sorted(set(rows) - set(order))
    countries = {agency.id: agency.country for agency in agencies}
    body: list[str] = []
    spots: dict[str, tuple[float, float, float]] = {}
    y = _TOP
    for agency in order:
        tag = countries.get(agency, "")
        label = f"{agency} ({tag})" if tag and tag.lower() not in agency[:3] else agency
        body.append(line("grid", 0, y, _RIGHT, y) + text(0, y + 15, fit(label, 104), "row"))
        y += 4
        for kind in StepKind:
            steps = rows[agency].get(kind, [])
            if not steps:
                continue
            high = _height(len(steps))
            body.append(
                text(
                    _GUTTER - 8,
                    y + high / 2 + 4,
                    f"{_row_name(kind)} {len(steps)}",
                    "kind",
                    "end",
                )
            )
            body.append(_bars(steps, scale, y, high, spots))
            y += high + 4
        y += 2
    ground = y
    marks = _marked(visible, spots, scale)
    clock = _clock(view, scale, ground)
    curve = ""
    bottom = ground + 12
    if view.served:
        top = ground + 26
        left = max(view.served, key=lambda point: point.at)
        curve = (
            text(0, top + 4, tr("demand served"), "row")
            + served_curve(view.served, scale, top=top, high=_CURVE)
            + text(_RIGHT + 6, top + _CURVE * (1 - left.share) + 5, percent(left.share), "said")
            + text(_RIGHT + 6, top + _CURVE * (1 - left.share) + 19, tr("left"), "tick")
        )
        bottom = top + _CURVE + 26
    states = Counter(step.state for step in view.steps)
    title = tr(
        "The day by the clock, from %(moment)s: %(steps)s, %(states)s",
        moment=formatting.utc(view.moment),
        steps=tr_n("%(count)s step", "%(count)s steps", len(view.steps), number),
        states=", ".join(
            f"{count} {word(state)}"
            for state, count in sorted(states.items(), key=lambda item: item[0].value)
        ),
    )
    if view.served:
        served = percent(view.served[-1].share)
        title = "; ".join((title, tr("%(share)s of demand still served", share=served)))
    now = scale(view.moment)
    body.insert(
        0,
        clock + f'<line class="moment-line" x1="{now:.1f}" x2="{now:.1f}" y1="{_TOP - 8}" '
        f'y2="{bottom - 12:.1f}"/>',
    )
    svg = drawing("day", wide=WIDE, high=bottom, title=title, body="".join(body) + curve + marks)
    return DayDrawing(svg, len(visible), len(view.steps), earlier, later)


def _row_name(kind: StepKind) -> str:
    """Return what a row of the drawing is called."""
    names = {
        StepKind.PRESERVE: tr("preserve"),
        StepKind.CONTINUITY: tr("continuity"),
        StepKind.SEARCH: tr("search"),
        StepKind.ARREST: tr("arrest"),
        StepKind.SEIZE: tr("seize"),
        StepKind.FREEZE: tr("freeze"),
        StepKind.LOCK: tr("lock names"),
        StepKind.BLOCK: tr("block"),
        StepKind.SPLASH: tr("splash page"),
        StepKind.ANNOUNCE: tr("announce"),
    }
    return names[kind]


def _ends(step: StepLine) -> datetime:
    return max(step.ended_at or step.ends_at, step.starts_at)


def _window(view: DayView) -> TimeScale:
    """Return the hours that are drawn: those of the steps, at most some around the moment."""
    first = max(min(step.starts_at for step in view.steps), view.moment - _BEFORE)
    last = min(max(_ends(step) for step in view.steps), view.moment + _AFTER)
    first, last = min(first, view.moment), max(last, view.moment)
    spare = max((last - first) / 40, timedelta(minutes=5))
    return TimeScale(first - spare, last + spare, _GUTTER, _RIGHT)


def _height(count: int) -> float:
    return 12.0 if count == 1 else min(72.0, max(14.0, 5.0 * count**0.5 + count * 0.28))


def _bars(
    steps: list[StepLine],
    scale: TimeScale,
    top: float,
    high: float,
    spots: dict[str, tuple[float, float, float]],
) -> str:
    """Draw a row: one line a step, by its start; what was planned stands behind as a trace."""
    steps = sorted(steps, key=lambda step: (step.starts_at, _ends(step), step.id))
    pitch = high / len(steps)
    thick = max(0.75, min(9.0, pitch * 0.78))
    parts: list[str] = []
    for place, step in enumerate(steps):
        y = top + pitch * (place + 0.5)
        left, right = scale(step.starts_at), scale(_ends(step))
        right = max(right, left + 2)
        spots[step.id] = (left, right, y)
        schedule = tr(
            "%(step)s (%(agency)s, %(country)s): planned %(start)s to %(end)s UTC",
            step=step.text,
            agency=step.agency,
            country=step.country,
            start=f"{step.starts_at:%H:%M}",
            end=f"{step.ends_at:%H:%M}",
        )
        tooltip = ", ".join(filter(None, (schedule, word(step.state), step.note)))
        plan = ""
        if step.state is StepState.LATE:
            planned = scale(step.starts_at)
            plan = rect("trace", planned, y - thick / 2, left - planned, thick)
        kind = "re-planned" if step.replaces else step.state.value
        parts.append(
            f'{plan}<rect class="s-{kind}" x="{left:.1f}" y="{y - thick / 2:.1f}" '
            f'width="{right - left:.1f}" height="{thick:.2f}">{hint(tooltip)}</rect>'
        )
    return "".join(parts)


def _marked(
    steps: Sequence[StepLine], spots: dict[str, tuple[float, float, float]], scale: TimeScale
) -> str:
    """Mark what failed, and lead from there to what took its place; words where there is room."""
    parts: list[str] = []
    boxes: list[tuple[float, float, float]] = []
    failed = [step for step in steps if step.state in (StepState.FAILED, StepState.REPLACED)]
    instead = {step.replaces: step for step in steps if step.replaces}
    for step in failed[:MOST_MARKED]:
        left, _, y = spots[step.id]
        x = min(spots[step.id][1], scale.right - 4)
        anew = instead.get(step.id)
        parts.append(f'<path class="cross" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"/>')
        if anew is not None and anew.id in spots:
            onset, end, below = spots[anew.id]
            bend = max(18.0, abs(onset - x) / 2)
            parts.append(
                f'<path class="anew" d="M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} '
                f'{onset - bend:.1f} {below:.1f} {onset:.1f} {below:.1f}"/>'
            )
            x, y = end, below
        failed_step = tr("%(step)s: failed", step=step.text)
        caption = ", ".join(filter(None, (failed_step, step.note)))
        room = scale.right - x - 8
        if room < 150:
            x, anchor, room = left - 6, "end", left - scale.left - 8
        else:
            x, anchor = x + 8, "start"
        fitted = fit(caption, room, 12.4)
        wide = width(fitted, 12.4)
        start = x if anchor == "start" else x - wide
        if room > 60 and all(
            abs(y - down) >= 15 or start > right + 8 or start + wide + 8 < left
            for left, right, down in boxes
        ):
            boxes.append((start, start + wide, y))
            parts.append(
                rect("ground", start - 2, y - 8, wide + 4, 16)
                + text(x, y + 4, fitted, "failed", anchor)
            )
    return "".join(parts)


def _clock(view: DayView, scale: TimeScale, ground: float) -> str:
    """Draw the two clocks: UTC, and the zone's own."""
    try:
        zone = ZoneInfo(view.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    name = zone.key.rsplit("/", 1)[-1].replace("_", " ")
    parts = [text(_GUTTER - 8, 30, "UTC", "tick", "end")]
    if zone.key != "UTC":
        parts.append(text(_GUTTER - 8, 46, f"{name}", "tick", "end"))
    now = scale(view.moment)
    caption = tr("%(time)s UTC: everywhere at once", time=f"{view.moment:%H:%M}")
    turned = now + width(caption, 12) + 10 > scale.right
    parts.append(
        text(now + (-6 if turned else 0), 12, caption, "said", "end" if turned else "start")
    )
    for hour in scale.hours(14):
        x = scale(hour)
        parts.append(
            line("grid", x, _TOP - 8, x, ground + (26 + _CURVE if view.served else 0))
            + text(x, 30, f"{hour:%H:%M}", "tick", "middle")
        )
        if zone.key != "UTC":
            parts.append(text(x, 46, f"{hour.astimezone(zone):%H:%M}", "tick", "middle"))
    return "".join(parts)
