"""Which token makes and keeps the signing keys of a folder of keys: ``token.toml`` in it.

Reaches: the folder of keys and the file with the PIN. Lawful basis and manners: see
:mod:`cautery.adapters.keys_file`. Format: docs/reference/case-format.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cautery.adapters._key_files import private_bytes
from cautery.errors import InputError

_FILE = "token.toml"
_MOST_REACH = 16
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]{1,1024}")
_LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """How a token is reached.

    Parameters
    ----------
    library : Path
        The maker's PKCS#11 library.
    token : str
        The token's label, 32 characters at most.
    pin_file : Path
        File with the PIN, mode 0600.
    reach : tuple of Path
        Folders that the library reads and writes while it signs.
    environment : mapping
        Variables that the library reads.
    folder : Path
        The folder of keys that says so.

    Raises
    ------
    InputError
        If a value is none of these.
    """

    library: Path
    token: str
    pin_file: Path
    folder: Path
    reach: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in (self.library, self.pin_file, *self.reach):
            if not path.is_absolute() or _PLAIN.fullmatch(str(path)) is None:
                raise InputError(f"{str(path)[:80]!r} is not the whole path of a file or a folder")
        if _LABEL.fullmatch(self.token) is None:
            raise InputError("the label of a token has 1 to 32 characters")
        if len(self.reach) > _MOST_REACH or len(self.environment) > _MOST_REACH:
            raise InputError(f"a token needs at most {_MOST_REACH} folders and variables")
        for name, value in self.environment.items():
            if _NAME.fullmatch(name) is None or _PLAIN.fullmatch(value) is None:
                raise InputError(f"{name[:80]!r} is not a variable with a value")

    @property
    def path(self) -> Path:
        """Its file in the folder of keys."""
        return self.folder / _FILE

    def pin(self) -> str:
        """Read the PIN; a line feed at its end does not belong to it.

        Raises
        ------
        InputError
            If there is none, or others may read it.
        """
        try:
            pin = private_bytes(self.pin_file).decode().removesuffix("\n")
        except UnicodeDecodeError as error:
            raise InputError(f"{self.pin_file}: the PIN is not UTF-8") from error
        if not pin:
            raise InputError(f"{self.pin_file}: there is no PIN in this file")
        return pin

    def toml(self) -> str:
        """Return the text of its file."""
        lines = [
            f"library = {_quoted(str(self.library))}",
            f"token = {_quoted(self.token)}",
            f"pin_file = {_quoted(str(self.pin_file))}",
            f"reach = [{', '.join(_quoted(str(path)) for path in self.reach)}]",
            "",
            "[environment]",
            *(f"{name} = {_quoted(value)}" for name, value in self.environment.items()),
        ]
        return "\n".join(lines) + "\n"


def token_settings(folder: Path) -> TokenSettings | None:
    """Return which token a folder of keys names; ``None``: its signing keys are files.

    Raises
    ------
    InputError
        If its file is not valid, or others may read it.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    import tomllib  # noqa: PLC0415 - no signer of a key file needs it

    try:
        values = tomllib.loads(private_bytes(path).decode())
        return TokenSettings(
            library=Path(_text(values.pop("library"))),
            token=_text(values.pop("token")),
            pin_file=Path(_text(values.pop("pin_file"))),
            reach=tuple(Path(_text(place)) for place in _list(values.pop("reach", []))),
            environment={
                name: _text(value) for name, value in values.pop("environment", {}).items()
            },
            folder=folder,
            **values,  # there are no others
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: this file does not say how the token is reached",
            hint="Write it again: cautery keys token.",
        ) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
