"""Render a report as one HTML file without scripts or requests; all outside text is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.escaping import clean
from cautery.drawing.styles import style
from cautery.drawing.templates import environment
from cautery.errors import InputError
from cautery.messages import tr
from cautery.model import Finding, Mandate, Role
from cautery.model.verdict import VERBAL_SCALE
from cautery.pages.blind import night_part
from cautery.pages.case_report import formatting
from cautery.pages.case_report.net import Net
from cautery.pages.case_report.plot import alignment_plot
from cautery.pages.case_report.supply import colour_of, letters, role_shape, supply_drawing
from cautery.pages.case_report.view import ReportView, StreamView
from cautery.pages.grown import grown_part
from cautery.pages.told import told_part

_DIGEST = re.compile(r"\bsha256:([0-9a-f]{12})[0-9a-f]{52}\b")
_PICTURE = re.compile(r"data:image/(?:jpeg|png);base64,[A-Za-z0-9+/]+={0,2}")

MOST_IN_FULL = 200
"""Streams shown at full length; the others stand in the table of all, and the page says so."""

MOST_ROWS = 2000
"""Rows of any one table; the others are counted below it."""


def render(view: ReportView) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    view : ReportView
        Everything that is shown; its texts may be hostile.

    Returns
    -------
    str
        HTML that loads nothing and runs nothing; prints on A4, the supply graph on its side.
    """
    groups: dict[str, list[StreamView]] = {finding.value: [] for finding in Finding}
    groups["none"] = []
    for stream in view.streams:
        groups[stream.verdict.finding.value if stream.verdict else "none"].append(stream)
    accused = groups["proven"] + groups["undecided"]
    graph, net = view.graph, Net([*view.undrawn])
    supply = tr("The supply graph, by country")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            view=view,
            mandate=view.mandate,
            groups=groups,
            full=accused[:MOST_IN_FULL],
            accused=len(accused),
            drawing=net.under(supply, lambda: supply_drawing(graph), None)
            if graph and graph.assets
            else None,
            letters=letters(graph) if graph else {},
            drawn=net.drawn,
            undrawn=net.undrawn,
            names=names_of(view.mandate),
            style=style(
                "cautery.pages.case_report",
                "evidence.css",
                "report.css",
                **{
                    "PAGE-NAME": tr("Cautery case report"),
                    "SCROLL-SIDEWAYS": tr("wider than the screen: scroll sideways"),
                },
            ),
        )
    )


def names_of(mandate: Mandate) -> dict[str, str]:
    """Return what the page calls each reference, by id."""
    return (
        {channel.id: channel.names[0] for channel in mandate.channels if channel.names}
        | {
            f"event:{event.id}": tr("clean feed of %(event)s", event=event.name)
            for event in mandate.events
        }
        | {event.id: event.name for event in mandate.events}
        | {work.id: work.title for work in mandate.works}
    )


def _picture(uri: str) -> Markup:
    """Pass a picture's URI whole, and nothing but a picture's."""
    if not _PICTURE.fullmatch(uri):
        raise InputError(f"{uri[:40]!r} is not the data URI of a picture")
    return Markup(uri)  # noqa: S704 - base64 and a fixed head, checked above


def _statement(text: str) -> Markup:
    """Return a referral's statement line by line, the digests in it cut to what an eye compares."""
    shortened = _DIGEST.sub(r"\1…", clean(text))
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in shortened.split("\n"))


@cache
def _environment() -> Environment:
    env = environment("cautery.pages.case_report")
    env.filters |= filters()
    env.globals |= {
        "alignment_plot": alignment_plot,
        "colour_of": colour_of,
        "role_shape": role_shape,
        "roles": tuple(Role),
        "scale": VERBAL_SCALE,
        "most": MOST_ROWS,
        "blind_part": night_part,
        "grown_part": grown_part,
        "told_part": told_part,
    }
    return env


def filters() -> dict[str, Callable[..., object]]:
    """Return what the parts of the report need in an environment of another page."""
    return {
        "utc": formatting.utc,
        "utc_after": formatting.utc_after,
        "clock": formatting.clock,
        "span": formatting.span,
        "speed": formatting.speed,
        "delay": formatting.delay,
        "lag": formatting.lag,
        "statement": _statement,
        "moment": formatting.moment,
        "size": formatting.size,
        "place": formatting.place,
        "in_part": formatting.in_part,
        "bare": formatting.bare,
        "picture": _picture,
    }
