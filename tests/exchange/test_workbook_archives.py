"""What is wrong with a workbook's archive is said before a library opens it."""

import io
import re
import zipfile

import pytest
from tests.exchange.packages import sample_package

from cautery.errors import InputError
from cautery.exchange.catalogue import format_named

XLSX = format_named("xlsx")
SHEET = "xl/worksheets/sheet2.xml"


def parts():
    with zipfile.ZipFile(io.BytesIO(b"".join(XLSX.write(sample_package())))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content, *, pack=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", pack) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return out.getvalue()


def altered(change):
    content = parts()
    content[SHEET] = change(content[SHEET])
    return packed(content)


def lying():
    """Return an archive in which a sheet states a smaller size than it has."""
    content = parts()
    content[SHEET] += b" " * 100_000
    raw = packed(content)
    size = len(content[SHEET]).to_bytes(4, "little")
    return raw.replace(size, (100).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (lambda: b"PK\3\4" + b"x" * 100, "not a workbook that can be read"),
        (lambda: b"".join(XLSX.write(sample_package()))[:-30], "not a workbook that can be read"),
        (lambda: packed({"a.txt": b""}), r"an archive, but not a workbook \(XLSX\)"),
        (lambda: packed(parts() | {"xl/media/a": b"\0" * (300 << 20)}), "looks like an archive bomb"),
        (lambda: packed(parts() | {f"p{n}": b"" for n in range(2_100)}), "more than 2,000 parts"),
        (lambda: packed(parts(), pack=zipfile.ZIP_BZIP2), "packed as no workbook's is"),
        (lambda: packed(parts(), pack=zipfile.ZIP_LZMA), "packed as no workbook's is"),
        (lying, "not a workbook that can be read"),
        (lambda: altered(lambda sheet: sheet.replace(b'r="A2"', b'r="XFD1048576"', 1)), "span over"),
        (lambda: altered(lambda sheet: sheet.replace(b'r="A2"', b"r = 'zzzz9999999'", 1)), "span over"),
        (lambda: altered(lambda sheet: sheet.replace(b't="s"', b't="e"', 3)), "an error such as #REF!"),
        (lambda: altered(lambda sheet: b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet), "declares entities"),
        (lambda: altered(lambda sheet: sheet[: len(sheet) // 2]), "not a workbook that can be read|counts"),
        (lambda: packed(parts() | {"xl/workbook.xml": b"<workbook/>"}), "no row among the first"),
        (lambda: packed(parts() | {"xl/sharedStrings.xml": b""}), "read|no row"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_archive_is_said(raw, rule):
    with pytest.raises(InputError, match=rule) as refused:
        XLSX.read(raw(), "case.xlsx")
    assert str(refused.value).startswith("case.xlsx: ")


def test_macros_links_and_formulas_are_counted_and_not_read():
    content = parts() | {
        "xl/vbaProject.bin": b"macro",
        "xl/externalLinks/externalLink1.xml": b"<x/>",
    }
    content[SHEET] = re.sub(rb"(<c r=\"A2\"[^>]*>)", rb"\1<f>1+1</f>", content[SHEET], count=1)
    reading = XLSX.read(packed(content), "case.xlsx")
    assert reading.package == sample_package()
    assert [(one.field, one.count) for one in reading.left_out] == [
        ("macros", 1),
        ("external links", 1),
        ("formulas", 1),
    ]
