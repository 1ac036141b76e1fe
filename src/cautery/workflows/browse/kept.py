"""What is kept in memory of a case that people look at: folded as far as its ledger was read.

All of it can be made anew from the ledger, and is, if the ledger was replaced by a shorter one.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock, RLock
from typing import NamedTuple

from cautery.errors import AbsentError, EvidenceError
from cautery.evidence.custody import CustodyLine
from cautery.evidence.exhibits import exhibits_in
from cautery.evidence.leaf import record_of
from cautery.evidence.leaf_tree import LeafTree
from cautery.evidence.manifest import LEDGER
from cautery.evidence.merkle import leaf_hash
from cautery.evidence.ports import CaseLedger, CaseStore, CaseVault
from cautery.model import Entry, ExhibitId, Verdict
from cautery.model.ports import Clock
from cautery.model.records import CaseOpened, FixturesChanged, Record, kinds_of
from cautery.projections import MandateInForce, StreamState
from cautery.projections.case import CaseRecords
from cautery.projections.tally import Tally

MOST_KEPT = 16
"""Cases that are kept at a time; what was looked at longest ago goes first. Judgement."""
_FALLEN = 200
_OF_MANDATE = frozenset(kinds_of(CaseOpened, FixturesChanged))


@dataclass(slots=True)
class Rows:
    """What is known of every record without reading most of them.

    Parameters
    ----------
    by_kind : dict
        By kind as filed, the numbers of its records, rising.
    tree : LeafTree
        Over all of them.
    in_force : MandateInForce
        The mandate, with the newest fixtures.
    """

    by_kind: defaultdict[str, array[int]] = field(
        default_factory=lambda: defaultdict(lambda: array("q"))
    )
    tree: LeafTree = field(default_factory=LeafTree)
    in_force: MandateInForce = field(default_factory=MandateInForce)

    def hear(self, index: int, kind: str, leaf: bytes) -> None:
        """Take one row up.

        Raises
        ------
        EvidenceError
            If a record is missing before it.
        """
        if index != self.tree.size:
            raise EvidenceError(f"record {self.tree.size} is missing; the next one is {index}")
        self.tree.extend((leaf_hash(leaf),))
        self.by_kind[kind].append(index)
        if kind in _OF_MANDATE:
            self.in_force.hear(Entry(index=index, record=record_of(leaf), leaf=leaf))


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
    """One case that people look at. Its methods are called while :meth:`Cases.case` lends it."""

    def __init__(self, id: str, path: Path, store: CaseStore) -> None:
        self.id, self.path, self.store = id, path, store
        self.ledger: CaseLedger = store.ledger(path, read_only=True)
        self.vault: CaseVault = store.vault(path, None)
        self.lock = RLock()
        self.closed = False
        self._rows, self._folded = Rows(), Folded()

    def rows(self) -> Rows:
        """Return what is known of every record that stands now."""
        if self.ledger.size() < self._rows.tree.size:
            self._rows, self._folded = Rows(), Folded()
        for row in self.ledger.leaves(since=self._rows.tree.size):
            self._rows.hear(*row)
        return self._rows

    def folded(self) -> Folded:
        """Return what all records that stand now come to."""
        size = self.rows().tree.size
        if self._folded.records.size < size:
            for entry in self.ledger.read(since=self._folded.records.size):
                self._folded.hear(entry)
        return self._folded

    def forget(self) -> None:
        """Read the whole case anew at the next question."""
        self._rows, self._folded = Rows(), Folded()

    def close(self) -> None:
        """Let go of it, as soon as nobody looks at it."""
        with self.lock:
            self.closed = True
            self.ledger.close()


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
    """

    def __init__(
        self,
        folder: Path,
        *,
        listed: Callable[[], Mapping[str, Path]],
        store: CaseStore,
        clock: Clock,
        custody: Callable[[Path], tuple[CustodyLine, ...]],
    ) -> None:
        self.folder, self.store, self.clock, self.custody = folder, store, clock, custody
        self._listed = listed
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
                yield kept
                return

    def _taken(self, place: Place) -> Kept:
        with self._lock:
            kept = self._kept.get(place.id)
            if kept is None or kept.closed or kept.path != place.path:
                kept = self._kept[place.id] = Kept(place.id, place.path, self.store)
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
