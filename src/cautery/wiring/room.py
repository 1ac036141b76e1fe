"""The cases of an operations room, read without any key."""

from __future__ import annotations

from pathlib import Path

from cautery import wiring
from cautery.adapters.cases_folder import cases_below
from cautery.adapters.custody_file import read_custody
from cautery.wiring.cases import reading_store
from cautery.workflows.browse.kept import Cases


def cases_in(folder: Path) -> Cases:
    """Return the cases below a folder, for people to look at."""
    return Cases(
        folder,
        listed=lambda: cases_below(folder),
        store=reading_store(),
        clock=wiring.clock(),
        custody=read_custody,
    )
