"""The organisation's identity provider: its file of settings, and the client that asks it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.errors import InputError
from cautery.model import NetworkPolicy, OwnService, Secret
from cautery.model.identity import require_issuer
from cautery.model.ports import Clock
from cautery.model.room import BY_OWNER_ALONE, RoomRole
from cautery.wiring.postbox import secret_file, secret_toml
from cautery.workflows.people.ports import IdentityProvider

_RATE = 20.0
Text = Annotated[str, Field(min_length=1, max_length=500)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Roles(_Table):
    claim: Text
    of: dict[Text, RoomRole] = Field(min_length=1, max_length=200)


class _File(_Table):
    issuer: Text
    client_id: Text
    client_secret: Text
    name: str = Field(default="", max_length=60)
    # A name or an address of mail is given to another person one day.
    subject: Literal["sub", "oid"] = "sub"
    scopes: tuple[Text, ...] = ("openid",)
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256",), min_length=1)
    max_age: int | None = Field(default=None, ge=60, le=86_400)
    prompt: Literal["login", "select_account"] | None = None
    allow: tuple[Text, ...] = ()
    ca: Text | None = None
    roles: _Roles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOfRoom:
    """Where the people of a room may show who they are.

    Parameters
    ----------
    roles : mapping of str to RoomRole or None
        What each group of the provider is here; ``None``: it says nothing of roles.
    """

    provider: IdentityProvider
    roles: Mapping[str, RoomRole] | None


def identity_of(path: Path, clock: Clock) -> IdentityOfRoom:
    """Read the settings of an identity provider.

    Raises
    ------
    InputError
        If others can read the file or the secret, or something is not as it should be; no secret is
        quoted.
    """
    # The commands that need no provider do without its libraries.
    from cautery.adapters.identity_provider import (  # noqa: PLC0415
        OpenIdProvider,
        ProviderSettings,
    )

    file = _read(path)
    secret = secret_file(path.parent / file.client_secret, Path(file.client_secret))
    settings = ProviderSettings(
        issuer=file.issuer,
        client=file.client_id,
        secret=Secret(_one_line(secret, file.client_secret)),
        name=" ".join(file.name.split()),
        subject=file.subject,
        groups=None if file.roles is None else file.roles.claim,
        scopes=file.scopes,
        algorithms=file.algorithms,
        max_age_s=file.max_age,
        prompt=file.prompt,
    )
    host = urlsplit(file.issuer).hostname or ""
    ca = None if file.ca is None else str((path.parent / file.ca).resolve())
    services = () if ca is None else (OwnService(host=host, ca=ca),)  # type: ignore[arg-type]
    policy = NetworkPolicy(allow=file.allow, rate_per_host=_RATE, user_agent="Cautery-room/1")

    def client() -> PoliteClient:
        return PoliteClient(policy, DnsNames(None), clock, services=services)

    client()  # a certificate that cannot be used is said at the start
    provider = OpenIdProvider(settings, client, clock, seconds=time.monotonic)
    return IdentityOfRoom(provider=provider, roles=None if file.roles is None else file.roles.of)


def _read(path: Path) -> _File:
    try:
        file = _File.model_validate(secret_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}") from None
    require_issuer(file.issuer)
    if "openid" not in file.scopes:
        raise InputError(f"{path}: scopes: openid must be one of them")
    if file.roles is not None and BY_OWNER_ALONE & set(file.roles.of.values()):
        raise InputError(
            f"{path}: roles.of: keepers and auditors are made by the owner of the machine alone"
        )
    try:
        for cidr in file.allow:
            ipaddress.ip_network(cidr)
    except ValueError:
        raise InputError(f"{path}: allow: write ranges, such as 10.0.0.0/8") from None
    return file


def _one_line(data: bytes, name: str) -> str:
    text = data.decode("ascii", "replace").strip()
    if not text or not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        raise InputError(f"{name}: a client secret is one line of ASCII")
    return text
