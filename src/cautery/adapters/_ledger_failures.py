"""What a database says when it fails, in the words of who analyses a case.

Reaches nothing itself; for :mod:`cautery.adapters.ledger_sql`, on whose lawful basis and with
whose manners. Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from cautery.adapters._servers import is_of_psycopg
from cautery.errors import EvidenceError, StorageError

_AGAIN = "Run the command again when the database answers: it continues where it stopped."


@contextlib.contextmanager
def failures(name: str, what: str) -> Iterator[None]:
    """Raise a :class:`~cautery.errors.CauteryError` for an error of the database.

    Parameters
    ----------
    name : str
        Of the ledger.
    what : str
        What is done with it, as a verb: ``read``, ``append to``.

    Raises
    ------
    EvidenceError
        If the database is malformed, or holds what no ledger does.
    StorageError
        If it cannot be reached, read or written.
    """
    try:
        yield
    except (UnicodeDecodeError, OverflowError) as error:
        raise EvidenceError(f"{name}: cannot {what} it: {error}") from error
    except Exception as error:
        if not _is_of_database(error):
            raise
        message = f"{name}: cannot {what} it: {' '.join(str(error).split())}"
        # Exactly DatabaseError: SQLite says it of files that are malformed or no database;
        # DataError: a value is longer than any that Cautery writes. Interrupted: this process did
        # it.
        interrupted = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
        if interrupted or type(error) in {sqlite3.DatabaseError, sqlite3.DataError}:
            raise EvidenceError(message) from error
        is_gone = is_of_psycopg(error, "OperationalError") and not is_of_psycopg(error, "DiskFull")
        raise StorageError(message, hint=_AGAIN if is_gone else None) from error


def _is_of_database(error: Exception) -> bool:
    """Tell whether SQLite or psycopg, which is loaded only where it is used, raised this."""
    return isinstance(error, sqlite3.Error) or is_of_psycopg(error, "Error")
