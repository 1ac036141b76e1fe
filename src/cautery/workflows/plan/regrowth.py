"""An analyst's own assumptions on regrowth, from a TOML file."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import InputError
from cautery.model.toml import parsed_toml
from cautery.packed import small_file
from cautery.plan.regrowth_model import RegrowthModel, overridden

_MAX_BYTES = 1_000_000


def read_regrowth(path: Path) -> RegrowthModel:
    """Return the published assumptions with what a file says in place of them.

    Raises
    ------
    InputError
        If the file cannot be read, or says what cannot be.
    """
    raw = small_file(path, most=_MAX_BYTES, of="a file of assumptions")
    try:
        document = parsed_toml(raw.decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    return overridden(document)
