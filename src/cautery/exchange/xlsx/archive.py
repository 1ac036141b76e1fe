"""A workbook's archive, looked through before a library opens it: bombs, far cells, macros.

A reader of spreadsheets keeps each sheet as a rectangle: one cell in the last row of the last
column would take all memory there is. So the references of all cells are read first, in linear
time.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from cautery.errors import InputError
from cautery.exchange.loss import Loss
from cautery.exchange.shape import MOST_BYTES

MOST_CONTENT = 640 << 20
"""Bytes of the archive's parts, unpacked; 250,000 rows of ours have about 400 MiB."""
MOST_RATIO = 200
"""Unpacked bytes to packed ones; sheets of rows all alike have some 60."""
MOST_PARTS = 2_000
MOST_AREA = 16_000_000
"""Cells of all rectangles; 250,000 rows of ours have 9 million."""
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""As ECMA-376 has it (part 2, annex C)."""
_SMALL = 1 << 20
_SHEET = "xl/worksheets/"
_WORKBOOK = "xl/workbook.xml"
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,7})([0-9]{1,10})[\"']")
_FAULT = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_FORMULA = re.compile(rb"<(?:[a-zA-Z]{1,20}:)?f[\s>/]")


def looked_through(raw: bytes, file: str) -> tuple[Loss, ...]:
    """Return what of a workbook is never read: macros, links to other files, formulas.

    Raises
    ------
    InputError
        If it is no workbook, is broken, unpacks to too much, or has a cell with an error in it.
    """
    if len(raw) > MOST_BYTES:
        raise InputError(f"{file}: it is larger than {MOST_BYTES:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            _check_sizes(parts, len(raw), file)
            formulas = _check_parts(archive, parts, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise InputError(f"{file}: it is not a workbook that can be read: {error}") from error
    except RuntimeError as error:  # what the library raises for a part that asks for a password
        raise InputError(f"{file}: it is encrypted", hint="Save it without a password.") from error
    names = [part.filename for part in parts]
    return tuple(
        Loss(noun="workbook", field=field, count=count, altered=0, example=file, why=why)
        for field, count, why in (
            ("macros", _count(names, "vbaProject.bin"), "they are neither run nor read"),
            ("external links", _count(names, "externalLinks/"), "no other file is fetched"),
            ("pictures", _count(names, "xl/media/"), "only cells are read"),
            ("comments", _count(names, "xl/comments"), "only cells are read"),
            ("formulas", formulas, "their values as last computed are read"),
        )
        if count
    )


def _count(names: list[str], within: str) -> int:
    return sum(within in name and not name.endswith(".rels") for name in names)


def _check_sizes(parts: list[zipfile.ZipInfo], size: int, file: str) -> None:
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS:
        raise InputError(f"{file}: its archive has more than {MOST_PARTS:,} parts")
    if len(names) < len(parts):
        raise InputError(f"{file}: a part of its archive stands twice")
    if _WORKBOOK not in names:
        raise InputError(f"{file}: it is an archive, but not a workbook (XLSX)")
    if any(part.compress_type not in _PACKINGS for part in parts):
        raise InputError(f"{file}: a part of its archive is packed as no workbook's is")
    content = sum(part.file_size for part in parts)
    if content > MOST_CONTENT or content > max(_SMALL, MOST_RATIO * size):
        raise InputError(
            f"{file}: {size:,} bytes unpack to {content:,}: it looks like an archive bomb"
        )


def _check_parts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], file: str) -> int:
    """Unpack each part once, within the size that it states; return the number of formulas."""
    area = formulas = 0
    for part in parts:
        content = archive.read(part)  # refused if it is longer or shorter than it states
        if part.filename.endswith((".xml", ".rels")) and b"<!ENTITY" in content:
            raise InputError(f"{file}: {part.filename} declares entities")
        if not part.filename.startswith(_SHEET) or not part.filename.endswith(".xml"):
            continue
        if fault := _FAULT.search(content):
            raise InputError(
                f"{file}: {part.filename}: a cell{_near(content, fault)} holds an error such as "
                "#REF!",
                hint="Correct or clear it: what it stood for cannot be known.",
            )
        formulas += sum(1 for _ in _FORMULA.finditer(content))
        area += _area(content)
        if area > MOST_AREA:
            raise InputError(
                f"{file}: {part.filename}: its rows and columns span over {MOST_AREA:,} cells",
                hint="Delete the empty rows and columns after the last filled ones.",
            )
    return formulas


def _near(content: bytes, fault: re.Match[bytes]) -> str:
    match = _REFERENCE.search(content, max(0, fault.start() - 40), fault.end() + 40)
    return f" near {(match[1] + match[2]).decode()}" if match else ""


def _area(content: bytes) -> int:
    """Return how many cells the rectangle around all cells of a sheet has."""
    letters: set[bytes] = set()
    last = 0
    for match in _REFERENCE.finditer(content):
        letters.add(match[1])
        last = max(last, int(match[2]))
    return last * max(map(_column, letters), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number
