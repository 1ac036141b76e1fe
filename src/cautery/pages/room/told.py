"""The content of the room's page on what partners told."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.pages.room.view import CaseHead
from cautery.pages.told import ToldLine, ToldView


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPage:
    """What partners told a case.

    Parameters
    ----------
    about, source : str
        Host and partner that it is narrowed to; empty: all.
    total : int
        How many items stand, shown or not.
    unread : int
        Imports whose table cannot be read.
    """

    head: CaseHead
    told: ToldView
    lines: tuple[ToldLine, ...]
    about: str
    source: str
    total: int
    unread: int
