"""CSV and XLSX: what leaves as a table comes back whole, and runs in no spreadsheet."""

import io
import re
import sys
import zipfile
from dataclasses import fields, replace

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exchange.packages import any_text, packages, sample_package

from cautery.cells import safe_cell
from cautery.errors import InputError
from cautery.exchange.catalogue import format_named, format_of
from cautery.exchange.loss import losses
from cautery.exchange.table.columns import ABOUT, ITEM, LINK
from cautery.exchange.table.words import cell_of, text_of
from cautery.model.exchange import Interval, Item, ItemKey, Package, Relation
from cautery.model.marking import Marking

TABLES = ("csv", "xlsx")
LINKS = len(sample_package().relations)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(name, package):
    return b"".join(format_named(name).write(package))


def read(name, raw):
    return format_named(name).read(raw, f"case.{name}")


def texts_of(name, raw):
    """Return the text of each cell, as a stranger's program reads it."""
    if name == "csv":
        return re.split(r"[,\r\n]", raw.decode("utf-8-sig"))
    book = python_calamine.load_workbook(io.BytesIO(raw))
    return [
        cell
        for sheet in book.sheet_names
        for row in book.get_sheet_by_name(sheet).to_python()
        for cell in row
        if isinstance(cell, str)
    ]


@given(st.one_of(TEXT, any_text(), st.text("'=+-_\\\\xu0041;\n\t\"[continued ")))
def test_any_text_comes_back_from_its_cell(text):
    assert text_of(cell_of(text)) == text


@pytest.mark.parametrize("name", TABLES)
@SLOW
@given(package=packages())
def test_a_package_comes_back_whole(name, package):
    reading = read(name, written(name, package))
    assert reading.package == package
    assert losses(package, reading.package) == ()
    assert reading.left_out == ()


def test_every_field_has_a_column():
    def paths(noun, within=""):
        nested = {"marking": Marking, "interval": Interval, "source": ItemKey, "target": ItemKey}
        for field in fields(noun):
            if field.name in nested and not (field.name == "source" and noun is Marking):
                yield from paths(nested[field.name], f"{field.name}.")
            else:
                yield f"{within}{field.name}"

    assert {"kind", *(column.path for column in ITEM)} == set(paths(Item))
    assert {column.path for column in LINK} == set(paths(Relation))
    assert {column.path for column in ABOUT} == set(paths(Package))


@pytest.mark.parametrize("name", TABLES)
def test_the_same_package_makes_the_same_bytes(name):
    assert written(name, sample_package()) == written(name, sample_package())


@pytest.mark.parametrize("name", TABLES)
def test_a_file_is_recognised_by_its_first_bytes(name):
    assert format_of(written(name, sample_package())[: 1 << 16], "x").name == name


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\uff1d1", "a;=1"]
)
def test_no_cell_runs_in_a_spreadsheet(name, text):
    package = sample_package()
    first = replace(package.items[0], text=text, name=text)
    raw = written(name, replace(package, items=(first, *package.items[1:])))
    assert all(safe_cell(cell.strip('"')) == cell.strip('"') or cell.startswith("'")
               for cell in texts_of(name, raw) if text[-3:] in cell)  # fmt: skip
    assert read(name, raw).package.items[0].text == text


def test_a_workbook_has_no_formulas_links_or_dates():
    package = sample_package()
    texts = ("=1+1", "{=1}", "https://a.example/", "mailto:a@b.example", "2026-01-01", "1e5")
    first = [replace(item, text=text) for item, text in zip(package.items, texts, strict=False)]
    raw = written("xlsx", replace(package, items=(*first, *package.items[len(first) :])))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = [archive.read(one) for one in archive.namelist() if "worksheets/" in one]
        assert not any("rels" in one and "worksheets" in one for one in archive.namelist())
    assert sheets
    assert not any(re.search(rb"<f[ >]|<hyperlink", sheet) for sheet in sheets)


def test_a_workbook_has_a_sheet_for_each_kind_with_its_titles_frozen():
    raw = written("xlsx", sample_package())
    book = python_calamine.load_workbook(io.BytesIO(raw))
    assert book.sheet_names[:3] == ["About", "Streams", "Targets"]
    assert book.sheet_names[-1] == "Relations"
    assert len(book.sheet_names) == 18
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = [archive.read(one) for one in archive.namelist() if "worksheets/sheet" in one]
    assert all(b'state="frozen"' in sheet for sheet in sheets)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("sign", ["x", "=", "\x01", "\U0010fffd", "\n", "\U000e0001"])
def test_the_longest_text_comes_back(name, sign):
    package = sample_package()
    first = replace(package.items[0], text=sign * (1 << 16))
    package = replace(package, items=(first, *package.items[1:]))
    assert read(name, written(name, package)).package == package


