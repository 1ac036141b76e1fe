"""The tables of the lists that a reader keeps of a case, and rows in and out of them.

Reaches nothing itself; for :mod:`cautery.adapters.kept_lists`, on whose lawful basis and with
whose manners. Format: docs/reference/kept-lists.md; sqlite.org/fts5.html.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.json_text import parsed_json
from cautery.model import Digest, Finding, brands
from cautery.projections import (
    courses,
    kept,
    lines,
    listing,
    night,
    refusals,
    tally,
    things,
    words,
)
from cautery.projections.lines import ActKind, ActLine, HostLine, StreamLine, Waits
from cautery.projections.things import ThingKind, ThingLine

TABLES = {
    "standing": (
        "CREATE TABLE standing (one INTEGER PRIMARY KEY CHECK (one = 1), tiles INTEGER NOT NULL,"
        " tile_peaks BLOB NOT NULL, rest INTEGER NOT NULL, rest_peaks BLOB NOT NULL) STRICT"
    ),
    "tiles": "CREATE TABLE tiles (number INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT",
    "counts": (
        "CREATE TABLE counts (what TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    ),
    "records": (
        "CREATE TABLE records (idx INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
        " subject INTEGER NOT NULL, finding TEXT, turned INTEGER NOT NULL) STRICT"
    ),
    "named": (
        "CREATE TABLE named (exhibit INTEGER NOT NULL, idx INTEGER NOT NULL,"
        " PRIMARY KEY (exhibit, idx)) STRICT, WITHOUT ROWID"
    ),
    "found": "CREATE VIRTUAL TABLE found USING fts5(words, content='', columnsize=0)",
    "streams": (
        "CREATE TABLE streams (named INTEGER PRIMARY KEY, number INTEGER NOT NULL,"
        " url TEXT NOT NULL, last INTEGER NOT NULL,"
        " title TEXT, host TEXT NOT NULL, first_seen INTEGER, vanished INTEGER, finding TEXT,"
        " verdict INTEGER, verdict_at INTEGER, proven INTEGER, proven_at INTEGER, right TEXT,"
        " referred_at INTEGER, dark_at INTEGER, probes INTEGER NOT NULL, aligned INTEGER NOT NULL,"
        " gone_at INTEGER, detected INTEGER, referred INTEGER, darkened INTEGER) STRICT"
    ),
    "hosts": (
        "CREATE TABLE hosts (first INTEGER NOT NULL, host TEXT NOT NULL, last INTEGER NOT NULL,"
        " streams INTEGER NOT NULL, facts INTEGER, addresses TEXT NOT NULL) STRICT"
    ),
    "acts": (
        "CREATE TABLE acts (drafted INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL,"
        " drafted_at INTEGER NOT NULL, last INTEGER NOT NULL, about TEXT NOT NULL,"
        " waits TEXT NOT NULL, clock INTEGER, until INTEGER, approvals INTEGER NOT NULL,"
        " signed TEXT NOT NULL, owing TEXT NOT NULL, sent_at INTEGER, answered_at INTEGER,"
        " ended_at INTEGER, sent INTEGER, version INTEGER, next INTEGER, subject TEXT) STRICT"
    ),
    "opening": (
        "CREATE TABLE opening (one INTEGER PRIMARY KEY CHECK (one = 1), mandate TEXT NOT NULL)"
        " STRICT"
    ),
    "rights": (
        "CREATE TABLE rights (name TEXT PRIMARY KEY, proven INTEGER NOT NULL,"
        " licensed INTEGER NOT NULL, begun INTEGER NOT NULL, up INTEGER NOT NULL,"
        " referred INTEGER NOT NULL, dark INTEGER NOT NULL, up_s INTEGER NOT NULL,"
        " up_us INTEGER NOT NULL, gone_s INTEGER NOT NULL, gone_us INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID"
    ),
    "cuts": (
        "CREATE TABLE cuts (target TEXT PRIMARY KEY, streams TEXT NOT NULL) STRICT, WITHOUT ROWID"
    ),
    "guards": (
        "CREATE TABLE guards (target TEXT PRIMARY KEY, by_lever TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID"
    ),
    "spared": (
        "CREATE TABLE spared (name TEXT PRIMARY KEY, verdicts INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID"
    ),
    "things": (
        "CREATE TABLE things (kind TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL,"
        " first INTEGER NOT NULL, first_at INTEGER NOT NULL, named INTEGER NOT NULL,"
        " last INTEGER NOT NULL, last_at INTEGER NOT NULL, stream INTEGER, months TEXT NOT NULL,"
        " PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID"
    ),
    "newest": (
        "CREATE TABLE newest (what TEXT PRIMARY KEY, record INTEGER NOT NULL,"
        " number INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    ),
}
INDEXES = {
    "records_by_kind": "CREATE INDEX records_by_kind ON records (kind, idx)",
    "records_by_subject": "CREATE INDEX records_by_subject ON records (subject, idx)",
    "records_by_finding": (
        "CREATE INDEX records_by_finding ON records (finding, idx) WHERE finding IS NOT NULL"
    ),
    "records_turned": "CREATE INDEX records_turned ON records (idx) WHERE turned = 1",
    "streams_by_url": "CREATE UNIQUE INDEX streams_by_url ON streams (url)",
    "streams_by_number": "CREATE UNIQUE INDEX streams_by_number ON streams (number)",
    "streams_unseen": (
        "CREATE INDEX streams_unseen ON streams (first_seen, number) WHERE first_seen IS NOT NULL"
        " AND vanished IS NULL AND finding IS NULL AND probes = 0"
    ),
    "streams_gone": (
        "CREATE INDEX streams_gone ON streams (right, gone_at, proven_at, number)"
        " WHERE detected IS NOT NULL"
    ),
    "streams_detected": (
        "CREATE INDEX streams_detected ON streams (right, detected) WHERE detected IS NOT NULL"
    ),
    "streams_referred": (
        "CREATE INDEX streams_referred ON streams (right, referred) WHERE referred IS NOT NULL"
    ),
    "streams_darkened": (
        "CREATE INDEX streams_darkened ON streams (right, darkened) WHERE darkened IS NOT NULL"
    ),
    "streams_by_finding": (
        "CREATE INDEX streams_by_finding ON streams (finding, verdict) WHERE finding IS NOT NULL"
    ),
    "hosts_by_name": "CREATE UNIQUE INDEX hosts_by_name ON hosts (host)",
    "acts_by_id": "CREATE UNIQUE INDEX acts_by_id ON acts (id)",
    "acts_by_kind": "CREATE INDEX acts_by_kind ON acts (kind, drafted)",
    "things_by_last": "CREATE INDEX things_by_last ON things (last, kind, key)",
    "acts_by_clock": ("CREATE INDEX acts_by_clock ON acts (kind, clock) WHERE clock IS NOT NULL"),
}
_BESIDE_SEARCH = ("found_config", "found_data", "found_idx")
"""What FTS5 makes for ``found`` itself."""

STREAM = (
    "named, number, url, last, title, host, first_seen, vanished, finding, verdict, verdict_at,"
    " proven, proven_at, right, referred_at, dark_at, probes, aligned"
)
WAITS = "gone_at, detected, referred, darkened"
"""Of a proven stream that somebody saw begin: when it went, and after how long it was what."""
HOST = "first, host, last, streams, facts, addresses"
ACT = (
    "drafted, id, kind, drafted_at, last, about, waits, clock, until, approvals, signed, owing,"
    " sent_at, answered_at, ended_at, sent, version, next, subject"
)
THING = "kind, key, text, first, first_at, named, last, last_at, stream, months"
NO_TIME = (1 << 62) - 1
"""The clock of an act that waits for something until no certain time: behind all others."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@cache
def version() -> str:
    """Return what made the tables: lists of another schema or of other code are made anew."""
    digest = hashlib.sha256(__version__.encode())
    for statement in (TABLES | INDEXES).values():
        digest.update(statement.encode())
    for module in (
        *(courses, kept, lines, listing, night),
        *(refusals, tally, things, words, brands),
    ):
        assert module.__file__ is not None
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:16]


