"""JSON of anybody's: what cannot be read is a ``ValueError``, however it is broken."""

from __future__ import annotations

import json
from typing import Any


def parsed_json(text: str | bytes | bytearray, **how: Any) -> Any:
    """Return the value of a JSON text.

    Parameters
    ----------
    **how
        As for :func:`json.loads`.

    Raises
    ------
    ValueError
        If it is none, or nested more deeply than Python can hold: ``json.loads`` raises
        ``RecursionError`` then, which whoever catches what is wrong with a text forgets.
    """
    try:
        return json.loads(text, **how)  # noqa: TID251 - the one place
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
