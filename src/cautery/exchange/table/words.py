r"""Text in a cell of a table, and out of it: no program runs it, and it comes back as it was.

What steers a terminal or cannot stand in XML is written as JSON escapes it, ``\u001b``; a text that
looks so already begins its escape with an escaped backslash. Then what a spreadsheet would run
bears the mark of :mod:`cautery.cells`.
"""

from __future__ import annotations

import re
import unicodedata

from cautery.cells import plain_cell, safe_cell
from cautery.errors import InputError

EMPTY = '""'
"""An empty text, where an empty cell would mean that there is none."""
CONTINUED = "[continued "
"""Begins a cell whose text is too long for a spreadsheet and stands in a sheet of its own."""
_LOOKS_ESCAPED = re.compile(r"\\(?=u[0-9A-Fa-f]{4})|_(?=x[0-9A-Fa-f]{4}_)")
"""Also as workbooks escape, ``_x001B_`` (ECMA-376-1, 22.9.2.19): libraries differ over these."""
_ESCAPES = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+")


def cell_of(text: str) -> str:
    r"""Return a text as a cell holds it.

    Examples
    --------
    >>> cell_of("Arena 1"), cell_of("=1+1"), cell_of("a\x1b[2J"), cell_of("")
    ('Arena 1', "'=1+1", 'a\\u001b[2J', '""')
    """
    if not text:
        return EMPTY
    if text == EMPTY or text.startswith(CONTINUED):
        text = _escape(text[0]) + text[1:]
    elif "\\u" in text or "_x" in text:
        text = _LOOKS_ESCAPED.sub(lambda match: _escape(match[0]), text)
    if not text.isprintable():
        text = "".join(sign if _is_plain(sign) else _escape(sign) for sign in text)
    return safe_cell(text)


def text_of(cell: str) -> str:
    r"""Return the text that a cell of ours holds.

    Raises
    ------
    InputError
        If it holds half a character.

    Examples
    --------
    >>> [text_of(cell_of(text)) for text in ("", "'=1", "_x001B_", "a\x1b", '""')]
    ['', "'=1", '_x001B_', 'a\x1b', '""']
    """
    if cell == EMPTY:
        return ""
    text = plain_cell(cell)
    return _ESCAPES.sub(_unescaped, text) if "\\u" in text else text


def _is_plain(sign: str) -> bool:
    """Tell what may stand as it is: what is printable, lines, and spaces of any width."""
    return sign.isprintable() or sign == "\n" or unicodedata.category(sign) == "Zs"


def _escape(sign: str) -> str:
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def _unescaped(match: re.Match[str]) -> str:
    units = bytes.fromhex(match[0].replace("\\u", ""))
    try:
        return units.decode("utf-16-be")
    except UnicodeDecodeError as error:
        raise InputError(f"{match[0][:40]} is half a character (a lone surrogate)") from error
