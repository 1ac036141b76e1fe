"""Accounts of the operations room, with their passkeys and sessions: one SQLite file.

Reaches: one folder, which its owner alone may enter.
Lawful basis: GDPR art. 32 and Directive (EU) 2016/680, art. 29: who may reach the data is known.
Manners: passwords, one-time words and sessions are kept as hashes; what is erased is overwritten.
Format: sqlite.org/wal.html; a password as argon2 writes it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from cautery.adapters._files import PRIVATE
from cautery.adapters._key_files import private_folder
from cautery.adapters._people_tables import (
    LATER,
    TABLES,
    account_of,
    identity_of,
    number_of,
    passkey_of,
    row_of,
    session_of,
)
from cautery.errors import ConflictError, EvidenceError, StorageError
from cautery.model.account import Account, Passkey, Session
from cautery.model.identity import Identity

NAME = "people.sqlite"
_WAIT_S = 5.0
_CHALLENGE_KEPT = timedelta(hours=1)
_END_ALL = "UPDATE sessions SET ended = ? WHERE account = ? AND digest <> ? AND ended = ''"
_STILL = "EXISTS (SELECT 1 FROM accounts WHERE id = ? AND era = ?)"
"""What was judged of an account holds until its era ends: a password or a word has replaced it."""
_PASSKEYS = "SELECT passkeys.*, origin FROM passkeys LEFT JOIN approving ON passkey = id"


class PeopleFile:
    """The accounts of a room (port :class:`~cautery.workflows.people.ports.People`).

    Parameters
    ----------
    folder : Path
        Of the people; it is made if it is absent.

    Raises
    ------
    InputError
        If others may enter it.
    StorageError
        If it cannot be made or opened.
    EvidenceError
        If the file is no such file.
    """

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self._path = folder / NAME
        self._lock = RLock()
        with self._failures():
            self._path.touch(PRIVATE)
            self._connection = sqlite3.connect(
                self._path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                tables = dict(
                    self._connection.execute(
                        "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"
                    )
                )
                missing = TABLES if not tables else TABLES.keys() & LATER - tables.keys()
                for name in missing:
                    self._connection.execute(TABLES[name])
                    tables[name] = TABLES[name]
        if tables != TABLES:
            self._connection.close()
            raise EvidenceError(f"{self._path}: these are not the accounts of an operations room")

    def any(self) -> bool:
        """Tell whether there is an account."""
        return bool(self._rows("SELECT 1 FROM accounts LIMIT 1"))

    def accounts(self) -> Sequence[Account]:
        """Return all accounts, by name."""
        return [account_of(row) for row in self._rows("SELECT * FROM accounts ORDER BY name")]

    def by_id(self, id: str) -> Account | None:
        """Return an account by its id."""
        rows = self._rows("SELECT * FROM accounts WHERE id = ?", id)
        return account_of(rows[0]) if rows else None

    def by_name(self, name: str) -> Account | None:
        """Return an account by its name."""
        rows = self._rows("SELECT * FROM accounts WHERE name = ?", name)
        return account_of(rows[0]) if rows else None

    def add(self, account: Account) -> None:
        """Write a new account.

        Raises
        ------
        ConflictError
            If another one has its name.
        StorageError
            If it cannot be written.
        """
        try:
            self._write("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row_of(account))
        except sqlite3.IntegrityError as error:
            raise ConflictError("There is an account of this name.") from error

    def change(self, before: Account, after: Account, *, but: str = "") -> bool:
        """Change an account, unless it is not as before any more; tell whether it was.

        With a new era all its sessions end, but for one by its digest; where no password is left,
        its passkeys and identities go as well. All of it is written, or nothing.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._lock, self._failures(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            changed = self._connection.execute(
                "UPDATE accounts SET id = ?, name = ?, roles = ?, cases = ?, why = ?, made = ?,"
                " password = ?, era = ? WHERE id = ? AND name = ? AND roles = ? AND cases IS ?"
                " AND why = ? AND made = ? AND password = ? AND era = ?",
                (*row_of(after), *row_of(before)),
            ).rowcount
            if changed and after.era != before.era:
                self._connection.execute(_END_ALL, ("out", after.id, but))
                if not after.password:
                    for erased in (
                        "DELETE FROM passkeys WHERE account = ?",
                        "DELETE FROM identities WHERE account = ?",
                        "DELETE FROM unbound WHERE account = ?",
                    ):
                        self._connection.execute(erased, (after.id,))
        return changed == 1

    def erase(self, account: Account) -> bool:
        """Erase an account with all that belongs to it, from the file and from its log.

        Tell whether it was there with these roles.
        """
        roles = json.dumps(sorted(account.roles))
        statement = "DELETE FROM accounts WHERE id = ? AND roles = ?"
        erased = self._write(statement, account.id, roles) == 1
        with self._lock, contextlib.suppress(sqlite3.Error):  # a reader keeps it for a moment
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    def invite(self, id: str, digest: str, until: datetime) -> None:
        """Keep the digest of an account's one-time word."""
        self._write(
            "INSERT OR REPLACE INTO words (account, digest, until) VALUES (?, ?, ?)",
            id,
            digest,
            number_of(until),
        )

    def take_invitation(self, id: str, digest: str, now: datetime) -> bool:
        """Use a one-time word up; tell whether it was one."""
        statement = "DELETE FROM words WHERE account = ? AND digest = ? AND until > ?"
        return self._write(statement, id, digest, number_of(now)) == 1

    def passkeys(self, account: str) -> Sequence[Passkey]:
        """Return the passkeys of an account."""
        statement = f"{_PASSKEYS} WHERE account = ? ORDER BY made"
        return [passkey_of(row) for row in self._rows(statement, account)]

    def passkey(self, id: bytes) -> Passkey | None:
        """Return a passkey by its id."""
        rows = self._rows(f"{_PASSKEYS} WHERE id = ?", id)
        return passkey_of(rows[0]) if rows else None

    def add_passkey(self, passkey: Passkey, *, era: int) -> None:
        """Write a new passkey of an account that still has this era.

        Raises
        ------
        ConflictError
            If it has not, or the passkey is known already.
        """
        count = self._write(
            f"INSERT INTO passkeys SELECT ?, ?, ?, ?, ?, ? WHERE {_STILL} ON CONFLICT DO NOTHING",
            passkey.id,
            passkey.account,
            passkey.key,
            passkey.count,
            passkey.name,
            number_of(passkey.made_at),
            passkey.account,
            era,
        )
        if count != 1:
            raise ConflictError("This passkey is known already, or the login was ended meanwhile.")
        if passkey.approves_at:
            self._write(
                "INSERT OR IGNORE INTO approving VALUES (?, ?)", passkey.id, passkey.approves_at
            )

    def count_passkey(self, id: bytes, count: int) -> bool:
        """Note how often a passkey has signed; tell whether it is still there."""
        return self._write("UPDATE passkeys SET count = ? WHERE id = ?", count, id) == 1

    def drop_passkey(self, account: str, id: bytes) -> bool:
        """Erase a passkey of an account; tell whether there was one."""
        return self._write("DELETE FROM passkeys WHERE account = ? AND id = ?", account, id) == 1

    def identities(self, account: str) -> Sequence[Identity]:
        """Return who an account is at identity providers."""
        statement = "SELECT * FROM identities WHERE account = ? ORDER BY made"
        return [identity_of(row) for row in self._rows(statement, account)]

    def identity(self, issuer: str, subject: str) -> Identity | None:
        """Return whose account a subject of an identity provider is bound to."""
        statement = "SELECT * FROM identities WHERE issuer = ? AND subject = ?"
        rows = self._rows(statement, issuer, subject)
        return identity_of(rows[0]) if rows else None

    def add_identity(self, identity: Identity) -> None:
        """Bind a subject of an identity provider to an account.

        Raises
        ------
        ConflictError
            If it is bound already, or the account has another one there.
        """
        try:
            self._write(
                "INSERT INTO identities VALUES (?, ?, ?, ?)",
                identity.issuer,
                identity.subject,
                identity.account,
                number_of(identity.made_at),
            )
        except sqlite3.IntegrityError as error:
            raise ConflictError("This subject, or this account there, is bound already.") from error

    def drop_identities(self, account: str) -> int:
        """Erase the identities of an account; if it had any, its era and all sessions end.

        That it had some stays known until a new one-time word.
        """
        with self._lock, self._failures(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            count = self._connection.execute(
                "DELETE FROM identities WHERE account = ?", (account,)
            ).rowcount
            if count:
                self._connection.execute("INSERT OR IGNORE INTO unbound VALUES (?)", (account,))
                self._connection.execute(
                    "UPDATE accounts SET era = era + 1 WHERE id = ?", (account,)
                )
                self._connection.execute(_END_ALL, ("out", account, ""))
        return count

    def was_bound(self, account: str) -> bool:
        """Tell whether an account has lost its identities, and had no new one-time word since."""
        return bool(self._rows("SELECT 1 FROM unbound WHERE account = ?", account))

    def use_up(self, challenge: bytes, now: datetime) -> bool:
        """Note that a challenge was answered; tell whether this is the first time."""
        old = number_of(now - _CHALLENGE_KEPT)
        self._write("DELETE FROM challenges WHERE at < ?", old)
        statement = "INSERT OR IGNORE INTO challenges (challenge, at) VALUES (?, ?)"
        return self._write(statement, challenge, number_of(now)) == 1

    def session(self, digest: str) -> Session | None:
        """Return a session."""
        rows = self._rows("SELECT * FROM sessions WHERE digest = ?", digest)
        return session_of(rows[0]) if rows else None

    def sessions(self, account: str) -> Sequence[Session]:
        """Return the sessions of an account, newest first."""
        statement = "SELECT * FROM sessions WHERE account = ? ORDER BY born DESC"
        return [session_of(row) for row in self._rows(statement, account)]

    def begin_session(self, session: Session, *, era: int) -> bool:
        """Write a new session of an account; tell whether it still had this era."""
        count = self._write(
            f"INSERT INTO sessions SELECT ?, ?, ?, ?, ?, ? WHERE {_STILL}",
            session.digest,
            session.account,
            session.whence,
            number_of(session.born_at),
            number_of(session.seen_at),
            session.ended,
            session.account,
            era,
        )
        return count == 1

    def end_session(self, digest: str, why: str) -> None:
        """End a session, if it has not ended."""
        self._write("UPDATE sessions SET ended = ? WHERE digest = ? AND ended = ''", why, digest)

    def seen(self, digest: str, now: datetime) -> None:
        """Note that a session was used; nothing is lost if this is not written."""
        statement = "UPDATE sessions SET seen = ? WHERE digest = ? AND ended = ''"
        with contextlib.suppress(StorageError):
            self._write(statement, number_of(now), digest)

    def end_sessions(self, account: str, why: str, *, but: str = "") -> int:
        """End the sessions of an account, but for one; return how many there were."""
        return self._write(_END_ALL, why, account, but)

    def forget_sessions(self, before: datetime) -> None:
        """Erase the sessions that began before a time."""
        self._write("DELETE FROM sessions WHERE born < ?", number_of(before))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._failures():
            return self._connection.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: Any) -> int:
        with self._lock, self._failures():
            return self._connection.execute(statement, values).rowcount

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            if type(error) is sqlite3.DatabaseError:  # exactly: it is malformed, or no database
                raise EvidenceError(f"{self._path}: {error}") from error
            raise StorageError(f"{self._path}: {error}") from error
