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


def server_package(name: str, *, nodes: bool = False) -> Any:
    """Import a package that only cases of an organisation need, or only its nodes.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == "cautery":
            raise
        who = "nodes" if nodes else "cases on a server"
        raise InputError(
            f"{who} need the package {(error.name or name).partition('.')[0]}, which is not"
            " installed",
            hint=f"pip install 'cautery[{'cluster' if nodes else 'server'}]'",
        ) from error


def connected(
    url: str, *, schema: str = "", silence_s: int | None = None, called: str = "cautery"
) -> Any:
    """Return a connection of psycopg to a server of PostgreSQL, each statement on its own.

    Parameters
    ----------
    schema : str
        Its tables are meant by names alone; empty: those where the URL leads.
    silence_s : int, optional
        How long a machine may take nothing of what was sent; then the connection is over, on both
        sides, and so is a try to connect. Default: as long as the system waits.
    called : str
        What the server calls it.

    Raises
    ------
    InputError
        If another machine shall be asked without a proof of its name.
    """
    return server_package("psycopg").connect(
        url, **options_of(url, schema=schema, silence_s=silence_s, called=called)
    )


def options_of(
    url: str, *, schema: str = "", silence_s: int | None = None, called: str = "cautery"
) -> dict[str, Any]:
    """Return how psycopg connects to a server, as for :func:`connected`.

    Raises
    ------
    InputError
        As :func:`connected`.
    """
    parts = _parts(url)
    options: dict[str, Any] = dict(proof(parts))
    # Another user of this machine may listen in the database's place while it is down: who has
    # proven nothing is told no password as it stands.
    is_said = "require_auth" in parts or "PGREQUIREAUTH" in os.environ
    if not options and not is_said and server_package("psycopg").pq.version() >= _SAYS_HOW:
        options["require_auth"] = "!password"
    settings = [f"-csearch_path={schema}"] if schema else []
    if silence_s is not None:
        options |= {
            "tcp_user_timeout": silence_s * 1000,
            "keepalives_idle": max(1, silence_s // 3),
            "keepalives_interval": max(1, silence_s // 3),
            "keepalives_count": 2,
        }
        # The server's side, too: else it keeps what a machine that is cut off has locked.
        settings += [
            f"-ctcp_user_timeout={silence_s * 1000}",
            f"-ctcp_keepalives_idle={max(1, silence_s // 3)}",
            f"-ctcp_keepalives_interval={max(1, silence_s // 3)}",
            "-ctcp_keepalives_count=2",
        ]
    if settings:
        options["options"] = " ".join(settings)
    return options | {
        "autocommit": True,
        "connect_timeout": silence_s or 10,
        "application_name": called,
    }


def connection_options(
    url: str, *, schema: str = "", silence_s: int | None = None
) -> dict[str, Any]:
    """Return the same for connections of a pool, whose statements it settles itself."""
    options = options_of(url, schema=schema, silence_s=silence_s)
    del options["autocommit"]
    return options


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
