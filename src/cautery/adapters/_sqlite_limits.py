"""Connections to SQLite files that others may have written, with bounds on what a question costs.

Pages of a file that was made to hurt name each other, so that a table of 40 kB never ends.
Reaches the file that it is given, on the lawful basis and as politely as who asks.
Format: sqlite.org/fileformat.html, sqlite.org/security.html.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

SCHEMA_CPU_S = 1.0
"""To open a file and read what tables it has takes a thousandth of it, however large it is."""
_CPU_S_PER_MB = 1.0
"""The proof of an index takes a second in 100 MB."""


class Limited(sqlite3.Connection):
    """A connection the questions of which end when they have taken what they may."""

    _until_s = 0.0

    def allow(self, seconds: float) -> None:
        """Let the next questions of this thread take so much CPU time.

        On a busy machine wall time would end an honest question.
        """
        self._until_s = time.thread_time() + seconds

    def spent(self) -> bool:
        """Tell whether that is spent."""
        return time.thread_time() > self._until_s


def connected(uri: str, *, steps: int, longest: int, wait_s: float = 5.0) -> Limited:
    """Connect to a file, which may take :data:`SCHEMA_CPU_S` until more is allowed.

    Parameters
    ----------
    uri : str
        Of the file (sqlite.org/uri.html).
    steps : int
        Of SQLite's machine between two looks at what a question has cost.
    longest : int
        Bytes of a value: a file from elsewhere may claim more.
    wait_s : float
        How long to wait for other processes.
    """
    connection: Limited = sqlite3.connect(
        uri,
        uri=True,
        timeout=wait_s,
        isolation_level=None,
        check_same_thread=False,
        factory=Limited,
    )
    try:
        connection.allow(SCHEMA_CPU_S)
        connection.set_progress_handler(connection.spent, steps)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
        # Off, a file from elsewhere cannot call functions through its schema.
        connection.execute("PRAGMA trusted_schema=OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def cpu_s(path: Path, *, least: float) -> float:
    """Return the CPU time that one question to a file may take.

    It goes by what the file takes on disk: a hole that makes it long costs nobody anything.

    Raises
    ------
    OSError
        If it is not there.
    """
    status = path.stat()
    return least + _CPU_S_PER_MB * min(status.st_size, 512 * status.st_blocks) / 1e6
