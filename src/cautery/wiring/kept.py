"""Cases for who looks at many of them: in a list, by kept lists of each, and as they grow."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from functools import cache, partial
from pathlib import Path

from cautery.adapters._files import make_folders, real_path, write_whole
from cautery.adapters.case_shelf import cases_below, stamp_of
from cautery.adapters.kept_lists import SqliteLists
from cautery.errors import CauteryError, InputError, StorageError
from cautery.evidence.manifest import CASE_KEY, LEDGER
from cautery.evidence.note import NoteVerifier
from cautery.wiring.cases import reading_store
from cautery.workflows.case.hub import Hub
from cautery.workflows.case.kept import KeptCase
from cautery.workflows.case.registry import CaseLine, Registry, line_of, newest_first

_PLACE = "case.txt"
"""Says of which case the lists in a folder are: where it is gone, they go as well."""


def lists_folder() -> Path:
    """Return where this person's lists of cases are kept."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return home / "cautery" / "lists"


def kept_case(path: Path, *, folder: Path | None = None) -> KeptCase:
    """Open a case to read it, with its lists as they were left; close it at the end.

    Nothing is written into the case. Its lists may be behind: see ``catch_up``.

    Parameters
    ----------
    folder : Path, optional
        Where lists are kept; by default in the person's cache.

    Raises
    ------
    InputError
        If there is no case.
    CauteryError
        If it cannot be read, or no list can be kept.
    """
    store = reading_store()
    if not store.exists(path, LEDGER):
        raise InputError(
            f"{path}: not a case{'' if path.is_dir() else ' (no such folder)'}",
            hint="Give the folder that --case named when the case was begun.",
        )
    kept_in = lists_folder() if folder is None else folder
    _sweep_once(kept_in)
    ledger = store.ledger(path, read_only=True)
    try:
        try:
            raw = store.read(path, CASE_KEY, limit=4096)
            verifier: NoteVerifier | None = NoteVerifier.parse(raw.decode())
        except (CauteryError, UnicodeDecodeError):
            verifier = None  # the ledger can be read all the same, and nothing in it be proven
        place = _place_of(path, kept_in)
        return KeptCase(ledger, SqliteLists(place), verifier=verifier)
    except BaseException:
        ledger.close()
        raise


def registry() -> Registry[CaseLine]:
    """Return what lists cases; who lists them again and again keeps it."""
    return Registry(partial(line_of, store=reading_store()), stamp=stamp_of)


def cases_of(folder: Path, known: Registry[CaseLine] | None = None) -> tuple[CaseLine, ...]:
    """Return the cases below a folder, those with the newest record first.

    Parameters
    ----------
    known : Registry, optional
        From an earlier call: only cases that changed since are read.

    Raises
    ------
    InputError
        If it is no folder.
    """
    return newest_first((known or registry()).read(cases_below(folder).values()))


def case_hub(path: Path, kept: KeptCase) -> Hub:
    """Return what tells many browsers of a case's new records; close it before the case."""
    return Hub(kept, stands=partial(reading_store().exists, path, LEDGER))


def sweep(folder: Path | None = None) -> int:
    """Remove the lists of cases that are gone; return how many there were.

    What is deleted as a case must not live on in a cache.
    """
    swept = 0
    with contextlib.suppress(OSError):
        for lists in (lists_folder() if folder is None else folder).iterdir():
            try:
                case = Path((lists / _PLACE).read_text())
            except (OSError, UnicodeDecodeError):
                continue
            if not case.exists():
                shutil.rmtree(lists, ignore_errors=True)
                swept += 1
    return swept


@cache
def _sweep_once(folder: Path) -> None:
    sweep(folder)


def _place_of(case: Path, folder: Path) -> Path:
    """Return the folder of a case's lists, and note there whose they are."""
    path = str(real_path(case))
    place = folder / hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    try:
        make_folders(place)
        if not (place / _PLACE).exists():
            write_whole(place / _PLACE, os.fsencode(path))
    except OSError as error:
        raise StorageError(
            f"{place}: {error.strerror}",
            hint="Name a folder that you may write by XDG_CACHE_HOME.",
        ) from error
    return place
