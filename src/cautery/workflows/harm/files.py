"""Read a user's file of assumptions, or take those that were published."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import InputError
from cautery.estimate.harm import Assumptions, parsed_assumptions, published_assumptions
from cautery.packed import small_file

MOST_BYTES = 1_000_000


def assumptions_of(path: Path | None) -> Assumptions:
    """Return the assumptions of a file; ``None``: the published ones.

    Raises
    ------
    InputError
        If it cannot be read, or is none.
    """
    if path is None:
        return published_assumptions()
    raw = small_file(path, most=MOST_BYTES, of="a file of assumptions")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text") from error
    return parsed_assumptions(text.replace("\r\n", "\n"), str(path))
