"""Key figures as one HTML file that runs nothing and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.formatting import DASH, THIN, number, percent
from cautery.drawing.styles import quoted, style
from cautery.drawing.templates import environment, said
from cautery.messages import in_language, tr
from cautery.pages.kpi.view import KpiPage, KpiRow

_PACKAGE = "cautery.pages.kpi"
_LONGEST = 300
POLICY_OF_PAGE = (
    "default-src 'none'; img-src data:; style-src {style}; base-uri 'none'; form-action 'none'"
)
"""Nothing but the page's own style sheet and the empty picture of its tab."""
_NAMES = {"en": "English", "fr": "français", "it": "italiano", "es": "español"}
"""How languages call themselves."""
_WIDE = 120.0
"""Of a drawn share, in pixels."""


def sheets_html(page: KpiPage, *, tongues: Sequence[str]) -> str:
    """Return the page, one article in each language: no script, no request; prints on A4."""
    articles = []
    for tongue in tongues:
        with in_language(tongue):
            article = _environment().get_template("sheet.html.j2").render(page=page, at=tongue)
        articles.append((tongue, _NAMES.get(tongue, tongue), Markup(article)))  # noqa: S704
    with in_language(tongues[0]):
        return (
            _environment()
            .get_template("page.html.j2")
            .render(
                articles=articles,
                page=page,
                style=_style(),
                policy=POLICY_OF_PAGE.format(style=_digest()),
            )
        )


def figure_text(row: KpiRow) -> str:
    """Return a figure in one text: ``37 %``, ``4.2 min``, ``120 to 300``."""
    unit = "" if row.unit is None else f"{THIN}{_said(row)}"
    if row.kind == "count":
        return number(row.count)
    if row.kind == "share":
        return percent(row.mid)
    if row.kind == "median":
        return f"{number(row.mid, 2)}{unit}"
    if row.kind == "range":
        return f"{number(row.low, 2)} {DASH} {number(row.high, 2)}{unit}"
    return tr("not measured")


def interval_text(row: KpiRow) -> str:
    """Return the interval of a figure, or nothing."""
    if row.kind == "share" and row.low is not None:
        return f"{percent(row.low)} {DASH} {percent(row.high)}"
    if row.kind == "median" and row.low is not None:
        unit = "" if row.unit is None else f"{THIN}{_said(row)}"
        return f"{number(row.low, 2)} {DASH} {number(row.high, 2)}{unit}"
    if row.kind == "range":
        return tr("likely %(likely)s", likely=number(row.mid, 2))
    return ""


def rests_on(row: KpiRow) -> str:
    """Return what a figure rests on: ``3 of 8``, ``n = 12``."""
    if row.kind == "share":
        return tr("%(part)s of %(whole)s", part=number(row.count), whole=number(row.n))
    if row.kind in {"median", "range"}:
        return f"n = {number(row.n)}"
    return ""


def bar(row: KpiRow) -> Markup:
    """Draw a share on a line from 0 to 1: its interval, and a dot; other figures have none."""
    if row.kind != "share" or row.low is None or row.mid is None or row.high is None:
        return Markup("")
    left, middle, right = (4 + (_WIDE - 8) * end for end in (row.low, row.mid, row.high))
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="bar" viewBox="0 0 {_WIDE:g} 14" width="{_WIDE:g}" height="14" '
        'aria-hidden="true" focusable="false">'
        f'<line class="whole" x1="4" x2="{_WIDE - 4:g}" y1="7" y2="7"/>'
        f'<line class="interval" x1="{left:.1f}" x2="{right:.1f}" y1="7" y2="7"/>'
        f'<circle cx="{middle:.1f}" cy="7" r="3.5"/></svg>'
    )


def _said(row: KpiRow) -> str:
    return "" if row.unit is None else said(row.unit)


def _day(moment: datetime | None, *, is_end: bool = False) -> str:
    """Return a day; of the end of a period, which does not belong to it, the last that does."""
    if moment is None:
        return "…"
    return f"{moment - timedelta(microseconds=is_end):%Y-%m-%d}"


@cache
def _style() -> Markup:
    return style(_PACKAGE, "page.css")


def _digest() -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    env = environment(_PACKAGE, longest=_LONGEST)
    env.filters |= {
        "bar": bar,
        "day": _day,
        "figure": figure_text,
        "interval": interval_text,
        "quoted": quoted,
        "rests_on": rests_on,
    }
    return env
