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
from cautery.adapters.custody_file import require_room
from cautery.errors import EvidenceError, StorageError
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
        row = connection.execute(
            "SELECT state FROM cautery.cases WHERE id = %s FOR UPDATE", [number]
        ).fetchone()
        if row is None or row[0] == "leaving":
            raise StorageError(
                f"{case}: this case is being moved away",
                hint="Wait until it lies in its new place, and do it there.",
            )
        chain = _chain(case, connection, number)
        line = make(chain).text()
        (size,) = connection.execute(
            "SELECT COALESCE(sum(length(line) + 1), 0) FROM cautery.custody WHERE case_id = %s",
            [number],
        ).fetchone()
        require_room(case, int(size) + len(line) + 1)
        connection.execute(
            "INSERT INTO cautery.custody (case_id, number, line) VALUES (%s, %s, %s)",
            [number, len(chain), line],
        )


def _chain(case: Path, connection: Any, number: str) -> tuple[CustodyLine, ...]:
    rows = connection.execute(
        "SELECT line FROM cautery.custody WHERE case_id = %s ORDER BY number", [number]
    ).fetchall()
    try:
        return read_chain(b"".join(bytes(line) + b"\n" for (line,) in rows))
    except EvidenceError as error:
        raise EvidenceError(f"{case}: its chain of custody: {error}") from error
