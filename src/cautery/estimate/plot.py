"""Each source's interval, the reconciled band and the claims, as one SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cautery.drawing.escaping import clean
from cautery.drawing.figure import (
    GRID,
    INK,
    PALE_TEAL,
    QUIET,
    TEAL,
    bare,
    empty_figure,
    in_style,
    written,
)
from cautery.errors import InputError
from cautery.estimate.claims import number_in_words
from cautery.estimate.judge import Judged
from cautery.estimate.reconcile import Reconciled
from cautery.messages import say, tr

_BAND_90, _BAND_99 = PALE_TEAL, "#dcedea"
_RECONCILED, _SOURCE = TEAL, "#4a5a6a"
_FITS, _FLAGGED = "#2f7d32", "#c0392b"
_QUANTITIES = ("users", "payers", "revenue")


def claims_plot(reconciled: Reconciled, judged: Sequence[Judged] = (), *, title: str = "") -> str:
    """Draw a panel for each quantity that is claimed, or for all three without claims.

    Returns
    -------
    str
        One SVG document, the same bytes for the same input.

    Raises
    ------
    InputError
        If nothing is there to draw.
    """
    claimed = {verdict.claim.quantity for verdict in judged}
    quantities = [quantity for quantity in _QUANTITIES if quantity in claimed or not claimed]
    if not reconciled.sized:
        raise InputError("nothing to draw: there is no source")
    spoke = [source for source in reconciled.sized if source.draws is not None]
    rows = len(spoke) + 1
    heights = [0.34 * rows + 1.05 + 0.26 * _labels(judged, quantity) for quantity in quantities]
    head = 0.6 if title else 0.2
    with in_style():
        total = head + sum(heights) + 0.35
        figure = empty_figure(9.2, total)
        if title:
            figure.text(0.025, 1 - 0.34 / total, title, size=13, weight="bold", va="center")
        top = total - head
        for quantity, height in zip(quantities, heights, strict=True):
            above = 0.40 + 0.26 * _labels(judged, quantity)
            box = (0.215, (top - height + 0.42) / total, 0.755, (height - 0.42 - above) / total)
            _panel(figure.add_axes(box), quantity, reconciled, judged, above=above)
            top -= height
        figure.text(
            0.025,
            0.16 / total,
            tr(
                "Bars: 90 %% interval of each source. Band: reconciled, 90 %% (dark) and 99 %% "
                "(pale). Dashed: claims."
            ),
            size=8,
            color=QUIET,
            va="center",
        )
        return written(figure, "svg").decode()


def _labels(judged: Sequence[Judged], quantity: str) -> int:
    return sum(verdict.claim.quantity == quantity for verdict in judged)


def _panel(
    axes: Any, quantity: str, reconciled: Reconciled, judged: Sequence[Judged], *, above: float
) -> None:
    """Draw one quantity: rows of sources, the reconciled one last, claims as lines."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415 - as in figure.py

    inner = reconciled.estimate(quantity, coverage=0.90)
    outer = reconciled.estimate(quantity, coverage=0.99)
    bars = [
        (source.method, spread, _SOURCE, 5.0)
        for source in reconciled.sized
        if (spread := source.estimate(quantity)) is not None
    ]
    summary = tr("one network of it") if reconciled.scope else tr("reconciled")
    bars.append((summary, inner, _RECONCILED, 8.0))
    claims = [verdict for verdict in judged if verdict.claim.quantity == quantity]
    axes.set_xscale("log")
    ends = [value for _, estimate, _, _ in bars for value in (estimate.low, estimate.high)]
    ends += [outer.low, outer.high, *(verdict.size for verdict in claims)]
    low, high = max(min(ends), 1e-3), max(ends)
    room = max((high / low) ** 0.06, 1.15)
    axes.set_xlim(low / room, high * room)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.axvspan(outer.low, outer.high, color=_BAND_99, lw=0, zorder=0)
    axes.axvspan(inner.low, inner.high, color=_BAND_90, lw=0, zorder=0.5)
    for row, (_, estimate, colour, width) in enumerate(bars):
        axes.plot(
            [estimate.low, estimate.high],
            [row, row],
            color=colour,
            lw=width,
            solid_capstyle="butt",
            zorder=2,
        )
        axes.plot([estimate.mid], [row], "o", ms=5.5, mfc="white", mec=colour, mew=1.4, zorder=3)
    for place, claim in enumerate(sorted(claims, key=lambda verdict: verdict.size)):
        colour = _FLAGGED if claim.flagged else _FITS
        axes.axvline(claim.size, color=colour, lw=1.5, ls=(0, (4, 2)), zorder=4)
        right = claim.size > (axes.get_xlim()[0] * axes.get_xlim()[1]) ** 0.5
        text = tr("%(claim)s: %(verdict)s", claim=_plain(claim.claim.text), verdict=_verdict(claim))
        axes.annotate(
            text,
            (claim.size, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, 5 + 15 * (len(claims) - 1 - place)),
            textcoords="offset points",
            ha="right" if right else "left",
            va="bottom",
            size=9,
            color=colour,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(bars)), [_plain(name) for name, *_ in bars], size=9.5)
    axes.get_yticklabels()[-1].set_weight("bold")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    decades = high / low > 50
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decades else (1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: say(number_in_words(value))))
    axes.tick_params(axis="x", labelsize=8.5, length=3, which="both")
    axes.grid(axis="x", color=GRID, lw=0.8, zorder=0.2)
    axes.set_axisbelow(True)
    bare(axes, "top", "right", "left")
    axes.annotate(
        _title(quantity),
        (0, 1),
        xycoords="axes fraction",
        xytext=(-126, above * 72 - 22),
        textcoords="offset points",
        size=11,
        weight="bold",
        annotation_clip=False,
    )


def _title(quantity: str) -> str:
    titles = {
        "users": tr("Users"),
        "payers": tr("Payers"),
        "revenue": tr("Revenue, EUR a month"),
    }
    return titles[quantity]


def _verdict(claim: Judged) -> str:
    if claim.flagged:
        return tr("does not fit")
    inner = claim.within_90
    return tr("fits") if inner.low <= claim.size <= inner.high else tr("not refuted")


def _plain(text: str) -> str:
    return clean(text, 60)
