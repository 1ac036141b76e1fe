"""What is asked of kept lists, as statements of SQL: by keys, never by offsets.

Reaches what :mod:`cautery.adapters.kept_lists` opened, on the same lawful basis and as politely.
Format: docs/reference/kept-lists.md; sqlite.org/fts5.html, "Full-text Query Syntax".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cautery.adapters._kept_schema import (
    ACT,
    HOST,
    STREAM,
    act_line,
    found_at,
    host_line,
    number_at,
    number_of,
    stream_line,
)
from cautery.model.records import ExhibitSealed, kind_of_type
from cautery.projections.kept import MOST_FOUND, Asked, Clocks, Found
from cautery.projections.lines import ActKind, ActLine

LONGEST_S = 0.5
"""CPU of one question: a person waits, and others wait for the same processor. Judgement."""
_SEALED = kind_of_type(ExhibitSealed)
_SEALINGS = 8
"""What somebody seals again, or under the number of another exhibit, is rare. Judgement."""
COUNTING_S = 0.005
_MOST_WORDS = 16
_SHORTEST_BEGUN = 3
"""Letters of a word that may be only begun: with fewer, half of all words would begin so."""


@dataclass(frozen=True, slots=True)
class _List:
    """One list: where its rows are, by which number it is ordered, and what is asked for.

    Parameters
    ----------
    searched : bool
        Its key is that of the search, in which the newest record comes first.
    """

    columns: str
    source: str
    key: str
    where: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    searched: bool = False

    def also(self, condition: str, *values: object) -> _List:
        """Return the list with one more condition."""
        return replace(self, where=(*self.where, condition), values=(*self.values, *values))

    def beyond(self, place: int, *, newer: bool) -> _List:
        """Return what comes after or before a record."""
        sign = ">" if newer is not self.searched else "<"
        return self.also(f"{self.key} {sign} ?", found_at(place) if self.searched else place)

    def record(self, row: Sequence[Any]) -> int:
        """Return the number by which a row is ordered."""
        return found_at(row[0]) if self.searched else int(row[0])

    def select(self, columns: str, rest: str) -> str:
        """Return a statement; every name in it is one of this module's own."""
        where = f" WHERE {' AND '.join(self.where)}" if self.where else ""
        return f"SELECT {columns} FROM {self.source}{where}{rest}"  # noqa: S608


