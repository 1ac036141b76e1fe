"""Text that can be written: without halves of surrogate pairs, which escapes make of any text."""

from __future__ import annotations

from typing import Any


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
