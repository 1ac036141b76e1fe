"""Cases for who looks at many of them: in a list, by kept lists of each, and as they grow."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from functools import partial
from pathlib import Path

from cautery.adapters._files import make_folders, write_whole
from cautery.adapters.case_places import CasePlaces
from cautery.adapters.kept_lists import SqliteLists
from cautery.errors import CauteryError, StorageError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.case_names import ON_SERVER, is_on_server, no_case
from cautery.evidence.manifest import LEDGER
from cautery.evidence.note import NoteVerifier
from cautery.wiring.cases import reading_store
from cautery.wiring.server import server
from cautery.workflows.case.hub import Hub
from cautery.workflows.case.kept import KeptCase
from cautery.workflows.case.registry import CaseLine, Registry, line_of, newest_first

PLACE = "case.txt"
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
        raise no_case(path)
    kept_in = lists_folder() if folder is None else folder
    _sweep_once(kept_in, store, path)
    ledger = store.ledger(path, read_only=True)
    try:
        try:
            verifier: NoteVerifier | None = case_verifier(store, path)
        except CauteryError:
            verifier = None  # the ledger can be read all the same, and nothing in it be proven
        place = place_of(store.identity(path), kept_in)
        return KeptCase(ledger, SqliteLists(place), verifier=verifier)
    except BaseException:
        ledger.close()
        raise


def registry(store: CasePlaces | None = None) -> Registry[CaseLine]:
    """Return what lists cases; who lists them again and again keeps it."""
    store = store or reading_store()
    return Registry(partial(line_of, store=store), stamp=store.stamp)


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
    store = reading_store()
    return newest_first((known or registry(store)).read(store.below(folder).values()))


def usual_place() -> Path:
    """Return where cases lie if nobody says it: on the server that is named, or in ``cases``."""
    return Path("cases") if server() is None else Path(ON_SERVER)


def case_hub(path: Path, kept: KeptCase) -> Hub:
    """Return what tells many browsers of a case's new records; close it before the case."""
    return Hub(kept, stands=partial(reading_store().exists, path, LEDGER))


def sweep(folder: Path | None = None, *, store: CasePlaces | None = None) -> int:
    """Remove the lists of cases that are gone; return how many there were.

    What is deleted as a case must not live on in a cache.

    Parameters
    ----------
    store : CasePlaces, optional
        If its server was asked for something, it is asked for the cases on it, too.
    """
    swept, store = 0, store or reading_store()
    with contextlib.suppress(OSError):
        for lists in (lists_folder() if folder is None else folder).iterdir():
            try:
                gone = store.gone((lists / PLACE).read_text())
            except (OSError, UnicodeDecodeError):
                continue
            if gone:
                shutil.rmtree(lists, ignore_errors=True)
                swept += 1
    return swept


_SWEPT: set[tuple[Path, bool]] = set()


def _sweep_once(folder: Path, store: CasePlaces, case: Path) -> None:
    once = folder, is_on_server(case)
    if once not in _SWEPT:
        _SWEPT.add(once)
        sweep(folder, store=store)


def place_of(case: str, folder: Path) -> Path:
    """Return the folder of a case's lists, and note there whose they are.

    Raises
    ------
    StorageError
        If it cannot be made.
    """
    place = folder / hashlib.sha256(os.fsencode(case)).hexdigest()[:32]
    try:
        make_folders(place)
        if not (place / PLACE).exists():
            write_whole(place / PLACE, os.fsencode(case))
    except OSError as error:
        raise StorageError(
            f"{place}: {error.strerror}",
            hint="Name a folder that you may write by XDG_CACHE_HOME.",
        ) from error
    return place
