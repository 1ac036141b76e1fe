"""The lists of a case for whoever looks at it: brought up to the ledger, and shown from it.

The tables behind them only say which records to read: what a page shows of a record comes from the
ledger, and what it shows of a stream, a host or an act is compared with the records that it names.
Where tables and ledger differ, the tables are thrown away and made again from the first record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from threading import RLock
from typing import TypeVar

from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.merkle import Frontier
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseLedger
from cautery.model import Entry, Verdict
from cautery.model.records import ExhibitSealed, kinds_of
from cautery.projections.kept import (
    TILE,
    Asked,
    Clocks,
    Counts,
    Found,
    KeptLists,
    Page,
    SpoiltListsError,
    Standing,
)
from cautery.projections.lines import (
    ActKind,
    ActLine,
    ExhibitLine,
    HostLine,
    RecordLine,
    StreamLine,
    VerdictLine,
    exhibit_line,
    record_line,
    verdict_line,
)
from cautery.projections.night import Wall, WallAsked
from cautery.projections.things import ThingLine
from cautery.projections.words import exhibits_named, kept_text, subject_of
from cautery.workflows.case.kept_acts import ActsRead
from cautery.workflows.case.kept_checks import check_acts, check_hosts, check_streams
from cautery.workflows.case.kept_proofs import Proofs, Proven, covering, hashes_of
from cautery.workflows.case.kept_taking import Taking

_AGAIN = 20_000
"""Records that lists begin again with while somebody waits for a page, about a second. Judgement:
whoever follows the case takes up the others."""
_MOST_ABOUT = 500
_TRIES = 3
"""How often lists are made again for one question: a second time would be a fault of ours."""

T = TypeVar("T")


class KeptCase:
    """A case that is only read, with its lists. Safe for threads.

    Parameters
    ----------
    ledger : CaseLedger
        Opened to read.
    lists : KeptLists
        Of this case alone.
    verifier : NoteVerifier or None
        The key of the case; ``None``: nothing can be proven.
    """

    def __init__(
        self, ledger: CaseLedger, lists: KeptLists, *, verifier: NoteVerifier | None
    ) -> None:
        self._ledger = ledger
        self._lists = lists
        self._verifier = verifier
        self._taking = RLock()
        self._remade = 0
        self._proofs = Proofs(ledger, lists)
        self._taking_up = Taking(ledger, lists)
        self._acts_read = ActsRead(ledger)

    @property
    def ledger(self) -> CaseLedger:
        """The ledger, to be read."""
        return self._ledger

    @property
    def remade(self) -> int:
        """How often the lists were thrown away since they were opened."""
        return self._remade

    def catch_up(self, *, most: int | None = None) -> int:
        """Take up the records that came since, and return how many were taken up in all.

        Parameters
        ----------
        most : int, optional
            Take up no more than so many records now; the next call goes on.

        Raises
        ------
        CauteryError
            If ledger or lists cannot be read.
        """
        with self._taking:
            return self._sound(lambda: self._taking_up.catch_up(most))

    def taken(self) -> int:
        """Return how many records were taken up, without a look at the ledger."""
        return self._sound(self._lists.standing).size

    def forget(self) -> None:
        """Throw the lists away; :meth:`catch_up` makes them again from the first record."""
        with self._taking:
            self._forget()

    def records(self, question: Asked) -> Page[RecordLine]:
        """Return a page of records, read from the ledger."""
        return self._of_records(question, lambda entries: [record_line(entry) for entry in entries])

    def whole(self, question: Asked) -> Page[Entry]:
        """Return a page of records as they stand in the ledger, whole."""
        return self._of_records(question, list)

    def numbers(self, question: Asked) -> Page[int]:
        """Return a page of records by their numbers, unread: large ones are read one at a time."""

        def page() -> Page[int]:
            rows_found = self._lists.records(question)
            return self._page(question, rows_found, [number for number, _ in rows_found.rows])

        return self._sound(page)

    def verdicts(self, question: Asked) -> Page[VerdictLine]:
        """Return a page of verdicts, read from the ledger."""
        return self._of_records(_of_kind(question, Verdict), self._verdict_lines)

    def exhibits(self, question: Asked) -> Page[ExhibitLine]:
        """Return a page of exhibits, read from the records that say that they were sealed."""
        return self._of_records(
            _of_kind(question, ExhibitSealed),
            lambda entries: [_required(exhibit_line(entry), entry) for entry in entries],
        )

    def streams(self, question: Asked) -> Page[StreamLine]:
        """Return a page of streams: newest appearance first, with a finding newest verdict first.

        Each is compared with its appearance and its newest verdict.
        """
        return self._of_lines(question, lambda: self._lists.streams(question), check_streams)

    def hosts(self, question: Asked) -> Page[HostLine]:
        """Return a page of hosts, each compared with its newest facts."""
        return self._of_lines(question, lambda: self._lists.hosts(question), check_hosts)

    def acts(self, question: Asked) -> Page[ActLine]:
        """Return a page of referrals and notices, each compared with its draft."""
        return self._of_lines(question, lambda: self._lists.acts(question), self._check_acts)

    def clocks(self, kinds: Sequence[ActKind], *, at: datetime, limit: int) -> Clocks:
        """Return the acts of some kinds that wait, by their clocks, at most ``limit`` of each sort.

        Each is compared with its draft; what it waits for is as the lists have it.
        """

        def ask() -> Clocks:
            clocks = self._lists.clocks(kinds, at=at, limit=limit)
            self._check_acts(self._ledger, (*clocks.overdue, *clocks.running))
            return clocks

        return self._sound(ask)

    def act(self, id: str) -> ActLine | None:
        """Return one act's line, compared with its draft; ``None``: there is none."""

        def ask() -> ActLine | None:
            line = self._lists.act(id)
            self._check_acts(self._ledger, () if line is None else (line,))
            return line

        return self._sound(ask)

    def of_acts(self, records: Iterable[int]) -> Mapping[int, Entry]:
        """Return records that begin or sign acts; the newest ones are kept as they were read."""
        return self._acts_read.entries(records, past=self._remade)

    def _check_acts(self, _: CaseLedger, lines: Sequence[ActLine]) -> None:
        check_acts(self.of_acts(line.drafted for line in lines), lines)

    def sealings(self, exhibits: Sequence[str], *, first: bool = False) -> dict[str, Entry]:
        """Return the records that sealed some exhibits: the newest of each, or the first."""

        def read() -> dict[str, Entry]:
            rows_found = {}
            for exhibit in exhibits:
                entries = self._ledger.pick(self._lists.sealings(exhibit, first=first))
                for entry in entries if first else entries[::-1]:
                    sealed = entry.content
                    if isinstance(sealed, ExhibitSealed) and sealed.exhibit.id == exhibit:
                        rows_found[exhibit] = entry
                        break
            return rows_found

        return self._sound(read)

    def root_of(self, size: int) -> bytes:
        """Return the RFC 9162 root over the first ``size`` records, by the kept roots of tiles."""

        def root() -> bytes:
            tiles = Frontier().extend(self._lists.tiles(0, size // TILE))
            rest = hashes_of(self._ledger, tiles.size * TILE, size)
            return Standing(tiles, Frontier().extend(rest)).root()

        return self._sound(root)

    def name(self) -> str:
        """Return what the lists are called, until they are thrown away."""
        return self._lists.name()

    def things(self, *, since: int = 0, most: int = 2_000) -> Iterator[tuple[ThingLine, ...]]:
        """Yield what records from ``since`` on saw of what is searched across cases, page by page.

        Parameters
        ----------
        most : int
            Lines of a page.
        """
        after: tuple[int, str, str] | None = None
        while True:
            page = self._sound(partial(self._lists.things, since=since, after=after, most=most))
            if not page:
                return
            yield page
            after = page[-1].last, page[-1].kind, page[-1].key

    def counts(self) -> Counts:
        """Return how many there are of what."""
        return self._sound(self._lists.counts)

    def wall(self, question: WallAsked) -> Wall:
        """Return the wall of a night; each stream on it is compared with its records."""

        def wall() -> Wall:
            wall = self._lists.wall(question)
            shown = [line for right in wall.rights for line in right.shown]
            check_streams(self._ledger, (*shown, *wall.unseen))
            return wall

        return self._sound(wall)

    def stream_at(self, number: int) -> StreamLine | None:
        """Return the stream that was mentioned as the so-manyth; ``None``: there is none."""
        return self._streams(lambda: (self._lists.stream_at(number),))[0]

    def streams_of(self, urls: Sequence[str]) -> tuple[StreamLine | None, ...]:
        """Return streams by their redacted URLs; ``None``: no record speaks of it."""
        return self._streams(lambda: self._lists.streams_of([*map(kept_text, urls)]))

    def naming(self, exhibit: str, *, most: int) -> tuple[tuple[Entry, ...], int]:
        """Return the first records that name an exhibit, and how many do: at most 10,000."""

        def read() -> tuple[tuple[Entry, ...], int]:
            numbers, count = self._lists.naming(exhibit, most=most)
            entries = self._ledger.pick(numbers)
            named = tuple(entry for entry in entries if exhibit in exhibits_named(entry))
            return named, count - len(numbers) + len(named)

        return self._sound(read)

    def entries(self, records: Sequence[int]) -> tuple[Entry, ...]:
        """Return some records from the ledger, in rising order."""
        return self._ledger.pick(records)

    def about(
        self, subject: str, *, most: int = _MOST_ABOUT, kinds: tuple[str, ...] = ()
    ) -> tuple[Entry, ...]:
        """Return the newest records about a stream, a host or an act, in rising order.

        Parameters
        ----------
        most : int
            At most so many, and at most 500.
        kinds : tuple of str
            Of these kinds alone; empty: all.
        """
        question = Asked(subject=kept_text(subject), kinds=kinds, limit=most)

        def read() -> tuple[Entry, ...]:
            rows_found = self._lists.records(question)
            return tuple(self._read(question, rows_found)[::-1])

        return self._sound(read)

    def proven(self, record: int) -> Proven:
        """Return the proof that a record is in the ledger as the key of the case signed it.

        Raises
        ------
        InputError
            If there is no such record, no signed root covers it yet, or a first filling of the
            lists is not over.
        EvidenceError
            If the ledger is not what was signed.
        """
        if not self._ledger.pick([record]):
            raise InputError(f"the case has no record {record}", hint="")
        checkpoint = covering(self._ledger, record, self._verifier)

        def prove() -> Proven:
            with self._taking:
                taken = self._taking_up.catch_up(_AGAIN)
                if taken // TILE < checkpoint.size // TILE:
                    raise InputError(
                        f"the lists of this case are still being made: {taken:,} of "
                        f"{checkpoint.size:,} records",
                        hint="Ask for the proof again in a moment.",
                    )
                return self._proofs.proven(record, checkpoint, past=self._remade)

        try:
            return self._sound(prove, tries=1)
        except SpoiltListsError as error:
            raise EvidenceError(
                f"record {record} is not in the ledger of {checkpoint.size} that was signed"
            ) from error

    def close(self) -> None:
        """Let go of ledger and lists."""
        self._lists.close()
        self._ledger.close()

    def _sound(self, ask: Callable[[], T], *, tries: int = _TRIES) -> T:
        """Ask the lists; begin them again where they are damaged or contradict the ledger."""
        for _ in range(tries):
            remade = self._remade
            try:
                return ask()
            except SpoiltListsError:
                with self._taking:
                    if self._remade == remade:  # else another thread was faster
                        self._forget()
                    with contextlib.suppress(SpoiltListsError):
                        self._taking_up.catch_up(_AGAIN)
        try:
            return ask()
        except SpoiltListsError as error:
            if tries < _TRIES:
                raise
            raise StorageError(f"the lists of this case cannot be kept: {error}") from error

    def _forget(self) -> None:
        self._remade += 1
        self._lists.forget()

    def _streams(
        self, ask: Callable[[], tuple[StreamLine | None, ...]]
    ) -> tuple[StreamLine | None, ...]:
        def streams() -> tuple[StreamLine | None, ...]:
            lines = ask()
            check_streams(self._ledger, [line for line in lines if line is not None])
            return lines

        return self._sound(streams)

    def _of_records(
        self, question: Asked, lines: Callable[[Sequence[Entry]], Sequence[T]]
    ) -> Page[T]:
        def page() -> Page[T]:
            rows_found = self._lists.records(question)
            return self._page(question, rows_found, lines(self._read(question, rows_found)))

        return self._sound(page)

    def _of_lines(
        self,
        question: Asked,
        ask: Callable[[], Found],
        check: Callable[[CaseLedger, Sequence[T]], None],
    ) -> Page[T]:
        def page() -> Page[T]:
            rows_found = ask()
            lines: list[T] = [line for _, line in rows_found.rows]  # type: ignore[misc]
            check(self._ledger, lines)
            return self._page(question, rows_found, lines)

        return self._sound(page)

    def _page(self, question: Asked, rows_found: Found, lines: Sequence[T]) -> Page[T]:
        keys = [key for key, _ in rows_found.rows]
        came_back = question.after is not None
        more_older = rows_found.more if not came_back else bool(keys)
        more_newer = rows_found.more if came_back else question.before is not None
        return Page(
            rows=tuple(lines),
            older=keys[-1] if keys and more_older else None,
            newer=keys[0] if keys and more_newer else None,
            found=rows_found.count,
            found_more=rows_found.count_more,
            complete=rows_found.complete,
            size=rows_found.size,
        )

    def _read(self, question: Asked, rows_found: Found) -> list[Entry]:
        """Return the records that were found, newest first; they must be what was asked for."""
        entries = self._ledger.pick([number for number, _ in rows_found.rows])[::-1]
        if len(entries) != len(rows_found.rows):
            raise SpoiltListsError("a record that is listed is not in the ledger")
        for entry in entries:
            finding = entry.content.finding if isinstance(entry.content, Verdict) else None
            if (question.kinds and kept_text(entry.record.kind) not in question.kinds) or (
                question.finding is not None and finding is not question.finding
            ):
                raise SpoiltListsError(f"record {entry.index} is listed as what it is not")
        # Two subjects may stand under one number.
        return [entry for entry in entries if question.subject in (None, subject_of(entry.content))]

    def _verdict_lines(self, entries: Sequence[Entry]) -> list[VerdictLine]:
        streams = self._lists.streams_of([subject_of(entry.content) for entry in entries])
        return [
            _required(
                verdict_line(entry, first_seen=None if stream is None else stream.first_seen), entry
            )
            for entry, stream in zip(entries, streams, strict=True)
        ]


def _of_kind(question: Asked, shape: type) -> Asked:
    return Asked(
        text=question.text,
        kinds=kinds_of(shape),
        subject=question.subject,
        finding=question.finding,
        before=question.before,
        after=question.after,
        limit=question.limit,
    )


def _required(line: T | None, entry: Entry) -> T:
    if line is None:
        raise SpoiltListsError(f"record {entry.index} is listed as what it is not")
    return line
