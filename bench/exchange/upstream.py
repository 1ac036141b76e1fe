"""What partners' tools make of a file: read by the field's own library, and written by it again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import polars as pl
import pymisp
import python_calamine
import rdflib
import stix2
import xlsxwriter


def through_stix2(raw: bytes) -> bytes:
    """Read a bundle by OASIS's stix2, and write it."""
    bundle = stix2.parse(raw.decode(), allow_custom=True)
    return bytes(bundle.serialize().encode())


def through_pymisp(raw: bytes) -> bytes:
    """Read an event by MISP's own library, and write it."""
    event = pymisp.MISPEvent()
    event.load(raw.decode())
    return json.dumps({"Event": json.loads(event.to_json())}).encode()


def through_polars(raw: bytes) -> bytes:
    """Read a table as text by polars, and write it."""
    table = pl.read_csv(raw, infer_schema=False)
    return table.write_csv().encode()


def through_calamine(raw: bytes) -> bytes:
    """Read a workbook by calamine, and write its cells by xlsxwriter as they are."""
    before = python_calamine.load_workbook(io.BytesIO(raw))
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        for name in before.sheet_names:
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(before.get_sheet_by_name(name).to_python()):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    else:
                        sheet.write(row, column, cell)
    return out.getvalue()


def through_rdflib(raw: bytes) -> bytes:
    """Read JSON-LD as a graph by rdflib, and write it; nothing is fetched."""
    graph = rdflib.Graph().parse(data=raw, format="json-ld")
    return graph.serialize(format="json-ld", auto_compact=True).encode()


PEERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "stix": ("stix2", through_stix2),
    "opencti": ("stix2", through_stix2),
    "misp": ("pymisp", through_pymisp),
    "csv": ("polars", through_polars),
    "xlsx": ("calamine, xlsxwriter", through_calamine),
    "case": ("rdflib", through_rdflib),
}
"""By format: the tool, and its way through."""


def peer_read(name: str) -> Callable[[bytes], object]:
    """Return what reads a file of a format in a partner's tool, as that tool's objects."""
    readers: dict[str, Callable[[bytes], object]] = {
        "misp": lambda raw: pymisp.MISPEvent().load(raw.decode()),
        "csv": lambda raw: pl.read_csv(raw, infer_schema=False).rows(),
        "xlsx": lambda raw: [
            page.to_python()
            for page in (
                book.get_sheet_by_name(name)
                for book in [python_calamine.load_workbook(io.BytesIO(raw))]
                for name in book.sheet_names
            )
        ],
        "case": lambda raw: rdflib.Graph().parse(data=raw, format="json-ld"),
    }
    return readers.get(name, lambda raw: stix2.parse(raw.decode(), allow_custom=True))
