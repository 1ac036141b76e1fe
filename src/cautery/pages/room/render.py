"""Pages of the operations room as HTML: every outside text is escaped, and no script is inline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

from cautery.drawing.escaping import whole
from cautery.drawing.formatting import number
from cautery.drawing.qr import qr_svg
from cautery.drawing.styles import style
from cautery.drawing.templates import environment
from cautery.messages import language, languages, tr
from cautery.pages.blind import night_part
from cautery.pages.case_report import alignment_plot
from cautery.pages.case_report.render import filters
from cautery.pages.grown import grown_part
from cautery.pages.operation.formatting import exact
from cautery.pages.public.render import LANGUAGES
from cautery.pages.room.nodes import node_picture
from cautery.pages.room.people import Visitor
from cautery.pages.room.plan import step_curve
from cautery.pages.room.season import season_strip
from cautery.pages.room.wall import axis, strip
from cautery.pages.supply_map.layers import role_name
from cautery.pages.told import told_part

_PACKAGE = "cautery.pages.room"
COUNTED_TO = 10_000
"""Nobody reads a larger count to its last digit, and large tables are slow to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What every page has around its content.

    Parameters
    ----------
    assets : mapping of str to (str, str)
        By the name of a script or a style sheet, its address and its digest for the browser.
    csrf : str
        What a form that writes must bring back.
    path : str
        The address of the page.
    visitor : Visitor or None
        Who came in by a login; ``None``: there is none, or nobody has come in.
    searches : bool
        Whether who looks may search all cases.
    persons : bool
        Whether who looks may look for the persons of a case.
    """

    assets: Mapping[str, tuple[str, str]]
    csrf: str
    path: str
    visitor: Visitor | None = None
    searches: bool = False
    persons: bool = False


def render_page(name: str, shell: Shell, **values: Any) -> str:
    """Return a page.

    Parameters
    ----------
    name : str
        Its template, without the ending.
    values
        What the template names. Texts may be hostile: they are escaped.
    """
    return (
        _environment()
        .get_template(f"{name}.html.j2")
        .render(
            shell=shell,
            tongues=[(code, LANGUAGES.get(code, code)) for code in languages()],
            lang=language(),
            **values,
        )
    )


def stylesheet() -> str:
    """Return the one style sheet of the room, behind the tokens of all pages."""
    return str(
        style(
            "cautery.pages",
            "europe.css",
            "case_report/evidence.css",
            "supply_map/map.css",
            "room/room.css",
        )
    )


def capped(count: int) -> str:
    """Return a count, or that it is large.

    Examples
    --------
    >>> capped(7), capped(10_000), capped(123_456)
    ('7', '10\u202f000', '10\u202f000+')
    """
    digits = number(min(count, COUNTED_TO), 9)
    return tr("%(count)s+", count=digits) if count > COUNTED_TO else digits


def _address(*parts: object) -> str:
    """Return an address below the room's root."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


def _qr(code: str) -> Markup:
    return Markup(qr_svg(code))  # noqa: S704 - a picture of modules, with no text in it


@cache
def _environment() -> Environment:
    env = environment(_PACKAGE)
    report = PrefixLoader({"case_report": PackageLoader("cautery.pages.case_report", ".")})
    assert env.loader
    env.loader = ChoiceLoader([env.loader, report])
    env.filters |= filters()
    env.filters |= {"capped": capped, "role": role_name, "whole": whole}
    env.filters |= {"exact": exact}
    env.globals |= {"at": _address, "axis": axis, "strip": strip, "step_curve": step_curve}
    env.globals |= {"season_strip": season_strip, "node_picture": node_picture}
    env.globals |= {"grown_part": grown_part, "told_part": told_part}
    env.globals |= {"alignment_plot": alignment_plot, "blind_part": night_part, "qr": _qr}
    return env
