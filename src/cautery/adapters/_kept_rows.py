"""Lines of kept lists, written into their tables and recalled from them.

Reaches what :mod:`cautery.adapters.kept_lists` opened, on the same lawful basis and as politely.
Format: docs/reference/kept-lists.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from cautery.adapters._kept_schema import (
    ACT,
    HOST,
    STREAM,
    act_line,
    act_row,
    host_line,
    host_row,
    number_of,
    stream_line,
    stream_row,
)
from cautery.evidence.merkle import Frontier
from cautery.projections.kept import SpoiltListsError, Standing
from cautery.projections.lines import ActLine, HostLine, StreamLine
from cautery.projections.listing import Lines

_DIGEST_BYTES = 32


class Recalled:
    """What the tables know of a thing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stream(self, url: str) -> StreamLine | None:
        """Return a stream's line."""
        row = self._one(f"SELECT {STREAM} FROM streams WHERE url = ?", url)  # noqa: S608
        return None if row is None else stream_line(row)

    def host(self, name: str) -> HostLine | None:
        """Return a host's line."""
        row = self._one(f"SELECT {HOST} FROM hosts WHERE host = ?", name)  # noqa: S608
        return None if row is None else host_line(row)

    def act(self, id: str) -> ActLine | None:
        """Return an act's line."""
        row = self._one(f"SELECT {ACT} FROM acts WHERE id = ?", id)  # noqa: S608
        return None if row is None else act_line(row)

    def _one(self, statement: str, value: str) -> Sequence[Any] | None:
        row: Sequence[Any] | None = self._connection.execute(statement, (value,)).fetchone()
        return row


def write(connection: sqlite3.Connection, heard: Lines) -> None:
    """Write the lines that some records changed."""
    connection.executemany(
        "INSERT INTO records (idx, kind, subject, finding) VALUES (?, ?, ?, ?)",
        [
            (number, kind, number_of(subject), finding)
            for number, kind, subject, finding, _ in heard.records
        ],
    )
    connection.executemany(
        "INSERT INTO found (rowid, words) VALUES (?, ?)",
        [(number, words) for number, *_, words in heard.records],
    )
    # By URL, as a stream that appears again gets the number of that record.
    for table, columns, key, rows in (
        ("streams", STREAM, "url", map(stream_row, heard.streams.values())),
        ("hosts", HOST, "host", map(host_row, heard.hosts.values())),
        ("acts", ACT, "id", map(act_row, heard.acts.values())),
    ):
        names = columns.split(", ")
        changes = ", ".join(f"{name} = excluded.{name}" for name in names)
        connection.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
            f" ON CONFLICT ({key}) DO UPDATE SET {changes}",
            rows,
        )
    connection.executemany(
        "INSERT INTO counts (what, number) VALUES (?, ?)"
        " ON CONFLICT (what) DO UPDATE SET number = number + excluded.number",
        heard.counts.items(),
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
    tiles, tile_peaks, rest, rest_peaks = row
    try:
        return Standing(Frontier(tiles, _cut(tile_peaks)), Frontier(rest, _cut(rest_peaks)))
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
