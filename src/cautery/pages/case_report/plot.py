"""The alignment plot: agreement of suspect and reference at every lag, its peak annotated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.formatting import number
from cautery.messages import say, term, tr
from cautery.pages.case_report.formatting import delay
from cautery.pages.case_report.view import Alignment

_WIDE, _LEFT, _RIGHT, _TOP, _FOOT = 720.0, 68.0, 14.0, 26.0, 42.0


def alignment_plot(alignment: Alignment, *, high: float = 190.0) -> Markup:
    """Draw strength against lag as inline SVG.

    Parameters
    ----------
    alignment : Alignment
        Lags in seconds, rising, and as many strengths (any unit; drawn from zero).
    high : float
        Height of the drawing, in its own units of 720 across.

    Returns
    -------
    Markup
        An ``svg`` element with a title for readers who hear it; a sentence if there is no curve.
    """
    lags, strength = alignment.lags_s, alignment.strength
    if len(lags) < 2 or len(lags) != len(strength) or lags[-1] <= lags[0]:
        return Markup('<p class="quiet">{}</p>').format(
            tr("No alignment curve was recorded for this stream.")
        )
    low, top = min(0.0, *strength), max(strength)
    top = top if top > low else low + 1.0

    def across(lag: float) -> float:
        return _LEFT + (lag - lags[0]) / (lags[-1] - lags[0]) * (_WIDE - _LEFT - _RIGHT)

    def down(value: float) -> float:
        return high - _FOOT - (value - low) / (top - low) * (high - _FOOT - _TOP)

    peak = max(range(len(strength)), key=strength.__getitem__)
    px, py = across(lags[peak]), down(strength[peak])
    envelope = _envelope(lags, strength, columns=600)
    points = " ".join(f"{across(lag):.1f},{down(value):.1f}" for lag, value in envelope)
    ground = down(low)
    ticks = "".join(
        f'<line class="grid" x1="{across(tick):.1f}" x2="{across(tick):.1f}" y1="{_TOP}" '
        f'y2="{ground:.1f}"/><text x="{across(tick):.1f}" y="{ground + 15:.1f}" '
        f'text-anchor="middle">{markup(number(tick))}</text>'
        for tick in _ticks(lags[0], lags[-1])
    )
    # Beside the peak there is room for few words.
    label = (
        tr("%(seconds)s s ahead", seconds=f"{-alignment.delay_s:.2f}")
        if alignment.delay_s < 0
        else tr("delay %(delay)s", delay=delay(alignment.delay_s))
    )
    anchor, shift = ("end", -9) if px > _WIDE * 0.72 else ("start", 9)
    title = tr(
        "Agreement of suspect and reference at every lag; highest at %(label)s, "
        "strength %(strength)s.",
        label=label,
        strength=number(strength[peak]),
    )
    vertical = tr("strength of agreement (%(kind)s)", kind=say(term("witness", alignment.kind)))
    horizontal = tr("lag of the suspect behind the reference, seconds")
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="plot" viewBox="0 0 {_WIDE:g} {high:g}" role="img" '
        f'aria-label="{markup(title)}"><title>{markup(title)}</title>{ticks}'
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{ground:.1f}" '
        f'y2="{ground:.1f}"/>'
        f'<polyline class="area" points="{across(lags[0]):.1f},{ground:.1f} {points} '
        f'{across(lags[-1]):.1f},{ground:.1f}"/><polyline class="curve" points="{points}"/>'
        f'<line class="peak" x1="{px:.1f}" x2="{px:.1f}" y1="{py:.1f}" y2="{ground:.1f}"/>'
        f'<circle class="dot" cx="{px:.1f}" cy="{py:.1f}" r="3.5"/>'
        f'<text class="said" x="{px + shift:.1f}" y="{py + 5:.1f}" text-anchor="{anchor}">'
        f"{markup(label)}</text>"
        f'<text x="{_LEFT - 8}" y="{_TOP + 4}" text-anchor="end">{markup(number(top))}</text>'
        f'<text x="{_LEFT - 8}" y="{ground + 4:.1f}" text-anchor="end">{markup(number(low))}</text>'
        f'<text x="{_LEFT}" y="13">{markup(vertical)}</text>'
        f'<text x="{_WIDE - _RIGHT}" y="{high - 5:.1f}" text-anchor="end">'
        f"{markup(horizontal)}</text></svg>"
    )


def _ticks(first: float, last: float) -> list[float]:
    """Return five to ten round numbers within a range."""
    raw = (last - first) / 8
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(scale * lead for lead in (1, 2, 5, 10) if scale * lead >= raw)
    start = math.ceil(first / step - 1e-9)
    return [step * multiple for multiple in range(start, math.floor(last / step + 1e-9) + 1)]


def _envelope(
    lags: Sequence[float], strength: Sequence[float], *, columns: int
) -> list[tuple[float, float]]:
    """Keep lowest and highest point of each column, so that thinning never hides a peak."""
    if len(lags) <= 2 * columns:
        return list(zip(lags, strength, strict=True))
    points: list[tuple[float, float]] = []
    for column in range(columns):
        first = column * len(lags) // columns
        last = (column + 1) * len(lags) // columns
        span = range(first, last)
        ends = {min(span, key=strength.__getitem__), max(span, key=strength.__getitem__)}
        points += [(lags[end], strength[end]) for end in sorted(ends)]
    return points
