"""The cases of a folder in one list, from the first and the last record of each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from cautery.errors import CauteryError, EvidenceError
from cautery.evidence.manifest import LEDGER, MANIFEST, NOTE
from cautery.evidence.ports import CaseStore
from cautery.model import Entry, Mandate, Regime, Window
from cautery.model.records import CaseOpened, OperationOpened

_MOST_TITLE = 200

T = TypeVar("T")


class CaseState(StrEnum):
    """How a case stands."""

    OPEN = "open"
    CLOSED = "closed"
    """It has a signed manifest; nothing here says that its files still agree with it."""
    CLOSING = "closing"
    """Its closing began and was cut short: ``cautery close`` finishes it."""
    DAMAGED = "damaged"
    """It cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case.

    Parameters
    ----------
    title : str
        Its events, channels or works, or the name of its operation; empty: it cannot be read.
    who : str
        The right-holder or authority of its mandate, or the agency.
    regime : Regime or None
        ``None``: it cannot be read.
    window : Window or None
        Of its mandate; ``None``: an operation has none.
    records : int
        How many its ledger has.
    last_at : datetime or None
        When the last of them was recorded.
    why : str or None
        Why it cannot be read; ``None``: it can.
    """

    path: Path
    state: CaseState
    title: str = ""
    who: str = ""
    regime: Regime | None = None
    window: Window | None = None
    lab: bool = False
    records: int = 0
    last_at: datetime | None = None
    why: str | None = None


class Registry(Generic[T]):
    """Reads cases, and reads again only those that changed. Safe for threads.

    Parameters
    ----------
    read : callable
        Reads one case; no key is used.
    stamp : callable
        Returns what changes when a case does.
    """

    def __init__(self, read: Callable[[Path], T], *, stamp: Callable[[Path], Hashable]) -> None:
        self._read_one = read
        self._stamp = stamp
        self._lock = Lock()
        self._read: dict[Path, tuple[Hashable, T]] = {}

    def read(self, cases: Iterable[Path]) -> tuple[T, ...]:
        """Return what is read of some cases, in their order; the others are forgotten."""
        read: dict[Path, tuple[Hashable, T]] = {}
        with self._lock:
            for case in cases:
                # Before it is read: what is written meanwhile changes the next stamp.
                stamp = self._stamp(case)
                earlier = self._read.get(case)
                known = earlier is not None and earlier[0] == stamp
                read[case] = earlier if known and earlier else (stamp, self._read_one(case))
            self._read = read
        return tuple(one for _, one in read.values())


def newest_first(lines: Iterable[CaseLine]) -> tuple[CaseLine, ...]:
    """Return the lines of cases, those with the newest record first."""
    return tuple(
        sorted(
            lines,
            key=lambda line: (line.last_at is not None, line.last_at, line.path),
            reverse=True,
        )
    )


def line_of(case: Path, store: CaseStore) -> CaseLine:
    """Return the line of one case; one that cannot be read costs itself alone and says why."""
    try:
        return _line(case, store, _state(case, store))
    except CauteryError as error:
        return CaseLine(path=case, state=CaseState.DAMAGED, why=str(error))


def _state(case: Path, store: CaseStore) -> CaseState:
    if store.exists(case, NOTE):
        return CaseState.CLOSED
    return CaseState.CLOSING if store.exists(case, MANIFEST) else CaseState.OPEN


def _line(case: Path, store: CaseStore, state: CaseState) -> CaseLine:
    if not store.exists(case, LEDGER):
        raise EvidenceError(f"{case / LEDGER}: missing")
    ledger = store.ledger(case, read_only=True)
    try:
        records = ledger.size()
        entries = ledger.pick([0, max(records - 1, 0)])
    finally:
        ledger.close()
    if not entries:
        raise EvidenceError(f"{case}: the case was begun, and has no record yet")
    first, last = entries[0], entries[-1]
    title, who, regime, window, lab = _opening(case, first)
    return CaseLine(
        path=case,
        state=state,
        title=title[:_MOST_TITLE],
        who=who[:_MOST_TITLE],
        regime=regime,
        window=window,
        lab=lab,
        records=records,
        last_at=last.record.at,
    )


def _opening(case: Path, first: Entry) -> tuple[str, str, Regime, Window | None, bool]:
    match first.content:
        case CaseOpened(mandate=mandate, lab=lab):
            return title_of(mandate), mandate.who, mandate.regime, mandate.window, lab
        case OperationOpened(operation=operation, agency=agency, lab=lab):
            return operation.name, agency, operation.regime, None, lab
    raise EvidenceError(f"{case}: its first record opens no case")


def title_of(mandate: Mandate) -> str:
    """Return what a mandate is about: its events, or else its channels or works."""
    return (
        "; ".join(event.name for event in mandate.events)
        or ", ".join(next(iter(channel.names), channel.id) for channel in mandate.channels)
        or ", ".join(work.title for work in mandate.works)
        or mandate.id
    )
