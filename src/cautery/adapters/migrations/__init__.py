"""Migrations of the database of an organisation, by Alembic."""
