"""The paper of a form as a source for Typst; ``adapters.typst_pdf`` makes the PDF."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files

from cautery.drawing.escaping import LONGEST, cleaned, typst_literal
from cautery.messages import language, tr
from cautery.pages.form.view import FormPage, FormTable


def form_typst(page: FormPage) -> str:
    """Return the source of a paper.

    All outside text stands in one string literal of JSON, which the template reads as values.
    The template sets each value apart for the direction of writing, so that a name with letters
    from right to left moves nothing beside it.
    """
    template = files("cautery.pages.form").joinpath("form.typ").read_text("utf-8")
    lines = [
        asdict(line) | ({} if line.table is None else {"table": _table(line.table)})
        for line in page.lines
    ]
    values = asdict(page) | {
        "lines": lines,
        "wide": page.is_wide,
        "language": language().partition("-")[0],
    }
    return "".join(
        (
            f"#let view = json(bytes({typst_literal(json.dumps(cleaned(values, LONGEST)))}))\n",
            f"#let texts = json(bytes({typst_literal(json.dumps(_texts()))}))\n",
            template,
        )
    )


def _table(table: FormTable) -> dict[str, object]:
    return asdict(table) | {"widths": table.widths}


def _texts() -> dict[str, str]:
    return {
        "draft": tr("DRAFT"),
        "draft-why": tr("This is a draft. It must not be used before these faults are mended:"),
        "lab": tr("LAB: an invented world. Nothing in it is real."),
        "office": tr("office"),
        "case": tr("case"),
        "written": tr("written"),
        "form": tr("form"),
        "source": tr("source of the form"),
        "signature": tr("Place, date and signature"),
        "footer": tr("Cautery has written this paper, and has sent it to nobody."),
    }
