"""The cases that people look at: each with its kept lists, and folded for the pages that need it.

What is folded is forgotten where the lists were thrown away: then the ledger has another past.
"""

from __future__ import annotations

import contextlib
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock, RLock, Thread
from typing import NamedTuple

from cautery.errors import AbsentError, CauteryError, EvidenceError, NotYetError
from cautery.evidence.custody import CustodyLine
from cautery.evidence.exhibits import exhibits_in
from cautery.evidence.manifest import LEDGER
from cautery.evidence.ports import CaseLedger, CaseStore, CaseVault
from cautery.messages import tr
from cautery.model import Entry, ExhibitId, Verdict
from cautery.model.ports import Clock
from cautery.model.records import CaseOpened, FixturesChanged, Record, kinds_of
from cautery.projections import MandateInForce, StreamState
from cautery.projections.case import CaseRecords
from cautery.projections.kept import MOST_LINES, Asked
from cautery.projections.tally import Tally
from cautery.workflows.browse.ends import Ends
from cautery.workflows.case.kept import KeptCase
from cautery.workflows.case.registry import Registry

MOST_KEPT = 16
"""Cases that are kept at a time; what was looked at longest ago goes first. Judgement."""
_FALLEN = 200
_OF_MANDATE = kinds_of(CaseOpened, FixturesChanged)
_AT_ONCE = 20_000
"""Records that are taken up while somebody waits for a page, about a second. Judgement."""


@dataclass(slots=True)
class Folded:
    """What a case's records come to.

    Parameters
    ----------
    numbers : dict
        By the URL of a stream, its number, in the order of first mention: it never changes.
    named : dict
        By exhibit, the records that name it, rising.
    fallen : deque of (int, Verdict)
        The newest verdicts that changed the finding of a stream, with their records, rising.
    """

    records: CaseRecords = field(default_factory=CaseRecords)
    tally: Tally = field(default_factory=lambda: Tally(in_force=MandateInForce()))
    numbers: dict[str, int] = field(default_factory=dict)
    named: defaultdict[ExhibitId, array[int]] = field(
        default_factory=lambda: defaultdict(lambda: array("q"))
    )
    fallen: deque[tuple[int, Verdict]] = field(default_factory=lambda: deque(maxlen=_FALLEN))

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        verdict = entry.content
        if isinstance(verdict, Verdict):
            stream = self.records.streams.by_url.get(verdict.url.text)
            before = None if stream is None else stream.verdict
            if before is None or before.finding is not verdict.finding:
                self.fallen.append((entry.index, verdict))
        self.records.hear(entry)
        self.tally.hear(entry)
        by_url = self.records.streams.by_url
        for url in (
            islice(by_url, len(self.numbers), None) if len(by_url) > len(self.numbers) else ()
        ):
            self.numbers[url] = len(self.numbers) + 1
        for exhibit in _exhibits(entry.record):
            indexes = self.named[exhibit]
            if not indexes or indexes[-1] != entry.index:
                indexes.append(entry.index)


class Kept:
    """One case that people look at. Its methods are called while :meth:`Cases.case` lends it.

    Parameters
    ----------
    lists : KeptCase
        Closed with it.
    """

    def __init__(self, id: str, path: Path, store: CaseStore, lists: KeptCase) -> None:
        self.id, self.path, self.store = id, path, store
        self.ledger: CaseLedger = lists.ledger
        self.vault: CaseVault = store.vault(path, None)
        self.lock = RLock()
        self.closed = self.caught_up = False
        self._lists = lists
        self._filling: Thread | None = None
        self._past = lists.remade
        self._in_force, self._of_mandate, self._folded = MandateInForce(), 0, Folded()

    def lists(self) -> KeptCase:
        """Return its lists, with all records that stood when it was lent.

        Raises
        ------
        NotYetError
            If there are so many that somebody would have to wait: they are taken up meanwhile.
        """
        if self.caught_up:
            return self._lists
        if self._filling is None or not self._filling.is_alive():
            size = self.ledger.size()
            if self._lists.catch_up(most=_AT_ONCE) >= size:
                self.caught_up = True
                return self._lists
            self._filling = Thread(target=self._fill, name=f"lists-{self.id}", daemon=True)
            self._filling.start()
        raise NotYetError(
            tr(
                "The lists of this case are being made: %(taken)s of %(total)s records.",
                taken=f"{self._lists.counts().records:,}",
                total=f"{self.ledger.size():,}",
            ),
            hint=tr("This page loads itself again until they are there."),
        )

    def in_force(self) -> MandateInForce:
        """Return the mandate, with the newest fixtures."""
        lists = self.lists()
        self._forget_another_past()
        if self._in_force.opening is None:
            for entry in lists.entries((0,)):
                self._in_force.hear(entry)
        while page := lists.whole(
            Asked(kinds=_OF_MANDATE, after=self._of_mandate, limit=MOST_LINES)
        ).rows:
            for entry in reversed(page):
                self._in_force.hear(entry)
            self._of_mandate = page[0].index
        return self._in_force

    def folded(self) -> Folded:
        """Return what all records that stand now come to."""
        self.lists()
        self._forget_another_past()
        for entry in self.ledger.read(since=self._folded.records.size):
            self._folded.hear(entry)
        return self._folded

    def close(self) -> None:
        """Let go of it, as soon as nobody looks at it."""
        with self.lock:
            self.closed = True
            if self._filling is not None:
                self._filling.join()
            self._lists.close()

    def _forget_another_past(self) -> None:
        if self._lists.remade != self._past:
            self._past = self._lists.remade
            self._in_force, self._of_mandate, self._folded = MandateInForce(), 0, Folded()

    def _fill(self) -> None:
        size = self.ledger.size()
        with contextlib.suppress(CauteryError):  # the next page says why
            while not self.closed and self._lists.catch_up(most=_AT_ONCE) < size:
                pass


