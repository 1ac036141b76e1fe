"""What every adapter of a server needs: its package, a connection, and its failures by name.

Reaches: the servers that were named, which we run; on the lawful basis and with the manners of the
adapters that ask. Format: libpq's connection strings.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from cautery.adapters._server_proof import proof
from cautery.errors import InputError

_SAYS_HOW = 160_000
"""The version of libpq from which on a connection can refuse to send a password in clear."""


def server_package(name: str) -> Any:
    """Import a package that only cases of an organisation need.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"cases on a server need the package {name.partition('.')[0]}, which is not installed",
            hint="pip install 'cautery[server]'",
        ) from error


def connected(url: str, *, schema: str = "", silence_s: int | None = None) -> Any:
    """Return a connection of psycopg to a server of PostgreSQL, each statement on its own.

    Parameters
    ----------
    schema : str
        Its tables are meant by names alone; empty: those where the URL leads.
    silence_s : int, optional
        How long a machine may take nothing of what was sent; then the connection is over, and so
        is a try to connect. Default: as long as the system waits.

    Raises
    ------
    InputError
        If another machine shall be asked without a proof of its name.
    """
    psycopg, parts = server_package("psycopg"), _parts(url)
    options: dict[str, Any] = dict(proof(parts))
    # Another user of this machine may listen in the database's place while it is down: who has
    # proven nothing is told no password as it stands.
    is_said = "require_auth" in parts or "PGREQUIREAUTH" in os.environ
    if not options and not is_said and psycopg.pq.version() >= _SAYS_HOW:
        options["require_auth"] = "!password"
    if schema:
        options["options"] = f"-csearch_path={schema}"
    if silence_s is not None:
        options["tcp_user_timeout"] = silence_s * 1000
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=silence_s or 10,
        application_name="cautery",
        **options,
    )


def server_name(url: str) -> str:
    """Return what a database may be called wherever it is shown: its user, host, port and name.

    It is made of what libpq reads in the URL, since only libpq knows where a password ends.

    Raises
    ------
    InputError
        If libpq cannot read the URL, or takes the end of a password for the name of a host.
    """
    parts = _parts(url)
    host, port, database = (parts.get(name) or "" for name in ("host", "port", "dbname"))
    if "@" in host + database or (not port.replace(",", "").isdigit() and port):
        raise _unread()
    user = f"{parts['user']}@" if "user" in parts else ""
    return f"postgresql://{user}{host}{f':{port}' if port else ''}/{database}"


def has_password(url: str) -> bool:
    """Tell whether the URL of a database holds a password, of its user or of a key.

    Raises
    ------
    InputError
        As :func:`server_name`.
    """
    server_name(url)
    return bool({"password", "sslpassword"} & _parts(url).keys())


def _parts(url: str) -> dict[str, Any]:
    """Return what libpq reads in the URL of a database."""
    try:
        return dict(server_package("psycopg.conninfo").conninfo_to_dict(url))
    except Exception as error:
        if not is_of_psycopg(error, "Error"):
            raise
        raise _unread() from None  # the words of libpq quote the password


def _unread() -> InputError:
    return InputError(
        "the URL of the database cannot be read",
        hint="Write postgresql://USER@HOST/DATABASE; a password belongs into ~/.pgpass. In a "
        "URL, write its @, /, % and : as %40, %2F, %25 and %3A.",
    )


def is_of_psycopg(error: BaseException, name: str) -> bool:
    """Tell whether an error is one of psycopg, which is loaded only where it is used."""
    return any(
        kind.__module__.partition(".")[0] == "psycopg" and kind.__name__ == name
        for kind in type(error).__mro__
    )
