"""The ledger of a case of an organisation, which is closed as a file that anybody can read.

Reaches: its schema of the database, and a temporary folder while the case is closed.
Lawful basis: the mandate's.
Manners: those of :mod:`cautery.adapters.ledger_sql`.
Format: docs/reference/server-format.md; the file is that of docs/reference/case-format.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from cautery.adapters._ledger_postgresql import LedgerPlace
from cautery.adapters.ledger_sql import SqlLedger
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


def _pieces_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece
