"""What the page of key figures shows, as plain values: texts may be hostile, it escapes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRow:
    """One line: a count, a share, a median, a range, or not measured.

    Parameters
    ----------
    kind : str
        ``count``, ``share``, ``median``, ``range`` or ``not measured``.
    of : Message or None
        Of which kind of intermediary or country; ``None``: of all.
    n : int or None
        How many things it rests on.
    coverage : float or None
        Of the interval; ``None``: its ends are logical or all that was seen.
    """

    id: str
    label: Message
    kind: str
    of: Message | None = None
    n: int | None = None
    count: int | None = None
    low: float | None = None
    mid: float | None = None
    high: float | None = None
    unit: Message | None = None
    coverage: float | None = None
    method: Message | None = None
    need: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyView:
    """One family of figures."""

    id: str
    title: Message
    rows: tuple[KpiRow, ...]

    @property
    def measured(self) -> int:
        """Rows with a figure."""
        return sum(row.kind != "not measured" for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPage:
    """The page.

    Parameters
    ----------
    holders : tuple of str
        Who gave the mandates.
    since, until : datetime or None
        The period; ``None``: open.
    """

    holders: tuple[str, ...]
    cases: int
    since: datetime | None
    until: datetime | None
    made_at: datetime
    families: tuple[FamilyView, ...]
    notes: tuple[Message, ...]
    lab: bool
