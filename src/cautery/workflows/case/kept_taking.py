"""Bring the lists of a case up to its ledger, in transactions that several processes share."""

from __future__ import annotations

from itertools import islice

from cautery.errors import EvidenceError
from cautery.evidence.merkle import Frontier
from cautery.evidence.ports import CaseLedger
from cautery.model import Entry
from cautery.projections.kept import TILE, KeptLists, SpoiltListsError, Standing
from cautery.workflows.case.kept_proofs import hashes_of

_BATCH = 5_000
"""Records that are taken up in one transaction: of 400 bytes, 2 MB in memory."""


class Taking:
    """Takes records up. One thread at a time calls it."""

    def __init__(self, ledger: CaseLedger, lists: KeptLists) -> None:
        self._ledger, self._lists = ledger, lists
        self._heard: tuple[Standing, Entry] | None = None

    def catch_up(self, most: int | None) -> int:
        """Take up the records that came since, or ``most`` of them; return how many there are now.

        Raises
        ------
        SpoiltListsError
            If the ledger has another past than the lists.
        CauteryError
            If ledger or lists cannot be read.
        """
        standing = self._lists.standing()
        self._check_past(standing)
        entries = self._ledger.read(since=standing.size)
        left = most
        while left is None or left > 0:
            batch = list(islice(entries, _BATCH if left is None else min(_BATCH, left)))
            if not batch:
                break
            if batch[0].index != standing.size:
                raise EvidenceError(f"record {standing.size} is missing in the ledger")
            if left is not None:
                left -= len(batch)
            if self._lists.take(batch, since=standing):
                standing, _ = standing.after(batch)
                self._heard = standing, batch[-1]
            else:  # another process keeps the same lists, and was faster
                standing = self._lists.standing()
                self._check_past(standing)
                entries = self._ledger.read(since=standing.size)
        return standing.size

    def _check_past(self, standing: Standing) -> None:
        """Raise unless the ledger still ends its past as the lists heard it.

        A case that was restored from an older copy, or another case in its place, has another past.
        """
        if self._heard is not None and self._heard[0] == standing:
            # What this process took up itself needs no more than a look at its last record.
            if self._ledger.pick([self._heard[1].index]) != (self._heard[1],):
                raise SpoiltListsError("the ledger has another past")
            return
        first = standing.tiles.size * TILE
        last = self._ledger.pick([standing.size - 1]) if standing.size else ()
        if Frontier().extend(hashes_of(self._ledger, first, standing.size)) != standing.rest:
            raise SpoiltListsError("the ledger has another past")
        if standing.tiles.size:
            root = Frontier().extend(hashes_of(self._ledger, first - TILE, first)).root()
            if self._lists.tiles(standing.tiles.size - 1, standing.tiles.size) != [root]:
                raise SpoiltListsError("the ledger has another past")
        self._heard = (standing, last[0]) if last else None
