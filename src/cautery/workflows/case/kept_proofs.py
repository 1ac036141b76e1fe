"""Prove one record of a large ledger by its own tile and the kept roots of the others.

A tile is 256 records below one node of the ledger's tree, so the path inside it and the path of its
root among the roots of all tiles are one path of the whole tree (RFC 9162, section 2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cautery.errors import EvidenceError, InputError
from cautery.evidence.merkle import (
    Frontier,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_inclusion,
)
from cautery.evidence.note import NoteVerifier, open_checkpoint
from cautery.evidence.ports import CaseLedger
from cautery.model import Checkpoint, Entry
from cautery.projections.kept import TILE, KeptLists, SpoiltListsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """That a record is in the ledger under a root that the key of the case signed.

    Parameters
    ----------
    checkpoint : Checkpoint
        The newest signed root; it covers the record.
    path : tuple of bytes
        Its audit path, nearest sibling first (RFC 9162, section 2.1.3.1); it was checked.
    """

    entry: Entry
    checkpoint: Checkpoint
    path: tuple[bytes, ...]


class Proofs:
    """Keeps the nodes above the tiles, so that each is hashed once: 0.3 MB for 10^6 records."""

    def __init__(self, ledger: CaseLedger, lists: KeptLists) -> None:
        self._ledger = ledger
        self._lists = lists
        self._past = 0
        self._tiles: list[bytes] = []
        self._nodes: dict[tuple[int, int], bytes] = {}

    def proven(self, record: int, checkpoint: Checkpoint, *, past: int) -> Proven:
        """Return the proof of a record.

        Parameters
        ----------
        past : int
            How often the lists were thrown away: what was kept before is forgotten.

        Raises
        ------
        SpoiltListsError
            If lists and ledger do not prove it.
        """
        if past != self._past:
            self._past = past
            self._tiles.clear()
            self._nodes.clear()
        size, tile = checkpoint.size, record // TILE
        whole = size // TILE
        self._tiles += self._lists.tiles(len(self._tiles), whole)
        last = Frontier().extend(hashes_of(self._ledger, whole * TILE, size)).root()
        (entry,) = self._ledger.pick([record])
        try:
            inside = inclusion_proof(
                hashes_of(self._ledger, tile * TILE, min((tile + 1) * TILE, size)), record % TILE
            )
            path = (*inside, *self._above(tile, whole, size, last))
            verify_inclusion(
                leaf_hash(entry.leaf), index=record, size=size, proof=path, root=checkpoint.root
            )
        except (EvidenceError, InputError, IndexError) as error:
            raise SpoiltListsError(str(error)) from error
        return Proven(entry=entry, checkpoint=checkpoint, path=path)

    def _above(self, tile: int, whole: int, size: int, last: bytes) -> Sequence[bytes]:
        """Return the path of a tile among the roots of all, nearest sibling first.

        Parameters
        ----------
        whole : int
            How many tiles are complete.
        last : bytes
            The root of the records after them.
        """

        def node(start: int, end: int) -> bytes:
            if end - start == 1:
                return last if start == whole else self._tiles[start]
            known = self._nodes.get((start, end))
            if known is None:
                middle = start + _split(end - start)
                known = node_hash(node(start, middle), node(middle, end))
                if end <= whole:  # what lies right of that changes with each record
                    self._nodes[start, end] = known
            return known

        path: list[bytes] = []
        start, end = 0, -(-size // TILE)
        while end - start > 1:
            middle = start + _split(end - start)
            if tile < middle:
                path.append(node(middle, end))
                end = middle
            else:
                path.append(node(start, middle))
                start = middle
        return path[::-1]


def hashes_of(ledger: CaseLedger, since: int, until: int) -> list[bytes]:
    """Return the leaf hashes of some records; fewer, if the ledger has not so many."""
    return [leaf_hash(leaf) for _, _, leaf in ledger.leaves(since=since, until=until)]


def covering(ledger: CaseLedger, record: int, verifier: NoteVerifier | None) -> Checkpoint:
    """Return the newest signed root, which must cover a record.

    Raises
    ------
    InputError
        If it does not, or there is none.
    EvidenceError
        If it is not signed by the key of the case.
    """
    note = None if verifier is None else ledger.newest_checkpoint()
    if note is None or verifier is None:
        raise InputError("no root of this case is signed yet", hint="")
    checkpoint = open_checkpoint(note, verifier)
    if checkpoint.size <= record:
        raise InputError(
            f"record {record} is newer than the last signed root, which covers "
            f"{checkpoint.size} records",
            hint="A watch signs a root every few seconds.",
        )
    return checkpoint


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