class Questions:
    """Asks one connection.

    Parameters
    ----------
    allow : callable
        Lets the next question take so many seconds of CPU; returns whether they are spent.
    """

    def __init__(
        self, connection: sqlite3.Connection, allow: Callable[[float], Callable[[], bool]]
    ) -> None:
        self._connection = connection
        self._allow = allow

    def records(self, question: Asked) -> Found:
        """Return the numbers of records."""
        match = self.match(question.text)
        if match == "":
            return self._nothing()
        asked_list = _List("idx", "records", "idx")
        if match is not None:
            # CROSS JOIN: the search first, in its own order, and only then the rows.
            asked_list = _List(
                "found.rowid",
                "found CROSS JOIN records ON idx = -1 - found.rowid",
                "found.rowid",
                searched=True,
            ).also("found MATCH ?", match)
        if question.subject is not None:
            asked_list = asked_list.also("subject = ?", number_of(question.subject))
        if question.finding is not None:
            asked_list = asked_list.also("finding = ?", question.finding)
        if question.kinds and (match, question.subject, question.finding) == (None, None, None):
            # Each kind comes in order from the index; all at once they would have to be sorted.
            lists = [asked_list.also("kind = ?", kind) for kind in dict.fromkeys(question.kinds)]
            of_kinds = sum(self._number(f"kind:{kind}") for kind in dict.fromkeys(question.kinds))
            return self._page(lists, question, lambda _: None, count=of_kinds)
        if question.kinds:
            asked_list = asked_list.also(f"kind IN ({_marks(question.kinds)})", *question.kinds)
        count = None if asked_list.where else self._size()
        return self._page([asked_list], question, lambda _: None, count=count)

    def streams(self, question: Asked) -> Found:
        """Return lines of streams: by their newest verdict if a finding is asked for."""
        match = self.match(question.text)
        if match == "":
            return self._nothing()
        count: int | None = None
        if match is not None:
            asked_list = _List(
                STREAM,
                "found CROSS JOIN streams ON named = -1 - found.rowid",
                "found.rowid",
                searched=True,
            ).also("found MATCH ?", match)
            if question.finding is not None:
                asked_list = asked_list.also("finding = ?", question.finding)
        elif question.finding is not None:
            asked_list = _List(STREAM, "streams", "verdict").also("finding = ?", question.finding)
            count = self._number(f"finding:{question.finding}")
        else:
            asked_list = _List(STREAM, "streams", "named")
            count = self._number("streams")
        return self._page([asked_list], question, lambda row: stream_line(row[1:]), count=count)

    def hosts(self, question: Asked) -> Found:
        """Return lines of hosts whose name has the text in it."""
        return self._named(_List(HOST, "hosts", "rowid"), question, "host", host_line, "hosts")

    def acts(self, question: Asked) -> Found:
        """Return lines of acts that have the text in their id or in what they are about."""
        asked_list = _List(ACT, "acts", "drafted")
        if question.kinds:
            asked_list = asked_list.also(f"kind IN ({_marks(question.kinds)})", *question.kinds)
        return self._named(asked_list, question, "id || ' ' || about", act_line, "acts")

    def naming(self, exhibit: str, most: int) -> tuple[tuple[int, ...], int]:
        """Return the first records that name an exhibit, and how many there are: at most 10,000."""
        first = self._connection.execute(
            "SELECT idx FROM named WHERE exhibit = ? ORDER BY idx LIMIT ?",
            (number_of(exhibit), most),
        )
        numbers = tuple(number for (number,) in first)
        (count,) = self._connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM named WHERE exhibit = ? LIMIT ?)",
            (number_of(exhibit), MOST_FOUND),
        ).fetchone()
        return numbers, int(count)

    def sealings(self, exhibit: str, *, first: bool) -> tuple[int, ...]:
        """Return some first or newest records that seal an exhibit."""
        order = "ASC" if first else "DESC"
        rows = self._connection.execute(
            "SELECT named.idx FROM named CROSS JOIN records ON records.idx = named.idx"  # noqa: S608
            f" WHERE exhibit = ? AND kind = ? ORDER BY named.idx {order} LIMIT ?",
            (number_of(exhibit), _SEALED, _SEALINGS),
        )
        return tuple(number for (number,) in rows)

    def clocks(self, kinds: Sequence[ActKind], *, at: datetime, limit: int) -> Clocks:
        """Return acts that wait, by their clocks: of each kind in order from its index."""
        self._allow(LONGEST_S)
        now = number_at(at)
        sorts: list[tuple[tuple[ActLine, ...], int]] = []
        for condition, order in (("clock <= ?", "DESC"), ("clock > ?", "ASC")):
            rows: list[Sequence[Any]] = []
            count = 0
            for kind in dict.fromkeys(kinds):
                asked_list = _List(ACT, "acts", "clock").also("kind = ?", kind).also(condition, now)
                statement = asked_list.select(f"clock, {ACT}", f" ORDER BY clock {order} LIMIT ?")
                rows += self._connection.execute(statement, (*asked_list.values, limit))
                inner = asked_list.select("1", " LIMIT ?")
                (number,) = self._connection.execute(
                    f"SELECT count(*) FROM ({inner})",  # noqa: S608
                    (*asked_list.values, MOST_FOUND + 1),
                ).fetchone()
                count += number
            rows.sort(key=lambda row: row[0], reverse=order == "DESC")
            lines = tuple(act_line(row[1:]) for row in rows[:limit])
            sorts.append((lines, min(count, MOST_FOUND + 1)))
        (overdue, overdue_count), (running, running_count) = sorts
        return Clocks(
            overdue=overdue,
            running=running,
            overdue_count=overdue_count,
            running_count=running_count,
        )

    def _named(
        self,
        wanted: _List,
        question: Asked,
        name: str,
        line: Callable[[Sequence[Any]], object],
        what: str,
    ) -> Found:
        if text := question.text.strip():
            wanted = wanted.also(f"instr(lower({name}), lower(?)) > 0", text)
        count = None if wanted.where else self._number(what)
        return self._page([wanted], question, lambda row: line(row[1:]), count=count)

    def _page(
        self,
        lists: Sequence[_List],
        question: Asked,
        line: Callable[[Sequence[Any]], object],
        *,
        count: int | None,
    ) -> Found:
        complete = True
        read: list[tuple[int, object]] = []
        spent = self._allow(LONGEST_S)
        for asked_list in lists:
            part = asked_list
            if question.before is not None:
                part = asked_list.beyond(question.before, newer=False)
            elif question.after is not None:
                part = asked_list.beyond(question.after, newer=True)
            order = "ASC" if (question.after is not None) is not asked_list.searched else "DESC"
            # One line more than is shown says whether there are more.
            statement = part.select(
                f"{part.key}, {part.columns}", f" ORDER BY {part.key} {order} LIMIT ?"
            )
            rows: list[Sequence[Any]] = []
            complete &= self.fetch(statement, (*part.values, question.limit + 1), rows, spent)
            read += [(part.record(row), line(row)) for row in rows]
        read.sort(key=lambda row: row[0], reverse=question.after is None)
        has_more = len(read) > question.limit
        read = read[: question.limit]
        if question.after is not None:
            read.reverse()
        count_more = False
        if (
            count is None
            and question.counted
            and question.before is None
            and question.after is None
        ):
            count, count_more = self._counted(lists)
        return Found(
            rows=tuple(read),
            more=has_more,
            count=count,
            count_more=count_more,
            complete=complete,
            size=self._size(),
        )

    def fetch(
        self,
        statement: str,
        values: Iterable[object],
        rows: list[Sequence[Any]],
        spent: Callable[[], bool],
    ) -> bool:
        """Add the rows of a statement; tell whether it came to its end in its time."""
        try:
            for row in self._connection.execute(statement, tuple(values)):
                rows.append(row)  # noqa: PERF402 - what came before it was ended is kept
        except sqlite3.OperationalError:
            if not spent():
                raise
            return False
        return True

    def _counted(self, lists: Sequence[_List]) -> tuple[int | None, bool]:
        """Count what is found, up to a limit, if that is quick."""
        spent = self._allow(COUNTING_S)
        numbers: list[Sequence[Any]] = []
        for asked_list in lists:
            inner = asked_list.select("1", " LIMIT ?")
            statement = f"SELECT count(*) FROM ({inner})"  # noqa: S608
            if not self.fetch(statement, (*asked_list.values, MOST_FOUND + 1), numbers, spent):
                return None, False
        total = sum(number for (number,) in numbers)
        return min(total, MOST_FOUND), total > MOST_FOUND

    def match(self, text: str) -> str | None:
        """Return the query for words of which all must occur.

        The last one may be only begun, where no record has it as a whole word: of a begun word all
        places would be read and sorted before the first one is shown.

        Returns
        -------
        str or None
            ``None``: nothing is searched; empty: nothing can be found.
        """
        if not text.strip():
            return None
        words = [word for word in text.split() if any(map(str.isalnum, word))][:_MOST_WORDS]
        if not words:
            return ""
        # In quotes nothing is an operator; a quote inside is written twice.
        quoted = ['"' + word.replace('"', '""').replace("\0", " ") + '"' for word in words]
        if len(words[-1]) >= _SHORTEST_BEGUN:
            whole: list[Sequence[Any]] = []
            one_match = "SELECT 1 FROM found WHERE found MATCH ? LIMIT 1"
            self.fetch(one_match, (quoted[-1],), whole, self._allow(LONGEST_S))
            if not whole:
                quoted[-1] += "*"
        return " ".join(quoted)

    def _nothing(self) -> Found:
        return Found(
            rows=(), more=False, count=0, count_more=False, complete=True, size=self._size()
        )

    def _number(self, what: str) -> int:
        row = self._connection.execute(
            "SELECT number FROM counts WHERE what = ?", (what,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _size(self) -> int:
        (size,) = self._connection.execute(
            "SELECT COALESCE(MAX(idx) + 1, 0) FROM records"
        ).fetchone()
        return int(size)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
