"""A paper says on each page that it is a draft, and no name turns what stands beside it."""

from __future__ import annotations

from dataclasses import replace

from cautery.adapters.typst_pdf import compile_pdf
from cautery.pages.form import FormLine, FormPage, FormTable, form_typst

PAGE = FormPage(
    id="it/ticket",
    title="Ticket",
    body="Office",
    purpose="to block",
    case="11e2c0e92ddf8078",
    made_at="2026-11-30 12:00:00 UTC",
    source="a text",
    signature="the rights-holder",
    lines=(
        FormLine(number=1, label="Name", texts=("משה כהן 42",), whence="record 7"),
        FormLine(number=2, label="Judge", lacks="MISSING"),
        FormLine(
            number=3,
            label="Targets",
            table=FormTable(columns=("Kind", "Target"), rows=(("name", "a.example"),)),
        ),
        FormLine(number=4, label="Grounds", texts=("first\nsecond",), long=True),
    ),
)


def test_a_paper_compiles_whatever_its_texts_hold() -> None:
    evil = replace(
        PAGE.lines[0], texts=('"] #eval("1") \\u{202e} $x$ </a>', "\u202egnp", "\x1b[2J")
    )
    pdf = compile_pdf(form_typst(replace(PAGE, lines=(evil, *PAGE.lines[1:]))))
    assert pdf.startswith(b"%PDF-")


def test_each_value_is_set_apart_for_the_direction_of_writing() -> None:
    source = form_typst(PAGE)
    assert '#let apart(value) = "\\u{2066}" + value + "\\u{2069}"' in source
    template = source.partition("#let ember")[2]
    for shown in ("value))", "row.at(1)", "cell)", "fault)", "view.case)"):
        assert f"apart({shown}" in template, shown


def test_marks_that_turn_writing_are_made_visible() -> None:
    turned = replace(PAGE.lines[0], texts=("evil\u202egnp.exe",))
    source = form_typst(replace(PAGE, lines=(turned,)))
    assert "\u202e" not in source
    assert "[U+202E]" in source


def test_a_draft_stands_in_the_header_of_every_page_and_a_complete_paper_has_none() -> None:
    header = "header: if marks.len() > 0 { bar(marks.join("
    assert header in form_typst(PAGE)
    many = tuple(FormLine(number=n, label=f"Field {n}", texts=("x",)) for n in range(1, 80))
    draft = compile_pdf(form_typst(replace(PAGE, lines=many, faults=("missing: Judge",))))
    complete = compile_pdf(form_typst(replace(PAGE, lines=many)))
    assert len(draft) > len(complete)
