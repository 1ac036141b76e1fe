"""How cases are named to commands: a folder, or ``server:NAME`` for one of the organisation."""

from __future__ import annotations

import re
from pathlib import Path

from cautery.errors import InputError

ON_SERVER = "server:"
"""Begins the name of a case that lies in no folder. Alone, it stands for all of them."""
_NAME = re.compile(r"[^\W_][\w.-]{0,99}")


def is_on_server(path: Path) -> bool:
    """Tell whether a path names a case of the organisation, or all of them."""
    return path.parts[:1] != () and path.parts[0].startswith(ON_SERVER)


def case_path(name: str) -> Path:
    """Return how a case of this name is given to a command."""
    return Path(f"{ON_SERVER}{name}")


def name_on_server(path: Path) -> str:
    """Return the name of a case of the organisation.

    Raises
    ------
    InputError
        If it is no such name.
    """
    name = str(path).removeprefix(ON_SERVER)
    if _NAME.fullmatch(name) is None:
        raise InputError(
            f"{path}: not the name of a case on the server",
            hint=f"Write {ON_SERVER}NAME: letters, digits, dots and dashes, at most 100.",
        )
    return name


def no_case(path: Path) -> InputError:
    """Return the error of who names a case that is none."""
    if is_on_server(path):
        return InputError(f"{path}: there is no such case on the server", hint="cautery cases")
    return InputError(
        f"{path}: not a case{'' if path.is_dir() else ' (no such folder)'}",
        hint="Give the folder that --case named when the case was begun.",
    )
