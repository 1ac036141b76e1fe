"""The sender's file of settings: a mail server, an API, and their secrets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.act.lint_notice import is_mail
from cautery.adapters.smtp import Dkim, MailServer, Security
from cautery.errors import InputError
from cautery.model import OwnService, Secret
from cautery.model.toml import simple_toml
from cautery.packed import require_file

POSTBOX = "CAUTERY_POSTBOX"
"""Environment variable that names the file."""
_MOST_BYTES = 65_536
_NOT_OWNER = 0o077
Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Dkim(_Table):
    domain: Text
    selector: Text
    key: Text


class _Mail(_Table):
    host: Text
    port: int = Field(default=587, ge=1, le=65_535)
    security: Security = Security.STARTTLS
    sender: Text
    username: Text | None = None
    password: Text | None = None
    ca: Text | None = None
    dkim: _Dkim | None = None


class _Api(_Table):
    url: Text
    token: Text | None = None
    ca: Text | None = None


class _File(_Table):
    mail: _Mail | None = None
    api: _Api | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Where an addressee takes reports.

    Parameters
    ----------
    service : OwnService
        How it proves itself.
    """

    url: str
    token: Secret | None
    service: OwnService


@dataclass(frozen=True, slots=True, kw_only=True)
class PostboxSettings:
    """What the file states; ``None``: it has no such table."""

    mail: MailServer | None
    api: ApiSettings | None


def read_postbox(path: Path | None) -> PostboxSettings:
    """Read the file of settings: the given one, or the one that the environment names.

    Raises
    ------
    InputError
        If there is none, others can read it, or it is not as it should be; no secret is quoted.
    """
    if path is None:
        if not os.environ.get(POSTBOX):
            raise InputError(
                "no file of mail settings is named", hint=f"Give --postbox FILE, or set {POSTBOX}."
            )
        path = Path(os.environ[POSTBOX])
    fields = secret_toml(path)
    try:
        file = _File.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}") from None
    return PostboxSettings(
        mail=None if file.mail is None else _mail(file.mail, path),
        api=None if file.api is None else _api(file.api, path),
    )


def secret_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file that its owner alone may read.

    Raises
    ------
    InputError
        If others can, or it is no such file; nothing of it is quoted.
    """
    data = secret_file(path, path)
    try:
        return simple_toml(data.decode())
    except ValueError as error:
        raise InputError(f"{path}: this is not a TOML file ({type(error).__name__})") from None


def secret_file(path: Path, shown: Path) -> bytes:
    """Read a file with a secret, which its owner alone may read.

    Parameters
    ----------
    shown : Path
        How errors name it.

    Raises
    ------
    InputError
        If others can read it, or it cannot be read.
    """
    try:
        require_file(path)  # a pipe would be waited for
        if path.stat().st_mode & _NOT_OWNER:
            raise InputError(f"{shown}: other users can read it", hint=f"chmod 600 {shown}")
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{shown}: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise InputError(f"{shown}: it is longer than {_MOST_BYTES} bytes")
    return data


def _mail(table: _Mail, path: Path) -> MailServer:
    if not is_mail(table.sender):
        raise InputError(f"{path}: mail.sender is not a mail address")
    if (table.username is None) != (table.password is None):
        raise InputError(f"{path}: mail: give username and password, or neither")
    dkim = None
    if table.dkim is not None:
        key = secret_file(path.parent / table.dkim.key, Path(table.dkim.key))
        dkim = Dkim(
            domain=table.dkim.domain,
            selector=table.dkim.selector,
            key=Secret(key.decode("ascii", "replace")),
        )
    return MailServer(
        host=table.host,
        port=table.port,
        security=table.security,
        sender=table.sender,
        username=table.username,
        password=None if table.password is None else Secret(table.password),
        ca=table.ca,
        dkim=dkim,
    )


def _api(table: _Api, path: Path) -> ApiSettings:
    try:
        host = urlsplit(table.url).hostname
    except ValueError:
        host = None
    if not host:
        raise InputError(f"{path}: api.url is not a URL")
    return ApiSettings(
        url=table.url,
        token=None if table.token is None else Secret(table.token),
        service=OwnService(host=host, ca=table.ca),  # type: ignore[arg-type]
    )
