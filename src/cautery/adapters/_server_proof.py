"""How a database on another machine proves which it is, before it is sent a password.

Reaches: nothing. Lawful basis and manners: those of the adapters that ask. Format: libpq's
connection strings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cautery.errors import InputError

PROVEN = "verify-full"
"""libpq's word for a connection by TLS to a machine that shows a certificate of its name."""
_ROOTS = ".postgresql/root.crt"


def proof(stated: Mapping[str, Any]) -> dict[str, str]:
    """Return what a connection needs besides its URL, so that another machine proves its name.

    A socket and loopback need nothing. Whatever the environment says of TLS does not count: libpq
    would go on in clear where a server has none.

    Parameters
    ----------
    stated : mapping
        What libpq reads in the URL.

    Raises
    ------
    InputError
        If the URL itself asks for less, or leaves the machine to a service file.
    """
    if "service" in stated or os.environ.get("PGSERVICE"):
        raise InputError(
            "a service file may name another machine than the URL of the database does",
            hint="Name the machine in the URL: postgresql://USER@HOST/DATABASE.",
        )
    if all(_is_here(host) for host in _hosts(stated)):
        return {}
    if stated.get("sslmode", PROVEN) != PROVEN:
        raise InputError(
            f"the database is on another machine, and its URL asks for sslmode={stated['sslmode']}",
            hint="Leave sslmode out: the machine must prove its name by a certificate.",
        )
    return {"sslmode": PROVEN, "gssencmode": "disable", **_roots(stated)}


def _hosts(stated: Mapping[str, Any]) -> list[str]:
    """Return every machine that libpq may ask."""
    names = [
        stated.get(name) or os.environ.get(variable) or ""
        for name, variable in (("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"))
    ]
    return [host for name in names for host in str(name).split(",")]


def _is_here(host: str) -> bool:
    """Tell whether a host of libpq is this machine: a socket, or loopback."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _roots(stated: Mapping[str, Any]) -> dict[str, str]:
    """Return whose certificates count: those that were named, or else the system's."""
    named = "sslrootcert" in stated or "PGSSLROOTCERT" in os.environ
    return {} if named or (Path.home() / _ROOTS).exists() else {"sslrootcert": "system"}
