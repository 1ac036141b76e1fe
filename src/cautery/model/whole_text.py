"""Text that can be written: without halves of surrogate pairs, which escapes make of any text."""

from __future__ import annotations

import html
import re
from typing import Any

_HUGE_NUMBER = re.compile(r"&#(?:\d{9,}|[xX][0-9a-fA-F]{9,});?")


def whole_text(text: str) -> str:
    r"""Return text in which two halves of a pair are one character, and a lone half is U+FFFD.

    JSON and escapes can name such halves; no encoder takes them.

    Examples
    --------
    >>> whole_text("a\ud83d\ude00") == "a\U0001f600", whole_text("a\ud800") == "a\ufffd"
    (True, True)
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unescaped(text: str) -> str:
    r"""Return text with the character references of HTML read.

    Python refuses to read a number of thousands of digits, and no character has such a one.

    Examples
    --------
    >>> unescaped("a&#46;b&amp;"), unescaped("&#" + "1" * 9 + ";") == "\ufffd"
    ('a.b&', True)
    """
    if "#" in text:
        text = _HUGE_NUMBER.sub("\ufffd", text)
    return html.unescape(text)  # noqa: TID251 - the one place


def whole_json(value: Any) -> Any:
    """Return plain JSON with every text in it as :func:`whole_text` returns it.

    Raises
    ------
    RecursionError
        If it is nested too deeply.
    """
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, list):
        return [whole_json(item) for item in value]
    if isinstance(value, dict):
        return {whole_text(name): whole_json(item) for name, item in value.items()}
    return value
