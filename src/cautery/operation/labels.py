"""Labels for exhibits: a sheet of stickers in Typst, each with a code that a phone reads.

What stands on a label was written by people, and some of it by suspects: all of it goes into
Typst as string literals, which are shown and never run.
"""

from __future__ import annotations

from collections.abc import Iterable

from cautery.drawing.escaping import typst_literal
from cautery.drawing.qr import qr_svg
from cautery.errors import InputError
from cautery.messages import language, tr, tr_n, word
from cautery.operation.register import Line

ACROSS, DOWN = 3, 7
"""Stickers of 63.5 x 38.1 mm, 21 on A4 (the common sheet L7160)."""
MOST_LABELS = 5_000
_CODE_LETTERS = 150


def key_of(line: Line) -> str:
    """Return the 16 digits of an entry's digest that its label carries."""
    return line.digest[7:23]


def code_of(operation: str, line: Line) -> str:
    """Return what the code on a label says: operation, number, and 16 digits of the entry's digest.

    Raises
    ------
    InputError
        If the operation's id cannot stand in it.
    """
    text = f"cautery:exhibit:{operation}:{line.first.number}:{key_of(line)}"
    if ":" in operation or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(
            f"operation {operation[:40]!r}: a label's code may only contain plain ASCII and no "
            "colon"
        )
    if len(text) > _CODE_LETTERS:
        raise InputError(f"operation {operation[:40]!r}: the id is too long for a label")
    return text


def label_sheet_typst(lines: Iterable[Line], *, operation: str, lab: bool, skip: int = 0) -> str:
    """Return a sheet of labels as Typst source, ready for the adapter that makes the PDF.

    Parameters
    ----------
    lines : iterable of Line
        In the order of the register.
    lab : bool
        Stamp LAB on every label.
    skip : int
        Stickers that are gone from the first sheet.

    Raises
    ------
    InputError
        If there is none, or there are too many.

    """
    sheet_lines = tuple(lines)
    if not sheet_lines or len(sheet_lines) > MOST_LABELS:
        raise InputError(f"{len(sheet_lines)} labels, but a sheet holds 1 to {MOST_LABELS}")
    if not 0 <= skip < ACROSS * DOWN:
        raise InputError(f"{skip} used stickers, but a sheet has {ACROSS * DOWN}")
    cells = ["[]"] * skip + [_label(line, operation, lab=lab) for line in sheet_lines]
    return _head() + "#grid(\n  columns: (63.5mm,) * 3,\n  rows: 38.1mm,\n" + _joined(cells) + ")\n"


def _label(line: Line, operation: str, *, lab: bool) -> str:
    exhibit = line.exhibit
    contents = word(exhibit.kind)
    if exhibit.count > 1:
        pieces = tr_n("%(count)s piece", "%(count)s pieces", exhibit.count, str)
        contents = f"{contents}, {pieces}"
    fields = (
        exhibit.number,
        contents,
        exhibit.seal,
        exhibit.agency,
        key_of(line),
        _shortened(exhibit.description),
        tr("LAB") if lab else "",
    )
    code = qr_svg(code_of(operation, line))
    return f"label({typst_literal(code)}, {', '.join(typst_literal(field) for field in fields)})"


def _shortened(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _joined(cells: Iterable[str]) -> str:
    return "".join(f"  {cell},\n" for cell in cells)


def _head() -> str:
    """Return the beginning of the document, with its texts as literals."""
    sheet = _SHEET
    for place, text in (
        ("SHEET-TITLE", tr("Labels of exhibits")),
        ("SHEET-LANGUAGE", language().partition("-")[0]),
        ("SEAL-LABEL", tr("seal") + " "),
        ("AGENCY-LABEL", tr("agency") + " "),
    ):
        sheet = sheet.replace(place, typst_literal(text))
    return sheet


# The margins are what 3 stickers across and 7 down leave of A4 (210 x 297 mm).
_SHEET = """#set document(title: SHEET-TITLE)
#set page(paper: "a4", margin: (x: 9.75mm, y: 15.1mm))
#set text(font: "Libertinus Serif", size: 7.5pt, lang: SHEET-LANGUAGE, hyphenate: false)
#set par(leading: 0.35em, spacing: 0.5em)
#let label(code, number, kind, seal, agency, digest, description, stamp) = block(
  width: 63.5mm, height: 38.1mm, inset: (x: 2mm, y: 2mm), clip: true,
  grid(
    columns: (29mm, 1fr), column-gutter: 1mm,
    image(bytes(code), format: "svg", width: 29mm),
    {
      v(1.5mm)
      block(text(size: 11pt, weight: "bold", number))
      block(text(size: 8.5pt, kind))
      block({ text(fill: luma(90), SEAL-LABEL); text(seal) })
      block({ text(fill: luma(90), AGENCY-LABEL); text(agency) })
      block(text(font: "DejaVu Sans Mono", size: 6.5pt, digest))
      block(height: 7mm, clip: true, text(size: 6.5pt, description))
      if stamp != "" { text(size: 7pt, weight: "bold", tracking: 1pt, stamp) }
    },
  ),
)
"""
