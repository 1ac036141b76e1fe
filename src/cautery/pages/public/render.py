"""Public pages as HTML that loads nothing and runs no script."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment

from cautery.drawing.styles import quoted, style
from cautery.drawing.templates import environment
from cautery.messages import language, languages
from cautery.pages.public.view import Desk

_PACKAGE = "cautery.pages.public"
LANGUAGES = {"en": "English", "es": "español", "fr": "français", "it": "italiano"}
"""How each language calls itself."""
PAGES = ("home", "complaint", "receipt", "state", "figures", "blocked", "notice")


def render_page(name: str, desk: Desk, **values: Any) -> bytes:
    """Return a page.

    Parameters
    ----------
    name : str
        One of :data:`PAGES`.
    values
        What the page's template names. Texts may be hostile: they are escaped.
    """
    template = _environment().get_template(f"{name}.html.j2")
    tongues = [(code, LANGUAGES.get(code, code)) for code in languages()]
    return template.render(
        desk=desk,
        style=style(_PACKAGE, "page.css"),
        lang=language(),
        tongues=tongues,
        **values,
    ).encode()


@cache
def _environment() -> Environment:
    env = environment(_PACKAGE, longest=4_000)
    env.filters["quoted"] = quoted
    return env
