"""A seizure page as one HTML file that runs nothing and loads nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.escaping import clean, whole
from cautery.drawing.styles import quoted, style
from cautery.drawing.templates import environment
from cautery.pages.seizure.texts import PLACE
from cautery.pages.seizure.view import SeizurePage, is_right_to_left

_PACKAGE = "cautery.pages.seizure"
_LONGEST = 2_000
POLICY_OF_PAGE = (
    "default-src 'none'; img-src 'self' data:; style-src {style}; base-uri 'none'; "
    "form-action 'none'"
)
"""Nothing but the page's own style sheet, its pictures, and the empty picture of its tab."""


def render_page(page: SeizurePage) -> str:
    """Return the page in its language; each name stands apart from the direction around it."""
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page,
            texts=page.texts,
            style=_style(),
            policy=_policy(),
            direction="rtl" if is_right_to_left(page.tongue.code) else "ltr",
        )
    )


def policy() -> str:
    """Return the content security policy that the web server sends with each page.

    It says the same as the page's own, and that no other page may have this one in a frame.
    """
    return f"{_policy()}; frame-ancestors 'none'"


def _policy() -> str:
    digest = hashlib.sha256(_style().encode()).digest()
    return POLICY_OF_PAGE.format(style=f"'sha256-{base64.b64encode(digest).decode()}'")


@cache
def _style() -> Markup:
    return style(_PACKAGE, "page.css")


def _filled(text: str, language: str = "", **names: str) -> Markup:
    """Return a sentence with names in its places, each apart from the direction around it."""
    parts, start = [], 0
    for place in PLACE.finditer(text):
        name = clean(names[place[1]], _LONGEST)
        parts += [whole(text[start : place.start()]), _apart(name, language)]
        start = place.end()
    return Markup("").join([*parts, whole(text[start:])])


def _apart(text: str, language: str = "") -> Markup:
    """Return an outside text that turns no direction but its own."""
    lang = Markup(' lang="{}"').format(language) if language else ""
    return Markup("<bdi{}>{}</bdi>").format(lang, clean(text, _LONGEST))


@cache
def _environment() -> Environment:
    env = environment(_PACKAGE, longest=_LONGEST)
    env.filters |= {"apart": _apart, "filled": _filled, "quoted": quoted}
    return env
