"""The press sheet of one operation: claimed and measured apart, each number with its records."""

from cautery.pages.press_sheet.render import (
    Links,
    sheets_html,
    sheets_json,
    sheets_typst,
)
from cautery.pages.press_sheet.view import (
    MARKING,
    Count,
    PressSheet,
    Published,
    RecordRef,
    State,
)

__all__ = [
    "MARKING",
    "Count",
    "Links",
    "PressSheet",
    "Published",
    "RecordRef",
    "State",
    "sheets_html",
    "sheets_json",
    "sheets_typst",
]
