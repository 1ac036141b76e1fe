"""The cases that people look at: each with its kept lists, whose size no case makes larger.

What is remembered besides is forgotten where the lists were thrown away: then the ledger has
another past.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, RLock, Thread
from typing import NamedTuple

from cautery.errors import AbsentError, CauteryError, NotYetError
from cautery.evidence.custody import CustodyLine
from cautery.evidence.manifest import LEDGER
from cautery.evidence.outside.brackets import Moment
from cautery.evidence.ports import CaseLedger, CaseStore, CaseVault
from cautery.messages import tr
from cautery.model import Entry
from cautery.model.blind import NightAccount
from cautery.model.ports import Clock
from cautery.model.records import CaseOpened, FixturesChanged, kinds_of
from cautery.projections import MandateInForce
from cautery.projections.decoys import Decoys
from cautery.projections.kept import MOST_LINES, Asked
from cautery.projections.lines import StreamLine
from cautery.projections.without_decoys import left_over
from cautery.workflows.browse.ends import Ends
from cautery.workflows.case.kept import KeptCase
from cautery.workflows.case.registry import Registry

MOST_KEPT = 16
"""Cases that are kept at a time; what was looked at longest ago goes first. Judgement."""
_OF_MANDATE = kinds_of(CaseOpened, FixturesChanged)
_AT_ONCE = 1_000
"""Records that are taken up while somebody waits for a page, a twentieth of a second. Judgement."""
_AT_A_TIME = 5_000


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
        self.closed = self.looked = False
        self.moments: tuple[int, tuple[Moment, ...]] | None = None
        """What that many proofs from outside say of times."""
        self.blind: tuple[int, NightAccount | None] | None = None
        """What its blind test comes to, of so many records of plans and openings."""
        self._taken = self._behind = 0
        self._lists = lists
        self._filling: Thread | None = None
        self._past = lists.remade
        self._in_force, self._of_mandate, self._in_force_at = MandateInForce(), 0, -1
        self._decoys = Decoys()

    @property
    def behind(self) -> int:
        """How many records its lists do not have yet."""
        return self._behind

    def lists(self) -> KeptCase:
        """Return its lists, with all records that stood when it was lent, or with the first ones.

        Where so many are missing that somebody would have to wait, they are taken up meanwhile:
        :attr:`behind` says how many.
        """
        if self.looked:
            return self._lists
        self.looked = True
        size = self.ledger.size()
        if self._filling is None or not self._filling.is_alive():
            size_taken = self._lists.catch_up(most=_AT_ONCE)
            if size_taken < size:
                self._filling = Thread(target=self._fill, name=f"lists-{self.id}", daemon=True)
                self._filling.start()
        else:
            size_taken = self._lists.taken()
        self._taken, self._behind = size_taken, max(0, size - size_taken)
        return self._lists

    def shown(self, numbers: Sequence[int]) -> Iterator[Entry]:
        """Yield some entries as they are shown: without decoys that are opened."""
        decoys = self._decoys.read_on(self.ledger)
        return left_over(self.lists().entries(numbers), decoys, redacts=False)

    def require_all(self) -> None:
        """Raise where what is not found may be among the records that are not taken up yet.

        Raises
        ------
        NotYetError
            If there are any.
        """
        if self.behind:
            size = self.ledger.size()
            raise NotYetError(
                tr(
                    "The lists of this case are being made: %(taken)s of %(total)s records.",
                    taken=f"{max(0, size - self.behind):,}",
                    total=f"{size:,}",
                ),
                hint=tr("This page loads itself again until they are there."),
            )

    def in_force(self) -> MandateInForce:
        """Return the mandate, with the newest fixtures."""
        lists = self.lists()
        self._forget_another_past()
        if self._taken == self._in_force_at:
            return self._in_force
        if self._in_force.opening is None:
            for entry in lists.entries((0,)):
                self._in_force.hear(entry)
        while page := lists.whole(
            Asked(kinds=_OF_MANDATE, after=self._of_mandate, limit=MOST_LINES)
        ).rows:
            for entry in reversed(page):
                self._in_force.hear(entry)
            self._of_mandate = page[0].index
        self._in_force_at = self._taken
        return self._in_force

    def wait(self) -> None:
        """Wait until its lists have what they were to take up."""
        if self._filling is not None:
            self._filling.join()

    def close(self) -> None:
        """Let go of it, as soon as nobody looks at it."""
        with self.lock:
            self.closed = True
            if self._filling is not None:
                self._filling.join()
            self._lists.close()

    def _forget_another_past(self) -> None:
        if self._lists.remade != self._past:
            self._past, self.moments, self.blind = self._lists.remade, None, None
            self._in_force, self._of_mandate, self._in_force_at = MandateInForce(), 0, -1
            self._decoys = Decoys()

    def _fill(self) -> None:
        size = self.ledger.size()
        with contextlib.suppress(CauteryError):  # the next page says why
            while not self.closed and self._lists.catch_up(most=_AT_A_TIME) < size:
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
            raise AbsentError(f"There is no case {id} here.")
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
            case = self._taken(self.place(id))
            with case.lock:
                if case.closed:  # it made room for another one just now
                    continue
                if not self.store.exists(case.path, LEDGER):
                    raise AbsentError(f"The case {id} is gone.")
                case.looked = False
                yield case
                return

    def _taken(self, place: Place) -> Kept:
        with self._lock:
            case = self._kept.get(place.id)
            if case is None or case.closed or case.path != place.path:
                case = self._kept[place.id] = Kept(
                    place.id, place.path, self.store, self._opened(place.path)
                )
            self._kept.move_to_end(place.id)
            spare = [self._kept.popitem(last=False)[1] for _ in range(len(self._kept) - MOST_KEPT)]
        for old in spare:
            old.close()
        return case

    def behind(self) -> int:
        """Return how many records the lists of the cases that people look at do not have yet."""
        with self._lock:
            return sum(case.behind for case in self._kept.values())

    def wait(self) -> None:
        """Wait until the lists of every case have what they were to take up."""
        with self._lock:
            cases = [*self._kept.values()]
        for one in cases:
            one.wait()

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            cases, self._kept = [*self._kept.values()], OrderedDict()
        for one in cases:
            one.close()


def stream_of(case: Kept, number: int) -> StreamLine:
    """Return a stream by its number.

    Raises
    ------
    AbsentError
        If there is none.
    NotYetError
        If it may be among the records that are not taken up yet.
    """
    stream = case.lists().stream_at(number)
    if stream is None:
        case.require_all()
        raise AbsentError(f"The case {case.id} has no stream {number}.")
    return stream
