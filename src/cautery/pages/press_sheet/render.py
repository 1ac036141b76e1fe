"""Press sheets as one HTML file that loads nothing, as a source for Typst, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.escaping import cleaned, typst_literal
from cautery.drawing.formatting import number
from cautery.drawing.styles import quoted, style
from cautery.drawing.templates import environment
from cautery.messages import in_language, tr, tr_n
from cautery.pages.press_sheet.view import (
    MARKING,
    Count,
    PressSheet,
    Published,
    RecordRef,
    digest_of_records,
)

_PACKAGE = "cautery.pages.press_sheet"
LONGEST = 2_000
"""Characters of any one text on a sheet."""
_MOST_SPANS = 8
"""Spans of record numbers that a line says; JSON has every record."""
FORMAT = "Cautery press sheet v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the numbers of an HTML sheet lead.

    Parameters
    ----------
    page : str
        Address of the operation's page; empty: no link.
    records : str
        Address before the number of a record; empty: no link.
    """

    page: str = "operation.html"
    records: str = ""


def sheets_html(sheets: Sequence[PressSheet], *, links: Links) -> str:
    """Return sheets one after another in one page: no script, no request; prints on A4."""
    articles = []
    for sheet in sheets:
        with in_language(sheet.language):
            article = _environment().get_template("sheet.html.j2")
            articles.append(Markup(article.render(**_said(sheet), links=links)))  # noqa: S704
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            sheets=[*zip(sheets, articles, strict=True)],
            first=sheets[0],
            style=style(_PACKAGE, "page.css"),
        )
    )


def sheets_typst(sheets: Sequence[PressSheet]) -> str:
    """Return sheets one after another as a Typst document.

    All outside text stands in one string literal of JSON, which the template reads as values.
    """
    rows = []
    for sheet in sheets:
        with in_language(sheet.language):
            rows.append(_for_typst(_said(sheet)))
    template = files(_PACKAGE).joinpath("sheet.typ").read_text("utf-8")
    literal = typst_literal(json.dumps(cleaned(rows, LONGEST)))
    return f"#let sheets = json(bytes({literal}))\n{template}"


def sheets_json(sheets: Sequence[PressSheet]) -> str:
    """Return sheets as JSON, with every record behind every number."""
    rows = [
        asdict(sheet)
        | {
            "measured": [asdict(row) | {"digest": row.digest} for row in sheet.measured],
            "published": [asdict(row) | {"digest": row.digest} for row in sheet.published],
        }
        for sheet in sheets
    ]
    document = {"format": FORMAT, "marking": MARKING, "sheets": rows}
    return json.dumps(document, ensure_ascii=False, indent=1, default=_plain) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is not for JSON")


def cited(records: Sequence[RecordRef]) -> str:
    """Return the numbers of records, runs of them as spans.

    Examples
    --------
    >>> cited([RecordRef(number=number, digest="") for number in (1, 4, 5, 6, 9)])
    '1, 4\u20136, 9'
    """
    spans: list[list[int]] = []
    for record in records:
        if spans and record.number == spans[-1][1] + 1:
            spans[-1][1] = record.number
        else:
            spans.append([record.number, record.number])
    texts = [
        str(first) if first == last else f"{first}\u2013{last}"
        for first, last in spans[:_MOST_SPANS]
    ]
    if len(spans) > _MOST_SPANS:
        further = sum(last - first + 1 for first, last in spans[_MOST_SPANS:])
        texts.append(tr("and %(count)s more", str, count=further))
    return ", ".join(texts)


def _said(sheet: PressSheet) -> dict[str, Any]:
    """Return a sheet with all that is said around it, in the language in use."""
    return {
        "sheet": sheet,
        "marking": MARKING
        if not sheet.embargo
        else tr("EMBARGO until %(time)s; then %(marking)s", time=sheet.embargo, marking=MARKING),
        "words": {
            "title": tr("Press sheet: %(operation)s", operation=sheet.operation),
            "lab": tr("LAB: an invented operation. Nothing on this sheet happened."),
            "issuer": tr("Issued by"),
            "basis": tr("Legal basis"),
            "made": tr("Made"),
            "embargo": tr("Embargo"),
            "no_embargo": tr("none is set"),
            "measured": tr("Measured in the records of this operation"),
            "published": tr("Published by others, not measured by us"),
            "what": tr("What"),
            "number": tr("How many"),
            "how": tr("How, and in what"),
            "leads": tr("Leads to record"),
            "as_published": tr("As published"),
            "claim": tr("claim"),
            "source": tr("Source"),
            "beside": tr("Measured here"),
            "nothing_published": tr("No published figure is recorded."),
            "unknown": tr("Not known"),
            "withheld": tr_n(
                "%(count)s statement of the case is not for everybody, and nothing of it is here.",
                "%(count)s statements of the case are not for everybody, and nothing of them is "
                "here.",
                sheet.withheld,
                number,
            ),
            "check": tr("How to check it"),
            "digests": tr(
                "Each number names the records of the case that it leads to, by their numbers and "
                "the first 16 digits of a digest: of one record its leaf hash (RFC 9162), of "
                "several the SHA-256 of all their leaf hashes in order. The sheet in JSON names "
                "every record."
            ),
            "head": tr_n(
                "Tree head over %(count)s record (RFC 9162, SHA-256)",
                "Tree head over %(count)s records (RFC 9162, SHA-256)",
                sheet.size,
                number,
            ),
        },
    }


def _corrections(count: int) -> str:
    return tr_n("%(count)s correction", "%(count)s corrections", count, str) if count else ""


def _leads(row: Count | Published) -> dict[str, Any]:
    return {
        "numbers": cited(row.records),
        "digest": digest_of_records(row.records)[:16],
    }


def _for_typst(values: dict[str, Any]) -> dict[str, Any]:
    sheet: PressSheet = values["sheet"]
    return {
        **values,
        "sheet": asdict(sheet)
        | {
            "measured": [
                {
                    "what": row.what,
                    "state": row.state.value,
                    "figure": row.figure,
                    "method": row.method,
                    "corrected": _corrections(row.corrected),
                    **_leads(row),
                }
                for row in sheet.measured
            ],
            "published": [
                {
                    "what": row.what,
                    "value": row.value,
                    "source": row.source,
                    "is_claim": row.is_claim,
                    "measured": row.measured,
                    **_leads(row),
                }
                for row in sheet.published
            ],
        },
    }


@cache
def _environment() -> Environment:
    env = environment(_PACKAGE, longest=LONGEST)
    env.filters |= {"cited": cited, "corrections": _corrections, "quoted": quoted}
    return env
