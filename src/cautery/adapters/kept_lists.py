"""The lists of a case that a reader keeps: tables in SQLite, made from records, thrown away freely.

Reaches: files in one folder of the reader's cache, never the case.
Lawful basis: that of the case; they hold what its ledger holds, and go when the case is gone.
Manners: short transactions; whoever reads waits for nobody; a search ends after its time.
Format: docs/reference/kept-lists.md; sqlite.org/wal.html, sqlite.org/fts5.html.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cautery.adapters._kept_file import KeptFile, Layout
from cautery.adapters._kept_night import wall_in
from cautery.adapters._kept_questions import Questions
from cautery.adapters._kept_rows import Recalled, stand, standing_in, write
from cautery.adapters._kept_schema import INDEXES, TABLES, THING, is_schema, thing_line, version
from cautery.model import Entry, Finding
from cautery.model.records import ExhibitSealed, kind_of_type
from cautery.projections.kept import Asked, Clocks, Counts, Found, Standing
from cautery.projections.lines import ActKind, ActLine, HostLine, StreamLine, Waits
from cautery.projections.listing import Lines
from cautery.projections.night import Wall, WallAsked
from cautery.projections.things import ThingLine

_TAKE_S, _TAKE_EACH_S = 10.0, 0.02
"""What taking up records may cost, and each of them: it takes a tenth of a millisecond."""
_SEALED = kind_of_type(ExhibitSealed)
_MOST_KINDS = 500
"""Kinds of records; there are about a hundred, and somebody may make up more."""


class SqliteLists(KeptFile):
    """Lists in one folder (port :class:`~cautery.projections.kept.KeptLists`).

    Parameters
    ----------
    folder : Path
        Of this case's lists alone; it is made if it is absent.

    Raises
    ------
    StorageError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            Layout(
                version=lambda: version(),  # noqa: PLW0108 - as the module has it then
                statements=tuple((TABLES | INDEXES).values()),
                is_schema=is_schema,
                begin=lambda connection: stand(connection, Standing(), Standing(), []),
                check=standing_in,
            ),
        )

    def standing(self) -> Standing:
        """Return how far the lists have come."""
        with self._reading() as connection:
            return standing_in(connection)

    def take(self, entries: Sequence[Entry], *, since: Standing) -> bool:
        """Take up the records after ``since``, all or none; tell whether nobody was faster."""
        with self._lock, self._failures():
            connection = self._writer
            connection.allow(_TAKE_S + _TAKE_EACH_S * len(entries))
            connection.execute("BEGIN IMMEDIATE")
            try:
                if standing_in(connection) != since:
                    return False
                lines_heard = Lines(recalled=Recalled(connection))
                for entry in entries:
                    lines_heard.hear(entry)
                write(connection, lines_heard)
                stand(connection, since, *since.after(entries))
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        return True

    def records(self, question: Asked) -> Found:
        """Return the numbers of records."""
        with self._asking() as questions:
            return questions.records(question)

    def streams(self, question: Asked) -> Found:
        """Return lines of streams."""
        with self._asking() as questions:
            return questions.streams(question)

    def hosts(self, question: Asked) -> Found:
        """Return lines of hosts."""
        with self._asking() as questions:
            return questions.hosts(question)

    def acts(self, question: Asked) -> Found:
        """Return lines of acts."""
        with self._asking() as questions:
            return questions.acts(question)

    def clocks(self, kinds: Sequence[ActKind], *, at: datetime, limit: int) -> Clocks:
        """Return the acts of some kinds that wait, at most ``limit`` of each sort."""
        with self._asking() as questions:
            return questions.clocks(kinds, at=at, limit=limit)

    def stream(self, url: str) -> StreamLine | None:
        """Return one stream's line."""
        with self._reading() as connection:
            return Recalled(connection).stream(url)

    def streams_of(self, urls: Sequence[str]) -> tuple[StreamLine | None, ...]:
        """Return the lines of some streams."""
        with self._reading() as connection:
            return tuple(map(Recalled(connection).stream, urls))

    def stream_at(self, number: int) -> StreamLine | None:
        """Return the line of the stream that was mentioned as the so-manyth."""
        with self._reading() as connection:
            return Recalled(connection).stream_at(number)

    def wall(self, question: WallAsked) -> Wall:
        """Return the wall of a night, as it stands at one moment."""
        with self._reading() as connection:
            return wall_in(connection, question)

    def naming(self, exhibit: str, *, most: int) -> tuple[tuple[int, ...], int]:
        """Return the first records that name an exhibit, and how many there are: at most 10,000."""
        with self._asking() as questions:
            return questions.naming(exhibit, most)

    def sealings(self, exhibit: str, *, first: bool) -> tuple[int, ...]:
        """Return some first or newest records that seal an exhibit."""
        with self._asking() as questions:
            return questions.sealings(exhibit, first=first)

    def things(
        self, *, since: int, after: tuple[int, str, str] | None, most: int
    ) -> tuple[ThingLine, ...]:
        """Return what records from ``since`` on saw of what is searched across cases."""
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {THING} FROM things WHERE (last, kind, key) > (?, ?, ?)"  # noqa: S608
                " ORDER BY last, kind, key LIMIT ?",
                (*(after or (since - 1, "~", "")), most),  # no kind comes after a tilde
            )
            return tuple(map(thing_line, rows))

    def host(self, name: str) -> HostLine | None:
        """Return one host's line."""
        with self._reading() as connection:
            return Recalled(connection).host(name)

    def act(self, id: str) -> ActLine | None:
        """Return one act's line."""
        with self._reading() as connection:
            return Recalled(connection).act(id)

    def counts(self) -> Counts:
        """Return how many there are of what."""
        with self._reading() as connection:
            numbers: dict[str, int] = dict(
                connection.execute(
                    "SELECT what, number FROM counts WHERE what < 'error:'"
                    " OR what >= 'error;' AND what < 'kind:' OR what >= 'kind;'"
                )
            )
            kinds: dict[str, int] = dict(
                connection.execute(
                    "SELECT what, number FROM counts WHERE what >= 'kind:' AND what < 'kind;'"
                    " ORDER BY number DESC LIMIT ?",
                    (_MOST_KINDS,),
                )
            )
            size = standing_in(connection).size
        by_kind = _of(kinds, "kind:")
        return Counts(
            records=size,
            by_kind=by_kind,
            by_finding={Finding(name): number for name, number in _of(numbers, "finding:").items()},
            by_waits={
                (ActKind(kind), Waits(waits)): number
                for name, number in _of(numbers, "waits:").items()
                for kind, _, waits in (name.partition(":"),)
            },
            streams=numbers.get("streams", 0),
            hosts=numbers.get("hosts", 0),
            acts=numbers.get("acts", 0),
            exhibits=by_kind.get(_SEALED, 0),
            probes=numbers.get("probes", 0),
            dark=numbers.get("dark", 0),
        )

    def tiles(self, since: int, until: int) -> list[bytes]:
        """Return the roots of some tiles of the ledger's tree."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT root FROM tiles WHERE number >= ? AND number < ? ORDER BY number",
                (since, until),
            )
            return [root for (root,) in rows]

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Questions]:
        with self._reading() as connection:

            def allow(seconds: float) -> Callable[[], bool]:
                connection.allow(seconds)
                return connection.spent

            yield Questions(connection, allow)


def _of(numbers: Mapping[str, int], begin: str) -> dict[str, int]:
    return {
        what.removeprefix(begin): number
        for what, number in numbers.items()
        if what.startswith(begin) and number
    }