class Place(NamedTuple):
    """A case by its name in addresses, and where it lies."""

    id: str
    path: Path


class Cases:
    """The cases below one folder.

    Parameters
    ----------
    folder : Path
        Where they lie.
    listed : callable
        Returns them by their name in addresses.
    custody : callable
        Returns the chain of custody beside a case.
    opened : callable
        Opens a case to be read, with its kept lists.
    ends : Registry
        Reads what the list of cases shows.
    """

    def __init__(
        self,
        folder: Path,
        *,
        listed: Callable[[], Mapping[str, Path]],
        store: CaseStore,
        clock: Clock,
        custody: Callable[[Path], tuple[CustodyLine, ...]],
        opened: Callable[[Path], KeptCase],
        ends: Registry[Ends | CauteryError],
    ) -> None:
        self.ends = ends
        self.folder, self.store, self.clock, self.custody = folder, store, clock, custody
        self._listed, self._opened = listed, opened
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def places(self) -> list[Place]:
        """Return the cases that there are, by name."""
        return [Place(*place) for place in sorted(self._listed().items())]

    def place(self, id: str) -> Place:
        """Return where a case lies.

        Raises
        ------
        AbsentError
            If there is no such case.
        """
        path = self._listed().get(id)
        if path is None:
            raise AbsentError(f"There is no case {id} below {self.folder}.")
        return Place(id, path)

    @contextmanager
    def case(self, id: str) -> Iterator[Kept]:
        """Lend what is kept of a case; others who ask for the same one wait.

        Raises
        ------
        AbsentError
            If there is no such case.
        """
        while True:
            kept = self._taken(self.place(id))
            with kept.lock:
                if kept.closed:  # it made room for another one just now
                    continue
                if not self.store.exists(kept.path, LEDGER):
                    raise AbsentError(f"The case {id} is gone.")
                kept.caught_up = False
                yield kept
                return

    def _taken(self, place: Place) -> Kept:
        with self._lock:
            kept = self._kept.get(place.id)
            if kept is None or kept.closed or kept.path != place.path:
                kept = self._kept[place.id] = Kept(
                    place.id, place.path, self.store, self._opened(place.path)
                )
            self._kept.move_to_end(place.id)
            spare = [self._kept.popitem(last=False)[1] for _ in range(len(self._kept) - MOST_KEPT)]
        for old in spare:
            old.close()
        return kept

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            kept, self._kept = [*self._kept.values()], OrderedDict()
        for one in kept:
            one.close()


def stream_of(kept: Kept, folded: Folded, number: int) -> StreamState:
    """Return a stream by its number.

    Raises
    ------
    AbsentError
        If there is none.
    """
    streams = folded.records.streams.by_url.values()
    stream = next(islice(streams, number - 1, None), None) if number > 0 else None
    if stream is None:
        raise AbsentError(f"The case {kept.id} has no stream {number}.")
    return stream


def _exhibits(record: Record) -> Iterator[ExhibitId]:
    try:
        for exhibit, _ in exhibits_in(record.body):
            yield exhibit
    except EvidenceError:  # the record's own page shows what it says; it names nothing
        return
