"""The ledger of a case of an organisation, which is closed as a file that anybody can read.

Reaches: its schema of the database, and a temporary folder while the case is closed.
Lawful basis: the mandate's.
Manners: those of :mod:`cautery.adapters.ledger_sql`.
Format: docs/reference/server-format.md; the file is that of docs/reference/case-format.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from cautery.adapters._ledger_postgresql import LedgerPlace
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.manifest import LEDGER

_PIECE_BYTES = 1 << 20


class ServerLedger(SqlLedger):
    """A ledger in a schema of its own.

    Parameters
    ----------
    keep : callable
        Stores the ledger as one file, which is given piece by piece.
    """

    def __init__(
        self,
        place: LedgerPlace,
        *,
        read_only: bool = False,
        keep: Callable[[Iterator[bytes]], None],
    ) -> None:
        super().__init__(place, read_only=read_only)
        self._keep = keep

    def settle(self) -> None:
        """Leave a copy as one plain file of SQLite, and close.

        The manifest lists it: a closed case is handed over, moved and checked as a folder is.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with tempfile.TemporaryDirectory(prefix="cautery-ledger-") as folder:
            file = Path(folder) / LEDGER
            copy = SqlLedger.at(file)
            copy_ledger(self, copy)
            copy.settle()
            self._keep(_pieces_of(file))
        super().settle()


def copy_ledger(source: SqlLedger, target: SqlLedger) -> None:
    """Copy what a copy lacks; who was killed before goes on where it stopped.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    target.take(source.leaves(since=target.size()), source.filed_checkpoints())


@contextlib.contextmanager
def signed_file(pieces: Iterable[bytes], digest: str, name: Path) -> Iterator[SqlLedger]:
    """Lend a ledger that is kept as one file, from a private copy of it.

    Raises
    ------
    EvidenceError
        If the file has another SHA-256.
    StorageError
        If it cannot be copied.
    """
    with tempfile.TemporaryDirectory(prefix="cautery-ledger-") as folder:
        file, digest_seen = Path(folder) / LEDGER, hashlib.sha256()
        try:
            with file.open("xb") as copy:
                for piece in pieces:
                    digest_seen.update(piece)
                    copy.write(piece)
        except OSError as error:
            raise StorageError(f"{file}: {error.strerror or error}") from error
        if digest_seen.hexdigest() != digest:
            raise EvidenceError(f"{name}: changed: its digest differs from the signed digest")
        ledger = SqlLedger.at(file, read_only=True, immutable=True)
        try:
            yield ledger
        finally:
            ledger.close()


def require_same_rows(signed: SqlLedger, tables: SqlLedger, name: Path) -> None:
    """Compare the tables of a closed case with the file that was signed.

    Raises
    ------
    EvidenceError
        If a record or a checkpoint of one of the two is not in the other.
    """
    for what, own_rows, signed_rows in (
        ("record", signed.leaves(), tables.leaves()),
        ("checkpoint", signed.filed_checkpoints(), tables.filed_checkpoints()),
    ):
        for number, (row, stored) in enumerate(zip_longest(own_rows, signed_rows)):
            if row != stored:
                raise EvidenceError(
                    f"{name}: {what} {number} in the database is not that of the signed file"
                )


def _pieces_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece
