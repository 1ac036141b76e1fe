"""Accounts of the operations room, with their passkeys and sessions: statements of SQL.

Reaches: what the database below it reaches.
Lawful basis: GDPR art. 32 and Directive (EU) 2016/680, art. 29: who may reach the data is known.
Manners: passwords, one-time words and sessions are kept as hashes.
Format: statements that SQLite and PostgreSQL understand alike; a password as argon2 writes it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from cautery.adapters._people_tables import (
    COLUMNS,
    account_of,
    identity_of,
    number_of,
    passkey_of,
    row_of,
    session_of,
)
from cautery.errors import ConflictError, StorageError
from cautery.model.account import Account, Passkey, Session
from cautery.model.identity import Identity

Do = Callable[..., Any]
"""Executes a statement with its values; returns a cursor."""
_CHALLENGE_KEPT = timedelta(hours=1)
_END_ALL = "UPDATE sessions SET ended = ? WHERE account = ? AND digest <> ? AND ended = ''"
_CHANGE = (
    "UPDATE accounts SET id = ?, name = ?, roles = ?, cases = ?, why = ?, made = ?, password = ?,"
    " era = ? WHERE id = ? AND name = ? AND roles = ? AND coalesce(cases, '') = coalesce(?, '')"
    " AND why = ? AND made = ? AND password = ? AND era = ?"
)
_UNBOUND = (
    "INSERT INTO unbound SELECT DISTINCT account FROM identities WHERE account = ?"
    " ON CONFLICT DO NOTHING"
)
_WORD = "SELECT 1 FROM words WHERE account = ? AND digest = ? AND until > ?"
_PASSKEYS = "SELECT passkeys.*, origin FROM passkeys LEFT JOIN approving ON passkey = id"


class PeopleDatabase(Protocol):
    """A database with the tables of accounts. Safe for threads."""

    share: str
    """Ends a query whose rows nobody may change until the transaction ends; empty: nobody can."""
    skip: str
    """Ends a query that leaves out rows that somebody is changing; empty: nobody can be."""

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def writing(self) -> AbstractContextManager[Do]:
        """Lend what executes statements in one transaction: all of it is on disk, or nothing."""

    def forget(self) -> None:
        """Keep nothing of what was erased, as far as the database can."""

    def close(self) -> None:
        """Let go of it."""


class SqlPeople:
    """The accounts of a room (port :class:`~cautery.workflows.people.ports.People`)."""

    def __init__(self, database: PeopleDatabase) -> None:
        self._database = database
        # What was judged of an account holds until its era ends: a password or a word has replaced
        # it. Whoever ends it at this moment waits until what rests on it is written, and ends that.
        self._still = f"FROM accounts WHERE id = ? AND era = ?{database.share}"

    def begin(self) -> None:
        """Have the people of a new room here."""

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
        statement = "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        if self._write(statement, *row_of(account)) != 1:
            raise ConflictError("There is an account of this name.")

    def change(
        self,
        before: Account,
        after: Account,
        *,
        but: str = "",
        word: str | None = None,
        now: datetime | None = None,
    ) -> bool:
        """Change an account, unless it is not as before any more; tell whether it was.

        With a new era all its sessions end, but for one by its digest; where no password is left,
        its passkeys and identities go as well, and that it had identities stays known. All of it
        is written, or nothing.

        Parameters
        ----------
        word : str, optional
            Digest of its one-time word, which is used up with it; with ``now``. Without that word
            nothing is changed.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._database.writing() as do:
            changed = do(
                _CHANGE if word is None else f"{_CHANGE} AND EXISTS ({_WORD})",
                *row_of(after),
                *row_of(before),
                *(() if word is None or now is None else (before.id, word, number_of(now))),
            ).rowcount
            if changed and word is not None:
                do("DELETE FROM words WHERE account = ? AND digest = ?", after.id, word)
            if changed and after.era != before.era:
                do(_END_ALL, "out", after.id, but)
                if not after.password:
                    do("DELETE FROM passkeys WHERE account = ?", after.id)
                    do(_UNBOUND, after.id)
                    do("DELETE FROM identities WHERE account = ?", after.id)
        return bool(changed == 1)

    def erase(self, account: Account) -> bool:
        """Erase an account with all that belongs to it; tell whether it was there with its roles.

        What the database keeps of it besides is forgotten, as far as it can be.
        """
        roles = json.dumps(sorted(account.roles))
        statement = "DELETE FROM accounts WHERE id = ? AND roles = ?"
        erased = self._write(statement, account.id, roles) == 1
        self._database.forget()
        return erased

    def invite(self, id: str, digest: str, until: datetime) -> None:
        """Keep the digest of an account's one-time word."""
        self._write(
            "INSERT INTO words (account, digest, until) VALUES (?, ?, ?) ON CONFLICT (account)"
            " DO UPDATE SET digest = excluded.digest, until = excluded.until",
            id,
            digest,
            number_of(until),
        )

    def is_invited(self, id: str, digest: str, now: datetime) -> bool:
        """Tell whether a digest is that of an account's one-time word."""
        return bool(self._rows(_WORD, id, digest, number_of(now)))

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
        with self._database.writing() as do:
            count = do(
                f"INSERT INTO passkeys SELECT ?, ?, ?, ?, ?, ? {self._still}"
                " ON CONFLICT DO NOTHING",
                passkey.id,
                passkey.account,
                passkey.key,
                passkey.count,
                passkey.name,
                number_of(passkey.made_at),
                passkey.account,
                era,
            ).rowcount
            if count == 1 and passkey.approves_at:
                do("INSERT INTO approving VALUES (?, ?)", passkey.id, passkey.approves_at)
        if count != 1:
            raise ConflictError("This passkey is known already, or the login was ended meanwhile.")

    def count_passkey(self, id: bytes, count: int) -> bool:
        """Note how often a passkey has signed; tell whether it is there and this is more often.

        One that never counts may sign again with 0.
        """
        # At the moment of writing: of a passkey and its copy, that sign at once, one is refused.
        statement = (
            "UPDATE passkeys SET count = ? WHERE id = ? AND (count < ? OR (count = 0 AND ? = 0))"
        )
        return self._write(statement, count, id, count, count) == 1

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

    def add_identity(self, identity: Identity, *, era: int) -> None:
        """Bind a subject of an identity provider to an account that still has this era.

        The era ends, and the account's one-time word is used up.

        Raises
        ------
        ConflictError
            If it has not, or the subject is bound already, or the account has another one there.
        """
        account = identity.account
        with self._database.writing() as do:
            count = do(
                "UPDATE accounts SET era = era + 1 WHERE id = ? AND era = ?", account, era
            ).rowcount
            if count == 1:
                count = do(
                    "INSERT INTO identities VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    identity.issuer,
                    identity.subject,
                    account,
                    number_of(identity.made_at),
                ).rowcount
            if count != 1:
                raise ConflictError(
                    "This subject, or this account there, is bound already, or was changed."
                )
            do("DELETE FROM words WHERE account = ?", account)

    def drop_identities(self, account: str) -> int:
        """Erase the identities of an account; if it had any, its era and all sessions end.

        That it had some stays known.
        """
        with self._database.writing() as do:
            # First, as each change of an account does: two at a time wait in one order.
            do("UPDATE accounts SET era = era WHERE id = ?", account)
            count = do("DELETE FROM identities WHERE account = ?", account).rowcount
            if count:
                do("UPDATE accounts SET era = era + 1 WHERE id = ?", account)
                do("INSERT INTO unbound VALUES (?) ON CONFLICT DO NOTHING", account)
                do(_END_ALL, "out", account, "")
        return int(count)

    def was_bound(self, account: str) -> bool:
        """Tell whether an account has ever lost its identities."""
        return bool(self._rows("SELECT 1 FROM unbound WHERE account = ?", account))

    def use_up(self, challenge: bytes, now: datetime) -> bool:
        """Note that a challenge was answered; tell whether this is the first time."""
        with contextlib.suppress(StorageError):  # the old ones go the next time
            old = number_of(now - _CHALLENGE_KEPT)
            self._write("DELETE FROM challenges WHERE at < ?", old)
        statement = "INSERT INTO challenges (challenge, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._write(statement, challenge, number_of(now)) == 1

    def give_back(self, challenge: bytes) -> None:
        """Note that a challenge was not answered after all."""
        self._write("DELETE FROM challenges WHERE challenge = ?", challenge)

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
            f"INSERT INTO sessions SELECT ?, ?, ?, ?, ?, ? {self._still}",
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
        """Erase the sessions that began before a time; those in use now go the next time."""
        with contextlib.suppress(StorageError):
            self._write(
                "DELETE FROM sessions WHERE digest IN"  # noqa: S608
                f" (SELECT digest FROM sessions WHERE born < ?{self._database.skip})",
                number_of(before),
            )

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows by table, as :func:`fill` takes them."""
        return {table: self._rows(f"SELECT * FROM {table}") for table in COLUMNS}  # noqa: S608

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._database.rows(statement, *values)

    def _write(self, statement: str, *values: Any) -> int:
        with self._database.writing() as do:
            return int(do(statement, *values).rowcount)


def fill(do: Do, everything: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Write rows into empty tables, in a transaction of the caller."""
    for table, columns in COLUMNS.items():
        marks = ", ".join("?" * columns)
        for row in everything.get(table, ()):
            do(f"INSERT INTO {table} VALUES ({marks})", *row)  # noqa: S608 - our own names
