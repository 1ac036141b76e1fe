"""What a watch tells all nodes at its beginning: where they may reach, and what to hide.

It is sealed under the nodes' key on its way. Files that the mandate names lie on the driver's
machine, so what a node needs of them travels inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cautery.errors import InputError
from cautery.model import (
    Json,
    Location,
    Mandate,
    NetworkPolicy,
    OwnService,
    from_json,
    revealed,
    to_json,
)
from cautery.model.own_secrets import secrets_in

MOST_FILE = 1 << 18
"""Of a certificate with its chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightService:
    """One of the organisation's own services, with what proves it and us.

    Parameters
    ----------
    ca, client_cert, client_key : str or None
        The content of these files, PEM; ``None``: there is none.
    """

    host: str
    also: tuple[str, ...]
    pins: tuple[str, ...]
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What every job of a watch needs.

    Parameters
    ----------
    redaction : str
        The key of the case's pseudonyms, hexadecimal.
    secrets : tuple of str
        Those of the mandate.
    """

    allow: tuple[str, ...]
    rate_per_host: float
    user_agent: str
    resolver: str | None
    services: tuple[NightService, ...]
    redaction: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def policy(self) -> NetworkPolicy:
        """Where the mandate lets a node reach."""
        return NetworkPolicy(
            allow=self.allow,
            rate_per_host=self.rate_per_host,
            user_agent=self.user_agent,
            resolver=self.resolver,
        )


def night_json(mandate: Mandate, redaction: bytes, *, read: Callable[[Path], bytes]) -> Json:
    """Return the package of a night.

    Parameters
    ----------
    redaction : bytes
        The key of the case's pseudonyms.
    read : callable
        Reads a file of the mandate.

    Raises
    ------
    InputError
        If a file of a service is no text, or too long.
    """

    def text(location: Location | None) -> str | None:
        path = revealed(location)
        if path is None:
            return None
        raw = read(Path(path))
        if len(raw) > MOST_FILE:
            raise InputError(f"a certificate of the mandate has more than {MOST_FILE} bytes")
        try:
            return raw.decode("ascii")
        except UnicodeDecodeError as error:
            raise InputError("a certificate of the mandate is not PEM") from error

    policy = mandate.network
    return to_json(  # type: ignore[no-any-return]
        Night(
            allow=policy.allow,
            rate_per_host=policy.rate_per_host,
            user_agent=policy.user_agent,
            resolver=policy.resolver,
            services=tuple(
                NightService(
                    host=service.host,
                    also=service.also,
                    pins=service.pins,
                    ca=text(service.ca),
                    client_cert=text(service.client_cert),
                    client_key=text(service.client_key),
                )
                for service in mandate.services
            ),
            redaction=redaction.hex(),
            secrets=tuple(secrets_in(mandate)),
        )
    )


def night_from(body: Json) -> Night:
    """Return the package of a night.

    Raises
    ------
    InputError
        If it is none.
    """
    night = from_json(Night, body)
    try:
        bytes.fromhex(night.redaction)
    except ValueError as error:
        raise InputError("the night of a watch has no key of pseudonyms") from error
    return night


def services_in(
    night: Night, folder: Path, *, write: Callable[[Path, bytes], None]
) -> tuple[OwnService, ...]:
    """Return the organisation's services, their files written into a folder of this night.

    Parameters
    ----------
    write : callable
        Writes a file that its owner alone may read.
    """
    services = []
    for number, service in enumerate(night.services):
        files: dict[str, Location] = {}
        for name in ("ca", "client_cert", "client_key"):
            content = getattr(service, name)
            if content is not None:
                path = folder / f"{number}-{name}.pem"
                write(path, content.encode())
                files[name] = Location(str(path))
        services.append(
            OwnService(
                host=service.host,
                also=service.also,
                pins=service.pins,
                ca=files.get("ca"),
                client_cert=files.get("client_cert"),
                client_key=files.get("client_key"),
            )
        )
    return tuple(services)
