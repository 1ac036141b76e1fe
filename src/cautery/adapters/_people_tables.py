"""The tables of the accounts of a room, and what a row of each says.

Reaches: nothing.
Lawful basis: that of :mod:`cautery.adapters.people_sql`.
Manners: that of :mod:`cautery.adapters.people_sql`.
Format: sqlite.org/stricttables.html.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cautery.json_text import parsed_json
from cautery.model.account import Account, Passkey, Session
from cautery.model.identity import Identity
from cautery.model.room import RoomRole

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
TABLES = {
    "accounts": (
        "CREATE TABLE accounts (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        " roles TEXT NOT NULL, cases TEXT, why TEXT NOT NULL, made INTEGER NOT NULL,"
        " password TEXT NOT NULL,"
        " era INTEGER NOT NULL) STRICT"
    ),
    "words": (
        "CREATE TABLE words (account TEXT PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,"
        " digest TEXT NOT NULL, until INTEGER NOT NULL) STRICT"
    ),
    "passkeys": (
        "CREATE TABLE passkeys (id BLOB PRIMARY KEY, account TEXT NOT NULL"
        " REFERENCES accounts ON DELETE CASCADE, key BLOB NOT NULL, count INTEGER NOT NULL,"
        " name TEXT NOT NULL, made INTEGER NOT NULL) STRICT"
    ),
    "approving": (
        "CREATE TABLE approving (passkey BLOB PRIMARY KEY REFERENCES passkeys ON DELETE CASCADE,"
        " origin TEXT NOT NULL) STRICT"
    ),
    "identities": (
        "CREATE TABLE identities (issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT"
        " NULL REFERENCES accounts ON DELETE CASCADE, made INTEGER NOT NULL,"
        " PRIMARY KEY (issuer, subject), UNIQUE (account, issuer)) STRICT"
    ),
    "unbound": (
        "CREATE TABLE unbound (account TEXT PRIMARY KEY REFERENCES accounts ON DELETE CASCADE)"
        " STRICT"
    ),
    "challenges": (
        "CREATE TABLE challenges (challenge BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT"
    ),
    "sessions": (
        "CREATE TABLE sessions (digest TEXT PRIMARY KEY, account TEXT NOT NULL"
        " REFERENCES accounts ON DELETE CASCADE, whence TEXT NOT NULL, born INTEGER NOT NULL,"
        " seen INTEGER NOT NULL, ended TEXT NOT NULL) STRICT"
    ),
}
LATER = frozenset({"approving", "identities", "unbound"})
"""What files of an earlier version lack."""
COLUMNS = {
    "accounts": 8,
    "words": 3,
    "passkeys": 6,
    "approving": 2,
    "identities": 4,
    "unbound": 1,
    "challenges": 2,
    "sessions": 6,
}
"""How many columns each table has, here and in PostgreSQL; each comes after those it refers to."""


def row_of(account: Account) -> tuple[Any, ...]:
    """Return the row of an account."""
    return (
        account.id,
        account.name,
        json.dumps(sorted(account.roles)),
        None if account.cases is None else json.dumps(sorted(account.cases)),
        account.why,
        number_of(account.made_at),
        account.password,
        account.era,
    )


def account_of(row: tuple[Any, ...]) -> Account:
    """Return the account of a row."""
    id, name, roles, cases, why, made_at, password, era = row  # noqa: A001 - the field's word
    return Account(
        id=id,
        name=name,
        roles=frozenset(map(RoomRole, parsed_json(roles))),
        cases=None if cases is None else frozenset(parsed_json(cases)),
        why=why,
        made_at=_moment(made_at),
        password=password,
        era=era,
    )


def passkey_of(row: tuple[Any, ...]) -> Passkey:
    """Return the passkey of a row, with the origin at which it approves."""
    id, account, key, count, name, made_at, origin = row  # noqa: A001
    return Passkey(
        id=id,
        account=account,
        key=key,
        count=count,
        name=name,
        made_at=_moment(made_at),
        approves_at=origin or "",
    )


def identity_of(row: tuple[Any, ...]) -> Identity:
    """Return the identity of a row."""
    issuer, subject, account, made_at = row
    return Identity(issuer=issuer, subject=subject, account=account, made_at=_moment(made_at))


def session_of(row: tuple[Any, ...]) -> Session:
    """Return the session of a row."""
    digest, account, whence, born, seen_at, ended = row
    return Session(
        digest=digest,
        account=account,
        whence=whence,
        born_at=_moment(born),
        seen_at=_moment(seen_at),
        ended=ended,
    )


def _moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND


def number_of(at: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND
