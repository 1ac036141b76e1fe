"""What the first and the last records of a case say of it, for the list of cases."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import CauteryError, EvidenceError
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.model import Entry
from cautery.model.records import WatchResumed, WatchStarted, WatchStopped, kind_of_type

_LAST_LOOKED_AT = 64
"""Records from the end among which a watch says that it stopped: what people approve or withdraw
afterwards is few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What the ends and the files of a case say of it, whatever the time and the language.

    Parameters
    ----------
    first, last : Entry or None
        ``None``: it has no record yet.
    stopped : bool
        Its watch said that it stopped.
    """

    first: Entry | None
    last: Entry | None
    records: int
    closed: bool
    stopped: bool


def ends_at(case: Path, store: CaseStore) -> Ends | CauteryError:
    """Return what the ends of a case say, or why it cannot be read."""
    try:
        if not store.exists(case, LEDGER):
            raise EvidenceError(f"{case / LEDGER}: missing")
        ledger = store.ledger(case, read_only=True)
        try:
            return ends_of(case, ledger, store)
        finally:
            ledger.close()
    except CauteryError as error:
        return error


def ends_of(case: Path, ledger: CaseLedger, store: CaseStore) -> Ends:
    """Return what the ends of an open ledger say."""
    size, closed = ledger.size(), store.exists(case, NOTE)
    ends = ledger.pick((0, size - 1)) if size else ()
    return Ends(
        first=ends[0] if ends else None,
        last=ends[-1] if ends else None,
        records=size,
        closed=closed,
        stopped=not closed and _has_stopped(ledger),
    )


def _has_stopped(ledger: CaseLedger) -> bool:
    size = ledger.size()
    begins = {kind_of_type(WatchStarted), kind_of_type(WatchResumed)}
    with contextlib.suppress(EvidenceError):  # a broken record says nothing of the watch
        for entry in reversed(ledger.pick(range(max(0, size - _LAST_LOOKED_AT), size))):
            if entry.record.kind in begins:
                return False
            if isinstance(entry.content, WatchStopped):
                return True
    return False
