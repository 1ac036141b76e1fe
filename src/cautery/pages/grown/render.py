"""The part of a page on what grew back, with its own templates: every text in it is escaped."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.templates import environment
from cautery.messages import tr
from cautery.pages.grown.course import course
from cautery.pages.grown.view import GrownView

MOST_REASONS = 6


def grown_part(view: GrownView, *, records: str = "") -> Markup:
    """Return what grew back as a part of another page.

    Parameters
    ----------
    records : str
        Address below which records stand; empty: nothing leads to them.
    """
    template = _environment().get_template("part.html.j2")
    # Every text in it was escaped by its own template.
    html = template.render(view=view, records=records, most_reasons=MOST_REASONS)
    return Markup(html)  # noqa: S704


def _odds(probability: float) -> str:
    """Return a probability, which is never written as certain."""
    if probability > 0.999:
        return tr("over %(percent)s %%", percent="99.9")
    return tr("%(percent)s %%", percent=f"{100 * probability:.1f}")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


@cache
def _environment() -> Environment:
    env = environment("cautery.pages.grown")
    env.filters |= {"odds": _odds, "moment": _moment}
    env.globals |= {"course": course}
    return env
