"""The formats of exchange by their names; each is loaded when it is first asked for."""

from __future__ import annotations

from importlib import import_module

from cautery.errors import InputError
from cautery.exchange.shape import Format

NAMES: tuple[str, ...] = ("opencti", "stix", "misp", "case", "csv", "xlsx")
"""What can follow ``--to``; of each there is a package ``cautery.exchange.NAME`` with a FORMAT."""


def format_named(name: str) -> Format:
    """Return a format by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in NAMES:
        raise InputError(f"there is no format {name!r}", hint=f"One of: {', '.join(NAMES)}.")
    found = import_module(f"cautery.exchange.{name}").FORMAT
    assert isinstance(found, Format)
    return found


def format_of(head: bytes, file: str) -> Format:
    """Return the format that the first bytes of a file look like.

    Raises
    ------
    InputError
        If they look like none.
    """
    for name in NAMES:
        if (found := format_named(name)).recognises(head):
            return found
    raise InputError(
        f"{file}: this is no format of exchange that Cautery reads",
        hint=f"One of: {', '.join(NAMES)}; say which with --from.",
    )
