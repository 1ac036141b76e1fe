"""A press sheet as HTML, PDF and JSON: hostile words stay words, and records are named in full."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from cautery.adapters.typst_pdf import compile_pdf
from cautery.pages.press_sheet import (
    Count,
    Links,
    PressSheet,
    Published,
    RecordRef,
    State,
    sheets_html,
    sheets_json,
    sheets_typst,
)
from cautery.pages.press_sheet.render import cited
from cautery.pages.press_sheet.view import digest_of_records

HOSTILE = '"><script>alert(1)</script>\u202e\x1b[31m#eval("1")*_$&amp;'


class Elements(HTMLParser):
    """The elements of a page, with their addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in {"href", "src"}]


def refs(*numbers: int) -> tuple[RecordRef, ...]:
    return tuple(RecordRef(number=number, digest=f"{number:064x}") for number in numbers)


def sheet(text: str = "plain", language: str = "fr", **more: Any) -> PressSheet:
    members: dict[str, Any] = {
        "language": language,
        "operation": text,
        "operation_id": "op-1",
        "issuer": text,
        "legal_basis": text,
        "made_on": text,
        "embargo": "",
        "overlaps": text,
        "measured": (
            Count(
                id="servers", what=text, state=State.MEASURED, figure="29", method=text,
                anchor="exhibits", records=refs(7, 8, 9, 12), corrected=1,
            ),
            Count(id="users", what=text, state=State.WITHHELD, figure=text, method=text),
        ),
        "published": (
            Published(
                id="x", what=text, value=text, source=text, is_claim=True, measured=text,
                records=refs(3),
            ),
        ),
        "unknown": ((text, text),),
        "withheld": 2,
        "size": 13,
        "root": "ab" * 32,
        "lab": True,
    }  # fmt: skip
    return PressSheet(**members | more)


def test_hostile_words_add_no_element_and_steer_nothing() -> None:
    hostile = sheets_html([sheet(HOSTILE)], links=Links())
    plain = sheets_html([sheet()], links=Links())
    assert Elements(hostile).tags == Elements(plain).tags
    assert not {"\x1b", "\u202e"} & set(hostile)
    assert "script" not in Elements(plain).tags


def test_a_number_leads_to_the_operations_page_and_to_its_record() -> None:
    links = Links(page="page", records="/cases/a/records/")
    addresses = Elements(sheets_html([sheet()], links=links)).addresses
    assert "page#exhibits" in addresses
    assert "/cases/a/records/3" in addresses
    assert not [one for one in addresses if one.startswith(("http:", "https:", "//"))]


def test_a_sheet_in_all_languages_begins_with_the_first() -> None:
    html = sheets_html([sheet(language=code) for code in ("fr", "en", "it", "es")], links=Links())
    assert '<html lang="fr"' in html
    places = [html.index(f'<article lang="{code}"') for code in ("fr", "en", "it", "es")]
    assert places == sorted(places)


@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_the_sheet_prints_as_pdf(text: str) -> None:
    pdf = compile_pdf(sheets_typst([sheet(text), sheet(text, language="en")]))
    assert pdf.startswith(b"%PDF-")


def test_json_names_every_record_with_its_digest() -> None:
    (read,) = json.loads(sheets_json([sheet()]))["sheets"]
    row = read["measured"][0]
    assert [ref["number"] for ref in row["records"]] == [7, 8, 9, 12]
    assert row["digest"] == digest_of_records(refs(7, 8, 9, 12))


def test_the_digest_of_one_record_is_its_own() -> None:
    assert digest_of_records(refs(3)) == f"{3:064x}"
    assert digest_of_records(()) == ""
    assert digest_of_records(refs(3, 4)) != digest_of_records(refs(4, 3))


def test_many_spans_of_records_are_counted() -> None:
    assert cited(refs(*range(0, 40, 2))) == "0, 2, 4, 6, 8, 10, 12, 14, and 12 more"


def test_an_embargo_stands_in_the_head_and_the_marking_after_it() -> None:
    html = sheets_html([sheet(embargo="demain")], links=Links())
    assert "EMBARGO jusqu\u2019au demain ; ensuite TLP:CLEAR" in html
    assert "EMBARGO" not in sheets_html([sheet()], links=Links())


def test_what_is_withheld_stands_in_no_table_of_numbers() -> None:
    html = sheets_html([sheet()], links=Links())
    assert 'id="fr-servers"' in html
    assert 'id="fr-users"' not in html
