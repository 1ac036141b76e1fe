"""The estimates beside the claims: each source's interval, ours at 90 and 99 %, on a log axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from cautery.drawing.svg import (
    WIDE,
    dot,
    drawing,
    fit,
    hint,
    lanes,
    line,
    rect,
    sentence,
    text,
    width,
)
from cautery.messages import tr
from cautery.pages.operation import formatting
from cautery.pages.operation.view.claims import (
    ClaimLine,
    EstimatesView,
    ReconciledEstimate,
    SourceEstimate,
)

MOST_SOURCES = 14
"""Rows of one drawing; the table beneath it has all."""

_GUTTER, _RIGHT, _ROW, _TOP = 168.0, WIDE - 20.0, 22.0, 34.0


def quantities(view: EstimatesView) -> tuple[str, ...]:
    """Return the quantities that are spoken of, in the order in which they appear."""
    return tuple(
        dict.fromkeys(
            [estimate.quantity for estimate in view.reconciled]
            + [source.quantity for source in view.sources]
            + [claim.quantity for claim in view.claims]
        )
    )


def claims_drawing(view: EstimatesView | None, quantity: str, *, lab: bool) -> Markup:
    """Draw one quantity: a row a source, the reconciled intervals, the claims through all rows.

    Parameters
    ----------
    lab : bool
        Whether the world's truth may be shown, where it is known.

    Returns
    -------
    Markup
        An ``svg``; a sentence where no source speaks of the quantity.
    """
    sources = [source for source in (view.sources if view else ()) if source.quantity == quantity]
    reconciled = [
        estimate for estimate in (view.reconciled if view else ()) if estimate.quantity == quantity
    ]
    claims = [claim for claim in (view.claims if view else ()) if claim.quantity == quantity]
    if not sources and not reconciled:
        return sentence(
            tr("No source speaks of %(quantity)s.", quantity=formatting.quantity(quantity))
        )
    scale = _LogScale(_values(sources, reconciled, claims, lab=lab))
    visible = sources[:MOST_SOURCES]
    rows = len(visible) + len(reconciled)
    body: list[str] = []
    placed, above = _placed(claims[:12], scale)
    top = _TOP + above
    ground = top + rows * _ROW + 10 * bool(reconciled)
    for tick in scale.ticks():
        x = scale(tick)
        body.append(
            line("grid", x, top - 4, x, ground)
            + text(x, ground + 16, formatting.big(tick), "tick", "middle")
        )
    y = top + 6
    for source in visible:
        body.append(_row(source, scale, y))
        y += _ROW
    y += 6
    for estimate in reconciled:
        body.append(_ours(estimate, scale, y, lab=lab))
        y += _ROW
    body += [_claim(label, ground) for label in placed]
    unit = reconciled[0].inner.unit if reconciled else sources[0].interval.unit
    name = formatting.quantity(quantity)
    head = f"{name}, {formatting.unit(unit)}" if unit and unit != quantity else name
    body.append(text(0, 14, head, "head"))
    summary = [
        tr(
            "ours %(middle)s, %(inner)s, %(outer)s",
            middle=formatting.big(estimate.inner.mid),
            inner=formatting.within(estimate.inner),
            outer=formatting.within(estimate.outer),
        )
        for estimate in reconciled
    ]
    summary += [
        tr("claim %(claim)s: does not fit", claim=claim.text)
        if claim.flagged
        else tr("claim %(claim)s: fits", claim=claim.text)
        for claim in claims
    ]
    title = f"{name}: {'; '.join(summary)}"
    return drawing("claims", wide=WIDE, high=ground + 24, title=title, body="".join(body))


class _LogScale:
    """Values to units across, logarithmic."""

    def __init__(self, values: Sequence[float]) -> None:
        positive = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
        low, high = (
            min(300.0, max(-300.0, math.log10(value))) for value in (min(positive), max(positive))
        )
        spare = max(0.08, (high - low) * 0.05)
        self.low, self.high = low - spare, high + spare

    def __call__(self, value: float) -> float:
        at = math.log10(value) if value > 0 else self.low
        share = (at - self.low) / (self.high - self.low)
        return _GUTTER + min(1.0, max(0.0, share)) * (_RIGHT - _GUTTER)

    def ticks(self) -> list[float]:
        """Return the coarsest round values that are at least four, or the finest."""
        marks: list[float] = []
        step = max(1, math.ceil((self.high - self.low) / 9))
        for leads in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
            marks = [
                lead * 10.0**power
                for power in range(math.floor(self.low), math.ceil(self.high) + 1)
                for lead in leads
                if power % step == 0 and self.low <= math.log10(lead * 10.0**power) <= self.high
            ]
            if len(marks) >= 4:
                break
        return marks


def _values(
    sources: Sequence[SourceEstimate],
    reconciled: Sequence[ReconciledEstimate],
    claims: Sequence[ClaimLine],
    *,
    lab: bool,
) -> list[float]:
    values = [
        v
        for source in sources
        for v in (source.interval.low, source.interval.mid, source.interval.high)
    ]
    values += [
        v
        for estimate in reconciled
        for v in (estimate.outer.low, estimate.outer.high, estimate.inner.mid)
    ]
    values += [claim.value for claim in claims]
    return values + [
        estimate.truth for estimate in reconciled if lab and estimate.truth is not None
    ]


def _row(source: SourceEstimate, scale: _LogScale, y: float) -> str:
    low, mid, high = (
        scale(value) for value in (source.interval.low, source.interval.mid, source.interval.high)
    )
    high = max(high, low + 2)
    size, interval = formatting.big(source.interval.mid), formatting.within(source.interval)
    tooltip = f"{source.source}: {size}, {interval}. {source.note}"
    return (
        f'<g class="source">{hint(tooltip)}'
        + text(_GUTTER - 10, y + 4, fit(source.source, _GUTTER - 14), "row", "end")
        + line("reach", low, y, high, y)
        + line("reach", low, y - 4, low, y + 4)
        + line("reach", high, y - 4, high, y + 4)
        + dot("mid", mid, y, 3.6)
        + "</g>"
    )


def _ours(estimate: ReconciledEstimate, scale: _LogScale, y: float, *, lab: bool) -> str:
    outer, inner = (
        (scale(interval.low), scale(interval.high)) for interval in (estimate.outer, estimate.inner)
    )
    tooltip = tr(
        "reconciled: %(inner)s, %(outer)s",
        inner=formatting.within(estimate.inner),
        outer=formatting.within(estimate.outer),
    )
    body = (
        f'<g class="ours">{hint(tooltip)}'
        + text(_GUTTER - 10, y + 4, tr("reconciled"), "row strong", "end")
        + rect("outer", outer[0], y - 3, max(2.0, outer[1] - outer[0]), 6)
        + rect("inner", inner[0], y - 7, max(2.0, inner[1] - inner[0]), 14)
        + dot("mid", scale(estimate.inner.mid), y, 4)
        + "</g>"
    )
    if not lab or estimate.truth is None:
        return body
    x = scale(estimate.truth)
    truth = hint(tr("the lab's truth: %(size)s", size=formatting.big(estimate.truth)))
    return f'{body}<path class="truth" d="M{x:.1f} {y - 8:.1f}l5 -9h-10z">{truth}</path>'


def _placed(
    claims: Sequence[ClaimLine], scale: _LogScale
) -> tuple[list[tuple[ClaimLine, float, str, bool, int]], float]:
    """Return each claim with its place, words, side and lane; and the room they need."""
    entries: list[tuple[ClaimLine, float, str, bool]] = []
    spans: list[tuple[float, float]] = []
    for claim in claims:
        x, label = scale(claim.value), fit(tr("claim: %(claim)s", claim=claim.text), 260, 13)
        wide = width(label, 13) + 8
        turned = x + wide > _RIGHT
        spans.append((x - wide, x) if turned else (x, x + wide))
        entries.append((claim, x, label, turned))
    placed = [lane or 0 for lane in lanes(spans, most=6)]
    room = 15.0 * max(placed, default=0) + (8.0 if placed else -8.0)
    return [(*entry, lane) for entry, lane in zip(entries, placed, strict=True)], room


def _claim(placed: tuple[ClaimLine, float, str, bool, int], ground: float) -> str:
    claim, x, label, turned, lane = placed
    y = 30 + 15.0 * lane
    return (
        f'<g class="claim {"no" if claim.flagged else "yes"}">{hint(claim.words or claim.text)}'
        f"{line('', x, y - 9, x, ground)}"
        f"{text(x + (-6 if turned else 6), y, label, '', 'end' if turned else 'start')}</g>"
    )
