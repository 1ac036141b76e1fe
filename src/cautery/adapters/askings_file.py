"""Questions for persons over cases, each with its name, sealed until it is answered: a SQLite file.

Reaches: the folder of the people of a room, which its owner alone may enter.
Lawful basis: Directive (EU) 2016/680, art. 4, 8 and 25: a name is kept until it was compared, for a
day at most.
Manners: a name is overwritten with its answer; what stays names accounts by id.
Format: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_secure_delete.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from cautery.adapters._files import PRIVATE
from cautery.adapters._key_files import private_folder
from cautery.errors import EvidenceError, StorageError
from cautery.model import Regime
from cautery.model.asking import Asking, AskingState

NAME = "askings.sqlite"
_WAIT_S = 5.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TABLE = (
    "CREATE TABLE askings (id TEXT PRIMARY KEY, by TEXT NOT NULL, why TEXT NOT NULL,"
    " regime TEXT NOT NULL, asked INTEGER NOT NULL, state TEXT NOT NULL, second TEXT NOT NULL,"
    " hit INTEGER, cases INTEGER NOT NULL, silent INTEGER NOT NULL, sealed BLOB) STRICT"
)
_COLUMNS = "id, by, why, regime, asked, state, second, hit, cases, silent"
_OPEN = "state IN ('asked', 'agreed')"


class AskingsFile:
    """Questions of a room (port :class:`~cautery.workflows.people.ports.Askings`).

    Parameters
    ----------
    folder : Path
        Of the people.

    Raises
    ------
    StorageError
        If it cannot be made or opened.
    EvidenceError
        If the file is no such file.
    """

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self._path, self._lock = folder / NAME, RLock()
        with self._failures():
            self._path.touch(PRIVATE)
            self._connection = sqlite3.connect(
                self._path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
            # Without a write-ahead log: what is overwritten must not stay in one.
            for pragma in ("journal_mode=DELETE", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute("BEGIN IMMEDIATE")
            rows = self._connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")
            tables = [sql for (sql,) in rows]
            if not tables:
                self._connection.execute(_TABLE)
            self._connection.execute("COMMIT")
        if tables not in ([], [_TABLE]):
            self._connection.close()
            raise EvidenceError(f"{self._path}: these are not the questions of an operations room")

    def add(self, asking: Asking, sealed: bytes) -> None:
        """Write a new question with its sealed name."""
        self._write(
            f"INSERT INTO askings ({_COLUMNS}, sealed)"  # noqa: S608 - our own words
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            asking.id,
            asking.by,
            asking.why,
            asking.regime.value,
            (asking.asked_at - _EPOCH) // _MICROSECOND,
            asking.state.value,
            asking.second,
            None,
            0,
            0,
            sealed,
        )

    def get(self, id: str) -> Asking | None:
        """Return a question."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM askings WHERE id = ?", id)  # noqa: S608
        return _asking(rows[0]) if rows else None

    def newest(self, most: int) -> Sequence[Asking]:
        """Return the newest questions."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM askings ORDER BY asked DESC, rowid DESC LIMIT ?",  # noqa: S608
            most,
        )
        return [_asking(row) for row in rows]

    def count(self, since: datetime, *, by: str = "") -> int:
        """Return how many were asked since a time, by one account or by all."""
        rows = self._rows(
            "SELECT count(*) FROM askings WHERE asked > ?1 AND (?2 = '' OR by = ?2)",
            (since - _EPOCH) // _MICROSECOND,
            by,
        )
        return int(rows[0][0])

    def sealed(self, id: str) -> bytes | None:
        """Return the sealed name of a question that somebody agreed to."""
        rows = self._rows("SELECT sealed FROM askings WHERE id = ? AND state = 'agreed'", id)
        return rows[0][0] if rows else None

    def second(self, id: str, *, by: str, state: AskingState) -> bool:
        """Note what a second person says; tell whether the question still waited for one."""
        kept = state is AskingState.AGREED
        return self._write(
            "UPDATE askings SET state = ?, second = ?, sealed = CASE WHEN ? THEN sealed END"
            " WHERE id = ? AND state = 'asked' AND by <> ?",
            state.value,
            by,
            kept,
            id,
            by,
        )

    def answer(self, id: str, *, hit: bool, asked_cases: int, silent_cases: int) -> bool:
        """Note the answer and overwrite the name; tell whether it still waited for one."""
        return self._write(
            "UPDATE askings SET state = 'answered', hit = ?, cases = ?, silent = ?, sealed = NULL"
            " WHERE id = ? AND state = 'agreed'",
            hit,
            asked_cases,
            silent_cases,
            id,
        )

    def lapse(self, before: datetime) -> None:
        """Overwrite the names of questions that were asked before a time and not answered."""
        self._write(
            f"UPDATE askings SET state = 'lapsed', sealed = NULL WHERE asked < ? AND {_OPEN}",  # noqa: S608
            (before - _EPOCH) // _MICROSECOND,
        )

    def drop(self, id: str) -> bool:
        """Let a question lapse and overwrite its name; tell whether it was open."""
        return self._write(
            f"UPDATE askings SET state = 'lapsed', sealed = NULL WHERE id = ? AND {_OPEN}",  # noqa: S608
            id,
        )

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._lock, self._failures():
            return self._connection.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: Any) -> bool:
        with self._lock, self._failures():
            return self._connection.execute(statement, values).rowcount == 1

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self._path}: {error}", hint="") from error


def _asking(row: Sequence[Any]) -> Asking:
    return Asking(
        id=row[0],
        by=row[1],
        why=row[2],
        regime=Regime(row[3]),
        asked_at=_EPOCH + row[4] * _MICROSECOND,
        state=AskingState(row[5]),
        second=row[6],
        hit=None if row[7] is None else bool(row[7]),
        asked_cases=row[8],
        silent_cases=row[9],
    )
