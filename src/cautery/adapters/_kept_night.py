"""The wall of a night, asked of kept lists: figures by keys, and medians by their indexes.

Reaches what :mod:`cautery.adapters.kept_lists` opened, on the same lawful basis and as politely.
Format: docs/reference/kept-lists.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from cautery.adapters._kept_rows import SUMS, standing_in
from cautery.adapters._kept_schema import STREAM, stream_line
from cautery.model import Finding
from cautery.projections.lines import StreamLine
from cautery.projections.night import (
    LATEST,
    NETWORKS,
    PACE,
    RightLine,
    Sums,
    Wall,
    WallAsked,
    microseconds,
)

MOST_RIGHTS = 60
"""Rows of a wall: an event has one, and a licensee some dozen channels. Judgement."""
_SECOND = 1_000_000
_FIGURES = (
    "streams",
    "offered",
    "looked_at",
    "unseen",
    "dark",
    "probes",
    "put_off",
    "refused",
    "narrowed",
)
_OF_PROVEN = "right = ? AND detected IS NOT NULL"
"""Proven streams that somebody saw begin."""
_UNSEEN = "first_seen IS NOT NULL AND vanished IS NULL AND finding IS NULL AND probes = 0"


def wall_in(connection: sqlite3.Connection, question: WallAsked) -> Wall:
    """Return the wall as the tables have it."""
    return _Questions(connection).wall(question)


class _Questions:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def wall(self, question: WallAsked) -> Wall:
        figures = {what: self._number(what) for what in _FIGURES}
        newest = {what: tuple(numbers) for what, *numbers in self._rows("SELECT * FROM newest")}
        ((spared,),) = self._rows("SELECT count(*) FROM spared")
        after_now = LATEST in newest and newest[LATEST][1] > microseconds(question.now)
        rights, rights_left_out = self._rights(question, after_now=after_now)
        return Wall(
            records=standing_in(self._connection).size,
            rights=rights,
            others=rights_left_out,
            turned=tuple(
                number
                for (number,) in self._rows(
                    "SELECT idx FROM records WHERE turned = 1 ORDER BY idx DESC LIMIT ?",
                    question.turned,
                )
            ),
            unseen=self._streams(f"{_UNSEEN} ORDER BY first_seen, number LIMIT ?", question.unseen),
            figures=figures,
            findings={finding: self._number(f"finding:{finding}") for finding in Finding},
            errors=tuple(
                (what.partition(":")[2], number)
                for what, number in self._rows(
                    "SELECT what, number FROM counts WHERE what > 'error:' AND what < 'error;'"
                    " AND number > 0 ORDER BY number DESC, what LIMIT ?",
                    question.errors,
                )
            ),
            pace=newest[PACE][0] if PACE in newest else None,
            networks=newest[NETWORKS][1] if NETWORKS in newest else 0,
            spared=int(spared),
        )

    def _rights(self, question: WallAsked, *, after_now: bool) -> tuple[tuple[RightLine, ...], int]:
        """Return those of the mandate, then others by their proven streams, and how many more."""
        statement = f"SELECT name, {', '.join(SUMS)} FROM rights WHERE proven + licensed > 0"  # noqa: S608
        rights_found = {}
        for right in question.rights:
            for _, *sums in self._rows(f"{statement} AND name = ?", right):
                rights_found[right] = Sums(*sums)
        rows = self._rows(
            f"{statement} ORDER BY proven DESC, name LIMIT ?", MOST_RIGHTS + len(rights_found)
        )
        for name, *sums in rows:
            rights_found.setdefault(name, Sums(*sums))
        ((total,),) = self._rows("SELECT count(*) FROM rights WHERE proven + licensed > 0")
        lines_shown = list(rights_found.items())[:MOST_RIGHTS]
        lines = tuple(
            self._right(name, sums, question, after_now=after_now) for name, sums in lines_shown
        )
        return lines, total - len(lines_shown)

    def _right(self, right: str, sums: Sums, question: WallAsked, *, after_now: bool) -> RightLine:
        exposed_s = sums.exposed_s(question.now)
        if sums.begun and after_now:
            exposed_s = self._exposed_s(right, microseconds(question.now))
        return RightLine(
            right=right,
            proven=sums.proven,
            licensed=sums.licensed,
            exposed_s=exposed_s,
            detect_s=self._middle("detected", right, sums.begun),
            refer_s=self._middle("referred", right, sums.referred),
            dark_s=self._middle("darkened", right, sums.dark),
            shown=self._bars(right, question.bars),
        )

    def _exposed_s(self, right: str, now: int) -> float:
        """Add up what is after now by the clock of whoever looks, or of whoever appended it."""
        ((exposed,),) = self._rows(
            "SELECT total(max(min(coalesce(gone_at, ?1), ?1) - first_seen, 0) / 1e6) FROM streams"
            " WHERE right = ?2 AND detected IS NOT NULL",
            now,
            right,
        )
        return float(exposed)

    def _middle(self, waited: str, right: str, count: int) -> float | None:
        """Return the median of what proven streams waited, in seconds."""
        if not count:
            return None
        middle = [
            value
            for (value,) in self._rows(
                f"SELECT {waited} FROM streams WHERE right = ? AND {waited} IS NOT NULL"  # noqa: S608
                f" ORDER BY {waited} LIMIT ? OFFSET ?",
                right,
                2 - count % 2,
                (count - 1) // 2,
            )
        ]
        return sum(middle) / len(middle) / _SECOND if middle else None

    def _bars(self, right: str, limit: int) -> tuple[StreamLine, ...]:
        up = self._streams(
            f"{_OF_PROVEN} AND gone_at IS NULL ORDER BY proven_at DESC, number DESC LIMIT ?",
            right,
            limit,
        )
        vanished = self._streams(
            f"{_OF_PROVEN} AND gone_at IS NOT NULL"
            " ORDER BY gone_at DESC, proven_at DESC, number DESC LIMIT ?",
            right,
            limit - len(up),
        )
        return up + vanished

    def _streams(self, condition: str, *values: object) -> tuple[StreamLine, ...]:
        rows = self._rows(f"SELECT {STREAM} FROM streams WHERE {condition}", *values)  # noqa: S608
        return tuple(map(stream_line, rows))

    def _number(self, what: str) -> int:
        rows = self._rows("SELECT number FROM counts WHERE what = ?", what)
        return int(rows[0][0]) if rows else 0

    def _rows(self, statement: str, *values: object) -> Sequence[Any]:
        """Return the rows of a statement; every name in it is one of this module's own."""
        return self._connection.execute(statement, values).fetchall()
