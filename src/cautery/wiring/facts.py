"""A folder of facts, and questions that it alone answers."""

from __future__ import annotations

import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

from cautery import wiring
from cautery.adapters import facts_import
from cautery.adapters.facts_folder import FactsFolder
from cautery.adapters.facts_import import Added
from cautery.errors import InputError


def named_folder(given: Path | None) -> Path | None:
    """Return the facts folder that is given, or else the one that ``CAUTERY_DATA`` names."""
    if given is not None:
        return given
    from_env = os.environ.get("CAUTERY_DATA")
    return Path(from_env) if from_env else None


def known_facts(folder: Path | str | None) -> FactsFolder:
    """Return the facts of a folder; without one, only what the package itself knows.

    Raises
    ------
    InputError
        If there is no such folder, or its ``facts.toml`` names a day over a year ahead: a slip of
        the pen by which a fact would not grow stale for decades.
    """
    if folder is not None:
        facts = FactsFolder(folder)
        for fact in facts.later_than(wiring.clock().now().date() + timedelta(days=366)):
            raise InputError(
                f"{folder}/facts.toml: facts.{fact.name}.date: {fact.date} is in the future",
                hint="Write the date of the file; or set this machine's clock.",
            )
        return facts
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
