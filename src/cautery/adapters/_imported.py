"""What a fact file becomes before it is put into a facts folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A fact file as read: its kind, its rows, and the day it says it is of.

    ``text`` stands in for rows where the format is kept as it is (the public suffix list).
    """

    format: str
    kind: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    date: date | None = None
    broken: int = 0
