"""Records of acts, kept as they were read: a board asks for the same ones again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock

from cautery.evidence.ports import CaseLedger
from cautery.model import Entry

_MOST = 512
"""A board of 45 acts and their signatures, several times. Judgement."""


class ActsRead:
    """The newest records of acts that were read from one ledger. Safe for threads."""

    def __init__(self, ledger: CaseLedger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._kept: OrderedDict[int, Entry] = OrderedDict()
        self._past = 0

    def entries(self, records: Iterable[int], *, past: int) -> Mapping[int, Entry]:
        """Return records by their numbers; one that there is not is left out.

        Parameters
        ----------
        past : int
            Changes where the ledger may have another past: then all are read anew.
        """
        numbers = set(records)
        with self._lock:
            if self._past != past:
                self._kept.clear()
                self._past = past
            entries = {number: self._kept[number] for number in numbers if number in self._kept}
        for entry in self._ledger.pick(sorted(numbers - entries.keys())):
            entries[entry.index] = entry
        with self._lock:
            for number in sorted(entries):
                self._kept[number] = entries[number]
                self._kept.move_to_end(number)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return entries
