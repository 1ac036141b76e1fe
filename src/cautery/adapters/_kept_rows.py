"""Lines of kept lists, written into their tables and recalled from them.

Reaches what :mod:`cautery.adapters.kept_lists` opened, on the same lawful basis and as politely.
Format: docs/reference/kept-lists.md.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

from cautery.adapters._kept_schema import (
    ACT,
    HOST,
    STREAM,
    THING,
    WAITS,
    act_line,
    act_row,
    found_at,
    host_line,
    host_row,
    number_of,
    stream_line,
    stream_row,
    thing_line,
    thing_row,
)
from cautery.evidence.merkle import Frontier
from cautery.json_text import parsed_json
from cautery.model import Decision, Mandate, from_json, to_json
from cautery.projections.kept import SpoiltListsError, Standing
from cautery.projections.lines import ActLine, HostLine, StreamLine
from cautery.projections.listing import Lines
from cautery.projections.night import LATEST, MOST_COUNTED, GuardLine, Night, Sums
from cautery.projections.things import ThingKind, ThingLine

_DIGEST_BYTES = 32
SUMS = tuple(field.name for field in fields(Sums))


class Recalled:
    """What the tables know of a thing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stream(self, url: str) -> StreamLine | None:
        """Return a stream's line."""
        row = self._one(f"SELECT {STREAM} FROM streams WHERE url = ?", url)  # noqa: S608
        return None if row is None else stream_line(row)

    def stream_at(self, number: int) -> StreamLine | None:
        """Return the line of the stream that was mentioned as the so-manyth."""
        row = self._one(f"SELECT {STREAM} FROM streams WHERE number = ?", number)  # noqa: S608
        return None if row is None else stream_line(row)

    def host(self, name: str) -> HostLine | None:
        """Return a host's line."""
        row = self._one(f"SELECT {HOST} FROM hosts WHERE host = ?", name)  # noqa: S608
        return None if row is None else host_line(row)

    def act(self, id: str) -> ActLine | None:
        """Return an act's line."""
        row = self._one(f"SELECT {ACT} FROM acts WHERE id = ?", id)  # noqa: S608
        return None if row is None else act_line(row)

    def guard(self, target: str) -> GuardLine | None:
        """Return what the guard says of a target."""
        row = self._one("SELECT by_lever FROM guards WHERE target = ?", target)
        if row is None:
            return None
        by_lever = {
            lever: (Decision(decision), tuple(names))
            for lever, (decision, names) in parsed_json(row[0]).items()
        }
        return GuardLine(target=target, by_lever=by_lever)

    def cut(self, target: str) -> tuple[str, ...]:
        """Return the streams that a target cuts."""
        row = self._one("SELECT streams FROM cuts WHERE target = ?", target)
        return () if row is None else tuple(parsed_json(row[0]))

    def many(self) -> int:
        """Return how many streams there are."""
        row = self._one("SELECT number FROM counts WHERE what = ?", "streams")
        return 0 if row is None else int(row[0])

    def thing(self, kind: ThingKind, key: str) -> ThingLine | None:
        """Return the line of what is searched across cases."""
        row = self._one(f"SELECT {THING} FROM things WHERE kind = ? AND key = ?", kind, key)  # noqa: S608
        return None if row is None else thing_line(row)

    def mandate(self) -> Mandate | None:
        """Return the mandate that the case was opened with."""
        row = self._one("SELECT mandate FROM opening WHERE one = ?", 1)
        return None if row is None else from_json(Mandate, parsed_json(row[0]))

    def _one(self, statement: str, *values: str | int) -> Sequence[Any] | None:
        row: Sequence[Any] | None = self._connection.execute(statement, values).fetchone()
        return row


def write(connection: sqlite3.Connection, heard: Lines) -> None:
    """Write the lines that some records changed."""
    connection.executemany(
        "INSERT INTO records (idx, kind, subject, finding, turned) VALUES (?, ?, ?, ?, ?)",
        [
            (row.number, row.kind, number_of(row.subject), row.finding, row.turned)
            for row in heard.records
        ],
    )
    # The newest one first: FTS5 reads forwards several times as fast as backwards.
    connection.executemany(
        "INSERT INTO found (rowid, words) VALUES (?, ?)",
        [(found_at(row.number), row.words) for row in reversed(heard.records)],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO named (exhibit, idx) VALUES (?, ?)",
        [(number_of(exhibit), index) for exhibit, index in heard.named],
    )
    # By URL, as a stream that appears again gets the number of that record.
    for table, columns, key, rows in (
        ("streams", f"{STREAM}, {WAITS}", "url", map(stream_row, heard.streams.values())),
        ("hosts", HOST, "host", map(host_row, heard.hosts.values())),
        ("acts", ACT, "id", map(act_row, heard.acts.values())),
        ("things", THING, "kind, key", map(thing_row, heard.things.lines.values())),
    ):
        names = columns.split(", ")
        changes = ", ".join(f"{name} = excluded.{name}" for name in names)
        connection.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
            f" ON CONFLICT ({key}) DO UPDATE SET {changes}",
            rows,
        )
    connection.executemany(
        "INSERT OR IGNORE INTO opening (one, mandate) VALUES (1, ?)",
        [] if heard.mandate is None else [(json.dumps(to_json(heard.mandate)),)],
    )
    _count(connection, heard.added())
    _add_sums(connection, heard.sums())
    connection.executemany(
        "INSERT OR REPLACE INTO cuts (target, streams) VALUES (?, ?)",
        [(target, json.dumps(streams)) for target, streams in heard.cuts.items()],
    )
    _write_night(connection, heard.night)


