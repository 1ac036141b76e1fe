"""The database of an organisation: prepared, migrated, and refused where it is another version's.

Reaches: the schema ``cautery`` and those of the cases; one object at the top of the vault.
Lawful basis: one regime for all cases of a database and a vault (ADR 0002).
Manners: only ``cautery server prepare`` changes tables; all other commands look at one number.
Format: docs/reference/server-format.md; migrations by Alembic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from cautery.adapters._ledger_failures import failures
from cautery.adapters._ledger_tables import POSTGRESQL_INDEX, POSTGRESQL_TABLES
from cautery.adapters._servers import connected, is_of_psycopg, server_name, server_package
from cautery.adapters.objects import Objects
from cautery.adapters.server_place import Server
from cautery.errors import ConflictError, InputError, StorageError
from cautery.model import Regime

HEAD = "0004"
"""The newest migration: what this version of Cautery works with."""
MARK = "cautery.server"
"""Names, in a vault, the database that it belongs to, and its regime."""
_MIGRATIONS = Path(__file__).with_name("migrations")
_PREPARING = "SELECT pg_advisory_lock(7165918, 1)"


def prepare(server: Server, regime: Regime) -> bool:
    """Make or migrate the tables of a database, and mark its vault; return whether it was new.

    Raises
    ------
    InputError
        If it was prepared for the other regime, or the vault is another database's.
    StorageError
        If one of the two cannot be reached or written, or the vault lets objects be replaced.
    """
    sqlalchemy = server_package("sqlalchemy")
    command, config = server_package("alembic.command"), server_package("alembic.config")
    name = server_name(server.database)
    objects = Objects(server.vault)
    with failures(name, "prepare"), connected(server.database) as connection:
        connection.execute(_PREPARING)
        connection.execute("CREATE SCHEMA IF NOT EXISTS cautery")
        engine = sqlalchemy.create_engine(
            "postgresql+psycopg://",
            creator=lambda: _in_transactions(server.database),
            poolclass=sqlalchemy.pool.NullPool,
        )
        settings = config.Config()
        settings.set_main_option("script_location", str(_MIGRATIONS))
        with engine.begin() as migrating:
            settings.attributes["connection"] = migrating
            command.upgrade(settings, "head")
        row = connection.execute("SELECT id::text, regime FROM cautery.server").fetchone()
        server_id, stands = (str(uuid4()), regime) if row is None else row
        if stands != regime:
            raise InputError(
                f"{name}: this database takes cases of the regime {stands}, and never others",
                hint=f"Make another database, vault and folder of keys for {regime} cases.",
            )
        _mark(objects, f"{server_id} {regime}\n".encode(), name)
        if row is None:
            connection.execute("INSERT INTO cautery.server VALUES (%s, %s)", [server_id, regime])
    return row is None


def require_prepared(connection: Any) -> None:
    """Refuse a database that this version of Cautery does not work with.

    Raises
    ------
    InputError
        If it was never prepared, or has other tables.
    """
    row = connection.execute("SELECT to_regclass('cautery.alembic_version') IS NOT NULL").fetchone()
    version = None
    if row == (True,):
        version = connection.execute("SELECT version_num FROM cautery.alembic_version").fetchone()
    if version is None or version[0] < HEAD:
        raise InputError(
            f"this database {'was not prepared yet' if version is None else 'has older tables'}",
            hint="Prepare it once: cautery server prepare --regime gdpr (or led)",
        )
    if version[0] > HEAD:
        raise InputError(
            "a newer version of Cautery prepared this database", hint="Use that version."
        )


def make_case(connection: Any, id: str, name: str, *, state: str) -> None:
    """Make a case in the registry, and its empty ledger, in a transaction of the caller.

    Raises
    ------
    ConflictError
        If there is one of this name or id.
    """
    try:
        connection.execute(
            "INSERT INTO cautery.cases (id, name, state) VALUES (%s, %s, %s)", [id, name, state]
        )
    except Exception as error:
        if is_of_psycopg(error, "UniqueViolation"):
            raise ConflictError(f"server:{name}: another process began a case here") from error
        raise
    connection.execute(f"CREATE SCHEMA case_{id}")
    connection.execute(f"SET LOCAL search_path = case_{id}")
    for statement in (POSTGRESQL_TABLES | POSTGRESQL_INDEX).values():
        connection.execute(statement)


def _in_transactions(url: str) -> Any:
    """Return a connection on which a migration is done whole or not at all."""
    connection = connected(url)
    connection.autocommit = False
    return connection


def _mark(objects: Objects, mark: bytes, name: str) -> None:
    """Say in the vault whose it is, and find out whether it lets objects be replaced."""
    if not objects.put_new(MARK, mark):
        standing = b"".join(objects.get(MARK)[1])
        if standing != mark:
            other_mark = standing.decode("ascii", "replace").partition(" ")[2].strip()
            raise InputError(
                f"{objects.name}: this vault belongs to another database, of {other_mark} cases",
                hint="Name a prefix of its own for each database: s3://BUCKET/PREFIX",
            )
    if objects.put_new(MARK, mark):
        raise StorageError(
            f"{objects.name}: this store lets a second writer replace an object, so exhibits would "
            "not be safe in it",
            hint=f"Use one that knows If-None-Match (Amazon S3, MinIO, Ceph). {name} is not ready.",
        )
