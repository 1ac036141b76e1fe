"""The call sheet: what one agency must know on the day, and no more, as HTML and for Typst."""

from cautery.pages.call_sheet.render import call_sheet_html, call_sheet_typst
from cautery.pages.call_sheet.view import CallSheet, SheetStep, call_sheet

__all__ = ["CallSheet", "SheetStep", "call_sheet", "call_sheet_html", "call_sheet_typst"]
