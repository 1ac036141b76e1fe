"""Harm as a picture: who watched minute by minute, and a bar for each assumption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cautery.drawing.escaping import clean
from cautery.drawing.figure import (
    GRID,
    INK,
    OCHRE,
    PALE_TEAL,
    QUIET,
    TEAL,
    bare,
    empty_figure,
    in_style,
    written,
)
from cautery.drawing.formatting import DASH
from cautery.estimate.claims import number_in_words
from cautery.estimate.harm.curves import Curve, FloatArray
from cautery.estimate.harm.judge import JudgedHarm
from cautery.estimate.harm.range import Harm, HarmRow
from cautery.messages import say, tr

MOST_CURVES = 6
"""Curves of one drawing, those with the greatest peaks; the table has all."""
_CLAIM = "#c0392b"
_ROW, _CURVES = 0.42, 2.3


def harm_plot(
    harm: Harm, curves: Sequence[Curve] = (), judged: Sequence[JudgedHarm] = (), *, title: str
) -> str:
    """Draw curves of viewers above, and a bar from low to high for each assumption below.

    Returns
    -------
    str
        One SVG document, the same bytes for the same input.
    """
    rows = [row for row in harm.rows if row.total is not None and row.total.high > 0]
    drawn_curves = sorted(curves, key=lambda curve: -curve.peak.mid)[:MOST_CURVES]
    above = _CURVES if drawn_curves else 0.0
    bars = _ROW * len(rows) + 0.75 + 0.24 * len(judged)
    total = 0.7 + above + bars + 0.55
    with in_style():
        figure = empty_figure(9.2, total)
        figure.text(0.025, 1 - 0.34 / total, clean(title), size=13, weight="bold", va="center")
        if drawn_curves:
            box = (0.09, (total - 0.7 - above + 0.5) / total, 0.87, (above - 0.95) / total)
            _curves(figure.add_axes(box), drawn_curves, left_out=len(curves) - len(drawn_curves))
        box = (0.4, 0.85 / total, 0.56, (bars - 0.75 - 0.24 * len(judged)) / total)
        _bars(figure.add_axes(box), rows, harm, judged)
        figure.text(
            0.025,
            0.16 / total,
            tr(
                "Bars: from the low to the high end of each assumption, with 90 %% intervals of "
                "the audience. Pale: what headlines assume. Dashed: claims."
            ),
            size=8.5,
            color=QUIET,
        )
        return written(figure, "svg").decode()


def _curves(axes: Any, curves: Sequence[Curve], *, left_out: int) -> None:
    bare(axes, "top", "right")
    colours = (TEAL, OCHRE, "#3f6fb0", "#a4557f", "#66727f", "#2f7d32")
    for curve, colour in zip(curves, colours, strict=False):
        minutes, low, mid, high = _with_gaps(curve)
        axes.fill_between(minutes, low, high, color=colour, alpha=0.18, lw=0)
        name = f"{curve.event}, {curve.channel}" if curve.channel else curve.event
        axes.plot(minutes, mid, color=colour, lw=1.5, label=clean(name, 40))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: say(number_in_words(value)) if value else "0")
    axes.grid(axis="y", color=GRID, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5, length=0)
    axes.set_xlabel(tr("minute"), size=8.5)
    axes.legend(fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
    heading = tr("viewers")
    if left_out:
        heading = tr("viewers (%(count)s smaller curves not drawn)", str, count=left_out)
    axes.set_title(heading, size=9, loc="left", color=INK)


def _with_gaps(curve: Curve) -> tuple[FloatArray, ...]:
    """Return minutes and viewers with a hole where minutes were not measured."""
    gaps = np.flatnonzero(np.diff(curve.minutes) > 1) + 1
    columns = (curve.minutes.astype(np.float64), curve.low, curve.mid, curve.high)
    return tuple(np.insert(column, gaps, np.nan) for column in columns)


def _bars(axes: Any, rows: Sequence[HarmRow], harm: Harm, judged: Sequence[JudgedHarm]) -> None:
    bare(axes, "top", "right")
    sums = [row.total for row in rows if row.total is not None]
    ends = [*(sum_.high for sum_ in sums), *(claim.eur for claim in judged)]
    least = min(
        [*(sum_.low for sum_ in sums if sum_.low > 0), *(claim.eur for claim in judged)],
        default=1.0,
    )
    left = least / 6
    axes.set_xscale("log")
    right = max(ends, default=1.0) * (max(ends, default=1.0) / left) ** 0.3
    axes.set_xlim(left, right)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for place, (row, sum_) in enumerate(zip(rows, sums, strict=True)):
        colour = TEAL if row.assumption.in_hull else PALE_TEAL
        axes.barh(
            place,
            sum_.high - max(sum_.low, left),
            left=max(sum_.low, left),
            height=0.42,
            color=colour,
        )
        axes.text(
            sum_.high * 1.06,
            place,
            f"{_sum(sum_.low)} {DASH} {_sum(sum_.high)}",
            size=8.5,
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
            zorder=4,
        )
    axes.set_yticks(
        range(len(rows)), [_folded(clean(row.assumption.title, 90)) for row in rows], size=8.5
    )
    axes.tick_params(length=0, labelsize=8.5)
    axes.xaxis.set_major_formatter(lambda value, _: say(number_in_words(value)))
    axes.grid(axis="x", color=GRID, lw=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel(
        tr("EUR a year") if harm.of == "year" else tr("EUR, all these events"), size=8.5
    )
    for number, claim in enumerate(sorted(judged, key=lambda claim: -claim.eur)):
        axes.axvline(claim.eur, color=_CLAIM, lw=1.2, ls=(0, (4, 3)), zorder=3)
        axes.annotate(
            clean(claim.claim.text, 40),
            (claim.eur, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 3 + 14 * number),
            ha="right",
            textcoords="offset points",
            size=8.5,
            color=_CLAIM,
            annotation_clip=False,
        )


def _sum(value: float) -> str:
    """Return a sum to two figures."""
    return say(number_in_words(float(f"{value:.2g}"))) if value else "0"


def _folded(text: str, wide: int = 34) -> str:
    """Break a title into lines at spaces."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > wide:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
