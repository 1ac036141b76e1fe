"""Runs migrations on the connection that :mod:`cautery.adapters.server_schema` gives.

Reaches that connection; lawful basis, manners and format are those of that module.
"""

from __future__ import annotations

from alembic import context


def migrate() -> None:
    """Run what is not run yet, all of it or nothing."""
    context.configure(
        connection=context.config.attributes["connection"], version_table_schema="cautery"
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # as Alembic loads it
    migrate()
