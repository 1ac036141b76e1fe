"""The registry of cases, their small files and their chains of custody.

Reaches: the schema ``cautery``. Lawful basis, manners: those of
:mod:`cautery.adapters.case_server`. Format: docs/reference/server-format.md.

The ledger of a case has a schema of its own, ``case_ID``, which is made with the case. A migration
that changes it goes through the registry.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("CREATE TABLE cautery.server (id UUID NOT NULL, regime TEXT NOT NULL)")
    op.execute(
        "CREATE TABLE cautery.cases (id TEXT PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),"
        " name TEXT NOT NULL UNIQUE, state TEXT NOT NULL"
        " CHECK (state IN ('open', 'closing', 'closed', 'arriving', 'leaving')),"
        " begun_at TIMESTAMPTZ NOT NULL DEFAULT now())"
    )
    op.execute(
        "CREATE TABLE cautery.files (case_id TEXT REFERENCES cautery.cases ON DELETE CASCADE,"
        " name TEXT, content BYTEA NOT NULL, PRIMARY KEY (case_id, name))"
    )
    op.execute(
        "CREATE TABLE cautery.custody (case_id TEXT REFERENCES cautery.cases ON DELETE CASCADE,"
        " number BIGINT, line BYTEA NOT NULL, PRIMARY KEY (case_id, number))"
    )
