"""Where the cases of the organisation lie, as this person or machine was told."""

from __future__ import annotations

import os
import stat
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cautery.adapters._servers import has_password
from cautery.adapters.server_place import Server
from cautery.errors import InputError
from cautery.model import Regime

if TYPE_CHECKING:  # who has no server does not load what speaks to it
    from cautery.adapters.case_server import ServerStore
    from cautery.adapters.keys_file import KeyFolder

DATABASE, VAULT = "CAUTERY_DATABASE", "CAUTERY_VAULT"
"""Environment variables that name the two; ``--database`` and ``--vault`` set them."""
_LARGEST = 1 << 16


def server() -> Server | None:
    """Return where the cases of the organisation lie; ``None``: nobody said.

    The environment goes before ``server.toml`` of the person's settings.

    Raises
    ------
    InputError
        If only one of the two is named, or the file cannot be used.
    """
    settings = _from_file()
    database = os.environ.get(DATABASE) or settings.get("database", "")
    vault = os.environ.get(VAULT) or settings.get("vault", "")
    if not database and not vault:
        return None
    if not database or not vault:
        raise InputError(
            f"the {'vault' if database else 'database'} of the organisation's cases is not named",
            hint=f"Name both: --database and --vault, {DATABASE} and {VAULT}, or {_file()}",
        )
    if not database.startswith(("postgresql://", "postgres://")):
        raise InputError(
            "the database of the organisation's cases is not one of PostgreSQL",
            hint="Write postgresql://USER@HOST/DATABASE; a password belongs into ~/.pgpass.",
        )
    return Server(database=database, vault=vault)


def name_server(database: str | None, vault: str | None) -> None:
    """Name the two for this process and those that it starts; ``None``: as they were."""
    for name, value in ((DATABASE, database), (VAULT, vault)):
        if value is not None:
            os.environ[name] = value


def required_server() -> Server:
    """Return where the cases of the organisation lie.

    Raises
    ------
    InputError
        If nobody said.
    """
    place = server()
    if place is None:
        raise InputError(
            "no server is named for cases of the organisation",
            hint=f"Set {DATABASE} and {VAULT}, or write database and vault into {_file()}",
        )
    return place


def server_store(keys: KeyFolder | None) -> ServerStore:
    """Return the cases of the organisation; all who only read share one connection."""
    from cautery.adapters.case_server import ServerStore  # noqa: PLC0415 - few have a server

    place = required_server()
    return _read_by_all(place) if keys is None else ServerStore(place, keys)


@lru_cache(maxsize=1)
def _read_by_all(found: Server) -> ServerStore:
    from cautery.adapters.case_server import ServerStore  # noqa: PLC0415 - few have a server

    return ServerStore(found)


def prepare_server(regime: Regime) -> bool:
    """Make or migrate the tables of the database, and mark the vault; return whether it was new.

    Raises
    ------
    CauteryError
        As the adapter says.
    """
    from cautery.adapters.server_schema import prepare  # noqa: PLC0415 - Alembic takes 0.3 s

    return prepare(required_server(), regime)


def _file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".config"
    return home / "cautery" / "server.toml"


def _from_file() -> dict[str, str]:
    file = _file()
    try:
        with file.open("rb") as stream:
            settings = tomllib.loads(stream.read(_LARGEST).decode())
            is_open = stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file}: {error}") from error
    strangers = sorted(settings.keys() - {"database", "vault"})
    if strangers or not all(isinstance(value, str) for value in settings.values()):
        raise InputError(f"{file}: it may name database and vault, and nothing else")
    if is_open and settings.get("database") and has_password(settings["database"]):
        raise InputError(
            f"{file}: it has a password, and others on this machine may read it",
            hint=f"chmod 600 {file}, or put the password into ~/.pgpass",
        )
    return settings
