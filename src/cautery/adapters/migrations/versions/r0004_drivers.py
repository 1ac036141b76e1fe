"""Who drives each case, and the last version of each of its block lists.

Reaches: the schema ``cautery``. Lawful basis, manners: those of
:mod:`cautery.adapters.server_lease`. Format: docs/reference/server-format.md.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.execute(
        "CREATE TABLE cautery.drivers (case_id TEXT PRIMARY KEY REFERENCES cautery.cases"
        " ON DELETE CASCADE, epoch BIGINT NOT NULL, driver TEXT NOT NULL, machine TEXT NOT NULL,"
        " pid BIGINT NOT NULL, beat BIGINT NOT NULL, ended BOOLEAN NOT NULL)"
    )
    op.execute(
        "CREATE TABLE cautery.list_versions (case_id TEXT REFERENCES cautery.cases"
        " ON DELETE CASCADE, list TEXT, version BIGINT NOT NULL, text TEXT NOT NULL,"
        " signature BYTEA NOT NULL, PRIMARY KEY (case_id, list))"
    )
