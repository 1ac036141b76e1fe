"""A folder of facts, and what is asked of it alone."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from cautery import wiring
from cautery.adapters import facts_import
from cautery.adapters.facts_folder import FactsFolder
from cautery.adapters.facts_import import Added


def known_facts(folder: Path | str | None) -> FactsFolder:
    """Return the facts of a folder; without one, only what the package itself knows.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if folder is not None:
        return FactsFolder(folder)
    with tempfile.TemporaryDirectory(prefix="cautery-no-facts-") as empty:
        return FactsFolder(empty)


def add_fact(
    file: Path,
    folder: Path,
    *,
    name: str,
    dated: date | None,
    valid_days: int | None,
    kind: str,
    top: int,
) -> Added:
    """Take a fact file into a facts folder.

    Raises
    ------
    CauteryError
        As the adapter says.
    """
    return facts_import.add_fact(
        file,
        folder,
        name=name,
        now=wiring.clock().now(),
        dated=dated,
        valid_days=valid_days,
        kind=kind,
        top=top,
    )
