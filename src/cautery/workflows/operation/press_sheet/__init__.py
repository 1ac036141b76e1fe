"""The counts of one operation for the press, each with the records that it leads to."""

from cautery.workflows.operation.press_sheet.again import MAX_EARLIER, compare_sheet
from cautery.workflows.operation.press_sheet.sheet import LANGUAGES, press_sheet

__all__ = ["LANGUAGES", "MAX_EARLIER", "compare_sheet", "press_sheet"]
