"""How a value is written in a sentence; the end of its name says its unit."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cautery.model.message import Message

Style = Callable[[float], str]
"""Writes a number."""

_TOO_LONG = 1e15
"""From here on a number is written with its power of ten: a record may hold any."""
DEEPEST = 8
"""Messages within messages."""


def plain(value: float) -> str:
    """Return a number for a terminal or a log: plain ASCII, four significant digits at least.

    Examples
    --------
    >>> plain(1200), plain(0.0742), plain(31.46), plain(1e300)
    ('1,200', '0.0742', '31.46', '1e+300')
    """
    if abs(value) >= _TOO_LONG:
        return f"{value:.4g}" if abs(value) <= sys.float_info.max else "no number"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else "no number"
    decimals = min(12, max(0, 3 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Shown(Mapping[str, str]):
    """The values of a sentence as texts.

    Parameters
    ----------
    values : mapping
        By name; see :class:`~cautery.model.message.Message` for what a name's end says.
    style : callable
        How a number is written.
    say : callable or None
        Writes a message among the values; ``None``: there can be none.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        style: Style = plain,
        say: Callable[[Message], str] | None = None,
    ) -> None:
        self._values, self._style, self._say = values, style, say

    def __getitem__(self, name: str) -> str:
        return self._shown(name, self._values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _shown(self, name: str, value: Any) -> str:
        if type(value) is str:
            return _moment(value) if name.endswith("_at") else value
        if value is None:
            return "-"
        if isinstance(value, tuple | list):
            between = "; " if name == "sentences" else ", "
            return between.join(self._shown(name, item) for item in value)
        if isinstance(value, Message) and self._say is not None:
            return self._say(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _moment(str(value)) if name.endswith("_at") else str(value)
        unit = name.rpartition("_")[2]
        if unit == "share":
            return f"{self._style(100 * value)} %"
        return f"{self._style(value)} {_UNITS[unit]}" if unit in _UNITS else self._style(value)


_UNITS = {"s": "s", "bytes": "bytes", "hz": "Hz"}


def _moment(text: str) -> str:
    """Return a record's time to the second, labelled; what is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text
