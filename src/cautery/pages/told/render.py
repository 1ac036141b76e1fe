"""The part of a page on what partners told, with its own template: every text in it is escaped."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.templates import environment
from cautery.pages.told.view import ToldView

MOST_CONTRADICTIONS = 20


def told_part(view: ToldView, *, records: str = "") -> Markup:
    """Return what partners told as a part of another page.

    Parameters
    ----------
    records : str
        Address below which records stand; empty: nothing leads to them.
    """
    template = _environment().get_template("part.html.j2")
    # Every text in it was escaped by its own template.
    html = template.render(view=view, records=records, most=MOST_CONTRADICTIONS)
    return Markup(html)  # noqa: S704


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


@cache
def _environment() -> Environment:
    env = environment("cautery.pages.told")
    env.filters |= {"moment": _moment}
    return env
