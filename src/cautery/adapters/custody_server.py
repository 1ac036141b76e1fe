"""The chain of custody of a case of an organisation: a table to which lines are only added.

Reaches: the database of :mod:`cautery.adapters.case_server`.
Lawful basis: an exhibit without its chain of custody is worth little to a court (ISO/IEC 27037).
Manners: nothing is rewritten.
Format: the lines of :mod:`cautery.adapters.custody_file`, each a row.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cautery.adapters.case_server import ServerStore
from cautery.errors import EvidenceError
from cautery.evidence.custody import CustodyLine, read_chain


def read_custody(store: ServerStore, case: Path) -> tuple[CustodyLine, ...]:
    """Return the chain of a case, oldest first; empty: nothing was done with it.

    Raises
    ------
    EvidenceError
        If it is broken.
    """
    number = store.row(case).id
    with store.transaction("read") as connection:
        return _chain(case, connection, number)


def add_to_custody(
    store: ServerStore, case: Path, make: Callable[[tuple[CustodyLine, ...]], CustodyLine]
) -> None:
    """Add one line to the chain of a case.

    Parameters
    ----------
    make : callable
        Returns the line that follows the chain as it is.

    Raises
    ------
    EvidenceError
        If the chain is broken: nothing is added to it.
    StorageError
        If it cannot be written; it is then as it was.
    """
    number = store.row(case).id
    with store.transaction("write to") as connection:
        # Another process may add a line at the same time.
        connection.execute("SELECT 1 FROM cautery.cases WHERE id = %s FOR UPDATE", [number])
        chain = _chain(case, connection, number)
        connection.execute(
            "INSERT INTO cautery.custody (case_id, number, line) VALUES (%s, %s, %s)",
            [number, len(chain), make(chain).text()],
        )


def _chain(case: Path, connection: Any, number: str) -> tuple[CustodyLine, ...]:
    rows = connection.execute(
        "SELECT line FROM cautery.custody WHERE case_id = %s ORDER BY number", [number]
    ).fetchall()
    try:
        return read_chain(b"".join(bytes(line) + b"\n" for (line,) in rows))
    except EvidenceError as error:
        raise EvidenceError(f"{case}: its chain of custody: {error}") from error
