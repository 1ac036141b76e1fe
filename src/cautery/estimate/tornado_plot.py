"""A tornado as one SVG: for each estimate the priors that move it most, the widest bar first."""

from __future__ import annotations

from typing import Any

from cautery.drawing.escaping import clean
from cautery.drawing.figure import GRID, INK, QUIET, TEAL, bare, empty_figure, in_style, written
from cautery.errors import InputError
from cautery.estimate.claims import number_in_words
from cautery.estimate.tornado import Swing, Tornado
from cautery.messages import say, tr

MOST_BARS = 10
"""Of a quantity; those that are left out move it less."""
_UNIDENTIFIED = "#c0762b"
_LEAST_REACH = 0.005
"""Half a percent: a bar under it would not be seen."""


def tornado_plot(tornado: Tornado, *, title: str = "") -> str:
    """Draw a panel for each quantity.

    Returns
    -------
    str
        One SVG document, the same bytes for the same input.

    Raises
    ------
    InputError
        If nothing is there to draw.
    """
    panels = {
        quantity: [swing for swing in swings if swing.reach > _LEAST_REACH][:MOST_BARS]
        for quantity, swings in tornado.items()
    }
    panels = {quantity: swings for quantity, swings in panels.items() if swings}
    if not panels:
        raise InputError("nothing to draw: no prior moves an estimate")
    heights = [0.30 * len(swings) + 1.0 for swings in panels.values()]
    head = 0.6 if title else 0.2
    total = head + sum(heights) + 0.5
    with in_style():
        figure = empty_figure(9.2, total)
        if title:
            figure.text(0.025, 1 - 0.34 / total, title, size=13, weight="bold", va="center")
        top = total - head
        for (quantity, swings), height in zip(panels.items(), heights, strict=True):
            box = (0.42, (top - height + 0.5) / total, 0.55, (height - 0.9) / total)
            _panel(figure.add_axes(box), quantity, swings)
            top -= height
        words = tr(
            "Each bar: the estimate's middle with one prior at its low (5 %%) and its high (95 %%) "
            "end."
        )
        colours = tr("Numbers: those ends of the prior. Orange: not identified by any source.")
        figure.text(0.025, 0.32 / total, words, size=8, color=QUIET, va="center")
        figure.text(0.025, 0.14 / total, colours, size=8, color=QUIET, va="center")
        return written(figure, "svg").decode()


def _panel(axes: Any, quantity: str, swings: list[Swing]) -> None:
    """Draw one quantity: a bar for each prior from its low to its high end."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415 - as in figure.py

    ends = [end for swing in swings for end in (swing.at_low, swing.at_high)]
    low, high = min(ends), max(ends)
    room = (high / low) ** 0.08
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    axes.set_ylim(len(swings) - 0.4, -0.6)
    for row, swing in enumerate(swings):
        colour = TEAL if swing.is_identified else _UNIDENTIFIED
        left, right = sorted((swing.at_low, swing.at_high))
        axes.plot([left, right], [row, row], color=colour, lw=9, solid_capstyle="butt", zorder=2)
        rises = swing.at_high >= swing.at_low
        for end, value, side in (
            (left, swing.low if rises else swing.high, "right"),
            (right, swing.high if rises else swing.low, "left"),
        ):
            axes.annotate(
                f"{value:.2g}",
                (end, row),
                xytext=(-3 if side == "right" else 3, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                size=7,
                color=QUIET,
            )
    axes.set_yticks(range(len(swings)), [clean(swing.words, 52) for swing in swings], size=8.5)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high / low > 50 else (1.0, 2.0, 5.0)))
    if high / low < 5:
        axes.xaxis.set_major_locator(LogLocator(subs=tuple(range(1, 10))))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: say(number_in_words(value))))
    axes.tick_params(axis="x", labelsize=8, length=3, which="both")
    axes.grid(axis="x", color=GRID, lw=0.8, zorder=0.2)
    axes.set_axisbelow(True)
    bare(axes, "top", "right", "left")
    axes.set_title(_title(quantity), loc="left", size=11, weight="bold")


def _title(quantity: str) -> str:
    titles = {
        "users": tr("Users"),
        "payers": tr("Payers"),
        "revenue": tr("Revenue, EUR a month"),
    }
    return titles[quantity]
