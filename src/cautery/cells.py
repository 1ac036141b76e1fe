"""Cells of a table that leaves as CSV: no text from outside runs in a spreadsheet."""

from __future__ import annotations

import re

FORMULA = r"^\s*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]"
"""How a formula begins for a spreadsheet (OWASP, "CSV Injection"), in full-width signs too."""
NUMBER = r"^[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]{1,4})?%?$"
_FORMULA, _NUMBER = re.compile(FORMULA), re.compile(NUMBER)
MARK = "'"
"""Before such a cell: spreadsheets then read it as text."""


def safe_cell(text: str) -> str:
    """Return a cell's text that no spreadsheet runs; a number stays a number.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(A1)"), safe_cell("-3.5"), safe_cell("Arena 1")
    ("'=HYPERLINK(A1)", '-3.5', 'Arena 1')
    """
    return MARK + text if _FORMULA.match(text) and not _NUMBER.match(text) else text


def plain_cell(text: str) -> str:
    """Take back what :func:`safe_cell` did, where our own CSV is read again.

    Examples
    --------
    >>> plain_cell("'=HYPERLINK(A1)"), plain_cell("'s Heerenberg")
    ('=HYPERLINK(A1)', "'s Heerenberg")
    """
    bare = text.removeprefix(MARK)
    return bare if bare != text and safe_cell(bare) == text else text
