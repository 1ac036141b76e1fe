"""Runs migrations on the connection that :mod:`cautery.adapters.server_schema` gives.

Reaches that connection; lawful basis, manners and format are those of that module.
"""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="cautery")
with context.begin_transaction():
    context.run_migrations()
