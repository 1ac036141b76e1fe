"""The settings of an organisation's log: who stamps it, who co-signs it, how they are reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.errors import CauteryError, InputError
from cautery.evidence.outside.policy import CosignerPolicy, parse_policy
from cautery.evidence.outside.stamps import read_roots
from cautery.model import Location, NetworkPolicy, OwnService
from cautery.model.toml import simple_toml

_Text = Annotated[str, Field(min_length=1, max_length=2000)]

FileOf = Callable[[str], tuple[str, bytes]]
"""Returns the absolute path and the bytes of a file that the settings name."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _AuthorityTable(_Table):
    name: _Text
    url: _Text
    roots: _Text
    policy: Annotated[str, Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$")] | None = None


class _ServiceTable(_Table):
    host: _Text
    ca: _Text


class _NetworkTable(_Table):
    allow: list[str] = []
    resolver: str | None = None


class _File(_Table):
    origin: _Text
    cosigners: _Text | None = None
    authority: Annotated[list[_AuthorityTable], Field(max_length=8)] = []
    service: Annotated[list[_ServiceTable], Field(max_length=64)] = []
    network: _NetworkTable = _NetworkTable()


@dataclass(frozen=True, slots=True, kw_only=True)
class StampingAuthority:
    """A time-stamping authority (RFC 3161) that is asked each minute.

    Parameters
    ----------
    name : str
        What records call it.
    url : str
        Where it takes requests.
    roots : tuple of Certificate
        To which its certificate must lead.
    policy : str or None
        The policy that its time-stamps must have; ``None``: any.
    """

    name: str
    url: str
    roots: tuple[x509.Certificate, ...]
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The settings of a log.

    Parameters
    ----------
    origin : str
        Its name: the organisation's domain.
    authorities : tuple of StampingAuthority
        Two are advised: one may be down.
    cosigners : CosignerPolicy or None
        Who co-signs, and where each is asked.
    network : NetworkPolicy
        How they are reached.
    services : tuple of OwnService
        Those that have a certificate authority of their own.
    """

    origin: str
    authorities: tuple[StampingAuthority, ...]
    cosigners: CosignerPolicy | None
    network: NetworkPolicy
    services: tuple[OwnService, ...] = ()


def read_settings(raw: bytes, *, file: FileOf) -> LogSettings:
    """Read ``log.toml``.

    Parameters
    ----------
    file : callable
        Reads the files that the settings name.

    Raises
    ------
    InputError
        Naming what is wrong and where.
    """
    try:
        tables = _File.model_validate(simple_toml(raw.decode()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"log.toml: {where}: {first['msg']}") from error
    except ValueError as error:
        raise InputError(f"log.toml: {error}") from error
    names = [row.name for row in tables.authority]
    if len(set(names)) < len(names):
        raise InputError("log.toml: two authorities have one name; records name them by it")
    authorities = []
    for row in tables.authority:
        check_url(f"log.toml: authority {row.name!r}", row.url)
        try:
            roots = read_roots(file(row.roots)[1])
        except CauteryError as error:
            raise InputError(f"log.toml: authority {row.name!r}: {error}") from error
        authorities.append(
            StampingAuthority(name=row.name, url=row.url, roots=roots, policy=row.policy)
        )
    policy = None
    if tables.cosigners is not None:
        policy = parse_policy(file(tables.cosigners)[1])
        for cosigner in policy.cosigners:
            if cosigner.url is not None:
                check_url(f"log.toml: co-signer {cosigner.name!r}", cosigner.url)
    return LogSettings(
        origin=tables.origin,
        authorities=tuple(authorities),
        cosigners=policy,
        network=NetworkPolicy(
            allow=tuple(tables.network.allow),
            rate_per_host=20.0,  # a turn asks an authority for a stamp and its list of revoked ones
            resolver=tables.network.resolver,
        ),
        services=tuple(
            OwnService(host=row.host, ca=Location(file(row.ca)[0])) for row in tables.service
        ),
    )


def settings_text(origin: str) -> str:
    """Return the settings of a new log, with every key explained."""
    return f"""\
# The log of one organisation: docs/reference/log-format.md
origin = "{origin}"

# Who co-signs, and how many are enough: a file as c2sp.org/tlog-policy has it, with a URL for each.
# cosigners = "cosigners.policy"

# Time-stamping authorities (RFC 3161). Name two: one may be down.
# [[authority]]
# name = "Example A"
# url = "https://tsa.example/"
# roots = "example-a-root.pem"   # its root certificate, PEM, which you got by another way
# policy = "1.3.6.1.4.1.32473.1" # the policy that its time-stamps must have; without it, any

# A service whose TLS certificate comes from an authority of its own.
# [[service]]
# host = "tsa.example"
# ca = "tsa-ca.pem"
"""


def check_url(what: str, url: str) -> None:
    """Refuse a URL by which nothing proves who answers; loopback is this machine alone.

    Raises
    ------
    InputError
        If it is not https, nor http to an address of loopback.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise InputError(f"{what}: {url[:200]!r} is not a URL") from error
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise InputError(
            f"{what}: {url[:200]!r} is not an https URL",
            hint="Plain http goes to an address of this machine alone, such as 127.0.0.1.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
