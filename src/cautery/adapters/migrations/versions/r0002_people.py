"""The people of the rooms of a database, and the tokens of programs.

Reaches: the schema ``cautery_people``. Lawful basis, manners: those of
:mod:`cautery.adapters.people_server`. Format: docs/reference/server-format.md.

A schema of its own: a watch needs no right on it.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_OWN = "TEXT NOT NULL REFERENCES cautery_people.accounts ON DELETE CASCADE"


def upgrade() -> None:
    """Make the tables."""
    op.execute("CREATE SCHEMA cautery_people")
    op.execute(
        "CREATE TABLE cautery_people.room (one INT PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL)"
    )
    op.execute(
        'CREATE TABLE cautery_people.accounts (id TEXT PRIMARY KEY, name TEXT COLLATE "C" NOT NULL'
        " UNIQUE, roles TEXT NOT NULL, cases TEXT, why TEXT NOT NULL, made BIGINT NOT NULL,"
        " password TEXT NOT NULL, era BIGINT NOT NULL)"
    )
    op.execute(
        f"CREATE TABLE cautery_people.words (account {_OWN} PRIMARY KEY, digest TEXT NOT NULL,"
        " until BIGINT NOT NULL)"
    )
    op.execute(
        f"CREATE TABLE cautery_people.passkeys (id BYTEA PRIMARY KEY, account {_OWN},"
        " key BYTEA NOT NULL, count BIGINT NOT NULL, name TEXT NOT NULL, made BIGINT NOT NULL)"
    )
    op.execute(
        "CREATE TABLE cautery_people.approving (passkey BYTEA PRIMARY KEY"
        " REFERENCES cautery_people.passkeys ON DELETE CASCADE, origin TEXT NOT NULL)"
    )
    op.execute(
        f"CREATE TABLE cautery_people.identities (issuer TEXT, subject TEXT, account {_OWN},"
        " made BIGINT NOT NULL, PRIMARY KEY (issuer, subject), UNIQUE (account, issuer))"
    )
    op.execute(f"CREATE TABLE cautery_people.unbound (account {_OWN} PRIMARY KEY)")
    op.execute(
        "CREATE TABLE cautery_people.challenges (challenge BYTEA PRIMARY KEY, at BIGINT NOT NULL)"
    )
    op.execute(
        f"CREATE TABLE cautery_people.sessions (digest TEXT PRIMARY KEY, account {_OWN},"
        " whence TEXT NOT NULL, born BIGINT NOT NULL, seen BIGINT NOT NULL, ended TEXT NOT NULL)"
    )
    op.execute(
        "CREATE TABLE cautery_people.tries (who BYTEA PRIMARY KEY, failed INT NOT NULL,"
        " at TIMESTAMPTZ NOT NULL, until TIMESTAMPTZ NOT NULL)"
    )
    op.execute("CREATE TABLE cautery_people.tokens (id TEXT PRIMARY KEY, content BYTEA NOT NULL)")
    for table, column in (
        ("passkeys", "account"),
        ("sessions", "account"),
        ("sessions", "born"),
        ("challenges", "at"),
        ("tries", "at"),
    ):
        op.execute(f"CREATE INDEX ON cautery_people.{table} ({column})")
