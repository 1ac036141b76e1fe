"""The things of all cases below a folder: gathered as they grow, of each regime in a store apart.

A case that cannot be read is named and costs itself alone. A case that is gone is asked no more,
and what it alone said is forgotten.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar

from cautery.errors import CauteryError, EvidenceError
from cautery.evidence.ports import CaseLedger
from cautery.model import Regime, SupplyGraph
from cautery.model.records import CaseOpened, OperationOpened, kind_of_type
from cautery.projections.across import AcrossLists, Gathered
from cautery.projections.kept import SpoiltListsError
from cautery.workflows.browse.kept import Cases, Place
from cautery.workflows.case.kept import KeptCase

_LOG = logging.getLogger("cautery.room")
_LOOK_S = 1.0
"""After so long it is looked again which cases there are, and which of them changed. Judgement."""
_WAIT_S = 0.05
"""How long a page waits for cases that were never gathered: few and small ones. Judgement."""
_AT_A_TIME = 5_000
_TRIES = 3
_MAPPED = kind_of_type(SupplyGraph)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseThere:
    """A case, and what became of gathering it.

    Parameters
    ----------
    stamp : str
        What changed when the case did, as it was then; empty: it was not gathered yet.
    regime : Regime or None
        ``None``: it is not known yet, or the case cannot be read.
    why : str
        Why it cannot be read; empty: it can, as far as anybody knows.
    """

    path: Path
    stamp: str = ""
    regime: Regime | None = None
    why: str = ""


class Gathering:
    """Keeps the things of many cases together, each regime's apart.

    Parameters
    ----------
    opened : callable
        Opens a case to be read, with its kept lists.
    stamp : callable
        Returns what changes when a case does.
    identity : callable
        Returns what a case alone is called on this machine.
    lists : callable
        Opens the store of one regime.
    seconds : callable
        A clock that only goes forward.
    """

    def __init__(
        self,
        cases: Cases,
        *,
        opened: Callable[[Path], KeptCase],
        stamp: Callable[[Path], Hashable],
        identity: Callable[[Path], str],
        lists: Callable[[Regime], AcrossLists],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cases = cases
        self._opened, self._stamp, self._identity = opened, stamp, identity
        self._lists, self._seconds = lists, seconds
        self._stores: dict[Regime, AcrossLists] = {}
        self._there: dict[str, CaseThere] = {}
        self._lock, self._store_lock = Lock(), Lock()
        self._looked_at: float | None = None
        self._thread: Thread | None = None
        self._closed = False

    def look(self) -> Mapping[str, CaseThere]:
        """Return the cases by name, as they are known; those that changed are gathered meanwhile.

        Raises
        ------
        CauteryError
            If the folder cannot be read, or no store can be kept.
        """
        with self._lock:
            now = self._seconds()
            if self._looked_at is None or now - self._looked_at >= _LOOK_S:
                self._begin(first=self._looked_at is None)
                self._looked_at = now
            thread = self._thread
            is_new = any(not case.stamp and not case.why for case in self._there.values())
        if thread is not None and is_new:
            thread.join(_WAIT_S)
        return dict(self._there)

    def ask(self, regime: Regime, question: Callable[[AcrossLists], T]) -> T:
        """Ask the store of one regime; where it is damaged it is made anew.

        Raises
        ------
        StorageError
            If it cannot be read.
        """
        for _ in range(_TRIES - 1):
            try:
                return question(self._store(regime))
            except SpoiltListsError:
                self._forget(regime)
        try:
            return question(self._store(regime))
        except SpoiltListsError as error:
            raise EvidenceError(f"the lists of these cases cannot be kept: {error}") from error

    def forget(self) -> None:
        """Throw everything away, and gather all cases again at the next look."""
        self.wait()
        with self._lock:
            for regime in Regime:
                self._forget(regime)
            self._there.clear()
            self._looked_at = None

    def wait(self) -> None:
        """Wait until all cases that changed are gathered."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def close(self) -> None:
        """Let go of all stores."""
        self._closed = True
        self.wait()
        with self._store_lock:
            for store in self._stores.values():
                store.close()
            self._stores.clear()

    def _begin(self, *, first: bool) -> None:
        places = self.cases.places()
        stamps = {place.id: repr(self._stamp(place.path)) for place in places}
        if first:
            self._recall(places, stamps)
        for name in self._there.keys() - stamps.keys():
            del self._there[name]
        for place in places:
            if self._there.get(place.id, CaseThere(path=Path())).path != place.path:
                self._there[place.id] = CaseThere(path=place.path)
        if self._thread is not None and self._thread.is_alive():
            return  # the next look sees what changed since
        changed = [place for place in places if self._there[place.id].stamp != stamps[place.id]]
        if changed or first or self._are_gone(stamps):
            self._thread = Thread(target=self._gather, args=(changed, stamps), daemon=True)
            self._thread.start()

    def _recall(self, places: list[Place], stamps: Mapping[str, str]) -> None:
        """Take over what an earlier start, or another process, gathered."""
        for regime in Regime:
            gathered = self.ask(regime, lambda store: store.gathered())
            for place in places:
                case = gathered.get(place.id)
                if case is not None and (case.stamp, case.identity) == (
                    stamps[place.id],
                    self._identity(place.path),
                ):
                    self._there[place.id] = CaseThere(
                        path=place.path, stamp=case.stamp, regime=regime
                    )

    def _are_gone(self, stamps: Mapping[str, str]) -> bool:
        return any(
            self.ask(regime, lambda store: store.gathered()).keys() - stamps.keys()
            for regime in Regime
        )

    def _gather(self, places: list[Place], stamps: Mapping[str, str]) -> None:
        def drop_gone(store: AcrossLists) -> None:
            if names := store.gathered().keys() - stamps.keys():
                store.drop(names)

        try:
            for regime in Regime:
                self.ask(regime, drop_gone)
            for place in places:
                if self._closed:
                    return
                self._there[place.id] = self._gathered(place, stamps[place.id])
        except CauteryError as error:  # the next look tries again
            _LOG.error("cases were not gathered: %s", error)

    def _gathered(self, place: Place, stamp: str) -> CaseThere:
        """Gather one case; one that cannot be read says why, and nothing else of it is known."""
        case = CaseThere(path=place.path, stamp=stamp)
        try:
            with self._reading(place.path) as kept:
                regime = regime_of(kept.ledger)
                size = kept.ledger.size()
                while not self._closed and kept.catch_up(most=_AT_A_TIME) < size:
                    pass
                self._take(place, stamp, kept, regime)
        except CauteryError as error:
            for regime in Regime:
                self.ask(regime, lambda store: store.drop((place.id,)))
            return replace(case, why=f"{error} {error.hint}".strip())
        for other in Regime:  # another case lay there before
            if other is not regime and place.id in self.ask(other, lambda one: one.gathered()):
                self.ask(other, lambda store: store.drop((place.id,)))
        return replace(case, regime=regime)

    def _take(self, place: Place, stamp: str, kept: KeptCase, regime: Regime) -> None:
        gathered = Gathered(
            identity=self._identity(place.path),
            name=place.id,
            stamp=stamp,
            lists=kept.name(),
            taken=kept.taken(),
            has_map=_MAPPED in kept.counts().by_kind,
        )

        def take(store: AcrossLists) -> None:
            before = store.gathered().get(place.id)
            anew = (
                before is None
                or (before.identity, before.lists) != (gathered.identity, gathered.lists)
                or before.taken > gathered.taken
            )
            since = 0 if before is None or anew else before.taken
            store.take(gathered, kept.things(since=since), anew=anew)

        self.ask(regime, take)

    @contextlib.contextmanager
    def _reading(self, path: Path) -> Iterator[KeptCase]:
        kept = self._opened(path)
        try:
            yield kept
        finally:
            kept.close()

    def _store(self, regime: Regime) -> AcrossLists:
        with self._store_lock:
            if regime not in self._stores:
                self._stores[regime] = self._lists(regime)
            return self._stores[regime]

    def _forget(self, regime: Regime) -> None:
        self._store(regime).forget()
        for name, case in [*self._there.items()]:
            if case.regime is regime:
                self._there[name] = CaseThere(path=case.path)


def regime_of(ledger: CaseLedger) -> Regime:
    """Return the regime of a case, by its first record.

    Raises
    ------
    EvidenceError
        If it opens no case.
    """
    for entry in ledger.pick((0,)):
        match entry.content:
            case CaseOpened(mandate=mandate):
                return mandate.regime
            case OperationOpened(operation=operation):
                return operation.regime
    raise EvidenceError("its first record opens no case", hint="")
