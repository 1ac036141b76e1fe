"""XLSX, a sheet for each kind of noun (ISO/IEC 29500): what lawyers open, correct and send back."""

from __future__ import annotations

from cautery.exchange.shape import Format
from cautery.exchange.xlsx.reading import calamine, read
from cautery.exchange.xlsx.writing import write

_HEAD = b"PK\x03\x04"
_PARTS = (b"[Content_Types].xml", b"xl/", b"_rels/.rels", b"docProps/")


def warm() -> None:
    """Import what reads workbooks, before a process is closed in."""
    calamine()


def recognises(head: bytes) -> bool:
    """Tell whether the first bytes of a file are a workbook's archive."""
    return head.startswith(_HEAD) and any(part in head for part in _PARTS)


FORMAT = Format(
    name="xlsx",
    title="Workbook (XLSX)",
    suffix=".xlsx",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    write=write,
    read=read,
    recognises=recognises,
    consumers={
        "Excel": "It shows numbers with 15 digits and saves them whole. Saved as CSV it keeps only "
        "the sheet in front.",
    },
)