def _count(connection: sqlite3.Connection, added: Mapping[str, int]) -> None:
    connection.executemany(
        # What somebody appends must not count past what a table can hold.
        "INSERT INTO counts (what, number) VALUES (?1, ?2)"
        " ON CONFLICT (what) DO UPDATE SET number = min(number + ?2, ?3)",
        [
            (what, min(number, MOST_COUNTED), MOST_COUNTED)
            for what, number in added.items()
            if number
        ],
    )
    connection.executemany(
        "DELETE FROM counts WHERE what = ? AND number = 0",
        [(what,) for what, number in added.items() if number < 0],
    )


def _add_sums(connection: sqlite3.Connection, sums: Mapping[str, Sums]) -> None:
    changes = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
    connection.executemany(
        f"INSERT INTO rights (name, {', '.join(SUMS)})"  # noqa: S608
        f" VALUES (?{', ?' * len(SUMS)}) ON CONFLICT (name) DO UPDATE SET {changes}",
        [(right, *astuple(added)) for right, added in sums.items()],
    )
    connection.executemany(
        "DELETE FROM rights WHERE name = ? AND proven = 0 AND licensed = 0",
        [(right,) for right in sums],
    )


def _write_night(connection: sqlite3.Connection, night: Night) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO guards (target, by_lever) VALUES (?, ?)",
        [(target, json.dumps(line.by_lever)) for target, line in night.guards.items()],
    )
    connection.executemany(
        "INSERT INTO spared (name, verdicts) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET verdicts = verdicts + excluded.verdicts",
        [(name, verdicts) for name, verdicts in night.spared.items() if verdicts],
    )
    connection.executemany(
        "DELETE FROM spared WHERE name = ? AND verdicts <= 0",
        [(name,) for name, verdicts in night.spared.items() if verdicts < 0],
    )
    connection.executemany(
        "INSERT INTO newest (what, record, number) VALUES (?1, ?2, ?3) ON CONFLICT (what) DO UPDATE"
        " SET record = ?2, number = CASE what WHEN ?4 THEN max(number, ?3) ELSE ?3 END",
        [(what, *newest, LATEST) for what, newest in night.newest.items()],
    )


def standing_in(connection: sqlite3.Connection) -> Standing:
    """Return how far the tables have come.

    Raises
    ------
    SpoiltListsError
        If they do not say so.
    """
    row = connection.execute("SELECT tiles, tile_peaks, rest, rest_peaks FROM standing").fetchone()
    if row is None:
        raise SpoiltListsError("no standing")
    tiles, tile_peaks, rest_count, rest_peaks = row
    try:
        return Standing(Frontier(tiles, _cut(tile_peaks)), Frontier(rest_count, _cut(rest_peaks)))
    except Exception as error:
        raise SpoiltListsError(str(error)) from error


def stand(
    connection: sqlite3.Connection, before: Standing, now: Standing, roots: Sequence[bytes]
) -> None:
    """Note how far the tables have come, and the roots of the tiles since."""
    connection.executemany(
        "INSERT INTO tiles (number, root) VALUES (?, ?)",
        enumerate(roots, start=before.tiles.size),
    )
    connection.execute(
        "INSERT OR REPLACE INTO standing (one, tiles, tile_peaks, rest, rest_peaks)"
        " VALUES (1, ?, ?, ?, ?)",
        (
            now.tiles.size,
            b"".join(now.tiles.peaks),
            now.rest.size,
            b"".join(now.rest.peaks),
        ),
    )


def _cut(peaks: bytes) -> tuple[bytes, ...]:
    return tuple(
        peaks[start : start + _DIGEST_BYTES] for start in range(0, len(peaks), _DIGEST_BYTES)
    )
