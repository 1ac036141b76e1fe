"""Jobs that nodes do for a watch.

Reaches: the schemas ``cautery`` and ``cautery_jobs``. Lawful basis, manners: those of
:mod:`cautery.adapters.job_queue`. Format: docs/reference/server-format.md.

``cautery_jobs`` is procrastinate's own, by its own SQL (MIT licence), as it has been since its
version 3.4; a migration says the same for ever, so that a copy of it lies beside this one.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"

_PROCRASTINATE = Path(__file__).parents[1] / "procrastinate_3_4.sql"


def upgrade() -> None:
    """Make the tables."""
    op.execute("CREATE SCHEMA cautery_jobs")
    # Its functions name its tables without a schema: whoever works with them sets search_path.
    op.execute("SET LOCAL search_path = cautery_jobs")
    op.get_bind().exec_driver_sql(
        _PROCRASTINATE.read_text(), execution_options={"no_parameters": True}
    )
    op.execute("SET LOCAL search_path = DEFAULT")
    op.execute(
        "CREATE TABLE cautery.nights (case_id TEXT PRIMARY KEY REFERENCES cautery.cases"
        " ON DELETE CASCADE, epoch BIGINT NOT NULL, driver TEXT NOT NULL, package BYTEA,"
        " begun_at TIMESTAMPTZ NOT NULL, seen_at TIMESTAMPTZ NOT NULL,"
        " done BIGINT NOT NULL DEFAULT 0, redone BIGINT NOT NULL DEFAULT 0)"
    )
    op.execute(
        "CREATE TABLE cautery.answers (case_id TEXT REFERENCES cautery.nights ON DELETE CASCADE,"
        " epoch BIGINT, key TEXT, answer BYTEA NOT NULL, node TEXT NOT NULL,"
        " at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(), taken BOOL NOT NULL DEFAULT false,"
        " PRIMARY KEY (case_id, epoch, key))"
    )
    op.execute("CREATE INDEX ON cautery.answers (case_id, epoch) WHERE NOT taken")
    op.execute(
        "CREATE TABLE cautery.nodes (name TEXT PRIMARY KEY, about JSONB NOT NULL,"
        " seen_at TIMESTAMPTZ NOT NULL, draining BOOLEAN NOT NULL DEFAULT false)"
    )
