"""A label shows what the register says, its code can be scanned, and no text runs in it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType

import pytest
import typst
import zxingcpp
from PIL import Image

from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model import ExhibitKind, SeizedExhibit
from cautery.operation.labels import code_of, label_sheet_typst
from cautery.operation.register import Line, Register

NOON = datetime(2024, 11, 26, 12, tzinfo=UTC)


def lines(count: int = 3, description: str = "rack server") -> list[Line]:
    register = Register()
    for place in range(1, count + 1):
        register = register.add(
            SeizedExhibit(
                number=f"IT-{place:04}",
                kind=ExhibitKind.SERVER,
                search="S-1",
                agency="it-postal",
                description=description,
                place="hall 2",
                finder="it-postal/4471",
                seal=f"SEAL-{place}",
                seized_at=NOON,
            )
        )
    return list(register.lines.values())


def scanned(source: str) -> set[str]:
    page = typst.compile(source.encode(), format="png", ppi=150.0, ignore_system_fonts=True)
    assert isinstance(page, bytes)
    return {one.text for one in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))}


def test_every_code_on_a_sheet_says_its_exhibit() -> None:
    three = lines(3)
    source = label_sheet_typst(three, operation="taken-down", lab=True, skip=1)
    assert scanned(source) == {
        f"cautery:exhibit:taken-down:{one.first.number}:{one.digest[7:23]}" for one in three
    }


def test_a_sheet_is_a_pdf() -> None:
    pdf = compile_pdf(label_sheet_typst(lines(22), operation="taken-down", lab=True))
    assert pdf.startswith(b"%PDF-")


def test_the_code_stays_when_the_entry_is_corrected() -> None:
    line = lines(1)[0]
    corrected = replace(line, versions=(line.first, replace(line.first, count=2)))
    assert code_of("op", corrected) == code_of("op", line)


HOSTILE = [
    '#panic("x")',
    '"), panic("x',
    '\\") #panic() //',
    "$ #x $ *bold* _it_ @ref <label> // comment",
    '\\u{22}) #read("/etc/passwd")',
    "`raw` ]]]) {{{",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_an_exhibit_runs_in_typst(text: str) -> None:
    source = label_sheet_typst(lines(1, text), operation="op", lab=False)
    assert compile_pdf(source).startswith(b"%PDF-")


@pytest.mark.parametrize("operation", ["a:b", "a b", "ö", "x" * 200])
def test_an_operation_that_a_code_cannot_hold_is_refused(operation: str) -> None:
    with pytest.raises(InputError, match="operation"):
        label_sheet_typst(lines(1), operation=operation, lab=False)


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(InputError, match="0 labels"):
        label_sheet_typst([], operation="op", lab=False)


def test_every_text_of_a_label_is_of_the_catalogue_or_data_of_the_register(
    marks: ModuleType,
) -> None:
    register = Register().add(replace(lines(1)[0].exhibit, count=3))
    several = list(register.lines.values())
    with in_language(marks.Marked()):
        source = label_sheet_typst(several, operation="taken-down", lab=True)
    assert '"⟦seal⟧ "' in source
    known = {*marks.strings(tuple(several)), several[0].digest[7:23], "qps"}
    known |= {"a4", "Libertinus Serif", "DejaVu Sans Mono", "svg", "bold"}
    for text in re.findall(r'"((?:[^"\\]|\\.)*)"', source):
        assert "<svg" in text or marks.forgotten(text, known) == []