def test_a_text_that_is_too_long_for_a_cell_is_in_a_sheet_of_its_own():
    package = sample_package()
    first = replace(package.items[0], text="x" * 50_000, name="[continued 1]")
    raw = written("xlsx", replace(package, items=(first, *package.items[1:])))
    book = python_calamine.load_workbook(io.BytesIO(raw))
    rows = book.get_sheet_by_name("Continued").to_python()
    assert [row[:2] for row in rows[1:]] == [[1.0, 1.0], [1.0, 2.0], [1.0, 3.0], [1.0, 4.0]]
    assert all(len(cell) <= 32_767 for cell in texts_of("xlsx", raw))


def test_rows_beyond_those_of_a_sheet_go_on_in_the_next_one(monkeypatch):
    monkeypatch.setattr("cautery.exchange.xlsx.writing.MOST_SHEET_ROWS", 3)
    raw = written("xlsx", sample_package())
    names = python_calamine.load_workbook(io.BytesIO(raw)).sheet_names
    assert [one for one in names if one.startswith("Relations")][
        -1
    ] == f"Relations {(LINKS + 1) // 2}"
    assert read("xlsx", raw).package == sample_package()


@pytest.mark.parametrize("missing", ["xlsxwriter", "python_calamine"])
def test_a_library_that_is_not_installed_is_named(monkeypatch, missing):
    raw = written("xlsx", sample_package())
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=missing.replace("_", "-")) as refused:
        read("xlsx", raw) if missing == "python_calamine" else written("xlsx", sample_package())
    assert "cautery[exchange]" in refused.value.hint


def _csv(change):
    return change(written("csv", sample_package()).decode("utf-8-sig")).encode()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda text: text.replace("Valid until (UTC)", "Ends"), "no column 'Valid until"),
        (lambda text: text.replace("TLP:AMBER,", "TLP:PINK,", 1), "row 2, column 'TLP': 'TLP:PINK'"),
        (lambda text: text.replace("TLP:AMBER,", ",", 1), "row 2, column 'TLP': it must not be"),
        (lambda text: "\n".join(text.splitlines()[:-1]), f"it counts {LINKS} relations, and .* has {LINKS - 1}"),
        (lambda text: "\n".join(text.splitlines()[:1]), "no row has the kind 'package'"),
        (lambda text: text.replace("block,", "blokc,", 1), "'blokc' is no kind of row"),
        (lambda text: text + text.splitlines()[1], "a second row has the kind 'package'"),
        (lambda text: text.replace("Order,", "Lever,", 1), "the column 'Lever' stands twice"),
        (lambda text: text.replace("198.51.100.9", "edge-1.goals.example"), "stands twice|names"),
        (lambda text: text + '"', "unexpected end of data"),
        (lambda text: text.replace("2026-11-30T15:00:00.250001Z", "31.01.2026", 1), "valid time"),
        (lambda text: text.replace("2026-11-30T15:00:00.250001Z", "2020-01-01T00:00Z", 1),
         "its valid_until is before its valid_from"),
        (lambda text: text.replace(",yes,", ",maybe,", 1), "'maybe' is neither yes nor no"),
        (lambda text: text.replace(",yes,", ",,", 1), "column 'Taken back': it must not be empty"),
        (lambda text: text.replace("2100.5", ""), "column 'Middle': an interval needs it"),
        (lambda text: text.replace("0.81", "0,81", 1), "row "),
        (lambda text: text.replace(",99,", ",nine,", 1), "'nine' is not a whole number"),
        (lambda text: text.replace("0.98", "\\ud800", 1), "half a character"),
    ],
)  # fmt: skip
def test_a_table_of_ours_that_was_altered_is_refused_with_its_place(change, rule):
    with pytest.raises(InputError, match=rule) as refused:
        read("csv", _csv(change))
    assert str(refused.value).startswith("case.csv: ")


def test_what_a_partner_adds_is_counted():
    def noted(text):
        return "\n".join(f'{line},"my note"' for line in text.splitlines())

    found = read("csv", _csv(noted).replace(b'(1-4),Items,Relations,"my note"', b""))
    assert found.package == sample_package()
    (loss,) = found.left_out
    assert (loss.field, loss.count) == ("my note", 1 + len(sample_package().items) + LINKS)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_that_a_spreadsheet_saved_with_other_separators_is_read(separator):
    import csv

    rows = csv.reader(io.StringIO(written("csv", sample_package()).decode("utf-8-sig")))
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    for raw in (out.getvalue().encode(), out.getvalue().encode("utf-16")):
        assert format_of(raw[: 1 << 16], "x").name == "csv"
        assert read("csv", raw).package == sample_package()
