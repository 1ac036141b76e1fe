"""A call sheet as one HTML file that loads nothing, and as a source for Typst."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cautery.drawing.escaping import clean, typst_literal
from cautery.operation.sheets.view import CallSheet

LONGEST = 2_000
"""Characters of any one text on the sheet: a page, which is more than anybody reads at five."""


def call_sheet_html(view: CallSheet) -> str:
    """Return the sheet as one HTML page: no script, no request; prints on A4.

    Parameters
    ----------
    view : CallSheet
        Its texts may be hostile: they are escaped, and odd characters shown.
    """
    return _environment().get_template("call_sheet.html.j2").render(view=view, style=_style())


def call_sheet_typst(view: CallSheet) -> str:
    r"""Return the sheet as a Typst document; the PDF is made by ``adapters.typst_pdf``.

    All outside text stands in one string literal of JSON, which the template reads as values:
    Typst never parses it as markup.
    """
    template = files("cautery.operation.sheets").joinpath("call_sheet.typ").read_text("utf-8")
    return f"#let view = json(bytes({typst_literal(json.dumps(_plain(asdict(view))))}))\n{template}"


def _plain(value: Any) -> Any:
    """Clean every text of a view on its way to JSON."""
    if isinstance(value, str):
        return clean(value, LONGEST)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _finalize(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, LONGEST)
    return value


@cache
def _style() -> Markup:
    css = files("cautery.operation.sheets").joinpath("call_sheet.css").read_text("utf-8")
    return Markup(css)  # noqa: S704 - our own file, no outside text in it


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cautery.operation.sheets", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
