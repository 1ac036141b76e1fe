"""Read the credentials of a purchased line from the buyer's file; they are never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from cautery.errors import InputError
from cautery.model import Secret, Source, hide_at_birth
from cautery.model.toml import simple_toml
from cautery.packed import require_file

_MOST_BYTES = 4_096
_NOT_OWNER = 0o077
_MAC = re.compile(r"(?i)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedLine:
    """Credentials of one line: a user and a word, or the MAC of a box, or both."""

    username: Secret | None = None
    password: Secret | None = None
    mac: Secret | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)

    def given_to(self, source: Source) -> Source:
        """Return the source as one that is read with this line."""
        return replace(source, username=self.username, password=self.password, mac=self.mac)


def read_line(path: Path) -> tuple[PurchasedLine, bytes]:
    """Read a line from a TOML file that nobody else can read; return its bytes, too.

    Raises
    ------
    InputError
        If others can read it, or there is no line in it; the file is never quoted.
    """
    try:
        if path.stat().st_mode & _NOT_OWNER:
            raise InputError(
                "other users can read this file of credentials", hint=f"chmod 600 {path}"
            )
        if path.exists():
            require_file(path)  # a pipe would be waited for
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _none(type(error).__name__) from None
    return parsed_line(data), data


def parsed_line(data: bytes) -> PurchasedLine:
    """Return the line that a TOML text states.

    Raises
    ------
    InputError
        If there is none in it.
    """
    if len(data) > _MOST_BYTES:
        raise _none("longer than a line's credentials can be")
    try:
        fields = simple_toml(data.decode())
    except ValueError as error:
        raise _none(type(error).__name__) from None
    username, password, mac = (fields.get(name) for name in ("username", "password", "mac"))
    if mac is None and (username is None or password is None):
        raise _none("KeyError")
    if (username is None) != (password is None) or not all(
        value is None or (isinstance(value, str) and value) for value in (username, password, mac)
    ):
        raise InputError("username and password must be text", hint="Put both in quotes.")
    if mac is not None and not _MAC.fullmatch(mac):
        raise InputError("mac is not a valid MAC address", hint='Write it as "00:1A:79:12:34:56".')
    return PurchasedLine(username=username, password=password, mac=mac)


def _none(why: str) -> InputError:
    # Not quoted: the file holds a password.
    return InputError(
        f"the credentials of a line cannot be read from this file ({why})",
        hint='Write username = "..." and password = "...", or mac = "...", into the file.',
    )
