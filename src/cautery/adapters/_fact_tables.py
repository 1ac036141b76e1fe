"""The rows of a facts folder, fact by fact, and how old and how valid each fact is."""

from __future__ import annotations

import importlib.metadata
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from cautery.adapters._fact_files import KNOWN, ROLES, FactFile, inventory, rows_in, text_of
from cautery.adapters._fact_text import read_number

_PACKAGED_SUFFIXES_VALID_DAYS = 540


class FactTables:
    """Reads files when they are first asked for, and counts the lines that cannot be used.

    Parameters
    ----------
    path : Path
        A facts folder.

    Attributes
    ----------
    moments : dict of str to callable
        Of facts whose rows have times: without a date of its own, a file is as old as its newest
        row.

    Raises
    ------
    InputError
        If the folder or its ``facts.toml`` cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.files = inventory(path)
        self.broken: Counter[str] = Counter()
        self.moments: dict[str, Callable[[], Iterable[datetime]]] = {}
        self._last_days: dict[str, date | None] = {}

    def dated(self, fact: str) -> date | None:
        """Return the date of a fact: of several files of its kind, the oldest."""
        files = self.role(fact)
        if not files:
            return _packaged_date() if fact == "public_suffix_list" else None
        dates = [self._date_of(file) for file in files]
        return min((date_ for date_ in dates if date_ is not None), default=None)

    def valid(self, fact: str, at: datetime) -> bool:
        """Tell whether a fact is there, dated, and no file of it stale at a moment."""
        last = self._last_day(fact)
        return last is not None and at.astimezone(UTC).date() <= last

    def known(self, fact: str) -> bool:
        """Tell whether there is such a fact at all, dated or not."""
        return bool(self.role(fact)) or fact == "public_suffix_list"

    def role(self, fact: str) -> list[FactFile]:
        """Return the files that a fact is read from: its own, and those of its kind beside it."""
        return self._roles.get(fact, [])

    @cached_property
    def _roles(self) -> dict[str, list[FactFile]]:
        by_role: dict[str, list[FactFile]] = {}
        for name, file in self.files.items():
            if file.path is None:
                continue
            by_role.setdefault(name, []).append(file)
            role = ROLES.get(file.kind)
            if name not in KNOWN and role is not None and role != name:
                by_role.setdefault(role, []).append(file)
        return by_role

    def _date_of(self, file: FactFile) -> date | None:
        if file.date is None and file.path is not None and file.name in self.moments:
            moments = list(self.moments[file.name]())
            written_at = datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
            return min(max(moments), written_at).date() if moments else None
        return file.date

    def _last_day(self, fact: str) -> date | None:
        if fact not in self._last_days:
            self._last_days[fact] = self._reckoned_last_day(fact)
        return self._last_days[fact]

    def _reckoned_last_day(self, fact: str) -> date | None:
        files = self.role(fact)
        if not files and fact == "public_suffix_list":
            dated = _packaged_date()
            return None if dated is None else dated + timedelta(days=_PACKAGED_SUFFIXES_VALID_DAYS)
        days: list[date] = []
        for file in files:
            dated = self._date_of(file)
            if dated is None or file.valid_days is None:
                return None
            try:
                days.append(dated + timedelta(days=file.valid_days))
            except OverflowError:
                days.append(date.max)
        return min(days, default=None)

    def rows(self, fact: str, columns: int) -> Iterator[list[str]]:
        """Yield the whole rows of a fact with at least so many columns."""
        return (row for _, row in self.named_rows(fact, columns))

    def named_rows(self, fact: str, columns: int) -> Iterator[tuple[str, list[str]]]:
        """Yield the same with the name of the file that each is from."""
        for file in self.role(fact):
            if file.path is None:
                continue
            for row in rows_in(text_of(file.path), columns, name=str(file.path)):
                if row is None:
                    self.broken[file.name] += 1
                else:
                    yield file.name, row

    def ranges(self, fact: str) -> Iterator[tuple[int, int, str]]:
        """Yield rows of a first and a last number and the facts about this range."""
        for row in self.rows(fact, 3):
            first, last = read_number(row[0]), read_number(row[1])
            if first is None or last is None or last < first or not row[2]:
                self.broken[fact] += 1
            else:
                yield first, last, row[2]


@cache  # the guard asks for each target
def _packaged_date() -> date | None:
    """Return the date of the packaged suffix list, which its version ends with."""
    version = importlib.metadata.version("publicsuffixlist")
    match = re.search(r"(\d{4})(\d{2})(\d{2})$", version)
    return date(int(match[1]), int(match[2]), int(match[3])) if match else None
