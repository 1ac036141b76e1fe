"""A call sheet as one HTML file that loads nothing, and as a source for Typst."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from importlib.resources import files

from jinja2 import Environment

from cautery.drawing.escaping import cleaned, typst_literal
from cautery.drawing.styles import quoted, style
from cautery.drawing.templates import environment
from cautery.messages import language, tr, tr_n
from cautery.messages.language import gettext
from cautery.pages.call_sheet.view import CallSheet

LONGEST = 2_000
"""Characters of any one text on the sheet: a page, which is more than anybody reads at five."""
_TEXT = re.compile(r'\bsay\("([^"]+)"')
"""A text of the Typst template; each stands in the HTML template too."""


def call_sheet_html(view: CallSheet) -> str:
    """Return the sheet as one HTML page: no script, no request; prints on A4.

    Parameters
    ----------
    view : CallSheet
        Its texts may be hostile: they are escaped, and odd characters shown.
    """
    css = style("cautery.pages.call_sheet", "call_sheet.css", **{"SHEET-NAME": tr("Call sheet")})
    template = _environment().get_template("call_sheet.html.j2")
    return template.render(view=view, style=css)


def call_sheet_typst(view: CallSheet) -> str:
    r"""Return the sheet as a Typst document; the PDF is made by ``adapters.typst_pdf``.

    All outside text stands in one string literal of JSON, which the template reads as values:
    Typst never parses it as markup.
    """
    template = files("cautery.pages.call_sheet").joinpath("call_sheet.typ").read_text("utf-8")
    steps = tr_n("Your %(count)s step", "Your %(count)s steps", len(view.steps), str)
    values = asdict(view) | {
        "language": language().partition("-")[0],
        "heading": steps,
        "footer": tr(
            "Call sheet, %(agency)s, operation %(operation)s",
            agency=view.agency,
            operation=view.operation,
        ),
    }
    texts = {text: gettext(text) for text in _TEXT.findall(template)}
    return "".join(
        (
            f"#let view = json(bytes({typst_literal(json.dumps(cleaned(values, LONGEST)))}))\n",
            f"#let texts = json(bytes({typst_literal(json.dumps(texts))}))\n",
            template,
        )
    )


@cache
def _environment() -> Environment:
    env = environment("cautery.pages.call_sheet", longest=LONGEST)
    env.filters["quoted"] = quoted
    return env