def is_schema(
    rows: Sequence[tuple[str, str | None]], wanted: Mapping[str, str] | None = None
) -> bool:
    """Tell whether these are the tables, and no view or trigger besides.

    Parameters
    ----------
    wanted : mapping of str to str
        The statement that makes each; by default those of one case's lists.
    """
    wanted = TABLES | INDEXES if wanted is None else wanted
    others = [name for name, sql in rows if name not in wanted or wanted[name] != sql]
    return len(rows) - len(others) == len(wanted) and all(
        name in _BESIDE_SEARCH or name.startswith("sqlite_autoindex_") for name in others
    )


def number_of(subject: str) -> int:
    """Return what stands for a subject: 8 bytes in an index of a million URLs, not a hundred.

    Two subjects may share a number, since somebody wants it so: whoever reads the records that are
    found looks at what they are about.
    """
    digest = hashlib.blake2b(subject.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def found_at(record: int) -> int:
    """Return where the words of a record stand in the search: the newest one comes first."""
    return -1 - record


def stream_row(line: StreamLine) -> tuple[Any, ...]:
    """Return the row of a stream, in the order of :data:`STREAM` and :data:`WAITS`."""
    return (
        line.named,
        line.number,
        line.url,
        line.last,
        line.title,
        line.host,
        _number(line.first_seen),
        _number(line.vanished),
        line.finding,
        line.verdict,
        _number(line.verdict_at),
        line.proven,
        _number(line.proven_at),
        line.right,
        _number(line.referred_at),
        _number(line.dark_at),
        line.probes,
        int(line.aligned),
        *_waits(line),
    )


def _waits(line: StreamLine) -> tuple[int | None, ...]:
    first = line.first_seen
    if line.finding is not Finding.PROVEN or first is None:
        return (None,) * 4
    return (
        _number(line.gone_at),
        *(
            None if at is None else max(night.microseconds(at) - night.microseconds(first), 0)
            for at in (line.proven_at, line.referred_at, line.dark_at)
        ),
    )


def stream_line(row: Sequence[Any]) -> StreamLine:
    """Return the line of a stream's row."""
    return StreamLine(
        named=row[0],
        number=row[1],
        url=row[2],
        last=row[3],
        title=row[4],
        host=row[5],
        first_seen=moment(row[6]),
        vanished=moment(row[7]),
        finding=None if row[8] is None else Finding(row[8]),
        verdict=row[9],
        verdict_at=moment(row[10]),
        proven=row[11],
        proven_at=moment(row[12]),
        right=row[13],
        referred_at=moment(row[14]),
        dark_at=moment(row[15]),
        probes=row[16],
        aligned=bool(row[17]),
    )


def host_row(line: HostLine) -> tuple[Any, ...]:
    """Return the row of a host, in the order of :data:`HOST`."""
    return (
        line.first,
        line.host,
        line.last,
        line.streams,
        line.facts,
        json.dumps(line.addresses),
    )


def host_line(row: Sequence[Any]) -> HostLine:
    """Return the line of a host's row."""
    return HostLine(
        first=row[0],
        host=row[1],
        last=row[2],
        streams=row[3],
        facts=row[4],
        addresses=tuple(parsed_json(row[5])),
    )


def act_row(line: ActLine) -> tuple[Any, ...]:
    """Return the row of an act, in the order of :data:`ACT`."""
    return (
        line.drafted,
        line.id,
        line.kind,
        _number(line.drafted_at),
        line.last,
        line.about,
        line.waits,
        clock_of(line),
        _number(line.until),
        line.approvals,
        json.dumps(line.signed),
        json.dumps(line.owing),
        _number(line.sent_at),
        _number(line.answered_at),
        _number(line.ended_at),
        line.sent,
        line.version,
        line.next,
        line.subject,
    )


def act_line(row: Sequence[Any]) -> ActLine:
    """Return the line of an act's row."""
    return ActLine(
        drafted=row[0],
        id=row[1],
        kind=ActKind(row[2]),
        drafted_at=_EPOCH + row[3] * _MICROSECOND,
        last=row[4],
        about=row[5],
        waits=Waits(row[6]),
        due_at=None if row[7] == NO_TIME else moment(row[7]),
        until=moment(row[8]),
        approvals=row[9],
        signed=tuple((int(record), str(name)) for record, name in parsed_json(row[10])),
        owing=tuple(map(str, parsed_json(row[11]))),
        sent_at=moment(row[12]),
        answered_at=moment(row[13]),
        ended_at=moment(row[14]),
        sent=row[15],
        version=row[16],
        next=row[17],
        subject=None if row[18] is None else Digest(row[18]),
    )


def thing_row(line: ThingLine) -> tuple[Any, ...]:
    """Return the row of what is searched across cases, in the order of :data:`THING`."""
    return (
        line.kind,
        line.key,
        line.text,
        line.first,
        night.microseconds(line.first_at),
        line.named,
        line.last,
        night.microseconds(line.last_at),
        line.stream,
        json.dumps(sorted(line.months.items())),
    )


def thing_line(row: Sequence[Any]) -> ThingLine:
    """Return the line of the row of what is searched across cases."""
    return ThingLine(
        kind=ThingKind(row[0]),
        key=row[1],
        text=row[2],
        first=row[3],
        first_at=_EPOCH + row[4] * _MICROSECOND,
        named=row[5],
        last=row[6],
        last_at=_EPOCH + row[7] * _MICROSECOND,
        stream=row[8],
        months={int(month): int(count) for month, count in parsed_json(row[9])},
    )


def clock_of(line: ActLine) -> int | None:
    """Return by which number the clocks of acts are in order; ``None``: no clock of it runs."""
    if line.waits.is_over:
        return None
    return NO_TIME if line.due_at is None else number_at(line.due_at)


def number_at(at: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(number: int | None) -> datetime | None:
    """Return a time from microseconds since 1970."""
    return None if number is None else _EPOCH + number * _MICROSECOND


def _number(at: datetime | None) -> int | None:
    return None if at is None else night.microseconds(at)
