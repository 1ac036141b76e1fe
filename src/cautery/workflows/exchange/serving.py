"""Give a case by TAXII: its package for one marking, sorted into collections, and kept.

A shelf is made anew when the ledger has grown, before anybody is answered from it: so one poll
tells whoever polls all that was recorded before it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from cautery.errors import NotYetError, UnrevealedError
from cautery.exchange.taxii import Collection, Filling, Shelf
from cautery.exchange.taxii_collections import Sorter
from cautery.model.exchange import Package
from cautery.model.marking import Marking
from cautery.projections.kept import SpoiltListsError

MOST_OPEN = 8
"""Shelves that are open at a time; what was asked for longest ago goes first. Judgement."""
WITHHELD = "Nothing leaves this case now; ask again later."
PATIENCE_S = 20.0
"""How long a question waits for a new state; the next one finds it. Judgement."""


class KeptShelf(Shelf, Protocol):
    """A shelf whose tables can be thrown away."""

    def forget(self) -> None:
        """Throw everything away."""
        ...

    def close(self) -> None:
        """Let go of the tables."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whence the shelves have what is on them.

    Parameters
    ----------
    filling : callable
        (case) to the state of its ledger.
    package : callable
        (case, marking) to its package; UnrevealedError: nothing may leave now.
    objects : callable
        Returns a package as STIX objects.
    shelf : callable
        Opens what is kept of a case for a marking.
    """

    filling: Callable[[Path], Filling]
    package: Callable[[Path, Marking], Package]
    objects: Callable[[Package], Iterable[Mapping[str, Any]]]
    shelf: Callable[[Path, Marking], KeptShelf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a case gives under a marking now.

    Parameters
    ----------
    shelf : Shelf
        Its collections.
    withheld : str
        Why nothing may leave now; empty: it may.
    """

    shelf: Shelf
    withheld: str = ""

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The collections; they are there as well while nothing may leave."""
        return self.shelf.collections()


class Shelves:
    """The shelves of a room's cases. Safe for threads; one new state is made at a time."""

    def __init__(self, sources: Sources, *, patience_s: float = PATIENCE_S) -> None:
        self._sources, self._patience_s = sources, patience_s
        self._open: OrderedDict[tuple[Path, Marking], _Open] = OrderedDict()
        self._lock = Lock()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="taxii")

    def served(self, case: Path, marking: Marking, *, fresh: bool = True) -> Served:
        """Return what a case gives, with all records that stand in its ledger.

        Parameters
        ----------
        fresh : bool
            False: as it was made last, if it was.

        Raises
        ------
        NotYetError
            If it is being made, and takes longer than who asks should wait.
        CauteryError
            If the case cannot be read, or what it gives cannot be kept.
        """
        newest, waited = self._sources.filling(case), False
        until_s = time.monotonic() + self._patience_s
        while True:
            shelf = self._taken(case, marking)
            with shelf.lock:
                if shelf.closed:  # it made room for another one just now
                    continue
                if shelf.serves(newest, fresh=fresh, waited=waited):
                    return Served(shelf=shelf.tables, withheld=shelf.withheld)
                if shelf.making is None:
                    shelf.making = self._maker.submit(self._make, shelf, case, marking)
                making = shelf.making
            try:
                making.result(max(0.0, until_s - time.monotonic()))
            except TimeoutError as error:
                raise NotYetError("What this case gives is being made; ask again.") from error
            finally:
                with shelf.lock:
                    if making.done() and shelf.making is making:
                        shelf.making = None
            waited = True

    def forget(self, case: Path, marking: Marking) -> None:
        """Throw away what is kept of a case, since it is damaged."""
        shelf = self._taken(case, marking)
        with shelf.lock:
            if not shelf.closed:
                shelf.tables.forget()
                shelf.filling = None

    def close(self) -> None:
        """Let go of all of them."""
        self._maker.shutdown(cancel_futures=True)
        with self._lock:
            shelves, self._open = [*self._open.values()], OrderedDict()
        for shelf in shelves:
            shelf.close()

    def _taken(self, case: Path, marking: Marking) -> _Open:
        key = case, marking
        with self._lock:
            if key not in self._open or self._open[key].closed:
                self._open[key] = _Open(self._sources.shelf(case, marking))
            self._open.move_to_end(key)
            spare = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MOST_OPEN)]
            shelf = self._open[key]
        for old in spare:
            old.close()
        return shelf

    def _make(self, shelf: _Open, case: Path, marking: Marking) -> None:
        # The state first: a record that comes meanwhile makes the next state another one.
        filling = self._sources.filling(case)
        withheld = ""
        try:
            if shelf.tables.state() != filling.state:
                self._fill(shelf.tables, self._sources.package(case, marking), filling)
        except SpoiltListsError:
            shelf.tables.forget()
            self._fill(shelf.tables, self._sources.package(case, marking), filling)
        except UnrevealedError:
            # A partner is not told why. What was given stays where it is, and is given again
            # afterwards: to revoke it would say what is not so.
            withheld = WITHHELD
        shelf.filling, shelf.withheld = filling, withheld

    def _fill(self, tables: KeptShelf, package: Package, filling: Filling) -> None:
        sorter = Sorter(package.id)
        tables.fill(sorter.sort(self._sources.objects(package)), filling=filling)
        tables.call(sorter.collections)


@dataclass(slots=True)
class _Open:
    """An open shelf, and of which state of its ledger it is made."""

    tables: KeptShelf
    filling: Filling | None = None
    withheld: str = ""
    making: Future[None] | None = None
    closed: bool = False
    lock: Lock = field(default_factory=Lock)

    def serves(self, newest: Filling, *, fresh: bool, waited: bool) -> bool:
        """Tell whether it is made of a state, or of a later one that came while one waited."""
        if self.filling is None:
            return False
        return not fresh or self.filling == newest or (waited and self.filling.size >= newest.size)

    def close(self) -> None:
        """Let go of the tables, once nothing is made."""
        with self.lock:
            self.closed, making = True, self.making
        if making is not None:
            wait((making,))
        self.tables.close()
